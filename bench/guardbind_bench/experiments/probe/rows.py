"""Says what linear probes and simpler readouts find in the test trials of one cell, as rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy import stats

from guardbind_bench.arrays import Features, Flags, Floats, Words
from guardbind_bench.experiments.probe.data import ProbeTrials
from guardbind_bench.experiments.probe.linear import LinearProbe, fit_published, fit_standardised
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.stats import statistics

__all__ = ["FEWEST", "few", "label", "layer_rows", "model_rows", "published_row", "shares", "transfer_row"]

FEWEST = 10
# Layers that the paper prints, of a model of 36.
_OF_THE_PAPER = (0, 18, 35)

LinearFit = Callable[[Features, Words, int], LinearProbe]


def few(flags: Flags) -> Estimate | None:
    """Return an estimate without a value for fewer trials than say anything, else None."""
    number = int(flags.sum())
    return Estimate(value=None, n=number) if number < FEWEST else None


def shares(hits: Flags, test: ProbeTrials, names: Sequence[str] = ()) -> dict[str, Estimate]:
    """Return the share of hits `[trials]` in each subset of the test trials, or in the named ones."""
    subsets = {name: flags for name, flags in test.subsets.items() if not names or name in names}
    return {name: few(flags) or statistics.share(hits[flags]) for name, flags in subsets.items()}


def published_row(keys: Mapping[str, RowKey], test: ProbeTrials, fits: Mapping[int, LinearProbe]) -> TableRow:
    """Return the row to set beside the published one; `fits` are the probes by layer."""
    wrong = ~test.right
    values = {
        "acc": statistics.share(test.right),
        "cand_acc": statistics.share(test.best == test.place),
        "frac_2b": statistics.share(test.bound_wrongly[wrong]),
    }
    for layer, probe in fits.items():
        if layer in _OF_THE_PAPER:
            hits = probe.predict(test.at(layer)) == test.target
            values[f"probe_acc_block_{layer}"] = shares(hits, test, ["on_2b"])["on_2b"]
    return TableRow(table="probe", keys=dict(keys), values=values, notes=_too_few(test))


def layer_rows(
    keys: Mapping[str, RowKey], train: ProbeTrials, test: ProbeTrials, layer: int, seeds: Sequence[int]
) -> tuple[list[TableRow], dict[str, LinearProbe]]:
    """Return the rows of one layer, and the first of the probes of each recipe for the target."""
    mixed = train.target[np.random.default_rng(seeds[0]).permutation(len(train))]
    recipes: dict[str, tuple[LinearFit, Words, Words]] = {
        "published": (fit_published, train.target, test.target),
        "standardised": (fit_standardised, train.target, test.target),
        "shuffled": (fit_standardised, mixed, test.target),
        "competitor": (fit_standardised, train.competitor, test.competitor),
    }
    inputs, outputs = train.at(layer), test.at(layer)
    probes: dict[str, LinearProbe] = {}
    hits: dict[str, Flags] = {}
    values: dict[str, dict[str, Estimate]] = {}
    for name, (fit, known, asked) in recipes.items():
        fits = [fit(inputs, known, seed) for seed in seeds]
        right = [probe.predict(outputs) == asked for probe in fits]
        probes[name], hits[name] = fits[0], right[0]
        values[name] = shares(right[0], test)
        values[name]["over_fits"] = _over_fits(right, test.subsets["overall"])
        values[name]["on_2b_over_fits"] = _over_fits(right, test.bound_wrongly)
    values["standardised"]["selectivity"] = statistics.difference(hits["standardised"], hits["shuffled"])
    lens = test.lens[:, test.layers.index(layer)]
    values["lens"] = shares(lens.argmax(axis=1) == test.place, test)
    without = lens.copy()
    emitted = np.flatnonzero(test.right | test.bound_wrongly)
    without[emitted, test.best[emitted]] = -np.inf
    values["lens_without_answer"] = shares(without.argmax(axis=1) == test.place, test, ["on_wrong", "on_2b"])
    return _by_probe(keys, layer, values, test), {name: probes[name] for name in ("published", "standardised")}


def model_rows(keys: Mapping[str, RowKey], train: ProbeTrials, test: ProbeTrials) -> list[TableRow]:
    """Return what needs no probe: the best candidate that the model does not write, and the most frequent word."""
    runner_up = np.where(test.bound_wrongly, test.second, test.best) == test.place
    words, counts = np.unique(train.target, return_counts=True)
    rank = few(test.bound_wrongly) or statistics.mean(test.rank[test.bound_wrongly])
    values = {
        "runner_up": {**shares(runner_up, test, ["on_wrong", "on_2b"]), "rank_2b": rank},
        "most_frequent": shares(test.target == words[counts.argmax()], test),
    }
    return _by_probe(keys, None, values, test)


def _by_probe(
    keys: Mapping[str, RowKey], layer: int | None, values: Mapping[str, dict[str, Estimate]], test: ProbeTrials
) -> list[TableRow]:
    return [
        TableRow(
            table="probe_layers", keys={**keys, "layer": layer, "probe": name}, values=estimates, notes=_too_few(test)
        )
        for name, estimates in values.items()
    ]


def transfer_row(
    keys: Mapping[str, RowKey], test: ProbeTrials, layer: int, probe: LinearProbe, trained_on: Mapping[str, RowKey]
) -> TableRow:
    """Return how a probe of one cell does on the test trials of another, and how far away these lie."""
    outputs, envelope = test.at(layer), probe.envelope
    values = shares(probe.predict(outputs) == test.target, test)
    values["feature_distance"] = statistics.mean(envelope.distance(outputs))
    values["norm_ratio"] = statistics.quantity(envelope.norm_ratio(outputs), len(test))
    fitted = (
        f"fitted on {envelope.trials} trials of {keys['model']}, {label(trained_on)}, asked key "
        f"{trained_on['asked']}, layer {layer}, {len(probe.classes)} words, mean feature norm {envelope.norm:.4g}"
    )
    return TableRow(
        table="probe_transfer",
        keys={**keys, "layer": layer, "probe": "standardised", "trained_on": label(trained_on)},
        values=values,
        notes=(fitted, *_too_few(test)),
    )


def label(keys: Mapping[str, RowKey]) -> str:
    """Return a cell's task, filler and k in one line."""
    return f"{keys['task']} / {keys['filler']} / k={keys['k']}"


def _too_few(test: ProbeTrials) -> tuple[str, ...]:
    names = {"on_right": "right", "on_wrong": "wrong", "on_2b": "2B"}
    return tuple(
        f"{int(flags.sum())} test trials are {names[name]}; fewer than {FEWEST} give no value"
        for name, flags in test.subsets.items()
        if name in names and few(flags)
    )


def _over_fits(right: Sequence[Flags], subset: Flags) -> Estimate:
    if (none := few(subset)) is not None:
        return none
    found: Floats = np.array([hits[subset].mean() for hits in right])
    value, n = float(found.mean()), len(found)
    if n == 1:
        return Estimate(value=value, n=n)
    reach = float(stats.t.ppf(0.975, n - 1) * found.std(ddof=1) / np.sqrt(n))
    return Estimate(value=value, low=max(0.0, value - reach), high=min(1.0, value + reach), n=n, method="student-t")
