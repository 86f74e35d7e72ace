"""Makes the rows of the experiment `rivals`: slots of both settings side by side, and the answers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.measures.rivals import ARMS
from guardbind_bench.stats.ranks import rank_correlation
from guardbind_bench.stats.statistics import count, exact_share, mean, quantity, share

__all__ = ["rows_of"]

_DECISION = ("targets", "verdicts", "actions", "final_verdicts")
_FIELDS = (*_DECISION, "rests_on", "bits", "most_bits", "nulls")


class _RivalPair(NamedTuple):
    """One slot under both settings, behind the same tokens of the same prompt."""

    prompt: int
    every: dict[str, Any]
    plausible: dict[str, Any]

    def same(self, *names: str) -> bool:
        return all(self.every[name] == self.plausible[name] for name in names)


def rows_of(keys: dict[str, RowKey], records: pd.DataFrame) -> list[TableRow]:
    """Make the rows of both tables.

    Args:
        keys: Model, task and size.
        records: Records of the measure `rivals`.
    """
    lost = sorted(set(records.loc[records["failed"].notna(), "index"]))
    whole = records[~records["index"].isin(lost)]
    notes = (f"{len(lost)} prompts could not be measured and are left out.",) if lost else ()
    if whole.empty:
        return [TableRow(table="rivals_slots", keys=keys, values={}, notes=notes)]
    every, plausible = (whole[whole["arm"] == arm].set_index("index") for arm in ARMS)
    plausible = plausible.loc[every.index]
    pairs = [pair for index in every.index for pair in _paired(int(index), every.loc[index], plausible.loc[index])]
    return [_slots(keys, pairs, every, notes), _answers(keys, every, plausible, notes)]


def _slots(
    keys: dict[str, RowKey], pairs: Sequence[_RivalPair], every: pd.DataFrame, notes: tuple[str, ...]
) -> TableRow:
    met = sum(len(steps) for steps in every["steps"])
    bits = _both(pairs, "bits")
    most = _both(pairs, "most_bits")
    apart = np.abs(bits[:, 0] - bits[:, 1])
    values = {
        "slots": count(len(pairs), met),
        "same_decision": exact_share([pair.same(*_DECISION) for pair in pairs]),
        "same_verdict": exact_share([pair.same("verdicts") for pair in pairs]),
        "same_action": exact_share([pair.same("actions", "final_verdicts") for pair in pairs]),
        "rank_bits": rank_correlation(*bits.T),
        "bits_apart": quantity(float(apart.max()) if len(apart) else None, len(apart)),
        "same_rests_on": exact_share([pair.same("rests_on") for pair in pairs]),
        "rank_most_bits": rank_correlation(*most.T),
        "nulls_every": mean([pair.every["nulls"] for pair in pairs]),
        "nulls_plausible": mean([pair.plausible["nulls"] for pair in pairs]),
    }
    return TableRow(table="rivals_slots", keys=keys, values=values, notes=notes)


def _answers(keys: dict[str, RowKey], every: pd.DataFrame, plausible: pd.DataFrame, notes: tuple[str, ...]) -> TableRow:
    values = {
        "same_text": exact_share((every["text"] == plausible["text"]).to_numpy(bool)),
        "met_slots": count(int(sum(len(steps) > 0 for steps in every["steps"])), len(every)),
        "accuracy_every": share((every["stage"] == "right").to_numpy(bool)),
        "accuracy_plausible": share((plausible["stage"] == "right").to_numpy(bool)),
        "bindings": mean(every["bindings"].astype(float)),
    }
    return TableRow(table="rivals_answers", keys=keys, values=values, notes=notes)


def _paired(prompt: int, every: pd.Series, plausible: pd.Series) -> Iterator[_RivalPair]:
    """Yield the slots that stand at the same step behind the same tokens."""
    here, there = (
        {int(step): _slot(record, place) for place, step in enumerate(record["steps"])} for record in (every, plausible)
    )
    same = _shared(every["written"], plausible["written"])
    for step, slot in here.items():
        if step in there and step <= same:
            yield _RivalPair(prompt, slot, there[step])


def _shared(one: Sequence[int], other: Sequence[int]) -> int:
    """Return how many tokens two answers begin with alike."""
    differ = (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    return next(differ, min(len(one), len(other)))


def _slot(record: pd.Series, place: int) -> dict[str, Any]:
    return {name: record[name][place] for name in _FIELDS}


def _both(pairs: Sequence[_RivalPair], name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return a number under both settings `[slots, 2]`, of the slots in which both read it."""
    numbers = [(pair.every[name], pair.plausible[name]) for pair in pairs]
    return np.array([pair for pair in numbers if not any(map(pd.isna, pair))], dtype=float).reshape(-1, 2)
