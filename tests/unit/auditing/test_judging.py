"""Verdicts: signed, at the worst null and the worst corner."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardbind.auditing.judging import claim_reading, verifier_verdict
from guardbind.auditing.verifier import LabelReading, label_reading
from guardbind.backends import NextToken
from guardbind.information.intervals import Interval
from guardbind.information.partial import PartialDistribution


def answers(yes: float, no: float = 0.0) -> LabelReading:
    rest = max(0.0, 1.0 - yes - no)
    return LabelReading(Interval(yes, yes), Interval(no, no), Interval(rest, rest))


@pytest.mark.parametrize(
    ("p1", "p0", "tau", "sufficient", "published_flag"),
    [
        (0.01, 0.5, 0.95, "no", False),  # the evidence refutes it, and the published rule passes it
        (0.995, 0.99, 0.95, "yes", True),  # well above the target, and the published rule flags it
        (0.05, 0.5, 0.75, "no", False),
        (0.97, 0.02, 0.95, "yes", False),
        (0.90, 0.02, 0.95, "no", True),
    ],
)
def test_the_budget_is_signed_and_the_published_rule_stands_beside_it(
    p1: float, p0: float, tau: float, sufficient: str, published_flag: bool
) -> None:
    reading = claim_reading(answers(p1), {"redact": answers(p0)}, tau)
    assert (reading.sufficient, reading.published_flag) == (sufficient, published_flag)
    assert reading.trivial == ("yes" if p1 >= tau else "no")


@pytest.mark.parametrize(
    ("shown", "null", "verdict"),
    [
        (answers(0.98), answers(0.05), "supported"),
        (answers(0.02, 0.97), answers(0.05, 0.1), "contradicted"),
        (answers(0.02, 0.97), answers(0.05, 0.97), "unsupported"),  # NO without the evidence too
        (answers(0.80), answers(0.05), "under_budget"),
        (answers(0.05), answers(0.05), "unsupported"),
        (answers(0.02), answers(0.60), "unsupported"),
        (answers(0.99), answers(0.98), "undecided"),  # YES without the evidence too
        (LabelReading(*[Interval(0.0, 1.0)] * 3), answers(0.05), "undecided"),
    ],
)
def test_the_verdict_of_a_verifier(shown: LabelReading, null: LabelReading, verdict: str) -> None:
    assert verifier_verdict(claim_reading(shown, {"redact": null}, 0.95), 0.5)[0] == verdict


def test_the_worst_null_decides_and_the_span_that_carries_is_named() -> None:
    nulls = {"redact": answers(0.05), "delete": answers(0.97)}
    reading = claim_reading(answers(0.98), nulls, 0.95, {"S1": answers(0.1), "S2": answers(0.97)}, ("S1", "S2"))  # type: ignore[arg-type]
    assert (reading.worst, reading.relies, reading.carried_by) == ("delete", "no", "S1")
    assert verifier_verdict(reading, 0.5)[0] == "undecided"


@settings(deadline=None, max_examples=60)
@given(
    weights=st.lists(st.floats(0.001, 1.0), min_size=8, max_size=8),
    top=st.integers(1, 8),
)
def test_the_range_of_an_answer_holds_the_exact_one(weights: list[float], top: int) -> None:
    tokens = ["YES", " Yes", "NO", "no", "UNS", "unsure", "The", "Y"]
    logprobs = {token: math.log(weight / sum(weights)) for token, weight in zip(tokens, weights, strict=True)}
    kept = dict(sorted(logprobs.items(), key=lambda pair: -pair[1])[:top])
    texts = {token: token for token in tokens}
    exact = label_reading(NextToken(PartialDistribution(logprobs, whole=True), texts))
    partial = label_reading(NextToken(PartialDistribution(kept), texts))
    for sure, part in zip(exact, partial, strict=True):
        # The exact one is a range as well: of the beginning of one letter nobody knows which answer it begins.
        assert part.low <= sure.low + 1e-5
        assert part.high >= sure.high - 1e-5
