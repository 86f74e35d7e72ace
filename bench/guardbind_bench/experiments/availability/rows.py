"""Makes the rows of the experiment `availability` from the records of one condition, or of several tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from guardbind_bench.arrays import Flags
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.measures.answers import UNGUARDED
from guardbind_bench.measures.availability import CHOICES, IGNORED
from guardbind_bench.stats.statistics import count, difference, exact_share, mcnemar, quantity, share

__all__ = ["ALL", "availability_rows"]

ALL = "all"
"""The task of the rows that count every task."""

_TRIAL = ["task", "index", "answerable"]


def availability_rows(keys: dict[str, RowKey], frame: pd.DataFrame, notes: Sequence[str]) -> Iterator[TableRow]:
    """Make the rows of all tables.

    Args:
        keys: Model, task and size.
        frame: Records of the measure `availability`, with the column `task`.
        notes: What has to be said beside the numbers.
    """
    records = frame.set_index(_TRIAL).sort_index(kind="stable")
    bad = records.index[records["failed"].notna()].unique()
    whole = records[~records.index.isin(bad)]
    if len(bad):
        notes = [*notes, f"{len(bad)} of {len(records.index.unique())} prompts are left out, as an arm failed on them."]
    if whole.empty:
        yield TableRow(table="availability", keys={**keys, "arm": None}, values={}, notes=tuple(notes))
        return
    arms = {arm: whole[whole["arm"] == arm] for arm in (UNGUARDED, *CHOICES)}
    for arm in CHOICES:
        values = _answers(arms, arm) | _twins(arms, arm)
        yield TableRow(table="availability", keys={**keys, "arm": arm}, values=values, notes=tuple(notes))
    yield TableRow(table="availability_scores", keys=keys, values=_slots(arms[IGNORED]))
    yield TableRow(table="availability_probe", keys=keys, values=_probe(arms[IGNORED].iloc[0]))


def _answers(arms: dict[str, pd.DataFrame], arm: str) -> dict[str, Estimate]:
    after, before, ignored = (_of(arms[name], True) for name in (arm, UNGUARDED, IGNORED))
    right, was_right, would = (_is(records, "right") for records in (after, before, ignored))
    better, worse = int((right & ~would).sum()), int((~right & would).sum())
    acted = after["actions"].map(lambda actions: [action for action in actions if action != "none"])
    done = [actions[0] for actions in acted if len(actions)]
    mismatched = after["mismatched"].to_numpy() > 0
    values = {
        "accuracy_before": share(was_right),
        "accuracy": share(right),
        "arm_spoiled": exact_share(~right[was_right]),
        "errors_2b_repaired": share(right[_is(before, "2B")]),
        "restated": share(np.array([action == "checkpoint" for action in done], dtype=bool)),
        "left": share(np.array([not len(actions) for actions in acted[mismatched]], dtype=bool)),
    }
    tried = after[after["held"].notna()]
    if len(tried):
        first = (tried["tried"].map(len) == 1) & tried["held"].astype(bool)
        values["first_held"] = share(first.to_numpy(bool))
    if arm != IGNORED:
        values |= {
            "over_ignored": difference(right, would),
            "over_ignored_better": count(better, len(right)),
            "over_ignored_worse": count(worse, len(right)),
            "mcnemar_p": quantity(mcnemar(worse, better), len(right)),
        }
    return values


def _twins(arms: dict[str, pd.DataFrame], arm: str) -> dict[str, Estimate]:
    after, before, ignored = (_of(arms[name], False) for name in (arm, UNGUARDED, IGNORED))
    if after.empty:
        return {}
    pushed, would = _pushed(after, before), _pushed(ignored, before)
    values = {"arm_twin_pushed": exact_share(pushed)}
    return values if arm == IGNORED else values | {"twin_over_ignored": difference(pushed, would)}


def _pushed(after: pd.DataFrame, before: pd.DataFrame) -> Flags:
    return _added(after["written"], before["written"]) & _added(after["stated_wrongly"], before["stated_wrongly"])


def _slots(ignored: pd.DataFrame) -> dict[str, Estimate]:
    slots = int(ignored["mismatched"].sum())
    scores = [float(score) for some in ignored["scores"] for score in some]
    threshold = float(ignored["threshold"].iloc[0])
    readable = np.arange(slots) < len(scores)
    return {
        "slots": count(slots, slots),
        "readable": share(readable),
        "available": share(np.array([score >= threshold for score in scores], dtype=bool)),
    }


def _probe(told: pd.Series) -> dict[str, Estimate]:
    def part(right: str, of: str) -> Estimate:
        return share(np.arange(int(told[of])) < int(told[right]))

    errors = int(told["report_errors"])
    return {
        "named": part("report_named", "report_n"),
        "named_lens": part("report_lens", "report_n"),
        "found": part("report_found", "report_errors"),
        "mistaken": part("report_mistaken", "report_others"),
        "auroc": Estimate(
            value=float(told["auroc"]),
            low=float(told["auroc_low"]),
            high=float(told["auroc_high"]),
            n=errors,
            method="bootstrap",
        ),
        "threshold": quantity(float(told["threshold"]), errors),
    }


def _of(records: pd.DataFrame, answerable: bool) -> pd.DataFrame:
    return records[records.index.get_level_values("answerable") == answerable]


def _is(records: pd.DataFrame, stage: str) -> Flags:
    return np.array(records["stage"] == stage, dtype=bool)


def _added(after: pd.Series, before: pd.Series) -> Flags:
    return np.array([not set(now) <= set(then) for now, then in zip(after, before, strict=True)], dtype=bool)
