"""Writes a summary as JSON that can be compared line by line: a line per row, short numbers, nothing said twice.

```
"shared": {"stages": {"order": ["model", "k"], "keys": {"model": "smollm2-135m"}, "methods": {"acc": "wilson"}}},
"rows": [
  {"table": "stages","keys": {"k": 32},"values": {"acc": [0.6,0.502003,0.690599,100],"distance": [77,100]}},
```

What all rows of a table have in common stands once, in `shared`: the order of the keys, keys of one value, and how
the intervals of a column were made. A number is `[value, n]`, or `[value, low, high, n]`, or, where its interval was
made in another way than is usual in its column, `[value, low, high, n, method]`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guardbind_bench.experiments.table import Estimate, TableRow

__all__ = ["DIGITS", "packed", "rounded", "rounded_number", "text_of", "unpacked"]

DIGITS = 6
"""Significant digits that are kept of a number; whole numbers are kept as they are."""

_ENTRY_PER_LINE = ("conditions", "rows")
_WIDTH = 140
_ALL_DIGITS = 17
_MOST_DECIMALS = 4


def rounded_number(value: float) -> float:
    """Return a number with `DIGITS` significant digits, or more where it would be shown as another one.

    >>> rounded_number(0.14187118639096302), rounded_number(1234567.0)
    (0.141871, 1234567.0)

    0.3194999, which is shown as 0.319, is not made 0.3195, which is shown as 0.320:

    >>> rounded_number(0.31949990)
    0.3194999
    """
    if not math.isfinite(value) or value == int(value):
        return value
    shorter = (float(f"{value:.{digits}g}") for digits in range(DIGITS, _ALL_DIGITS))
    return next((short for short in shorter if _shown(short) == _shown(value)), value)


def rounded(row: TableRow) -> TableRow:
    """Return a row with the digits that are kept of its numbers."""
    values = {name: _rounded_estimate(estimate) for name, estimate in row.values.items()}
    return row.model_copy(update={"values": values})


def packed(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Return a summary, as its model dumps it, in the form in which it is stored."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in summary["rows"]:
        tables.setdefault(row["table"], []).append(row)
    shared = {name: _shared(rows) for name, rows in tables.items()}
    return {**summary, "shared": shared, "rows": [_packed_row(row, shared[row["table"]]) for row in summary["rows"]]}


def unpacked(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored summary as its model takes it.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: It is not of the form that `packed` gives.
    """
    shared = stored["shared"]
    rows = [_unpacked_row(row, shared[row["table"]]) for row in stored["rows"]]
    return {name: value for name, value in stored.items() if name != "shared"} | {"rows": rows}


def text_of(stored: Mapping[str, Any]) -> str:
    """Write JSON: a condition, a row and what is short on one line, everything else with an entry per line."""
    return "\n".join(_lines(stored, "")) + "\n"


def _lines(value: Any, name: str) -> Iterator[str]:
    line = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, dict | list) or (len(line) <= _WIDTH and name not in ("", *_ENTRY_PER_LINE)) or not value:
        yield line
        return
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    yield opening
    entries = list(value.items() if isinstance(value, dict) else enumerate(value))
    for number, (key, entry) in enumerate(entries, start=1):
        whole = name in _ENTRY_PER_LINE
        below = (
            [json.dumps(entry, ensure_ascii=False, separators=(",", ": "))] if whole else list(_lines(entry, str(key)))
        )
        if isinstance(value, dict):
            below[0] = f"{json.dumps(key, ensure_ascii=False)}: {below[0]}"
        below[-1] += "," if number < len(entries) else ""
        yield from (f"  {text}" for text in below)
    yield closing


def _shared(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    keys: dict[str, Any] = dict(rows[0]["keys"])
    methods: dict[str, str] = {}
    for row in rows:
        keys = {key: value for key, value in keys.items() if key in row["keys"] and row["keys"][key] == value}
        for name, estimate in row["values"].items():
            if estimate["method"] is not None:
                methods.setdefault(name, estimate["method"])
    return {"order": list(dict.fromkeys(key for row in rows for key in row["keys"])), "keys": keys, "methods": methods}


def _packed_row(row: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    keys = {key: value for key, value in row["keys"].items() if key not in shared["keys"]}
    methods = shared["methods"]
    values = {name: _packed_estimate(estimate, methods.get(name)) for name, estimate in row["values"].items()}
    notes = {"notes": row["notes"]} if row["notes"] else {}
    return {"table": row["table"], "keys": keys, "values": values, **notes}


def _unpacked_row(row: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    told = {**shared["keys"], **row["keys"]}
    keys = {key: told[key] for key in shared["order"] if key in told}
    methods = shared["methods"]
    values = {name: _unpacked_estimate(numbers, methods.get(name)) for name, numbers in row["values"].items()}
    return {**row, "keys": keys, "values": values}


def _packed_estimate(estimate: Mapping[str, Any], usual: str | None) -> list[Any]:
    value, low, high = (_whole(estimate[name]) for name in ("value", "low", "high"))
    if low is None and high is None and estimate["method"] is None:
        return [value, estimate["n"]]
    own = [] if estimate["method"] == usual else [estimate["method"]]
    return [value, low, high, estimate["n"], *own]


def _unpacked_estimate(numbers: Sequence[Any], usual: str | None) -> dict[str, Any]:
    if len(numbers) == 2:
        return dict(zip(("value", "n"), numbers, strict=True))
    given = (*numbers, usual) if len(numbers) == 4 else numbers
    return dict(zip(("value", "low", "high", "n", "method"), given, strict=True))


def _whole(value: float | None) -> float | None:
    return int(value) if value is not None and value == int(value) else value


def _rounded_estimate(estimate: Estimate) -> Estimate:
    told = {name: getattr(estimate, name) for name in ("value", "low", "high")}
    return estimate.model_copy(
        update={name: None if value is None else rounded_number(value) for name, value in told.items()}
    )


def _shown(value: float) -> list[str]:
    return [f"{value:.{decimals}f}" for decimals in range(_MOST_DECIMALS + 1)]
