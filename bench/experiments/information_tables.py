"""The tables of the experiment `information`, with what each bound says."""

from __future__ import annotations

from ..tables import Column, Table

__all__ = ["TABLES"]


def _nats(title: str, meaning: str) -> Column:
    return Column(title=title, unit="nats", meaning=meaning)


def _share(title: str, meaning: str) -> Column:
    return Column(title=title, unit="share", meaning=meaning)


_P = Column(title="p", unit="p", meaning="Of no information in the output, by permutation.")

TABLES = (
    Table(
        id="information",
        title="Information about the right value: used by the output, available in the residual",
        columns={
            "cand_acc": _share("candidate accuracy", "Trials whose best candidate is the target."),
            "probe_acc": _share("probe", "Trials in which the probe, fitted and chosen on other trials, finds it."),
            "used": _nats(
                "I(V;Y)",
                "Used: Miller-Madow estimate; low end Fano on the upper limit of its error, high end the upper "
                "bootstrap limit of ln M - H(V|Y).",
            ),
            "used_plug_in": _nats("plug-in", "Used, without correction: biased up."),
            "used_by_chance": _nats("by chance", "The same with the outputs shuffled over the trials, mean."),
            "used_p": _P,
            "available": _nats(
                "I(V;H)",
                "Available: Fano on the probe's error, which estimates a lower bound; low end Fano on the upper limit "
                "of that error, high end ln M.",
            ),
            "unused": _nats(
                "unused",
                "Available minus used; low end the low end of the one minus the high end of the other. Above 0, "
                "information is proven to go unused.",
            ),
            "efficiency": Column(
                title="routing efficiency",
                unit="ratio",
                meaning="Used / available. Low end: lower bound of used over ln M; high end: upper bound of used over "
                "lower bound of available. The value between divides an estimate by an estimated lower bound and "
                "certifies nothing.",
            ),
            "fano": _nats(
                "Fano", "Of the output's error; plug-in I(V;Y) is this and the two slacks, less ln M - H(V)."
            ),
            "slack_uneven_errors": _nats(
                "slack: errors", "Of I(V;Y) beyond Fano: outputs differ in how often they err."
            ),
            "slack_uneven_values": _nats(
                "slack: values", "Of I(V;Y) beyond Fano: wrong values are not equally likely."
            ),
        },
    ),
    Table(
        id="information_groups",
        title="The same about the group that the right value is of",
        columns={
            "groups": Column(title="groups", unit="count", meaning="Groups of values that are neighbours in the pool."),
            "used": _nats(
                "I(gV;Y)",
                "Information of the output about the group; bounds as for values, with less bias from small n.",
            ),
            "used_between": _nats("I(gV;gY)", "Between groups only, Miller-Madow: by data processing at most I(V;Y)."),
            "used_p": _P,
            "available": _nats("I(gV;H)", "Information of the residual about the group, by the same probe."),
            "unused": _nats(
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
            "cand_acc": _share("candidate accuracy", "Trials whose best candidate is the target, over all trials."),
            "probe_acc_last": _share(
                "probe on 2B errors", "The paper's probe on the last layer that was read, over the 2B errors."
            ),
            "i_used_lower_bound_nats": _nats("Fano, output", "Of the candidate accuracy."),
            "i_avail_proxy_nats": _nats("Fano, probe", "Of the probe's accuracy on 2B errors."),
            "eta": Column(
                title="eta",
                unit="ratio",
                meaning="The one over the other: a lower bound over a lower bound, on other trials; it bounds nothing.",
            ),
        },
        published="routing_efficiency",
    ),
    Table(
        id="contraction",
        title="Available information at a larger k over that at the next smaller one",
        columns={
            "ratio": Column(
                title="ratio",
                unit="ratio",
                meaning="Of Fano on the probes' errors. Low end: lower bound / ln M; high end: ln M / lower bound.",
            ),
        },
    ),
)
