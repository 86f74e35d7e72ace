"""Formats numbers, intervals and keys for pages, tables and the terminal."""

from __future__ import annotations

from collections.abc import Mapping

from guardbind_bench.experiments.table import Estimate, RowKey

__all__ = ["about", "counted", "interval", "named", "number", "said"]

_DECIMALS = {"share": 3, "percent": 1, "logits": 2, "nats": 3, "bits": 3, "ratio": 3, "tokens": 1, "seconds": 2}


def number(value: float | None, unit: str) -> str:
    """Write a number of some unit; a dash where it is not defined."""
    if value is None:
        return "–"
    if unit == "p":
        return f"{value:.3f}" if value >= 0.001 or value == 0 else f"{value:.0e}"
    if unit == "count" or (unit in ("tokens", "seconds") and value == int(value)):
        return f"{value:g}" if value != int(value) else f"{value:.0f}"
    text = f"{value:.{_DECIMALS.get(unit, 3)}f}"
    return text.removeprefix("-") if not float(text) else text


def interval(estimate: Estimate, unit: str) -> str:
    """Write the interval as `[low, high]`, with a dash for an end that is not bounded; empty where there is none."""
    if estimate.low is None and estimate.high is None:
        return ""
    return f"[{number(estimate.low, unit)}, {number(estimate.high, unit)}]"


def said(value: RowKey) -> str:
    """Write the value of a key."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def about(keys: Mapping[str, RowKey]) -> str:
    """Write keys with their values, as `task competing_vars, k 96`."""
    return ", ".join(f"{key} {said(value)}" for key, value in keys.items())


def named(keys: Mapping[str, RowKey]) -> str:
    """Write keys as names: text says itself what it is, a number needs its key, what is not set is left out.

    >>> named({"task": "competing_vars", "k": 96, "arm": None})
    'competing_vars, k 96'
    """
    told = {key: value for key, value in keys.items() if value is not None}
    return ", ".join(said(value) if isinstance(value, str) else f"{key} {said(value)}" for key, value in told.items())


def counted(number: int, noun: str) -> str:
    """Write how many there are.

    >>> counted(1, "cell"), counted(1200, "trial")
    ('1 cell', '1200 trials')
    """
    return f"{number} {noun}{'s' * (number != 1)}"
