"""Says what bilinear probes find: on values they know and on new ones, with the asked key fixed and drawn, as rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import numpy as np

from guardbind_bench.arrays import Features, Flags, Floats
from guardbind_bench.experiments.probe.bilinear import BilinearProbe, fit_bilinear, halves
from guardbind_bench.experiments.probe.data import ProbeTrials, TrainTest
from guardbind_bench.experiments.probe.rows import FEWEST, few
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.prompts.cell import Asked
from guardbind_bench.stats import statistics

__all__ = ["bilinear_rows"]

ToldValues = Literal["bound", "pool"]
_TOLD: tuple[ToldValues, ...] = ("bound", "pool")
_FEWEST_FITTED = 30


@dataclass(frozen=True, slots=True, eq=False)
class _BilinearHits:
    """Whether a choice was right, a row per probe and a column per test trial; NaN where it was not tested."""

    bound: list[Floats] = field(default_factory=list)
    pool: list[Floats] = field(default_factory=list)

    def add(self, probe: BilinearProbe, test: ProbeTrials, layer: int, embeddings: Features, tested: Flags) -> None:
        features, choices = test.at(layer)[tested], test.choices[tested]
        for hits, allowed in ((self.bound, choices), (self.pool, np.ones_like(choices))):
            right = np.full(len(test), np.nan)
            right[tested] = probe.choose(features, embeddings, allowed) == test.place[tested]
            hits.append(right)


def bilinear_rows(
    keys: Mapping[str, RowKey],
    pairs: Mapping[Asked, TrainTest],
    embeddings: Features,
    *,
    rank: int,
    seeds: Sequence[int],
) -> list[TableRow]:
    """Fit with each way of asking and test with each.

    On new values, the values are split in two at random, once per seed and in both directions: a probe is fitted on
    the trials that bind only values of one half and tested on those that bind only values of the other. Of a trial
    that several probes were tested on, the mean counts.

    Args:
        keys: What all rows are about: model, task, filler and k.
        pairs: Whether the asked key is `random` or `fixed`, to the trials.
        embeddings: Of the candidates `[candidates, hidden]`.
        rank: Rank of the probes.
        seeds: Of the splits and the initial weights.
    """
    if not all(_fits(part, embeddings) for pair in pairs.values() for part in (pair.train, pair.test)):
        note = "the candidate set differs between trials, so that a place in it stands for no value"
        return [
            TableRow(table="probe_bilinear", keys={**keys, "asked": asked}, values={}, notes=(note,)) for asked in pairs
        ]
    everything = np.ones(len(embeddings), dtype=bool)
    splits = {"seen": [(everything, everything)], "unseen": list(halves(len(embeddings), len(seeds), seeds[0]))}
    layers = next((pair.train.layers for pair in pairs.values()), ())
    rows = []
    for trained_on, layer, values, told in product(pairs, layers, splits, _TOLD):
        found = {asked: _BilinearHits() for asked in pairs}
        for i, (known, new) in enumerate(splits[values]):
            probe = _fit(pairs[trained_on].train, layer, embeddings, known, told, rank, seeds[i // 2])
            if probe is not None:
                for asked, hits in found.items():
                    test = pairs[asked].test
                    hits.add(probe, test, layer, embeddings, _only(test, new))
        for asked, hits in found.items():
            own: dict[str, RowKey] = {"layer": layer, "probe": f"bilinear_{told}", "values": values}
            rows.append(_row({**keys, "asked": asked, **own, "trained_on": trained_on}, pairs[asked], hits))
    # First the probes that are tested with the way of asking that they were fitted with.
    return sorted(rows, key=lambda row: row.keys["asked"] != row.keys["trained_on"])


def _fits(part: ProbeTrials, embeddings: Features) -> bool:
    return part.same_candidates and part.choices.shape[1] == len(embeddings)


def _only(measured: ProbeTrials, values: Flags) -> Flags:
    """Flag the trials whose bound values and competitor are all among some values."""
    inside: Flags = np.logical_not(np.any(measured.choices & ~values, axis=1))
    return inside


def _fit(
    train: ProbeTrials, layer: int, embeddings: Features, known: Flags, told: ToldValues, rank: int, seed: int
) -> BilinearProbe | None:
    trials = _only(train, known)
    if trials.sum() < _FEWEST_FITTED:
        return None
    allowed = train.choices[trials]
    if told == "pool":
        allowed = np.broadcast_to(known, allowed.shape)
    return fit_bilinear(train.at(layer)[trials], embeddings, train.place[trials], allowed, rank=rank, seed=seed)


def _row(keys: dict[str, RowKey], pair: TrainTest, hits: _BilinearHits) -> TableRow:
    if not hits.bound:
        note = f"fewer than {_FEWEST_FITTED} training trials bind only values of one half"
        return TableRow(table="probe_bilinear", keys=keys, values={}, notes=(note, *pair.notes))
    test = pair.test
    tested = ~np.isnan(hits.bound).all(axis=0)
    bound, pool = (np.nanmean(np.stack(part)[:, tested], axis=0) for part in (hits.bound, hits.pool))
    right, wrong = test.right[tested], test.bound_wrongly[tested]
    blind = float((1 / test.choices[tested].sum(axis=1)).mean()) if tested.any() else None
    values = {
        "bound_2b": _mean(bound, wrong),
        "bound_right": _mean(bound, right),
        "bound": _mean(bound, np.ones_like(right)),
        "chance_bound": statistics.quantity(blind, int(tested.sum())),
        "pool_2b": _mean(pool, wrong),
        "pool": _mean(pool, np.ones_like(right)),
        "chance_pool": statistics.quantity(1 / test.choices.shape[1], int(tested.sum())),
    }
    notes = (f"{int(wrong.sum())} tested trials are 2B; fewer than {FEWEST} give no value",) if few(wrong) else ()
    return TableRow(table="probe_bilinear", keys=keys, values=values, notes=(*notes, *pair.notes))


def _mean(hits: Floats, subset: Flags) -> Estimate:
    return few(subset) or statistics.mean(hits[subset])
