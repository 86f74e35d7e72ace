"""The tables of the experiment `patching`."""

from __future__ import annotations

from ..tables import Column, Table

__all__ = ["TABLES"]

_MARGIN = "logit of the target minus that of what it is set against"
_EFFECTS = {
    "delta_margin": Column(
        title="ΔM", unit="logits", meaning=f"Change of the margin ({_MARGIN}) of the corrupt run by the clean patch."
    ),
    "random_delta_margin": Column(
        title="ΔM random", unit="logits", meaning="The same by a patch from a clean run of other bindings."
    ),
    "delta_margin_above_random": Column(
        title="ΔM − random", unit="logits", meaning="What the clean patch changes beyond that, paired."
    ),
    "ablation_delta_margin": Column(
        title="ΔM zero", unit="logits", meaning="The same when the site is set to 0 (> 0: it feeds the wrong answer)."
    ),
    "mean_ablation_delta_margin": Column(
        title="ΔM mean", unit="logits", meaning="The same when the site is set to its mean over clean runs."
    ),
    "clean_ablation_delta_margin": Column(
        title="ΔM clean", unit="logits", meaning="Change of the clean run's margin by that mean (< 0: it is needed)."
    ),
}
_RATIOS = {
    "restoration_ratio_of_means": Column(
        title="restored", unit="ratio", meaning="Mean of ΔM over mean gap between clean and corrupt margin."
    ),
    "random_ratio_of_means": Column(
        title="restored by random", unit="ratio", meaning="The same for the patch from other bindings: the noise floor."
    ),
}

TABLES = (
    Table(
        id="patching_pairs",
        title="Pairs of prompts: which qualify for patching",
        columns={
            "qualified": Column(
                title="qualified",
                unit="share",
                meaning="Pairs that are answered right when clean and wrong, as asked for, when corrupt.",
            ),
            "clean_right": Column(title="clean right", unit="share", meaning="Clean prompts answered right."),
            "corrupt_right": Column(title="corrupt right", unit="share", meaning="Corrupt prompts answered right."),
            "corrupt_2a": Column(title="corrupt 2A", unit="share", meaning="Corrupt prompts with no candidate on top."),
            "corrupt_2b": Column(title="corrupt 2B", unit="share", meaning="Corrupt prompts with another candidate."),
            "m_clean": Column(title="clean M", unit="logits", meaning=f"Mean over qualified pairs of the {_MARGIN}."),
            "m_corrupt": Column(title="corrupt M", unit="logits", meaning="The same of the corrupt run."),
            "failed": Column(title="failed", unit="count", meaning="Pairs with NaN or infinite logits."),
        },
    ),
    Table(
        id="patching",
        title="Restoration by layer and component",
        columns={
            "restoration": Column(
                title="Rest", unit="ratio", meaning="Mean over pairs of ΔM over the pair's gap, as published."
            ),
            **_RATIOS,
            **_EFFECTS,
            "pairs": Column(title="pairs", unit="count", meaning="Pairs that the ratios of means rest on."),
            "dropped": Column(title="dropped", unit="count", meaning="Pairs left out of them: their gap is too small."),
        },
        published="patching_full",
        figure="heat",
    ),
    Table(
        id="patching_heads",
        title="Heads chosen on one half of the pairs, tested on the other, with random heads beside them",
        columns={
            "chosen_delta_margin": Column(
                title="ΔM chosen by", unit="logits", meaning="ΔM on the half that the head was chosen on."
            ),
            **_EFFECTS,
            **_RATIOS,
        },
        published="gemma_heads",
        figure="bars",
    ),
)
