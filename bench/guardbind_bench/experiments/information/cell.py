"""Fits, chooses and tests the probe of one cell of the experiment `information`, and bounds what it proves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from guardbind.information import confusion_counts, fano_information, fano_slack, miller_madow
from guardbind_bench.arrays import Flags, Indices, Words
from guardbind_bench.experiments.information.bounds import Available, Used, available, grouping, groups_of, used
from guardbind_bench.experiments.probe.data import ProbeTrials
from guardbind_bench.experiments.probe.linear import fit_published, fit_standardised
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.stats.statistics import count, quantity, share

__all__ = ["ChosenProbe", "cell_rows", "choose"]

_VALIDATION = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class ChosenProbe:
    """The probe of the layer that did best on validation trials.

    Attributes:
        layer: Number of the decoder layer.
        found: The word that it finds in each test trial `[trials]`.
    """

    layer: int
    found: Words


def choose(train: ProbeTrials, test: ProbeTrials, seed: int) -> ChosenProbe:
    """Fit a probe per layer on most training trials, choose the layer on the others, and run it on the test trials."""
    order = np.random.default_rng(seed).permutation(len(train))
    held_out = max(1, round(_VALIDATION * len(train)))
    validation, training = order[:held_out], order[held_out:]
    best: tuple[float, ChosenProbe] | None = None
    for layer in train.layers:
        features = train.at(layer)
        probe = fit_standardised(features[training], train.target[training], seed)
        score = float((probe.predict(features[validation]) == train.target[validation]).mean())
        if best is None or score > best[0]:
            best = score, ChosenProbe(layer, probe.predict(test.at(layer)))
    assert best is not None
    return best[1]


def cell_rows(
    keys: Mapping[str, RowKey], train: ProbeTrials, test: ProbeTrials, *, groups: int, permutations: int, seed: int
) -> tuple[list[TableRow], Available]:
    """Return the rows of a cell, and what is available in it."""
    m = test.lens.shape[-1]
    chosen = choose(train, test, seed)
    place_of = dict(zip(train.target.tolist(), train.place.tolist(), strict=True))
    found = np.array([place_of[word] for word in chosen.found.tolist()], dtype=np.int64)
    values, prior = _InformationBounds.of(test.place, test.best, found, np.arange(m), permutations), math.log(m)
    group = grouping(m, groups)
    grouped = _InformationBounds.of(test.place, test.best, found, group, permutations)
    n = len(test)
    slack = fano_slack(confusion_counts(test.place, test.best, m))
    between = confusion_counts(group[test.place], group[test.best], int(group[-1]) + 1)
    rows = [
        TableRow(
            table="information",
            keys=dict(keys),
            values={
                "cand_acc": share(test.best == test.place),
                "probe_acc": share(found == test.place),
                **values.estimates(n),
                "used_plug_in": quantity(values.used.plug_in, n),
                "used_by_chance": quantity(values.used.chance, n),
                "efficiency": _efficiency(values.used, values.available, n),
                "fano": quantity(slack.fano, n),
                "slack_uneven_errors": quantity(slack.uneven_errors, n),
                "slack_uneven_values": quantity(slack.uneven_wrong_values, n),
            },
            notes=(
                f"the probe reads layer {chosen.layer}, chosen on trials of the training set.",
                values.verdict,
                f"M = {m} values; at this n the plug-in is biased up by about {(m - 1) ** 2 / (2 * n):.2f} of "
                f"{prior:.2f} nats.",
            ),
        ),
        TableRow(
            table="information_groups",
            keys=dict(keys),
            values={
                "groups": count(int(group[-1]) + 1, n),
                **grouped.estimates(n),
                "used_between": quantity(miller_madow(between), n),
            },
            notes=(grouped.verdict,),
        ),
        _published(keys, train, test, m, seed),
    ]
    return rows, values.available


@dataclass(frozen=True, slots=True)
class _InformationBounds:
    used: Used
    available: Available

    @classmethod
    def of(
        cls, truth: Indices, output: Indices, found: Indices, group: Indices, permutations: int
    ) -> _InformationBounds:
        """Bound the information about the group of the right value, which may be the value itself."""
        classes, prior = int(group[-1]) + 1, groups_of(group)
        right = group[output] == group[truth]
        return cls(
            used(group[truth], output, len(group), right=right, values=classes, prior=prior, permutations=permutations),
            available(group[found] == group[truth], values=classes, prior=prior),
        )

    @property
    def unused_at_least(self) -> float:
        return self.available.low - self.used.high

    @property
    def verdict(self) -> str:
        """Whether information goes unused, in words."""
        if self.unused_at_least > 0:
            return f"unused information is established: at least {self.unused_at_least:.3f} nats."
        return "unused information is not established: the interval contains 0."

    def estimates(self, n: int) -> dict[str, Estimate]:
        """Return what both tables show."""
        u, a = self.used, self.available
        unused = Estimate(
            value=a.fano - max(0.0, u.miller_madow),
            low=self.unused_at_least,
            high=a.high - u.low,
            n=n,
            method="fano, bootstrap",
        )
        return {
            "used": Estimate(value=u.miller_madow, low=u.low, high=u.high, n=n, method="fano, bootstrap"),
            "used_p": quantity(u.p, n),
            "available": Estimate(value=a.fano, low=a.low, high=a.high, n=n, method="fano"),
            "unused": unused,
        }


def _efficiency(u: Used, a: Available, n: int) -> Estimate:
    return Estimate(
        value=min(1.0, max(0.0, u.miller_madow) / a.fano) if a.fano > 0 else None,
        low=u.low / a.high,
        high=min(1.0, u.high / a.low) if a.low > 0 else 1.0,
        n=n,
        method="fano, bootstrap",
    )


def _published(keys: Mapping[str, RowKey], train: ProbeTrials, test: ProbeTrials, m: int, seed: int) -> TableRow:
    layer = train.layers[-1]
    probe = fit_published(train.at(layer), train.target, seed)
    on_errors: Flags = (probe.predict(test.at(layer)) == test.target)[test.bound_wrongly]
    accuracy, recovered = share(test.best == test.place), share(on_errors)
    values = {"cand_acc": accuracy, "probe_acc_last": recovered}
    notes = [f"the last layer that was read is {layer}."]
    lowest = 1 / m
    if recovered.value is None:
        notes.append("there are no 2B errors: the recipe gives no number.")
        return TableRow(table="published_recipe", keys=dict(keys), values=values, notes=tuple(notes))
    assert accuracy.value is not None
    used_bound = fano_information(1 - accuracy.value, m)
    proxy = fano_information(1 - recovered.value, m)
    values["i_used_lower_bound_nats"] = quantity(used_bound, accuracy.n)
    values["i_avail_proxy_nats"] = quantity(proxy, recovered.n)
    values["eta"] = quantity(used_bound / proxy if proxy > 0 else None, accuracy.n)
    if min(accuracy.value, recovered.value) < lowest:
        notes.append("an accuracy is below chance, where Fano's expression is no bound: read it as about 0.")
    return TableRow(table="published_recipe", keys=dict(keys), values=values, notes=tuple(notes))
