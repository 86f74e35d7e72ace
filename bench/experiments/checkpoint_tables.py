"""The tables of the experiment `checkpoint`."""

from __future__ import annotations

from ..tables import Column, Table

__all__ = ["TABLES"]

_SHARE = {
    "acc_baseline": Column(title="acc", unit="share", meaning="Trials whose best token is the target's, baseline."),
    "acc_checkpoint": Column(title="acc +C", unit="share", meaning="The same with the arm."),
    "delta_acc": Column(title="Δ acc", unit="share", meaning="Accuracy with the arm minus without, over pairs."),
    "cand_acc_baseline": Column(
        title="gated", unit="share", meaning="Trials whose best candidate is the target (answer gating), baseline."
    ),
    "cand_acc_checkpoint": Column(title="gated +C", unit="share", meaning="The same with the arm."),
    "delta_cand_acc": Column(title="Δ gated", unit="share", meaning="Gated accuracy with the arm minus without."),
}
_FLIPS = {
    "right_to_wrong": Column(title="right→wrong", unit="count", meaning="Pairs that the arm breaks."),
    "wrong_to_right": Column(title="wrong→right", unit="count", meaning="Pairs that the arm repairs."),
    "mcnemar_p": Column(title="p", unit="p", meaning="Exact two-sided p of McNemar's test on these pairs."),
    "mcnemar_p_holm": Column(
        title="p (Holm)", unit="p", meaning="The same, corrected for all comparisons with this baseline."
    ),
}
_STAGES = {
    "rate_2a_baseline": Column(title="2A", unit="share", meaning="Trials whose best token is no candidate, baseline."),
    "rate_2a_checkpoint": Column(title="2A +C", unit="share", meaning="The same with the arm."),
    "rate_2b_baseline": Column(title="2B", unit="share", meaning="Trials whose best token is another candidate."),
    "rate_2b_checkpoint": Column(title="2B +C", unit="share", meaning="The same with the arm."),
}
_VALUE_GAPS = {
    "value_gap_baseline": Column(
        title="value gap", unit="logits", meaning="Mean of target minus best other candidate, baseline."
    ),
    "value_gap_checkpoint": Column(title="value gap +C", unit="logits", meaning="The same with the arm."),
    "delta_value_gap": Column(title="Δ value gap", unit="logits", meaning="Mean difference of the pairs."),
}
_GATE_GAPS = {
    "gate_gap_baseline": Column(
        title="gate gap", unit="logits", meaning="Mean of best candidate minus best other token, baseline."
    ),
    "gate_gap_checkpoint": Column(title="gate gap +C", unit="logits", meaning="The same with the arm."),
    "delta_gate_gap": Column(title="Δ gate gap", unit="logits", meaning="Mean difference of the pairs."),
}
_ADDED = {"added_tokens": Column(title="tokens", unit="tokens", meaning="Mean tokens that the arm adds to a prompt.")}
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
            "value_errors": Column(title="wrong values", unit="share", meaning="Values written that are not true."),
            "values_outside": Column(
                title="outside", unit="share", meaning="Values at which no candidate was the best token."
            ),
            "all_right": Column(
                title="all right", unit="share", meaning="Trials whose checkpoints all give the asked key its value."
            ),
            "acc_given_right": Column(title="acc if right", unit="share", meaning="Accuracy of these trials."),
            "acc_baseline_given_right": Column(
                title="baseline if right", unit="share", meaning="Accuracy of the same trials without a checkpoint."
            ),
            "acc_given_wrong": Column(title="acc if wrong", unit="share", meaning="Accuracy of the other trials."),
            "acc_baseline_given_wrong": Column(
                title="baseline if wrong", unit="share", meaning="Accuracy of those without a checkpoint."
            ),
        },
    ),
)
