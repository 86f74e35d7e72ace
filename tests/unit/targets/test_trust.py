"""How often each way to find a target was right, and what is believed for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from guardbind.config import GuardConfig
from guardbind.session.slot import is_certain
from guardbind.targets import Resolution
from guardbind.targets.trust import measured, precision, way_of


def found(how: Any, score: float, *, confirmed: bool = False) -> Resolution:
    return Resolution(0, how, "", "badge", score, confirmed=confirmed)


def opening(resolution: Resolution, *, addressed: bool = True) -> Any:
    bound = SimpleNamespace(addressed=addressed)
    return cast(Any, SimpleNamespace(resolution=resolution, row=SimpleNamespace(bound=bound)))


def test_the_counts_that_come_with_the_package_are_counts() -> None:
    ways = measured()
    assert {"query", "sentence"} <= ways.keys()
    assert all(0 <= right <= count and count > 0 for right, count in ways.values())


def test_a_way_says_by_what_whether_named_and_whether_confirmed() -> None:
    assert way_of(found("sentence", 1.0)) == "sentence"
    assert way_of(found("query", 0.54)) == "query without a name"
    assert way_of(found("reading", 1.0, confirmed=True)) == "reading, confirmed"


def test_what_was_never_counted_has_no_precision() -> None:
    assert precision(found("only", 0.5, confirmed=True)) is None


@pytest.mark.parametrize(("right", "count", "risk", "certain"), [(400, 400, 0.01, True), (396, 400, 0.01, False)])
def test_it_is_believed_by_the_lower_end_of_the_interval(
    right: int, count: int, risk: float, certain: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guardbind.targets.trust.measured", lambda: {"sentence": (right, count)})
    share = precision(found("sentence", 1.0))
    assert share is not None
    assert share.low < right / count
    assert is_certain(opening(found("sentence", 1.0)), GuardConfig(risk=risk)) == certain
    assert not is_certain(opening(found("query", 1.0)), GuardConfig(risk=risk))


def test_what_the_caller_says_is_always_believed() -> None:
    careful = GuardConfig(risk=1e-6)
    assert is_certain(opening(found("declared", 1.0), addressed=False), careful)
    assert is_certain(opening(found("declared", 1.0)), careful)
    assert is_certain(opening(found("slot_prefix", 0.95), addressed=False), careful)
    assert not is_certain(opening(found("query", 0.9), addressed=False), careful)
    assert not is_certain(opening(Resolution(None, "unresolved", "", None)), careful)
