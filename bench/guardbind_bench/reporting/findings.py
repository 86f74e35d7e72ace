"""Reads the findings that a report opens with out of the rows of a run, by the rules that the experiments bring."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from guardbind.information.intervals import wilson
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.table import Column, Estimate, RowKey, Table, TableRow
from guardbind_bench.reporting.grid import constant_keys
from guardbind_bench.reporting.numbers import about, interval, named, number
from guardbind_bench.reporting.outline import finding_rules
from guardbind_bench.running.summary import Summary

__all__ = ["Finding", "FoundNumber", "findings_of"]

_SUBJECT = ("task", "filler", "k")
# What a row is about, less what the numbers of a finding differ in.
_OtherKeys = tuple[tuple[str, RowKey], ...]
_NumbersByLabel = dict[str, tuple[TableRow, Estimate]]


@dataclass(frozen=True, slots=True)
class FoundNumber:
    """One number of a finding as text.

    Attributes:
        label: What it is called.
        value: The number.
        interval: `[low, high]`, or empty.
        n: What it is over.
    """

    label: str
    value: str
    interval: str
    n: int


@dataclass(frozen=True, slots=True)
class Finding:
    """An answer that a run gives.

    Attributes:
        title: The question.
        numbers: The answer.
        about: Of which condition.
        spread: From where to where the other conditions go; empty where there is none.
        experiment: Where it comes from.
        table: The table that holds it.
    """

    title: str
    numbers: tuple[FoundNumber, ...]
    about: str
    spread: str
    experiment: str
    table: str


def findings_of(summaries: Sequence[Summary], rules: Sequence[FindingRule] | None = None) -> list[Finding]:
    """Return what some runs of one model allow to say, in the order of the rules: by default, of their experiments."""
    found = []
    for rule in finding_rules(summary.experiment for summary in summaries) if rules is None else rules:
        for summary in summaries:
            table = next((table for table in summary.tables if table.id == rule.table), None)
            if table is not None and (finding := _finding(rule, table, summary)) is not None:
                found.append(finding)
                break
    return found


def _finding(rule: FindingRule, table: Table, summary: Summary) -> Finding | None:
    if not all(one.column in table.columns for one in rule.numbers):
        return None
    rows = _once([row for row in summary.rows if row.table == table.id])
    conditions = _conditions(rule, rows)
    if not conditions:
        return None
    columns = [table.columns[one.column] for one in rule.numbers]
    if rule.pooled:
        told = [
            _pooled([found[one.label][1] for found in conditions.values()], one, column)
            for one, column in zip(rule.numbers, columns, strict=True)
        ]
        subject, spread = _pooled_over(list(conditions.values())), ""
    else:
        first = next(iter(conditions.values()))
        told = [_told(one, first[one.label], column) for one, column in zip(rule.numbers, columns, strict=True)]
        subject, spread = _subject(rule, rows, first), _spread(rule, list(conditions.values()), columns)
    return Finding(rule.title, tuple(told), subject, spread, summary.experiment, table.id)


def _once(rows: Sequence[TableRow]) -> list[TableRow]:
    """Keep one of the rows that are about the same: the one over most trials, as the others are part of it."""
    kept: dict[_OtherKeys, TableRow] = {}
    for row in rows:
        key = tuple(row.keys.items())
        if key not in kept or _most(row) > _most(kept[key]):
            kept[key] = row
    return list(kept.values())


def _most(row: TableRow) -> int:
    return max((estimate.n for estimate in row.values.values()), default=0)


def _conditions(rule: FindingRule, rows: Sequence[TableRow]) -> dict[_OtherKeys, _NumbersByLabel]:
    """Return the conditions that have all numbers of a rule, by what they are about, in the order of the rows."""
    differing = _differing(rule)
    found: dict[_OtherKeys, _NumbersByLabel] = {}
    for one in rule.numbers:
        for row in _ends(one, [row for row in rows if _fits(row, {**rule.where, **one.where})]):
            estimate = row.values.get(one.column)
            if estimate is not None and estimate.value is not None:
                rest = tuple((key, value) for key, value in row.keys.items() if key not in differing)
                found.setdefault(rest, {}).setdefault(one.label, (row, estimate))
    return {rest: numbers for rest, numbers in found.items() if _is_whole(rule, numbers)}


def _is_whole(rule: FindingRule, numbers: _NumbersByLabel) -> bool:
    """Whether all numbers are there, and the two ends of a key are not one and the same row."""
    ends = [id(numbers[one.label][0]) for one in rule.numbers if one.end and one.label in numbers]
    return len(numbers) == len(rule.numbers) and len(set(ends)) == len(ends)


def _differing(rule: FindingRule) -> set[str]:
    ends = {one.end[0] for one in rule.numbers if one.end is not None}
    return {*rule.apart, *ends, *(key for one in rule.numbers for key in one.where)}


def _fits(row: TableRow, where: Mapping[str, RowKey]) -> bool:
    return all(key in row.keys and row.keys[key] == value for key, value in where.items())


def _ends(one: FindingNumber, rows: Sequence[TableRow]) -> list[TableRow]:
    if one.end is None:
        return list(rows)
    key, which = one.end
    rows = [row for row in rows if isinstance(row.keys.get(key), int | float)]
    return sorted(rows, key=lambda row: float(str(row.keys[key])), reverse=which == "largest")


def _told(one: FindingNumber, found: tuple[TableRow, Estimate], column: Column) -> FoundNumber:
    row, estimate = found
    at = f", {one.end[0]} {row.keys[one.end[0]]}" if one.end else ""
    unit = column.unit
    return FoundNumber(one.label + at, number(estimate.value, unit), interval(estimate, unit), estimate.n)


def _pooled(estimates: Sequence[Estimate], one: FindingNumber, column: Column) -> FoundNumber:
    n = sum(estimate.n for estimate in estimates)
    hits = sum(round((e.value or 0.0) * (e.n if column.unit == "share" else 1)) for e in estimates)
    bounds = wilson(hits, n)
    share = Estimate(value=hits / n, low=bounds.low, high=bounds.high, n=n, method="wilson")
    return FoundNumber(one.label, number(share.value, "share"), interval(share, "share"), n)


def _pooled_over(conditions: Sequence[_NumbersByLabel]) -> str:
    rows = [row for found in conditions for row, _ in found.values()]
    told = []
    for key in _SUBJECT:
        values = dict.fromkeys(row.keys[key] for row in rows if key in row.keys)
        if len(values) > 1 or (values and key == "task"):
            told.append(", ".join(named({key: value}) for value in values))
    return f"{len(conditions)} conditions together: {'; '.join(told)}" if len(conditions) > 1 else "; ".join(told)


def _subject(rule: FindingRule, rows: Sequence[TableRow], found: _NumbersByLabel) -> str:
    """Say what a condition is about: task, filler and k, and what else tells it from the other rows."""
    row, _ = found[rule.numbers[0].label]
    fixed, shared = {"model", *_differing(rule), *rule.where}, constant_keys(rows)
    subject = {key: row.keys[key] for key in _SUBJECT if key in row.keys and key not in fixed}
    others = {key: value for key, value in row.keys.items() if key not in (*fixed, *shared, *_SUBJECT)}
    return ", ".join(filter(None, (named(subject), about({k: v for k, v in others.items() if v is not None}))))


def _spread(rule: FindingRule, conditions: Sequence[_NumbersByLabel], columns: Sequence[Column]) -> str:
    if len(conditions) < 2:
        return ""
    ranges = []
    for one, column in zip(rule.numbers, columns, strict=True):
        values = [estimate.value for found in conditions if (estimate := found[one.label][1]).value is not None]
        ranges.append(f"{one.label} {number(min(values), column.unit)} to {number(max(values), column.unit)}")
    return f"{len(conditions)} conditions: {'; '.join(ranges)}"
