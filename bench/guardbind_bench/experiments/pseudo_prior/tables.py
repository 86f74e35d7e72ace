"""The tables of the experiment `pseudo-prior`."""

from __future__ import annotations

from guardbind_bench.experiments.shared import columns
from guardbind_bench.experiments.table import Table

__all__ = ["TABLES"]

PSEUDO_PRIOR = Table(
    id="pseudo_prior",
    title="What is left of the right answer when its evidence is taken away",
    columns={
        "accuracy": columns.share("accuracy", "Answers in the full prompt that start with the target's value."),
        "p_tilde": columns.share("right under the null", "Answers that are the target's without its evidence."),
        "mean_p1": columns.share(
            "mean p1", "Probability of the target's token in the full prompt, over the vocabulary."
        ),
        "mean_p0": columns.share("mean p0", "The same under the null."),
        "mean_posterior": columns.share("posterior", "Probability of the target among the candidates under the null."),
        "divergence_nats": columns.nats(
            "used", "Least divergence between the two accuracies that their Clopper-Pearson intervals allow."
        ),
        "divergence_bits": columns.bits("used", "The same in bits."),
        "trust_nats": columns.nats(
            "to trust", "Least information that lifts the upper end of the accuracy under the null to 0.95."
        ),
        "trust_bits": columns.bits("to trust", "The same in bits."),
    },
)

NULL_AGREEMENT = Table(
    id="null_agreement",
    title="Does the one masked step say the same as reading an edited prompt, and what does each cost?",
    columns={
        "rank_correlation": columns.ratio(
            "rank correlation", "Spearman's, over trials, of the emitted token's evidence bits here and under `mask`."
        ),
        "bits_difference": columns.bits("bits over mask's", "Evidence bits under this null less those under `mask`."),
        "sufficient_agreement": columns.share(
            "same budget verdict",
            "Trials whose budget suffices under both or neither, at the guard's reliability of 0.95.",
        ),
        "rests_agreement": columns.share(
            "same evidence verdict", "Trials whose emitted token has the guard's 3 bits under both or neither."
        ),
        "forwards": columns.count("forwards", "Forward passes per null."),
        "tokens_ratio": columns.ratio("tokens over mask's", "Tokens read under this null over those under `mask`."),
        "seconds_ratio": columns.ratio("time over mask's", "Time under this null over that under `mask`."),
    },
)

NULL_FAMILY = Table(
    id="null_family",
    title="The published budget test under the published family of nulls, on the target's value",
    published="binding_null_family",
    columns={
        "pass_pct": columns.percent(
            "pass", "Trials that pass the unsigned test under redact, delete, same_length and no_evidence alike."
        ),
        "mean_p1": columns.share(
            "mean p1, candidates",
            "Probability of the target in the full prompt, among the candidates, as the published number is; that in "
            "the table of the nulls is over the vocabulary.",
        ),
        "mean_p0_min": columns.share("mean least p0", "Its smallest probability under any null of the family."),
        "mean_p0_max": columns.share("mean greatest p0", "Its largest."),
        "pass_pct_signed": columns.percent("pass, signed", "Trials whose signed budget suffices under all of them."),
        "pass_pct_trivial": columns.percent(
            "pass, p1 alone", "Trials with p1 of at least tau, whatever the nulls say."
        ),
    },
)

BUDGET_RULES = Table(
    id="budget_rules",
    title="Which rule flags the errors, beside the trivial ones",
    columns={
        "flagged": columns.share("flagged", "Answers that the rule does not pass."),
        "precision": columns.share("precision", "Share of the flagged answers that are wrong."),
        "recall": columns.share("recall", "Share of the wrong answers that are flagged."),
        "accuracy_passed": columns.share("right if passed", "Share of the others that are right."),
        "auroc": columns.share(
            "AUROC",
            "Chance that the rule's score is higher for a right answer than for a wrong one. The score of a budget is "
            "its margin, which falls with the evidence where p1 is below tau.",
        ),
        "auroc_2b": columns.share("AUROC, 2B", "The same against 2B errors only."),
    },
)

RELIABILITY = Table(
    id="reliability",
    title="How often answers are right, by their own probability and by the share of it that rests on the evidence",
    columns={
        "predicted": columns.share(
            "predicted", "Mean over the bin: the answer's probability, or 1 - p0 / p1, and 0 where p0 is larger."
        ),
        "observed": columns.share("right", "Share of the bin's answers that are right."),
        "evidence_bits": columns.bits("bits", "Mean evidence bits of the bin's answers."),
    },
    figure="reliability",
)

TABLES = (PSEUDO_PRIOR, NULL_AGREEMENT, NULL_FAMILY, BUDGET_RULES, RELIABILITY)
