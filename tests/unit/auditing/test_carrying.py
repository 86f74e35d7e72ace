"""Which span carries a claim: also of a claim that cites nothing, and of one that cites many, by few more prompts."""

from __future__ import annotations

import asyncio

import pytest
from fake_verifier import FakeVerifier
from hypothesis import given
from hypothesis import strategies as st

from guardbind import AuditConfig, audit
from guardbind.auditing.carrying import narrowed, parts_of
from guardbind.auditing.checking import check_verifier
from guardbind.auditing.judged import ClaimReading
from guardbind.auditing.verifier import LabelReading
from guardbind.information.intervals import Interval

RECORD = asyncio.run(check_verifier(FakeVerifier()))
PLACES = [f"The {name} opens at {hour}." for name in ("pool", "gym", "bar", "desk") for hour in range(1, 20)]


def reading(
    claim: str, texts: list[str], cites: int = 0, config: AuditConfig | None = None
) -> tuple[ClaimReading, int]:
    """What is measured of a claim that cites the first spans, and how many prompts that took."""
    verifier, config = FakeVerifier(), config or AuditConfig(chat=True)
    trace = {"claims": [{"text": claim, "citations": [f"S{place}" for place in range(1, cites + 1)]}]}
    (judged,) = audit(trace, "\n\n".join(texts), verifier=verifier, checked=RECORD, config=config).claims
    assert judged.reading is not None
    return judged.reading, len(verifier.asked)


def test_a_claim_without_a_citation_is_carried_by_a_span_too() -> None:
    found, asked = reading("The gym opens at 7.", [*PLACES[:5], "The gym opens at 7."])
    assert found.carried_by == "S6" and [share.span for share in found.shares] == ["S1", "S2", "S3", "S4", "S5", "S6"]
    assert asked <= 5 + 6  # with them, under the nulls, and without each of them


@pytest.mark.parametrize("place", [0, 8, 40, 63])
def test_many_spans_are_left_out_in_parts(place: int) -> None:
    texts = PLACES[:64]
    found, asked = reading(texts[place], texts, cites=64)
    assert found.carried_by == f"S{place + 1}"
    assert len(found.shares) == 8 and asked <= 5 + 2 * 8


def test_a_claim_that_two_spans_state_is_carried_by_none() -> None:
    texts = [*PLACES[:20], PLACES[0]]
    found, asked = reading(PLACES[0], texts)
    assert found.carried_by is None and found.shares == () and asked <= 5 + 8


def test_a_claim_that_the_evidence_does_not_help_is_asked_no_more() -> None:
    found, asked = reading("The moon is far.", PLACES[:30])
    assert found.carried_by is None and asked <= 5


def test_none_is_left_out_where_none_is_to_be() -> None:
    found, asked = reading(PLACES[3], PLACES[:20], config=AuditConfig(chat=True, leave_one_out=0))
    assert found.carried_by is None and asked <= 5


@given(st.integers(0, 300), st.integers(1, 12))
def test_parts_hold_every_span_once(count: int, most: int) -> None:
    spans = [f"S{place}" for place in range(count)]
    parts = parts_of(spans, most)
    assert [span for part in parts for span in part] == spans
    assert len(parts) <= max(2, most) and all(parts)
    assert not parts or max(map(len, parts)) - min(map(len, parts)) <= 1


@given(st.integers(2, 300), st.integers(1, 12), st.data())
def test_the_only_span_that_matters_is_found_by_few_readings(count: int, most: int, data: st.DataObject) -> None:
    spans = [f"S{place}" for place in range(count)]
    carrier = data.draw(st.sampled_from(spans))
    sure, lost = (LabelReading(Interval(p, p), Interval(0, 0), Interval(0, 0)) for p in (0.9, 0.1))
    rounds: list[int] = []

    async def leave_out(parts: object) -> list[LabelReading | None]:
        assert isinstance(parts, list)
        rounds.append(len(parts))
        return [lost if carrier in part else sure for part in parts]

    found = asyncio.run(narrowed(sure, spans, most, leave_out))
    assert [span for span, read in found.items() if read is lost] == [carrier]
    each, reached, least = max(2, most), 1, 0
    while reached < count:
        reached, least = reached * each, least + 1
    assert len(rounds) <= least and max(rounds) <= each
