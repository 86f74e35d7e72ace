"""Makes the rows of the experiment `api_agreement`: slots of both guards side by side, and what the answers become."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.measures.api_agreement import EXACT, LOCAL, arm_name, top_of
from guardbind_bench.stats.statistics import count, exact_share, mean, quantity, share

__all__ = ["rows_of"]

_NEAR = 0.05
"""Bits by which the forward of another batch may be off."""
_ROUNDED = 1e-3
"""Bits by which both ends of an exact range may lie apart."""
_GOOD = ("ok", "repaired")


class _SlotPair(NamedTuple):
    """One slot under the local guard and under the one from outside, as far as the answers before it are the same."""

    local: dict[str, Any]
    outside: dict[str, Any]


def rows_of(keys: dict[str, RowKey], records: pd.DataFrame) -> list[TableRow]:
    """Make the rows of both tables.

    Args:
        keys: Model, task and size.
        records: Records of the measure `api_agreement`.
    """
    failed = records["failed"].notna()
    lost = sorted(set(records.loc[failed, "index"]))
    whole = records[~records["index"].isin(lost)]
    notes = (f"{len(lost)} prompts could not be measured and are left out.",) if lost else ()
    if whole.empty:
        return [TableRow(table="api_agreement_slots", keys=keys, values={}, notes=notes)]
    local = whole[whole["arm"] == LOCAL].set_index("index")
    rows = [_answers(keys, LOCAL, local, local, notes)]
    for arm in whole["arm"].unique():
        if arm != LOCAL:
            outside = whole[whole["arm"] == arm].set_index("index")
            rows.append(_slots(keys, str(arm), local, outside, notes))
            if (top := top_of(str(arm))) is not None:
                exact = whole[whole["arm"] == arm_name(EXACT)].set_index("index")
                rows.append(_sieve(keys, top, local, outside, exact, notes))
            rows.append(_answers(keys, str(arm), local, outside, notes))
    return rows


def _slots(
    keys: dict[str, RowKey], arm: str, local: pd.DataFrame, outside: pd.DataFrame, notes: tuple[str, ...]
) -> TableRow:
    pairs = [pair for index in local.index for pair in _paired(local.loc[index], outside.loc[index])]
    met = sum(len(verdicts) for verdicts in local["verdicts"])
    told = [pair for pair in pairs if pair.outside["decided"] != "-"]
    sure = [pair for pair in told if pair.outside["decided"] != "undecided"]
    read = [pair for pair in pairs if pair.local["bits_read"] and pair.outside["bits_read"]]
    own_ok = [pair for pair in told if pair.local["verdicts"] == "ok"]
    passed = [pair for pair in pairs if pair.outside["final_verdicts"] in _GOOD]
    apart = [_apart(pair) for pair in read]
    values = {
        "slots": count(len(pairs), met),
        "decides": share([pair in sure for pair in told]),
        "decides_ok": share([pair.outside["decided"] == "yes" for pair in own_ok]),
        "same_verdict": share([pair.local["verdicts"] == pair.outside["verdicts"] for pair in pairs]),
        "same_verdict_decided": share([pair.local["verdicts"] == pair.outside["verdicts"] for pair in sure]),
        "same_action": share([pair.local["actions"] == pair.outside["actions"] for pair in pairs]),
        "passed_only_outside": exact_share([pair.local["final_verdicts"] not in _GOOD for pair in passed]),
        "bits_inside": share([distance <= _NEAR for distance in apart]),
        "bits_apart": quantity(float(np.median(apart)) if apart else None, len(apart)),
    }
    return TableRow(table="api_agreement_slots", keys={**keys, "arm": arm}, values=values, notes=notes)


def _sieve(
    keys: dict[str, RowKey],
    top: int,
    local: pd.DataFrame,
    outside: pd.DataFrame,
    exact: pd.DataFrame,
    notes: tuple[str, ...],
) -> TableRow:
    pairs = [pair for index in local.index for pair in _paired(local.loc[index], outside.loc[index])]
    told = [pair for pair in pairs if pair.outside["decided"] != "-"]
    against = [pair for index in exact.index for pair in _paired(exact.loc[index], outside.loc[index])]
    read = [pair for pair in against if pair.local["bits_read"] and pair.outside["bits_read"]]
    kept = [pair for pair in told if pair.outside["actions"] == "none" and pair.outside["certified"] != "-"]
    values = {
        "decides": share([pair.outside["decided"] != "undecided" for pair in told]),
        "decides_ok": share([pair.outside["decided"] == "yes" for pair in told if pair.local["verdicts"] == "ok"]),
        "certificate": share([pair.outside["certified"] != "undecided" for pair in kept]),
        "holds": share([_apart(pair) <= _ROUNDED for pair in read]),
    }
    return TableRow(table="api_agreement_sieve", keys={**keys, "top": top}, values=values, notes=notes)


def _answers(
    keys: dict[str, RowKey], arm: str, local: pd.DataFrame, outside: pd.DataFrame, notes: tuple[str, ...]
) -> TableRow:
    outside = outside.loc[local.index]
    values = {
        "accuracy": share((outside["stage"] == "right").to_numpy(bool)),
        "answers_2b": share((outside["stage"] == "2B").to_numpy(bool)),
        "same_text": share([_alike(a, b) for a, b in zip(outside["text"], local["text"], strict=True)]),
    }
    if outside["prompts"].notna().all():
        values |= {
            "prompts": mean(outside["prompts"].astype(float)),
            "tokens_read": mean(outside["tokens"].astype(float)),
        }
    return TableRow(table="api_agreement_answers", keys={**keys, "arm": arm}, values=values, notes=notes)


def _alike(one: str, other: str) -> bool:
    """Whether two answers are the same as far as the shorter goes: both guards count tokens of a repair otherwise."""
    return one.startswith(other) or other.startswith(one)


def _paired(local: pd.Series, outside: pd.Series) -> Iterator[_SlotPair]:
    """Yield the slots that stand at the same place behind the same text."""
    same = _shared(str(local["text"]), str(outside["text"]))
    here, there = (
        {int(begins): _slot(record, place) for place, begins in enumerate(record["begins"])}
        for record in (local, outside)
    )
    for begins, slot in here.items():
        if begins <= same and begins in there:
            yield _SlotPair(slot, there[begins])


def _shared(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike."""
    return next(
        (place for place, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other))
    )


def _slot(record: pd.Series, place: int) -> dict[str, Any]:
    names = (
        "verdicts",
        "final_verdicts",
        "actions",
        "targets",
        "decided",
        "certified",
        "bits_low",
        "bits_high",
        "bits_read",
    )
    return {name: record[name][place] for name in names}


def _apart(pair: _SlotPair) -> float:
    """Return how far the local bits lie outside of the range, in bits."""
    bits = float(pair.local["bits_low"])
    low, high = (_bound(pair.outside[name], away) for name, away in (("bits_low", -math.inf), ("bits_high", math.inf)))
    return max(0.0, low - bits, bits - high)


def _bound(value: Any, without: float) -> float:
    return without if value is None or pd.isna(value) else float(value)
