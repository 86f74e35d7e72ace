"""The tables of the experiment `probe`."""

from __future__ import annotations

from ..tables import Column, Table

__all__ = ["OF_THE_PAPER", "TABLES"]


def _share(title: str, meaning: str) -> Column:
    return Column(title=title, unit="share", meaning=meaning)


_SUBSETS = {
    "on_2b": _share("2B", "Share of the test trials where the model writes another candidate on which this is right."),
    "on_wrong": _share("wrong", "The same of the trials that the model answers wrongly, 2A and 2B."),
    "on_right": _share("right", "The same of the trials that it answers rightly."),
    "overall": _share("all", "The same of all test trials."),
}
OF_THE_PAPER = (0, 18, 35)
"""Layers that the paper prints, of a model of 36."""

TABLES = (
    Table(
        id="probe",
        title="The published probe on 2B errors",
        columns={
            "acc": _share("accuracy", "Share of test trials whose best token is the target."),
            "cand_acc": _share("among candidates", "Share of test trials whose best candidate is the target."),
            "frac_2b": _share("2B of errors", "Share of the errors that are 2B."),
            **{
                f"probe_acc_block_{layer}": _share(
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
            "on_2b_over_fits": _share(
                "2B, over fits", "Mean over training sets and initial weights of the share on 2B."
            ),
            "over_fits": _share("all, over fits", "The same of the share of all."),
            "selectivity": _share("selectivity", "Share of all minus that of the same probe fitted on shuffled words."),
            "rank_2b": Column(
                title="rank on 2B", unit="count", meaning="Mean place of the target among the candidates, from 1."
            ),
        },
        figure="layers",
    ),
    Table(
        id="probe_transfer",
        title="Probes away from the cell they were fitted on",
        columns={
            **_SUBSETS,
            "feature_distance": Column(
                title="distance",
                unit="ratio",
                meaning="Root mean square of the features, standardised where the probe was fitted; about 1 inside.",
            ),
            "norm_ratio": Column(
                title="norm", unit="ratio", meaning="Mean norm of the features over that where the probe was fitted."
            ),
        },
    ),
    Table(
        id="probe_bilinear",
        title="A probe that knows no value by name, on values that it was not fitted on",
        columns={
            "bound_2b": _share(
                "bound, 2B",
                "Share of 2B errors on which it is right, choosing among the bound values and the competitor.",
            ),
            "bound_right": _share("bound, right", "The same of the trials that the model answers rightly."),
            "bound": _share("bound", "The same of all tested trials."),
            "chance_bound": _share("chance, bound", "Share right of a blind choice among them."),
            "pool_2b": _share(
                "pool, 2B", "Share of 2B errors on which it is right, choosing from the whole candidate set."
            ),
            "pool": _share("pool", "The same of all tested trials."),
            "chance_pool": _share("chance, pool", "Share right of a blind choice from it."),
        },
        figure="layers",
    ),
)
