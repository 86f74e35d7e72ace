"""The verdict, from numbers alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardbind.policies.verdict import bits_needed, judge_known, judge_unknown

GOOD: dict[str, Any] = {
    "token_is_candidate": True,
    "token_is_target": True,
    "bits": 5.0,
    "needed": 3.0,
    "risk": 0.0,
    "allowed": 0.05,
}


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({}, "ok"),
        ({"token_is_candidate": False, "token_is_target": False}, "gate_failure"),
        ({"token_is_target": False}, "binding_failure"),
        ({"bits": 2.99}, "unsupported"),
        ({"bits": 3.0}, "ok"),
        ({"bits": -4.0}, "unsupported"),
        ({"bits": None}, "ok"),
        ({"risk": 0.06}, "binding_failure"),
        ({"risk": 0.05}, "ok"),
        ({"bits": 0.0, "risk": 0.9}, "unsupported"),
        ({"token_is_target": False, "bits": None, "risk": 0.9}, "binding_failure"),
    ],
)
def test_of_a_known_value(changes: dict[str, Any], verdict: str) -> None:
    assert judge_known(**(GOOD | changes)).verdict == verdict


@pytest.mark.parametrize(
    ("bits", "alternative", "verdict"),
    [(3.0, True, "ok"), (3.0, False, "ok"), (2.9, True, "binding_failure"), (2.9, False, "unsupported")],
)
def test_of_an_unknown_value(bits: float, alternative: bool, verdict: str) -> None:
    assert judge_unknown(bits=bits, needed=3.0, alternative=alternative).verdict == verdict


def test_reasons_give_numbers_and_no_text() -> None:
    assert judge_known(**(GOOD | {"bits": 1.5})).reason == "the target's evidence gives the token 1.50 of 3.00 bits"
    assert "probability 0.200" in judge_known(**(GOOD | {"risk": 0.2})).reason
    assert judge_unknown(bits=1.0, needed=3.0, alternative=False).reason == "the span gives the token 1.00 of 3.00 bits"


class TestBitsNeeded:
    @pytest.mark.parametrize(
        ("p0", "narrowed", "needed"), [(0.5, False, 3.0), (0.5, True, 0.5), (2**-8, True, 3.0), (0.0, True, 3.0)]
    )
    def test_half_of_what_is_left_is_enough_among_a_few(self, p0: float, narrowed: bool, needed: float) -> None:
        assert bits_needed(p0, 3.0, narrowed=narrowed) == needed

    @given(st.floats(0, 1), st.floats(0, 20))
    def test_never_more_than_the_setting_nor_than_can_be_had(self, p0: float, least: float) -> None:
        needed = bits_needed(p0, least, narrowed=True)
        assert 0 <= needed <= least
        assert p0 * 2**needed <= 1 + 1e-9
