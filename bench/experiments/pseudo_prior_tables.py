"""The tables of the experiment `pseudo-prior`."""

from __future__ import annotations

from ..tables import Column, Table

__all__ = ["TABLES"]

PSEUDO_PRIOR = Table(
    id="pseudo_prior",
    title="What is left of the right answer when its evidence is taken away",
    columns={
        "accuracy": Column(title="right", unit="share", meaning="Answers in the full prompt that are the target's."),
        "p_tilde": Column(
            title="right under the null", unit="share", meaning="Answers that are the target's without its evidence."
        ),
        "mean_p1": Column(
            title="mean p1", unit="share", meaning="Probability of the target's token in the full prompt."
        ),
        "mean_p0": Column(title="mean p0", unit="share", meaning="The same under the null."),
        "mean_posterior": Column(
            title="posterior", unit="share", meaning="Probability of the target among the candidates under the null."
        ),
        "divergence_nats": Column(
            title="used",
            unit="nats",
            meaning="Least divergence between the two accuracies that their Clopper-Pearson intervals allow.",
        ),
        "divergence_bits": Column(title="used", unit="bits", meaning="The same in bits."),
        "trust_nats": Column(
            title="to trust",
            unit="nats",
            meaning="Least information that lifts the upper end of the accuracy under the null to 0.95.",
        ),
        "trust_bits": Column(title="to trust", unit="bits", meaning="The same in bits."),
    },
)

NULL_AGREEMENT = Table(
    id="null_agreement",
    title="Does the one masked step say the same as reading an edited prompt, and what does each cost?",
    columns={
        "rank_correlation": Column(
            title="rank correlation",
            unit="ratio",
            meaning="Spearman's, over trials, of the emitted token's evidence bits here and under `mask`.",
        ),
        "bits_difference": Column(
            title="bits over mask's", unit="bits", meaning="Evidence bits under this null less those under `mask`."
        ),
        "sufficient_agreement": Column(
            title="same budget verdict",
            unit="share",
            meaning="Trials whose budget suffices under both or neither, at the guard's reliability of 0.95.",
        ),
        "rests_agreement": Column(
            title="same evidence verdict",
            unit="share",
            meaning="Trials whose emitted token has the guard's 3 bits under both or neither.",
        ),
        "forwards": Column(title="forwards", unit="count", meaning="Forward passes per null."),
        "tokens_ratio": Column(
            title="tokens over mask's", unit="ratio", meaning="Tokens read under this null over those under `mask`."
        ),
        "seconds_ratio": Column(
            title="time over mask's", unit="ratio", meaning="Time under this null over that under `mask`."
        ),
    },
)

NULL_FAMILY = Table(
    id="null_family",
    title="The published budget test under the published family of nulls, on the target's value",
    published="binding_null_family",
    columns={
        "pass_pct": Column(
            title="pass",
            unit="percent",
            meaning="Trials that pass the unsigned test under redact, delete, same_length and no_evidence alike.",
        ),
        "mean_p1": Column(
            title="mean p1", unit="share", meaning="Probability of the target among the candidates in the full prompt."
        ),
        "mean_p0_min": Column(
            title="mean least p0", unit="share", meaning="Its smallest probability under any null of the family."
        ),
        "mean_p0_max": Column(title="mean greatest p0", unit="share", meaning="Its largest."),
        "pass_pct_signed": Column(
            title="pass, signed", unit="percent", meaning="Trials whose signed budget suffices under all of them."
        ),
        "pass_pct_trivial": Column(
            title="pass, p1 alone", unit="percent", meaning="Trials with p1 of at least tau, whatever the nulls say."
        ),
    },
)

BUDGET_RULES = Table(
    id="budget_rules",
    title="Which rule flags the errors, beside the trivial ones",
    columns={
        "flagged": Column(title="flagged", unit="share", meaning="Answers that the rule does not pass."),
        "precision": Column(title="precision", unit="share", meaning="Share of the flagged answers that are wrong."),
        "recall": Column(title="recall", unit="share", meaning="Share of the wrong answers that are flagged."),
        "accuracy_passed": Column(title="right if passed", unit="share", meaning="Share of the others that are right."),
        "auroc": Column(
            title="AUROC",
            unit="share",
            meaning="Chance that the rule's score is higher for a right answer than for a wrong one.",
        ),
        "auroc_2b": Column(title="AUROC, 2B", unit="share", meaning="The same against 2B errors only."),
    },
)

RELIABILITY = Table(
    id="reliability",
    title="How often answers are right, by their own probability and by the share of it that rests on the evidence",
    columns={
        "predicted": Column(
            title="predicted",
            unit="share",
            meaning="Mean over the bin: the answer's probability, or 1 - p0 / p1, and 0 where p0 is larger.",
        ),
        "observed": Column(title="right", unit="share", meaning="Share of the bin's answers that are right."),
        "evidence_bits": Column(title="bits", unit="bits", meaning="Mean evidence bits of the bin's answers."),
    },
    figure="reliability",
)

TABLES = (PSEUDO_PRIOR, NULL_AGREEMENT, NULL_FAMILY, BUDGET_RULES, RELIABILITY)
