"""The nulls against straightforward computations: token by token under a 2-D mask, or the edited prompt by hand."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
import transformers
from brute_force import CLOSE, by_hand, contents, interrupted, null_rows, prefilled, random_rows
from families import FAMILIES, MODERN, Family, build, speaking
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging import version
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

import guardbind.nulls as nulls
from guardbind import GuardConfig, NullUnavailableError
from guardbind.model.tail import Tail
from guardbind.nulls import NullReading, NullRow
from guardbind.nulls.trial import usable_nulls
from guardbind.registry import NULLS

ATTENTIVE = ["llama", "qwen2", "qwen2_sliding", "qwen3", "mistral", "gemma2", "gemma3_text", "phi3", "gpt2", "gpt_neox"]
ATTENTIVE += ["opt", "granite", "cohere", "cohere2"]
RECURRENT = ["falcon_h1", "lfm2", "mamba"]
SLIDING = ["qwen2_sliding", "mistral", "gemma2", "gemma3_text", "phi3", "cohere2"]

LENGTHS = (40, 33)
AGAIN = 6
# In front, in two parts, across the start of the tail, inside the tail, and across everything.
SPANS = ((range(3, 9),), (range(5, 7), range(20, 30)), (range(31, 37),), (range(36, 38),), (range(0, 40),))
OTHER_SPANS = ((range(4, 9),), (range(28, 31),))


def check_against_hand(
    model: PreTrainedModel,
    rows: list[list[int]],
    requests: list[NullRow],
    reading: NullReading,
    main: Tensor,
    again: int,
) -> None:
    assert reading.plain is not None
    for i, (ids, request) in enumerate(zip(rows, requests, strict=True)):
        torch.testing.assert_close(reading.plain[i], main[i], **CLOSE)
        assert len(reading.logits[i]) == len(request.statements)
        for logits, span in zip(reading.logits[i], request.statements, strict=True):
            torch.testing.assert_close(logits, by_hand(model, ids, span, again), **CLOSE)


def test_exports_are_sorted_and_exist() -> None:
    assert nulls.__all__ == sorted(nulls.__all__)
    assert all(hasattr(nulls, name) for name in nulls.__all__)


@pytest.mark.parametrize("cache", ["default", "full", "static"])
@pytest.mark.parametrize("family", ATTENTIVE)
def test_the_masked_tail_is_what_reading_it_blind_gives(
    family: str, cache: str, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model = speaking(family, tiny_tokenizer)
    rows = random_rows(model, LENGTHS)
    live, main = interrupted(model, rows, cache)
    before = contents(live)
    requests = null_rows(rows, (SPANS, OTHER_SPANS))
    for name in ("mask", "mask_rows"):
        reading = NULLS.get(name)(Tail(model, tiny_tokenizer, live, max(LENGTHS), AGAIN), requests, plain=True)
        check_against_hand(model, rows, requests, reading, main, AGAIN)
        effect = (reading.logits[0] - main[0]).abs().amax(-1)
        assert bool((effect[2:] > 1e-3).all()), "a span that every layer sees must count"
    after = contents(live)
    assert len(before) == len(after) > 0
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))


@pytest.mark.parametrize("family", SLIDING)
def test_a_window_that_has_overflowed_costs_a_reread_and_one_that_has_not_costs_nothing(
    family: str, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    for window, cache, forwards in ((16, "default", 2), (16, "static", 2), (16, "full", 1), (64, "default", 1)):
        model = speaking(family, tiny_tokenizer, window=window)
        rows = random_rows(model, LENGTHS)
        live, main = interrupted(model, rows, cache)
        requests = null_rows(rows, (SPANS, OTHER_SPANS))
        reading = NULLS.get("mask")(Tail(model, tiny_tokenizer, live, max(LENGTHS), AGAIN), requests, plain=True)
        assert reading.forwards == forwards
        assert ("prefill" in reading.cost) == (forwards == 2)
        check_against_hand(model, rows, requests, reading, main, AGAIN)


@pytest.mark.parametrize("family", ["llama", "gemma2", "gpt2"])
@settings(max_examples=12)
@given(data=st.data())
def test_any_span_of_any_row_is_taken_away(
    family: str, tiny_tokenizer: PreTrainedTokenizerBase, data: st.DataObject
) -> None:
    model = speaking(family, tiny_tokenizer)
    lengths = data.draw(st.lists(st.integers(2, 26), min_size=1, max_size=3), label="lengths")
    again = data.draw(st.integers(1, 30), label="tail tokens")
    rows = random_rows(model, lengths)
    spans = []
    for length in lengths:
        edges = st.tuples(st.integers(0, length - 1), st.integers(1, 6))
        parts = st.lists(edges, min_size=0, max_size=2)
        drawn = data.draw(st.lists(parts, max_size=3), label="spans")
        spans.append([tuple(range(a, min(a + size, length)) for a, size in span) for span in drawn])
    live, main = interrupted(model, rows)
    requests = null_rows(rows, spans)
    for name in ("mask", "mask_rows"):
        reading = NULLS.get(name)(Tail(model, tiny_tokenizer, live, max(lengths), again), requests, plain=True)
        check_against_hand(model, rows, requests, reading, main, again)


@pytest.mark.parametrize("family", ["llama", "qwen2_sliding"])
def test_packed_nulls_are_the_same_one_at_a_time_and_the_same_row_by_row(
    family: str, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model = speaking(family, tiny_tokenizer)
    rows = random_rows(model, LENGTHS)
    live, _ = interrupted(model, rows)
    tail = Tail(model, tiny_tokenizer, live, max(LENGTHS), AGAIN)
    together = NULLS.get("mask")(tail, null_rows(rows, (SPANS, OTHER_SPANS)), plain=False)
    assert together.plain is None
    for i, spans in enumerate((SPANS, OTHER_SPANS)):
        for j, span in enumerate(spans):
            only = null_rows(rows, ([span], [span]))[i : i + 1]
            alone = NULLS.get("mask")(tail, only, plain=False)
            torch.testing.assert_close(alone.logits[0][0], together.logits[i][j], **CLOSE)


def test_a_row_without_nulls_still_has_its_replica(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    model = speaking("llama", tiny_tokenizer)
    rows = random_rows(model, LENGTHS)
    live, main = interrupted(model, rows)
    requests = null_rows(rows, ((), OTHER_SPANS))
    for name in ("mask", "mask_rows", "mask_prefill"):
        reading = NULLS.get(name)(Tail(model, tiny_tokenizer, live, max(LENGTHS), AGAIN), requests, plain=True)
        assert [len(logits) for logits in reading.logits] == [0, len(OTHER_SPANS)]
        assert reading.plain is not None
        torch.testing.assert_close(torch.stack(reading.plain), main, **CLOSE)


@pytest.mark.parametrize("family", RECURRENT)
def test_recurrent_state_is_refused_by_masked_columns_and_read_by_a_masked_prefill(
    family: str, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model = speaking(family, tiny_tokenizer)
    rows = random_rows(model, LENGTHS[:1])
    live, main = interrupted(model, rows)
    before = contents(live)
    tail = Tail(model, tiny_tokenizer, live, LENGTHS[0], AGAIN)
    requests = null_rows(rows, (SPANS,))
    for name in ("mask", "mask_rows"):
        with pytest.raises(NullUnavailableError, match=r"recurrent state.*mask_prefill"):
            NULLS.get(name)(tail, requests, plain=True)
    reading = NULLS.get("mask_prefill")(tail, requests, plain=True)
    assert reading.plain is not None
    torch.testing.assert_close(reading.plain[0], main[0], **CLOSE)
    for logits, span in zip(reading.logits[0], SPANS, strict=True):
        hidden = [i for part in span for i in part if i != LENGTHS[0] - 1]
        torch.testing.assert_close(logits, prefilled(model, rows[0], hidden), **CLOSE)
    assert all(torch.equal(one, other) for one, other in zip(before, contents(live), strict=True))
    usable = [null.name for null in usable_nulls(model, tiny_tokenizer, GuardConfig())]
    # The convolutions of this family heed no mask in transformers 4.
    heeds = family != "lfm2" or version.parse(transformers.__version__) >= version.parse("5")
    assert usable == (["mask_prefill"] if heeds else ["redact", "delete"])


def test_chunked_attention_is_read_row_by_row(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    kinds = ["chunked_attention", "full_attention", "chunked_attention"]
    small = {"intermediate_size_mlp": 64, "num_local_experts": 2, "head_dim": 8, "attention_chunk_size": 16}
    model = build(Family("llama4_text", MODERN | small | {"layer_types": kinds}))
    rows = random_rows(model, LENGTHS)
    live, main = interrupted(model, rows)
    requests = null_rows(rows, (SPANS, OTHER_SPANS))
    tail = Tail(model, tiny_tokenizer, live, max(LENGTHS), AGAIN)
    with pytest.raises(NullUnavailableError, match=r"chunks.*mask_rows"):
        NULLS.get("mask")(tail, requests, plain=True)
    check_against_hand(model, rows, requests, NULLS.get("mask_rows")(tail, requests, plain=True), main, AGAIN)


@pytest.mark.parametrize("window", [16, 60])
def test_a_family_that_draws_its_own_windows_is_read_row_by_row(
    window: int, tiny_tokenizer: PreTrainedTokenizerBase
) -> None:
    model = speaking("gpt_neo", tiny_tokenizer, window=window)
    rows = random_rows(model, LENGTHS)
    live, main = interrupted(model, rows)
    requests = null_rows(rows, (SPANS, OTHER_SPANS))
    tail = Tail(model, tiny_tokenizer, live, max(LENGTHS), AGAIN)
    with pytest.raises(NullUnavailableError, match="cannot be run under such a mask"):
        NULLS.get("mask")(tail, requests, plain=True)
    check_against_hand(model, rows, requests, NULLS.get("mask_rows")(tail, requests, plain=True), main, AGAIN)


def test_a_family_that_counts_distance_by_columns_is_found_out(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    mpt = Family("mpt", {"vocab_size": len(tiny_tokenizer), "d_model": 32, "n_heads": 4, "n_layers": 2})
    model = build(mpt, max_seq_len=64, initializer_range=0.2)
    assert next(iter(null.name for null in usable_nulls(model, tiny_tokenizer, GuardConfig()))) == "mask_rows"


def edited(ids: Sequence[int], span: Sequence[range], new: Sequence[int] | None) -> list[int]:
    """Put `new` in the place of each part; None takes the part out."""
    out = list(ids)
    for part in sorted(span, key=lambda part: -part.start):
        out[part.start : part.stop] = list(new or ())
    return out


class TestReprefill:
    ids = tuple(range(20, 60))
    statements = ((range(3, 9), range(20, 24)), (range(12, 18),))
    values = ((range(6, 8), range(22, 23)), (range(15, 17),))

    def read(self, name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> NullReading:
        request = NullRow(
            row=0,
            ids=self.ids,
            pad=0,
            statements=self.statements,
            values=self.values,
            everything=(*self.statements[0], *self.statements[1]),
        )
        tail = Tail(model, tokenizer, None, len(self.ids), AGAIN)
        reading: NullReading = NULLS.get(name)(tail, [request], plain=True)
        return reading

    @pytest.mark.parametrize("family", ["llama", "gemma2", "gpt2", "falcon_h1"])
    def test_each_reads_the_prompt_that_it_says(self, family: str, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
        model = speaking(family, tiny_tokenizer)
        ids, statements, values = self.ids, self.statements, self.values
        placeholder = tiny_tokenizer.encode(" [REDACTED]", add_special_tokens=False)
        everything = [part for span in statements for part in span]
        expected = {
            "redact": [edited(ids, span, placeholder) for span in values],
            "delete": [edited(ids, span, None) for span in statements],
            "no_evidence": [edited(ids, everything, None)] * 2,
        }
        for name, prompts in expected.items():
            reading = self.read(name, model, tiny_tokenizer)
            assert reading.plain is not None
            torch.testing.assert_close(reading.plain[0], prefilled(model, ids), **CLOSE)
            for logits, prompt in zip(reading.logits[0], prompts, strict=True):
                torch.testing.assert_close(logits, prefilled(model, prompt), **CLOSE)
        masked = self.read("mask_prefill", model, tiny_tokenizer)
        for logits, span in zip(masked.logits[0], statements, strict=True):
            hidden = [i for part in span for i in part]
            torch.testing.assert_close(logits, prefilled(model, ids, hidden), **CLOSE)

    def test_the_same_length_null_changes_the_value_tokens_only(self, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
        model = speaking("llama", tiny_tokenizer)
        reading = self.read("same_length", model, tiny_tokenizer)
        neutral = [i for i in range(len(tiny_tokenizer)) if not any(c.isalnum() for c in tiny_tokenizer.decode([i]))]
        for logits, span in zip(reading.logits[0], self.values, strict=True):
            prompts = [[n if any(i in part for part in span) else t for i, t in enumerate(self.ids)] for n in neutral]
            assert any(torch.allclose(logits, prefilled(model, prompt), **CLOSE) for prompt in prompts)

    def test_statements_that_share_tokens_are_deleted_whole(self, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
        model = speaking("llama", tiny_tokenizer)
        span = (range(3, 9), range(7, 12), range(8, 10))
        request = NullRow(row=0, ids=self.ids, pad=0, statements=(span,), values=(span,), everything=span)
        reading = NULLS.get("delete")(Tail(model, tiny_tokenizer, None, 40, AGAIN), [request], plain=False)
        torch.testing.assert_close(reading.logits[0][0], prefilled(model, self.ids[:3] + self.ids[12:]), **CLOSE)

    @pytest.mark.parametrize("family", ["llama", "gpt2", "opt"])
    def test_an_edit_that_does_not_fit_the_context_is_refused(
        self, family: str, tiny_tokenizer: PreTrainedTokenizerBase
    ) -> None:
        longer = len(tiny_tokenizer.encode(" [REDACTED]", add_special_tokens=False)) * 2 - len(range(6, 8)) - 1
        just = len(self.ids) + longer
        assert self.read("redact", speaking(family, tiny_tokenizer, context=just), tiny_tokenizer).forwards == 3
        short = speaking(family, tiny_tokenizer, context=just - 1)
        told = rf"the edited text has {just} tokens; the context of \w+ holds {just - 1}\. Shorten the prompt"
        with pytest.raises(NullUnavailableError, match=told):
            self.read("redact", short, tiny_tokenizer)
        for name in ("mask_prefill", "same_length", "delete", "no_evidence"):
            assert self.read(name, short, tiny_tokenizer).forwards > 0

    def test_its_cost_is_told(self, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
        reading = self.read("delete", speaking("llama", tiny_tokenizer), tiny_tokenizer)
        # One for each length: a text of its own needs no padding, which not every family heeds.
        assert reading.forwards == 3
        assert reading.cost == "3 forwards of 3 prompts of up to 40 tokens"
        reading = self.read("mask_prefill", speaking("llama", tiny_tokenizer), tiny_tokenizer)
        assert reading.cost == "1 forward of 3 prompts of up to 40 tokens"


def test_every_family_with_attention_is_covered() -> None:
    own = {"gpt_neo", "mistral_full", "olmo2", "stablelm"}
    assert {*ATTENTIVE, *RECURRENT, *own} == set(FAMILIES)
