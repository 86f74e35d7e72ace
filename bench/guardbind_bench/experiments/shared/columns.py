"""Columns by the unit of their numbers, each made from its heading and what it says."""

from __future__ import annotations

from collections.abc import Callable

from guardbind_bench.experiments.table import Column

__all__ = [
    "CANDIDATE_ACCURACY",
    "FLIPS",
    "STAGES",
    "bits",
    "count",
    "logits",
    "nats",
    "p",
    "percent",
    "ratio",
    "share",
    "tokens",
]


def _of(unit: str) -> Callable[[str, str], Column]:
    def column(title: str, meaning: str) -> Column:
        return Column(title=title, unit=unit, meaning=meaning)

    return column


bits = _of("bits")
count = _of("count")
logits = _of("logits")
nats = _of("nats")
p = _of("p")
percent = _of("percent")
ratio = _of("ratio")
share = _of("share")
tokens = _of("tokens")

FLIPS = {
    "wrong_to_right": count("wrong→right", "Trials that are wrong without the arm and right with it."),
    "right_to_wrong": count("right→wrong", "Trials that are right without the arm and wrong with it."),
    "mcnemar_p": p("McNemar p", "Exact two-sided p that the two are equally likely."),
}
"""What a remedy does to single trials."""
STAGES = {
    "rate_2a": share("2A", "Trials whose best token is no candidate's."),
    "rate_2b": share("2B", "Trials whose best token is another candidate's."),
}
"""The two kinds of error."""
CANDIDATE_ACCURACY = share("candidate accuracy", "Trials whose best candidate is the target, over all trials.")
"""Accuracy when only candidates can be written."""
