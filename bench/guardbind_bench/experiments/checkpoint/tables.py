"""The tables of the experiment `checkpoint`."""

from __future__ import annotations

from guardbind_bench.experiments.shared import columns
from guardbind_bench.experiments.shared.letters import LETTER_COLUMNS
from guardbind_bench.experiments.table import Table

__all__ = ["TABLES"]

_SHARE = {
    "acc_baseline": LETTER_COLUMNS["acc_baseline"],
    "acc_checkpoint": columns.share("accuracy +C", "The same with the arm."),
    "delta_acc": columns.share("Δ accuracy", "Accuracy with the arm minus without, over pairs."),
    "cand_acc_baseline": columns.share("gated", "Trials whose best candidate is the target (answer gating), baseline."),
    "cand_acc_checkpoint": columns.share("gated +C", "The same with the arm."),
    "delta_cand_acc": columns.share("Δ gated", "Gated accuracy with the arm minus without."),
}
_FLIPS = {
    **columns.FLIPS,
    "mcnemar_p_holm": columns.p("McNemar p (Holm)", "The same, corrected for all comparisons with this baseline."),
}
_ABSTENTIONS = {
    "abstain_rate_baseline": LETTER_COLUMNS["abstain_rate_baseline"],
    "abstain_rate_checkpoint": columns.share("Z +C", "The same with the arm."),
}
_STAGES = {
    "rate_2a_baseline": columns.share("2A", "Trials whose best token is no candidate, baseline."),
    "rate_2a_checkpoint": columns.share("2A +C", "The same with the arm."),
    "rate_2b_baseline": columns.share("2B", "Trials whose best token is another candidate."),
    "rate_2b_checkpoint": columns.share("2B +C", "The same with the arm."),
}
_VALUE_GAPS = {
    "value_gap_baseline": columns.logits("value gap", "Mean of target minus best other candidate, baseline."),
    "value_gap_checkpoint": columns.logits("value gap +C", "The same with the arm."),
    "delta_value_gap": columns.logits("Δ value gap", "Mean difference of the pairs."),
}
_GATE_GAPS = {
    "gate_gap_baseline": columns.logits("gate gap", "Mean of best candidate minus best other token, baseline."),
    "gate_gap_checkpoint": columns.logits("gate gap +C", "The same with the arm."),
    "delta_gate_gap": columns.logits("Δ gate gap", "Mean difference of the pairs."),
}
_ADDED = {"added_tokens": columns.tokens("tokens", "Mean tokens that the arm adds to a prompt.")}
_EVERYTHING = {**_SHARE, **_FLIPS, **_STAGES, **_GATE_GAPS, **_VALUE_GAPS, **_ADDED}

TABLES: tuple[Table, ...] = (
    Table(
        id="checkpoint",
        title="Oracle checkpoints and answer gating",
        columns={**_SHARE, **_VALUE_GAPS, **_FLIPS},
        published="checkpoint",
        figure="bars",
    ),
    Table(
        id="checkpoint_notes",
        title="The note that is asked for, restated before the question with lettered options",
        columns={
            **{name: _SHARE[name] for name in ("acc_baseline", "acc_checkpoint", "delta_acc")},
            **_ABSTENTIONS,
            **_FLIPS,
        },
        published="notes_binding",
        figure="bars",
    ),
    Table(
        id="checkpoint_controls",
        title="Checkpoint arms against the same baseline",
        columns=_EVERYTHING,
        figure="bars",
    ),
    Table(
        id="checkpoint_single",
        title="One checkpoint, by its distance from the question",
        columns=_EVERYTHING,
        figure="decay",
    ),
    Table(
        id="checkpoint_self",
        title="Checkpoints that the model fills in",
        columns={
            "value_errors": columns.share("wrong values", "Values written that are not true."),
            "values_outside": columns.share("outside", "Values at which no candidate was the best token."),
            "all_right": columns.share("all right", "Trials whose checkpoints all give the asked key its value."),
            "acc_given_right": columns.share("acc if right", "Accuracy of these trials."),
            "acc_baseline_given_right": columns.share(
                "baseline if right", "Accuracy of the same trials without a checkpoint."
            ),
            "acc_given_wrong": columns.share("acc if wrong", "Accuracy of the other trials."),
            "acc_baseline_given_wrong": columns.share("baseline if wrong", "Accuracy of those without a checkpoint."),
        },
    ),
)
