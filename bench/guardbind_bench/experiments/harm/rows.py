"""Makes the rows of the experiment `harm` from the records of one condition, or of several tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from guardbind_bench.arrays import Flags
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.measures.answers import UNGUARDED
from guardbind_bench.stats.statistics import count, exact_share, mcnemar, quantity, share

__all__ = ["ALL", "harm_rows"]

ALL = "all"
"""The task of the rows that count every task."""

_TRIAL = ["task", "index", "answerable"]


def harm_rows(keys: dict[str, RowKey], frame: pd.DataFrame, notes: Sequence[str]) -> Iterator[TableRow]:
    """Make the rows of all tables.

    Args:
        keys: Model, task, size and set.
        frame: Records of the measure `harm`, with the column `task`.
        notes: What has to be said beside the numbers.
    """
    records = frame.set_index(_TRIAL).sort_index(kind="stable")
    bad = records.index[records["failed"].notna()].unique()
    whole = records[~records.index.isin(bad)]
    if len(bad):
        notes = [*notes, f"{len(bad)} of {len(records.index.unique())} prompts are left out, as an arm failed on them."]
    for arm in (arm for arm in records["arm"].unique() if arm != UNGUARDED):
        about: dict[str, RowKey] = {**keys, "arm": str(arm)}
        after, before = whole[whole["arm"] == arm], whole[whole["arm"] == UNGUARDED]
        yield _answers(about, _of(after, True), _of(before, True), notes)
        yield _twins(about, _of(after, False), _of(before, False))


def _answers(keys: dict[str, RowKey], after: pd.DataFrame, before: pd.DataFrame, notes: Sequence[str]) -> TableRow:
    right, was_right = _is(after, "right"), _is(before, "right")
    other, was_other = _is(after, "2B"), _is(before, "2B")
    resolved = after["resolved_right"].notna().to_numpy()
    aimed_wrong = (after["resolved_right"][resolved] == False).to_numpy(bool)  # noqa: E712
    values = {
        "accuracy_before": share(was_right),
        "accuracy": share(right),
        "harm_spoiled": exact_share(~right[was_right]),
        "harm_overwritten": exact_share(other[was_right]),
        "harm_repaired": share(right[was_other]),
        "harm_certified": exact_share(other & _any(after["certified"])),
        "aimed_wrong": exact_share(aimed_wrong),
        "right_to_wrong": count(int((was_right & ~right).sum()), len(right)),
        "wrong_to_right": count(int((right & ~was_right).sum()), len(right)),
        "mcnemar_p": quantity(mcnemar(int((was_right & ~right).sum()), int((right & ~was_right).sum())), len(right)),
    }
    return TableRow(table="harm_answers", keys=keys, values=values, notes=tuple(notes))


def _twins(keys: dict[str, RowKey], after: pd.DataFrame, before: pd.DataFrame) -> TableRow:
    pushed = _added(after["written"], before["written"])
    wrongly = _added(after["stated_wrongly"], before["stated_wrongly"])
    approved = [set(a) & set(b) for a, b in zip(after["certified"], after["stated_wrongly"], strict=True)]
    certified = np.array([bool(values) for values in approved], dtype=bool)
    values = {
        "twin_wrote_before": share(_any(before["written"])),
        "twin_wrote": share(_any(after["written"])),
        "twin_pushed": exact_share(pushed),
        "twin_pushed_wrongly": exact_share(pushed & wrongly),
        "twin_certified": exact_share(certified),
        "twin_harm": exact_share((pushed & wrongly) | certified),
    }
    return TableRow(table="harm_twins", keys=keys, values=values)


def _of(records: pd.DataFrame, answerable: bool) -> pd.DataFrame:
    return records[records.index.get_level_values("answerable") == answerable]


def _is(records: pd.DataFrame, stage: str) -> Flags:
    return np.array(records["stage"] == stage, dtype=bool)


def _any(lists: pd.Series) -> Flags:
    return np.array([len(values) > 0 for values in lists], dtype=bool)


def _added(after: pd.Series, before: pd.Series) -> Flags:
    return np.array([not set(now) <= set(then) for now, then in zip(after, before, strict=True)], dtype=bool)
