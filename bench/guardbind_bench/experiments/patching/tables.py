"""The tables of the experiment `patching`."""

from __future__ import annotations

from guardbind_bench.experiments.shared import columns
from guardbind_bench.experiments.table import Table

__all__ = ["TABLES"]

_MARGIN = "logit of the target minus that of what it is set against"
_EFFECTS = {
    "delta_margin": columns.logits("ΔM", f"Change of the margin ({_MARGIN}) of the corrupt run by the clean patch."),
    "random_delta_margin": columns.logits("ΔM random", "The same by a patch from a clean run of other bindings."),
    "delta_margin_above_random": columns.logits("ΔM − random", "What the clean patch changes beyond that, paired."),
    "ablation_delta_margin": columns.logits(
        "ΔM zero", "The same when the site is set to 0 (> 0: it feeds the wrong answer)."
    ),
    "mean_ablation_delta_margin": columns.logits(
        "ΔM mean", "The same when the site is set to its mean over clean runs."
    ),
    "clean_ablation_delta_margin": columns.logits(
        "ΔM clean", "Change of the clean run's margin by that mean (< 0: it is needed)."
    ),
}
_RATIOS = {
    "restoration_ratio_of_means": columns.ratio(
        "restored", "Mean of ΔM over mean gap between clean and corrupt margin."
    ),
    "random_ratio_of_means": columns.ratio(
        "restored by random", "The same for the patch from other bindings: the noise floor."
    ),
}
# What a site was chosen by is beside the point, a maximum over noise: the figure is of what stands first.
_TESTED = {
    "delta_margin": _EFFECTS["delta_margin"],
    "chosen_delta_margin": columns.logits("ΔM chosen by", "ΔM on the half of the pairs that it was chosen on."),
}

TABLES = (
    Table(
        id="patching_pairs",
        title="Pairs of prompts: which qualify for patching",
        columns={
            "qualified": columns.share(
                "qualified", "Pairs that are answered right when clean and wrong, as asked for, when corrupt."
            ),
            "clean_right": columns.share("clean right", "Clean prompts answered right."),
            "corrupt_right": columns.share("corrupt right", "Corrupt prompts answered right."),
            "corrupt_2a": columns.share("corrupt 2A", "Corrupt prompts with no candidate on top."),
            "corrupt_2b": columns.share("corrupt 2B", "Corrupt prompts with another candidate."),
            "m_clean": columns.logits("clean M", f"Mean over qualified pairs of the {_MARGIN}."),
            "m_corrupt": columns.logits("corrupt M", "The same of the corrupt run."),
            "failed": columns.count("failed", "Pairs with logits or margins that are NaN or infinite."),
        },
    ),
    Table(
        id="patching",
        title="Restoration by layer and component",
        columns={
            "restoration": columns.ratio("Rest", "Mean over pairs of ΔM over the pair's gap, as published."),
            **_RATIOS,
            **_EFFECTS,
            "pairs": columns.count("pairs", "Pairs that the ratios of means rest on."),
            "dropped": columns.count("dropped", "Pairs left out of them: their gap is too small."),
        },
        published="patching_full",
        figure="heat",
    ),
    Table(
        id="patching_layers",
        title="Layers chosen on one half of the pairs, tested on the other, with random layers beside them",
        columns={**_RATIOS, **_TESTED, **_EFFECTS},
        figure="bars",
    ),
    Table(
        id="patching_heads",
        title="Heads chosen on one half of the pairs, tested on the other, with random heads beside them",
        columns={**_TESTED, **_EFFECTS, **_RATIOS},
        published="gemma_heads",
        figure="bars",
    ),
)
