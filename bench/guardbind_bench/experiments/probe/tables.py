"""The tables of the experiment `probe`."""

from __future__ import annotations

from guardbind_bench.experiments.shared import columns
from guardbind_bench.experiments.table import Table

__all__ = ["OF_THE_PAPER", "TABLES"]


_SUBSETS = {
    "on_2b": columns.share(
        "2B", "Share of the test trials where the model writes another candidate on which this is right."
    ),
    "on_wrong": columns.share("wrong", "The same of the trials that the model answers wrongly, 2A and 2B."),
    "on_right": columns.share("right", "The same of the trials that it answers rightly."),
    "overall": columns.share("all", "The same of all test trials."),
}
OF_THE_PAPER = (0, 18, 35)
"""Layers that the paper prints, of a model of 36."""

TABLES = (
    Table(
        id="probe",
        title="The published probe on 2B errors",
        columns={
            "acc": columns.share("accuracy", "Share of test trials whose best token is the target."),
            "cand_acc": columns.CANDIDATE_ACCURACY,
            "frac_2b": columns.share("2B of errors", "Share of the errors that are 2B."),
            **{
                f"probe_acc_block_{layer}": columns.share(
                    f"layer {layer}", f"Share of 2B errors on which the published probe at layer {layer} is right."
                )
                for layer in OF_THE_PAPER
            },
        },
        published="probe_on_stage2b_errors",
    ),
    Table(
        id="probe_layers",
        title="Which value a linear probe finds in the residual, with its controls",
        columns={
            **_SUBSETS,
            "on_2b_over_fits": columns.share(
                "2B, over fits", "Mean over training sets and initial weights of the share on 2B."
            ),
            "over_fits": columns.share("all, over fits", "The same of the share of all."),
            "selectivity": columns.share(
                "selectivity", "Share of all minus that of the same probe fitted on shuffled words."
            ),
            "rank_2b": columns.count("rank on 2B", "Mean place of the target among the candidates, from 1."),
        },
        figure="layers",
    ),
    Table(
        id="probe_transfer",
        title="Probes away from the cell they were fitted on",
        columns={
            **_SUBSETS,
            "feature_distance": columns.ratio(
                "distance", "Root mean square of the features, standardised where the probe was fitted; about 1 inside."
            ),
            "norm_ratio": columns.ratio("norm", "Mean norm of the features over that where the probe was fitted."),
        },
    ),
    Table(
        id="probe_bilinear",
        title="A probe that knows no value by name, on values that it was not fitted on",
        columns={
            "bound_2b": columns.share(
                "bound, 2B",
                "Share of 2B errors on which it is right, choosing among the bound values and the competitor.",
            ),
            "bound_right": columns.share("bound, right", "The same of the trials that the model answers rightly."),
            "bound": columns.share("bound", "The same of all tested trials."),
            "chance_bound": columns.share("chance, bound", "Share right of a blind choice among them."),
            "pool_2b": columns.share(
                "pool, 2B", "Share of 2B errors on which it is right, choosing from the whole candidate set."
            ),
            "pool": columns.share("pool", "The same of all tested trials."),
            "chance_pool": columns.share("chance, pool", "Share right of a blind choice from it."),
        },
        figure="layers",
    ),
)
