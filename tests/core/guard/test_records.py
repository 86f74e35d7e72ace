"""The bounds of a guard, and what its records say."""

from __future__ import annotations

import logging
import math
from typing import Any

import pytest
import torch
from asking import ALPHA, BETA, BINDINGS, Ask, kept
from families import speaking
from required import required
from transformers import PreTrainedTokenizerBase

from guardbind import Binding, GuardConfig
from guardbind.events import InterventionRecord, SlotRecord
from guardbind.information.budget import Budget


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


class TestBounds:
    @pytest.mark.parametrize(("most", "text"), [(0, "17];beta=[17]"), (1, "42];beta=[17]"), (2, "42];beta=[42]")])
    def test_interventions_per_row(self, most: int, text: str, ask: Ask) -> None:
        config = GuardConfig(policy="contrast", max_interventions=most)
        output = ask(ask.first, "(alpha=[17];beta=[42]\nbeta=[", config, new=10)
        assert output.text == [text]
        assert len(kept(output.report)) == most
        refused = [record.reason for record in output.report.interventions if not record.kept]
        assert set(refused) <= {"the bound on interventions is reached"}

    def test_nulls_per_slot_begin_with_the_target(self, ask: Ask) -> None:
        spare = [Binding("gamma", "63"), *BINDINGS]
        prompt = "\nalpha=[17]\nbeta=[42]\ngamma=[63]\nbeta=["
        bits = ask(ask.first, prompt, GuardConfig(policy="observe", max_nulls=2), bindings=spare).report.slots[0]
        assert [b is None for b in bits.bits_by_binding] == [True, False, False]
        bits = ask(ask.first, prompt, GuardConfig(policy="observe", max_nulls=1), bindings=spare).report.slots[0]
        assert [b is None for b in bits.bits_by_binding] == [True, True, False]

    def test_vetoes_per_slot(self, ask: Ask) -> None:
        keys = ["one", "two", "three", "four"]
        values = ["16", "27", "38", "49"]
        prompt = "".join(f"\n{key}=[{value}]" for key, value in zip(keys, values, strict=True)) + "\nfour=["
        bindings = [Binding(key, value) for key, value in zip(keys, values, strict=True)]
        config: dict[str, Any] = {"policy": "veto", "min_evidence_bits": 0.2}
        enough = ask(ask.first, prompt, GuardConfig(**config, max_vetoes=8), bindings=bindings, new=2)
        assert enough.text == ["49"]
        assert enough.report.interventions[0].tokens_vetoed == 3
        few = ask(ask.first, prompt, GuardConfig(**config, max_vetoes=2), bindings=bindings, new=2)
        assert few.text == ["16"]
        assert kept(few.report) == []


class TestRecords:
    def test_the_envelope_keeps_the_worst_budget(self, ask: Ask) -> None:
        nulls = ("mask", "redact", "delete", "same_length", "no_evidence", "mask_prefill")
        margins = {}
        for null in nulls:
            (slot,) = ask(ask.first, ALPHA, GuardConfig(null=null)).report.slots
            assert slot.budget is not None
            assert slot.budget.null == null
            margins[null] = slot.budget.margin_bits
        (slot,) = ask(ask.first, ALPHA, GuardConfig(envelope=nulls[1:])).report.slots
        assert slot.budget is not None
        assert slot.budget.margin_bits == pytest.approx(min(margins.values()), abs=1e-3)
        assert slot.budget.null == min(margins, key=lambda null: margins[null])
        assert slot.null_forwards == len(nulls)
        assert all(null in slot.null_cost for null in nulls[1:])

    def test_the_numbers_are_those_of_the_tensors(self, ask: Ask) -> None:
        config = GuardConfig(policy="observe", keep_readouts=True)
        output = ask(ask.first, BETA, config, return_dict_in_generate=True, output_logits=True)
        (slot,), (readout,) = output.report.slots, output.report.readouts
        assert torch.equal(readout.logits, output.raw.logits[slot.step][0])
        logprobs = readout.logits.log_softmax(-1)
        bits = [(logprobs - readout.nulls[i])[slot.token].item() / math.log(2) for i in (0, 1)]
        assert slot.bits_by_binding == pytest.approx(bits, abs=1e-4)
        assert slot.evidence_bits == slot.bits_by_binding[1]
        assert slot.max_probability == pytest.approx(logprobs.max().exp().item(), abs=1e-6)
        entropy = torch.special.entr(logprobs.exp()).sum().item() / math.log(2)
        assert slot.entropy_bits == pytest.approx(entropy, abs=1e-3)
        p1, p0 = logprobs[slot.token].exp().item(), readout.nulls[1][slot.token].exp().item()
        expected = Budget(p1, min(1.0, p0), config.tau, floor=1e-6)
        assert slot.budget is not None
        assert slot.budget.margin_bits == pytest.approx(expected.margin_bits, abs=1e-4)
        one, four = (ask.tokenizer.encode(digit)[0] for digit in "14")
        assert slot.value_gap == pytest.approx((readout.logits[four] - readout.logits[one]).item(), abs=0.3)
        by_value = {candidate.value: candidate for candidate in slot.candidates}
        assert by_value["17"].probability == pytest.approx(p1, abs=0.02)
        assert (slot.key, slot.token_text, slot.final_text) == ("beta", "1", "1")

    def test_what_is_kept_is_no_larger_than_what_is_shown(self, ask: Ask, tiny_tokenizer: Any) -> None:
        model = speaking("opt", tiny_tokenizer)
        output = ask(model, BETA, GuardConfig(policy="observe", keep_readouts=True))
        for readout in output.report.readouts:
            for tensor in (readout.logits, readout.residual):
                assert tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()

    def test_the_lens_reads_the_candidates_at_each_layer(self, ask: Ask) -> None:
        output = ask(ask.first, BETA, GuardConfig(policy="observe", lens_layers="all"))
        (slot,) = output.report.slots
        assert set(slot.lens) == {0, 1}
        by_candidate = {candidate.index: candidate.probability for candidate in slot.candidates}
        final = [torch.tensor(value).exp().item() for value in slot.lens[1]]
        assert final == pytest.approx([by_candidate[i] for i in range(2)], abs=1e-4)
        gaps = [abs(required(slot.lens[layer][0]) - required(slot.lens[layer][1])) for layer in (0, 1)]
        assert gaps[0] < 3 < gaps[1]

    def test_sinks_see_no_text_unless_asked(self, ask: Ask) -> None:
        for capture in (False, True):
            seen: list[Any] = []
            ask(ask.first, BETA, GuardConfig(sinks=(seen.append,), capture_text=capture))
            assert [record.event for record in seen] == ["slot", "intervention", "generation"]
            for text in ("42", "17", "beta"):
                assert any(f'"{text}"' in record.model_dump_json() for record in seen) is capture

    def test_a_sink_that_fails_breaks_nothing(self, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
        def broken(_record: Any) -> None:
            raise OSError("disk full")

        with caplog.at_level(logging.WARNING, logger="guardbind"):
            output = ask(ask.first, BETA, GuardConfig(sinks=(broken,)))
        assert output.text == ["42]\n"]
        assert output.report.sink_failures == 3
        assert caplog.text.count("disk full") == 1

    def test_every_record_says_where_it_comes_from(self, ask: Ask) -> None:
        report = ask(ask.first, BETA).report
        assert report.provenance.dtype == "float32"
        assert report.provenance.template_sha256 is not None
        records: list[SlotRecord | InterventionRecord] = [*report.slots, *report.interventions]
        assert all(record.provenance == report.provenance for record in records)
        assert '"42"' in report.to_json()
        assert '"42"' not in report.to_json(text=False)
