"""Makes the rows of the experiment `applications` from the records of one task and size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from guardbind_bench.arrays import Flags
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.measures.answers import OBSERVED, UNGUARDED
from guardbind_bench.stats.statistics import (
    count,
    difference,
    mcnemar,
    mean,
    quantity,
    ratio_of_means,
    share,
    share_removed,
)

__all__ = ["rows_of"]

_BOTH = "both"
_PAIRED = ["renaming", "index", "answerable"]
_MOST = 0.5

Values = dict[str, Estimate]


def rows_of(keys: dict[str, RowKey], records: pd.DataFrame, notes: list[str]) -> list[TableRow]:
    """Make the rows of all tables.

    Args:
        keys: Model, task and size.
        records: Records of the measure `answers`, with the column `renaming`.
        notes: What has to be said beside the numbers.
    """
    notes = [*notes, *_how_asked(records)]
    records = records[records["counts"]].set_index(_PAIRED).sort_index(kind="stable")
    failed = records["failed"].notna()
    whole = records[~failed]
    if whole.empty:
        return [TableRow(table="applications_answers", keys=keys, values={}, notes=(*notes, *_failures(records)))]
    rows: list[TableRow] = []
    for direction, part in _directions(whole):
        about: dict[str, RowKey] = {**keys, "direction": direction}
        of_direction = records if direction == _BOTH else records[records["direction"] == direction]
        said = [*notes, *_failures(of_direction)]
        rows += _answer_rows(about, part, said)
        rows += _slot_rows(about, part)
    rows += _extraction_rows(keys, whole, notes)
    rows += _twin_rows(keys, whole)
    rows += _cost_rows(keys, whole)
    if len(renamings := whole.index.unique("renaming")) > 1:
        for renaming in sorted(renamings):
            rows += _renaming_rows({**keys, "renaming": int(renaming)}, whole.xs(renaming, drop_level=False))
    return rows


def _failures(records: pd.DataFrame) -> list[str]:
    failed = records.loc[records["failed"].notna()]
    if failed.empty:
        return []
    arms = ", ".join(f"{arm} {number}" for arm, number in failed["arm"].value_counts(sort=False).items())
    return [f"answers that are left out, as their measurement failed, of {len(records.index.unique())} each: {arms}."]


def _how_asked(records: pd.DataFrame) -> list[str]:
    """Say how the model was asked where it was not by its chat template, as those that it stands beside most often."""
    asked = records["asked_by"].dropna()
    if not (asked == "question").any():
        return []
    some = "" if (asked == "question").all() else "some prompts: "
    return [f'{some}asked as "Question: ..." and "Answer:", as the model has no chat template (asked_by: question).']


def _directions(records: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    yield _BOTH, records
    asked = records["direction"].unique()
    if len(asked) > 1:
        for direction in sorted(asked):
            yield str(direction), records[records["direction"] == direction]


def _pairs(records: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame, pd.DataFrame]]:
    """Yield each arm with its answers and the unguarded ones to the same prompts; the unguarded arm is the first."""
    before = records[records["arm"] == UNGUARDED]
    for arm in records["arm"].unique():
        after = records[records["arm"] == arm]
        yield str(arm), after, before.loc[after.index]


def _answer_rows(keys: dict[str, RowKey], records: pd.DataFrame, notes: list[str]) -> list[TableRow]:
    records = _answerable(records, True)
    if records.empty:
        return []
    observed = records[records["arm"] == OBSERVED]
    known, rightly = (observed.index[_flags(observed[name])] for name in ("resolved", "resolved_right"))
    rows = []
    for arm, after, before in _pairs(records):
        values, about = _rates(after), {**keys, "arm": arm}
        said = list(notes)
        if arm == UNGUARDED and (_is(after, "2A").mean() > _MOST):
            said.append("2A dominates: most answers of the model itself write none of the values that could be meant.")
        if arm != UNGUARDED:
            values |= _flips(after, before)
        rows.append(TableRow(table="applications_answers", keys=about, values=values, notes=tuple(said)))
        if arm != UNGUARDED:
            values = _repair(after, before, known, rightly)
            rows.append(TableRow(table="applications_repair", keys=about, values=values))
    return rows


def _rates(answers: pd.DataFrame) -> Values:
    return {
        "accuracy": share(_is(answers, "right")),
        "exact": share(_flags(answers["exact"])),
        "answers_2a": share(_is(answers, "2A")),
        "answers_2b": share(_is(answers, "2B")),
    }


def _flips(after: pd.DataFrame, before: pd.DataFrame) -> Values:
    right, was_right = _is(after, "right"), _is(before, "right")
    spoiled, repaired = int((was_right & ~right).sum()), int((right & ~was_right).sum())
    return {
        "delta": difference(right, was_right),
        "wrong_to_right": count(repaired, len(right)),
        "right_to_wrong": count(spoiled, len(right)),
        "mcnemar_p": quantity(mcnemar(spoiled, repaired), len(right)),
    }


def _repair(after: pd.DataFrame, before: pd.DataFrame, known: pd.Index, rightly: pd.Index) -> Values:
    resolved, asked = after.index.isin(known), after.index.isin(rightly)
    wrong, was_wrong = _is(after, "2B"), _is(before, "2B")
    right, was_right = _is(after, "right"), _is(before, "right")
    acted = np.array([any(action != "none" for action in actions) for actions in after["actions"]], dtype=bool)
    return {
        "removed_resolved": share_removed(wrong[resolved], was_wrong[resolved]),
        "removed_asked": share_removed(wrong[asked], was_wrong[asked]),
        "rate_2b_before": share(was_wrong[resolved]),
        "rate_2b_after": share(wrong[resolved]),
        "removed": share_removed(wrong, was_wrong),
        "spoiled": share(~right[was_right]),
        "spoiled_of_all": share(was_right & ~right),
        "stated_anew": share(_added(after["stated_wrongly"], before["stated_wrongly"])),
        "acted": share(acted),
    }


def _added(after: pd.Series, before: pd.Series) -> Flags:
    """Return where values are listed that the unguarded answer does not have in the same list."""
    return np.array([not set(now) <= set(then) for now, then in zip(after, before, strict=True)], dtype=bool)


def _slot_rows(keys: dict[str, RowKey], records: pd.DataFrame) -> list[TableRow]:
    answers = _answerable(records[records["arm"] == OBSERVED], True)
    if answers.empty:
        return []
    written = answers["written"].map(len).to_numpy()
    writes = answers[written > 0]
    found = writes[_flags(writes["found"])]
    resolved = found[_flags(found["resolved"])]
    values = {
        "written": mean(written),
        "covered": ratio_of_means(answers["covered"], written),
        "found": share(_flags(writes["found"])),
        "resolved": share(_flags(found["resolved"])),
        "resolved_right": share(_flags(resolved["resolved_right"])),
    }
    return [TableRow(table="applications_slots", keys=keys, values=values)]


def _extraction_rows(keys: dict[str, RowKey], records: pd.DataFrame, notes: list[str]) -> list[TableRow]:
    prompts = _answerable(records[records["arm"] == UNGUARDED], True)
    if prompts.empty:
        return []
    values = {
        "recall": ratio_of_means(prompts["bound"], prompts["facts"]),
        "precision": ratio_of_means(prompts["bindings"] - prompts["extra"], prompts["bindings"]),
        **{name: mean(prompts[name].astype(float)) for name in ("facts", "bindings", "prompt_tokens", "distance")},
    }
    return [TableRow(table="applications_extraction", keys=keys, values=values, notes=tuple(notes))]


def _twin_rows(keys: dict[str, RowKey], records: pd.DataFrame) -> list[TableRow]:
    rows = []
    for arm, after, before in _pairs(_answerable(records, False)):
        if arm == UNGUARDED:
            continue
        inserted, inserted_wrong = (_added(after[name], before[name]) for name in ("written", "stated_wrongly"))
        wrote, wrote_before = (answers["written"].map(len).to_numpy() > 0 for answers in (after, before))
        values = {
            "wrote_before": share(wrote_before),
            "wrote": share(wrote),
            "inserted": share(inserted),
            "inserted_wrong": share(inserted_wrong),
            "inserted_anew": share(inserted_wrong & ~wrote_before),
            "changed": share(_flags(after["changed"])),
            "abstained": share(np.array(["abstain" in actions for actions in after["actions"]], dtype=bool)),
        }
        rows.append(TableRow(table="applications_twins", keys={**keys, "arm": arm}, values=values))
    return rows


def _cost_rows(keys: dict[str, RowKey], records: pd.DataFrame) -> list[TableRow]:
    rows = []
    for arm, after, before in _pairs(records):
        times = float((after["seconds"] / before["seconds"]).median())
        values = {
            **{name: mean(after[name].astype(float)) for name in ("tokens", "extra_forwards", "extra_tokens")},
            "seconds_ratio_median": quantity(times, len(after)),
        }
        rows.append(TableRow(table="applications_cost", keys={**keys, "arm": arm}, values=values))
    return rows


def _renaming_rows(keys: dict[str, RowKey], records: pd.DataFrame) -> list[TableRow]:
    rows = []
    for arm, after, before in _pairs(_answerable(records, True)):
        values = {"accuracy": share(_is(after, "right")), "answers_2b": share(_is(after, "2B"))}
        if arm != UNGUARDED:
            values["removed"] = share_removed(_is(after, "2B"), _is(before, "2B"))
        rows.append(TableRow(table="applications_renamings", keys={**keys, "arm": arm}, values=values))
    return rows


def _answerable(records: pd.DataFrame, wanted: bool) -> pd.DataFrame:
    return records[records.index.get_level_values("answerable") == wanted]


def _is(answers: pd.DataFrame, stage: str) -> Flags:
    flags: Flags = (answers["stage"] == stage).to_numpy(dtype=bool)
    return flags


def _flags(column: pd.Series) -> Flags:
    """Return where a column of flags is true; it may hold None."""
    flags: Flags = column.eq(True).to_numpy(dtype=bool)
    return flags
