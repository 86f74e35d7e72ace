"""The tables of the experiment `information`, with what each bound says."""

from __future__ import annotations

from guardbind_bench.experiments.shared import columns
from guardbind_bench.experiments.table import Table

__all__ = ["TABLES"]


_P = columns.p("p", "Of no information in the output, by permutation.")

TABLES = (
    Table(
        id="information",
        title="Information about the right value: used by the output, available in the residual",
        columns={
            "cand_acc": columns.CANDIDATE_ACCURACY,
            "probe_acc": columns.share(
                "probe", "Trials in which the probe, fitted and chosen on other trials, finds it."
            ),
            "used": columns.nats(
                "I(V;Y)",
                "Used: Miller-Madow estimate; low end Fano on the upper limit of its error, high end the upper "
                "bootstrap limit of ln M - H(V|Y).",
            ),
            "used_plug_in": columns.nats("plug-in", "Used, without correction: biased up."),
            "used_by_chance": columns.nats("by chance", "The same with the outputs shuffled over the trials, mean."),
            "used_p": _P,
            "available": columns.nats(
                "I(V;H)",
                "Available: Fano on the probe's error, which estimates a lower bound; low end Fano on the upper limit "
                "of that error, high end ln M.",
            ),
            "unused": columns.nats(
                "unused",
                "Available minus used; low end the low end of the one minus the high end of the other. Above 0, "
                "information is proven to go unused.",
            ),
            "efficiency": columns.ratio(
                "routing efficiency",
                "Used / available. Low end: lower bound of used over ln M; high end: upper bound of used over "
                "lower bound of available. The value between divides an estimate by an estimated lower bound and "
                "certifies nothing.",
            ),
            "fano": columns.nats(
                "Fano", "Of the output's error; plug-in I(V;Y) is this and the two slacks, less ln M - H(V)."
            ),
            "slack_uneven_errors": columns.nats(
                "slack: errors", "Of I(V;Y) beyond Fano: outputs differ in how often they err."
            ),
            "slack_uneven_values": columns.nats(
                "slack: values", "Of I(V;Y) beyond Fano: wrong values are not equally likely."
            ),
        },
    ),
    Table(
        id="information_groups",
        title="The same about the group that the right value is of",
        columns={
            "groups": columns.count("groups", "Groups of values that are neighbours in the pool."),
            "used": columns.nats(
                "I(gV;Y)",
                "Information of the output about the group; bounds as for values, with less bias from small n.",
            ),
            "used_between": columns.nats(
                "I(gV;gY)", "Between groups only, Miller-Madow: by data processing at most I(V;Y)."
            ),
            "used_p": _P,
            "available": columns.nats("I(gV;H)", "Information of the residual about the group, by the same probe."),
            "unused": columns.nats(
                "unused",
                "I(gV;H) - I(gV;Y) = I(gV;H|Y), at most I(V;H|Y) = I(V;H) - I(V;Y): above 0, information about the "
                "value is proven to go unused.",
            ),
        },
    ),
    Table(
        id="published_recipe",
        title="The paper's routing efficiency, by its own recipe",
        columns={
            "cand_acc": columns.CANDIDATE_ACCURACY,
            "probe_acc_last": columns.share(
                "probe on 2B errors", "The paper's probe on the last layer that was read, over the 2B errors."
            ),
            "i_used_lower_bound_nats": columns.nats("Fano, output", "Of the candidate accuracy."),
            "i_avail_proxy_nats": columns.nats("Fano, probe", "Of the probe's accuracy on 2B errors."),
            "eta": columns.ratio(
                "eta", "The one over the other: a lower bound over a lower bound, on other trials; it bounds nothing."
            ),
        },
        published="routing_efficiency",
    ),
    Table(
        id="contraction",
        title="Available information at a larger k over that at the next smaller one",
        columns={
            "ratio": columns.ratio(
                "ratio", "Of Fano on the probes' errors. Low end: lower bound / ln M; high end: ln M / lower bound."
            ),
        },
    ),
)
