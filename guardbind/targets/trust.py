"""Tells how often each way to find a target was right, where that was measured."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from guardbind.information.intervals import Interval, clopper_pearson
from guardbind.targets.by_key import Resolution

__all__ = ["measured", "precision", "way_of"]

_CONFIRMED = ", confirmed"
_NAMED = 0.8  # scores from which the words name whose value it is


def way_of(resolution: Resolution) -> str:
    """Return the way in which a target was found: by what, whether an owner was named, whether the reading agrees.

    >>> way_of(Resolution(0, "sentence", "the sentence names it", "badge", 0.6))
    'sentence without a name'
    >>> way_of(Resolution(0, "query", "the query names it", "badge", 0.9, confirmed=True))
    'query, confirmed'
    """
    named = "" if resolution.score >= _NAMED or resolution.how == "reading" else " without a name"
    return f"{resolution.how}{named}{_CONFIRMED if resolution.confirmed else ''}"


def precision(resolution: Resolution) -> Interval | None:
    """Return the share of targets that were right among those found in the same way; None where none were counted.

    The interval is that of Clopper and Pearson, with 95 % coverage. The counts stand in `trust.json` beside this file;
    `guardbind bench trust` makes them from runs of `guardbind bench targets`. Targets found where the prompt does not
    answer at all count as wrong.

    Args:
        resolution: A target that was found.
    """
    way = way_of(resolution)
    # What a second opinion confirms is not less often right than what stands alone.
    right, count = measured().get(way) or measured().get(way.removesuffix(_CONFIRMED), (0, 0))
    return clopper_pearson(right, count) if count else None


@cache
def measured() -> Mapping[str, tuple[int, int]]:
    """Return way to (right, all) counts."""
    held = json.loads(files("guardbind.targets").joinpath("trust.json").read_text(encoding="utf-8"))
    return {way: (int(counts["right"]), int(counts["n"])) for way, counts in held["ways"].items()}
