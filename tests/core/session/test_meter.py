"""The nulls of a guard: which can be used, and that nothing is judged by one that is off."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from brute_force import CLOSE, by_hand, interrupted, prefilled
from families import CausalLM, speaking
from transformers import PreTrainedTokenizerBase

import guardbind.session.meter as measure
from guardbind import GuardConfig, NullUnavailableError
from guardbind.evidence import Binding
from guardbind.model.tail import Tail
from guardbind.nulls import NullReading, NullRow
from guardbind.registry import NULLS
from guardbind.session.bound_prompt import bind_prompt
from guardbind.session.meter import NullMeter
from guardbind.session.row import Row

AGAIN = 6


def test_exports_are_sorted_and_exist() -> None:
    assert measure.__all__ == sorted(measure.__all__)
    assert all(hasattr(measure, name) for name in measure.__all__)


def bound_row(tokenizer: PreTrainedTokenizerBase, text: str = "alpha = 17\nbeta = 42\nbeta = [") -> Row:
    items = [Binding("alpha", "17"), Binding("beta", "42")]
    ids = tokenizer.encode(text)
    return Row(bind_prompt(tokenizer, index=0, pad=0, ids=ids, items=items, declared="beta", source=None))


class Skewed:
    """A null whose unmasked replica is off, or which is not to be had."""

    stand_ins: tuple[str, ...] = ()

    def __init__(self, name: str, by: float | None) -> None:
        self.name = name
        self.by = by

    def __call__(self, tail: Tail, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        if self.by is None:
            raise NullUnavailableError("it is not to be had.")
        reading = NULLS.get("mask_prefill")(tail, rows, plain=plain)
        off = None if reading.plain is None else tuple(z + self.by * torch.arange(len(z)) for z in reading.plain)
        return NullReading(reading.logits, off, reading.forwards, reading.cost)


class TestMeter:
    @pytest.fixture
    def model(self, tiny_tokenizer: PreTrainedTokenizerBase) -> CausalLM:
        return speaking("llama", tiny_tokenizer)

    def read(self, meter: NullMeter, model: CausalLM, tokenizer: PreTrainedTokenizerBase) -> measure.NullReadings:
        row = bound_row(tokenizer)
        live, main = interrupted(model, [row.ids])
        with torch.no_grad():
            tail = Tail(model, tokenizer, live, len(row.ids), AGAIN)
            return meter.read(tail, [row], [main[0]], [[0, 1]], [1])[0]

    def test_the_next_null_stands_in_for_one_that_is_off_or_not_to_be_had(
        self, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase, caplog: pytest.LogCaptureFixture
    ) -> None:
        meter = NullMeter(GuardConfig(), [Skewed("off", 1.0), Skewed("gone", None), NULLS.get("mask")])
        measured = self.read(meter, model, tiny_tokenizer)
        assert measured.refusal is None
        assert measured.null == "mask"
        assert set(measured.nulls) == {0, 1}
        assert "'off' cannot be used" in caplog.text
        assert "using 'mask' instead" in caplog.text

    def test_nothing_is_judged_by_a_replica_that_is_off(
        self, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        meter = NullMeter(GuardConfig(), [Skewed("off", 1.0)])
        for _ in range(2):
            measured = self.read(meter, model, tiny_tokenizer)
            assert measured.nulls == {}
            assert measured.refusal is not None
            assert "differs from the main pass" in measured.refusal

    def test_the_pseudo_priors_are_those_of_the_null(
        self, model: CausalLM, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        meter = NullMeter(GuardConfig(envelope=("mask_prefill", "redact")), [NULLS.get("mask")])
        measured = self.read(meter, model, tiny_tokenizer)
        row = bound_row(tiny_tokenizer)
        for item, logprobs in measured.nulls.items():
            logits = by_hand(model, row.ids, row.statements(item), AGAIN)
            torch.testing.assert_close(logprobs, logits.log_softmax(-1), **CLOSE)
        hidden = [i for part in row.statements(1) for i in part]
        expected = prefilled(model, row.ids, hidden).log_softmax(-1)
        torch.testing.assert_close(measured.envelope["mask_prefill"], expected, **CLOSE)
        assert set(measured.envelope) == {"mask_prefill", "redact"}
        assert measured.forwards == 3
        assert "redact: 1 forward" in measured.cost

    def test_nothing_is_judged_where_a_null_of_the_envelope_cannot_be_read(
        self, tiny_tokenizer: PreTrainedTokenizerBase, caplog: pytest.LogCaptureFixture
    ) -> None:
        model = speaking("llama", tiny_tokenizer, context=len(bound_row(tiny_tokenizer).ids) + 1)
        meter = NullMeter(GuardConfig(envelope=("mask_prefill", "redact")), [NULLS.get("mask")])
        for _ in range(2):
            measured = self.read(meter, model, tiny_tokenizer)
            assert (measured.null, measured.nulls, measured.envelope) == ("none", {}, {})
            assert measured.refusal is not None
            assert measured.refusal.startswith("null 'redact' of the envelope cannot be used: the edited text has ")
            assert measured.forwards == 2
        assert caplog.text.count("slots are not judged") == 1
