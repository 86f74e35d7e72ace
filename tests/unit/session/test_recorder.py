"""What records say: on which binding a token rests, and the worst budget of a family of nulls."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from plain_slots import logs, plain_slot

from guardbind.information.evidence import evidence_bits_from_logprobs
from guardbind.policies.slot import bits_of, budget_of
from guardbind.session.limits import Limits
from guardbind.session.numbers import bits_by_binding, grounds, rests_on, worst_budget
from guardbind.targets import Resolution

FULL = [0.01, 0.6, 0.2, 0.1, 0.04, 0.05]
HIDDEN = [0.01, 0.01, 0.2, 0.1, 0.6, 0.08]
logprobs = st.floats(min_value=-60, max_value=0, allow_nan=False, width=32)


@given(logprobs, logprobs)
def test_bits_are_one_difference_of_logarithms_to_the_last_bit(p1: float, p0: float) -> None:
    """Also in the function of the mathematics, whose checks change no number that passes them."""
    plain = (p1 - p0) / math.log(2)
    assert evidence_bits_from_logprobs(p1, p0) == plain
    assert bits_of(0, torch.tensor([p1]), torch.tensor([p0])) == plain


def test_a_log_probability_of_a_float_softmax_is_never_above_zero() -> None:
    """Else a check of log-probabilities would change bits by a rounding error."""
    torch.manual_seed(0)
    for scale in (0.01, 1.0, 30.0, 1000.0):
        assert float(torch.log_softmax(torch.randn(2000, 300) * scale, -1).max()) <= 0.0


def test_bits_by_binding_leave_out_what_was_not_read() -> None:
    slot = plain_slot(FULL, HIDDEN)
    bits = bits_by_binding(slot, 3)
    assert bits[1:] == (None, None)
    assert bits[0] == pytest.approx(math.log2(60), abs=1e-5)


@given(st.lists(st.one_of(st.none(), st.floats(-9, 9)), max_size=6), st.floats(0, 5))
def test_a_token_rests_on_the_first_binding_with_the_most_bits(bits: list[float | None], least: float) -> None:
    found = rests_on(bits, least)
    enough = [b for b in bits if b is not None and b >= least]
    if not enough:
        assert found is None
    else:
        assert found == bits.index(max(enough))


def test_grounds_tell_who_says_it() -> None:
    found = Resolution(0, "query", "the query names it", "seat")
    said = [grounds(replace(found, how=how)) for how in ("declared", "sentence", "only", "reading")]
    assert said == ["declared", "words", "only", "reading"]
    assert grounds(replace(found, confirmed=True)) == "words and reading"
    assert grounds(replace(found, index=None, how="unresolved")) == ""


class TestWorstBudget:
    def test_of_one_null_it_is_that(self) -> None:
        slot = plain_slot(FULL, HIDDEN)
        record = worst_budget(slot, "mask", {})
        own = slot.budget(slot.token)
        assert record is not None
        assert own is not None
        assert (record.null, record.p1, record.p0, record.margin_bits) == ("mask", own.p1, own.p0, own.margin_bits)

    @given(st.lists(st.floats(0.001, 0.999), min_size=1, max_size=4))
    def test_of_several_it_has_the_least_margin(self, priors: list[float]) -> None:
        slot = plain_slot(FULL, HIDDEN)
        further = {f"null{i}": logs([0.0, p0, 1 - p0, 0.0, 0.0, 0.0]) for i, p0 in enumerate(priors)}
        record = worst_budget(slot, "mask", further)
        own = float(slot.logprobs[slot.token])
        margins = [budget_of(own, math.log(0.01), 0.95).margin_bits]
        margins += [budget_of(own, float(prior[slot.token]), 0.95).margin_bits for prior in further.values()]
        assert record is not None
        assert record.margin_bits == pytest.approx(min(margins), abs=1e-6)

    def test_of_equals_the_highest_pseudo_prior(self) -> None:
        """Below what a softmax can tell from 0 all pseudo-priors are one, and so are their margins."""
        slot = plain_slot(FULL, [0.1, 1e-9, 0.2, 0.1, 0.5, 0.1])
        record = worst_budget(slot, "mask", {"redact": logs([0.1, 1e-8, 0.2, 0.1, 0.5, 0.1])})
        assert record is not None
        assert record.null == "redact"

    def test_nothing_was_read(self) -> None:
        assert worst_budget(plain_slot(FULL, None), "none", {}) is None


class TestRoomForAnInsertion:
    def limits(self, *, positions: int | None = None, columns: int | None = None, new: int | None = None) -> Limits:
        return Limits(positions, columns, new, frozenset(), None, sampling=False)

    @pytest.mark.parametrize(("inserted", "fits"), [(0, True), (5, True), (6, False)])
    def test_in_the_tokens_that_may_be_generated(self, inserted: int, fits: bool) -> None:
        assert self.limits(new=8).fits(inserted, step=2, length=9, pad=0) is fits

    def test_what_inserts_nothing_always_fits_in_them(self) -> None:
        assert self.limits(new=2).fits(0, step=2, length=9, pad=0)

    @pytest.mark.parametrize(("inserted", "fits"), [(0, True), (1, False)])
    def test_in_the_context_and_in_a_static_cache(self, inserted: int, fits: bool) -> None:
        assert self.limits(positions=10).fits(inserted, step=2, length=9, pad=4) is fits
        assert self.limits(columns=14).fits(inserted, step=2, length=9, pad=4) is fits

    def test_without_limits(self) -> None:
        assert self.limits().fits(10_000, step=2, length=9, pad=0)
