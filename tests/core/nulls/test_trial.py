"""Nulls at attach: those that hide nothing, leave a trace or shift positions are refused; the others are kept."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from families import CausalLM, speaking
from transformers import PreTrainedTokenizerBase

import guardbind.nulls.trial as trial
from guardbind import Guard, GuardConfig, NullUnavailableError, NumericsError, UnknownArchitectureError
from guardbind.model.tail import Tail
from guardbind.nulls import NullReading, NullRow
from guardbind.nulls.trial import agrees, usable_nulls
from guardbind.registry import NULLS
from guardbind.testing.tiny import tiny_tokenizer as tiny_tokenizer_of_bytes
from guardbind_bench.survey.trying import tiny_family


def test_exports_are_sorted_and_exist() -> None:
    assert trial.__all__ == sorted(trial.__all__)
    assert all(hasattr(trial, name) for name in trial.__all__)


def test_agreement_looks_at_the_largest_logits() -> None:
    main = torch.linspace(-5, 5, 200)
    assert agrees(main + 1e-3, main, torch.float32)[0]
    assert not agrees(main + 2e-2, main, torch.float32)[0]
    assert agrees(main + 2e-2, main, torch.float16)[0]
    assert agrees(torch.where(main < 0, main - 9, main), main, torch.float32) == (True, 0.0)
    assert not agrees(torch.full_like(main, torch.nan), main, torch.float32)[0]


@pytest.mark.parametrize("family", ["llama", "gemma2", "gpt2", "opt"])
def test_a_model_without_quirks_can_use_the_whole_chain(family: str, tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    model = speaking(family, tiny_tokenizer)
    names = [null.name for null in usable_nulls(model, tiny_tokenizer, GuardConfig())]
    assert names == ["mask", "mask_rows", "mask_prefill"]
    names = [null.name for null in usable_nulls(model, tiny_tokenizer, GuardConfig(null="redact", tail_tokens=50))]
    assert names == ["redact"]


def test_a_null_without_a_stand_in_is_refused_where_it_cannot_be_read(
    tiny_tokenizer: PreTrainedTokenizerBase,
) -> None:
    model = speaking("falcon_h1", tiny_tokenizer)
    with pytest.raises(NullUnavailableError, match=r"no null can be used on FalconH1ForCausalLM.*recurrent"):
        usable_nulls(model, tiny_tokenizer, GuardConfig(null="mask_rows"))


def test_logits_that_are_no_numbers_are_told(tiny_tokenizer: PreTrainedTokenizerBase, tiny_llama: Any) -> None:
    model = tiny_llama()
    torch.nn.init.constant_(model.lm_head.weight, torch.nan)
    with pytest.raises(NumericsError, match="logits of LlamaForCausalLM are NaN"):
        usable_nulls(model, tiny_tokenizer, GuardConfig())


def test_a_model_that_does_not_run_is_told_with_its_own_words(
    tiny_tokenizer: PreTrainedTokenizerBase, tiny_llama: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forward(input_ids: Any, attention_mask: Any = None, use_cache: bool = False) -> None:
        raise AssertionError("only one token at a time")

    model = tiny_llama()
    monkeypatch.setattr(model, "forward", forward)
    with pytest.raises(
        UnknownArchitectureError, match=r"LlamaForCausalLM was run on 12 tokens.*AssertionError: only one"
    ):
        Guard(model, tiny_tokenizer).attach()
    assert "generate" not in vars(model)


def test_logits_of_another_shape_are_told(
    tiny_tokenizer: PreTrainedTokenizerBase, tiny_llama: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tiny_llama()
    plain = model.forward

    def forward(*args: Any, **kwargs: Any) -> Any:
        output = plain(*args, **kwargs)
        output.logits = output.logits[:, -1]
        return output

    monkeypatch.setattr(model, "forward", forward)
    with pytest.raises(
        UnknownArchitectureError, match=r"gave logits of shape \(1, \d+\); \[rows, tokens, vocabulary\]"
    ):
        usable_nulls(model, tiny_tokenizer, GuardConfig())


MECHANISMS = [
    ("rwkv", "mask_prefill", "does not hide them"),  # no mask at all
    ("bloom", "mask_rows", "counts positions by the mask"),
    ("bloom", "mask_prefill", "counts positions by the mask"),
    ("falcon-alibi", "mask_prefill", "counts positions by the mask"),
    ("recurrent_gemma", "redact", "keeps state outside of the cache"),
    ("recurrent_gemma", "delete", "keeps state outside of the cache"),
]


@pytest.mark.parametrize(("family", "null", "why"), MECHANISMS)
def test_a_null_that_does_not_mean_what_it_says_is_refused(family: str, null: str, why: str) -> None:
    tokenizer = tiny_tokenizer_of_bytes()
    with pytest.raises(
        NullUnavailableError, match=rf"(?s)no null can be used on \w+: '{null}': .*{why}.*GuardConfig\(null="
    ):
        usable_nulls(tiny_family(family, tokenizer), tokenizer, GuardConfig(null=null))


CUTS = [("rwkv", ["redact", "delete"]), ("bloom", ["redact", "delete"]), ("falcon-alibi", ["redact", "delete"])]


@pytest.mark.parametrize(("family", "names"), CUTS)
def test_text_is_cut_where_nothing_can_be_masked(
    family: str, names: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    tokenizer = tiny_tokenizer_of_bytes()
    with caplog.at_level(logging.INFO, "guardbind"):
        found = usable_nulls(tiny_family(family, tokenizer), tokenizer, GuardConfig())
    assert [null.name for null in found] == names
    assert "'mask_prefill'" in caplog.text


KEEPS = [("llama", "mask"), ("falcon", "mask"), ("mpt", "mask_rows"), ("mamba", "mask_prefill"), ("bart", "mask_rows")]


@pytest.mark.parametrize(("family", "first"), KEEPS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_null_that_means_what_it_says_is_kept(family: str, first: str, dtype: torch.dtype) -> None:
    tokenizer = tiny_tokenizer_of_bytes()
    found = usable_nulls(tiny_family(family, tokenizer).to(dtype), tokenizer, GuardConfig())
    assert found[0].name == first


class Curious:
    """A null that looks at what it should not see."""

    name = "curious"
    stand_ins: tuple[str, ...] = ()

    def __call__(self, tail: Tail, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        seen = NULLS.get("mask_prefill")(tail, rows, plain=True)
        assert seen.plain is not None
        return NullReading(tuple(z[None] for z in seen.plain), seen.plain, 1, "")


def test_a_null_from_outside_is_tried_like_the_others(
    tiny_tokenizer: PreTrainedTokenizerBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    get = NULLS.get
    monkeypatch.setattr(type(NULLS), "get", lambda self, name: Curious() if name == "curious" else get(name))
    monkeypatch.setattr(type(NULLS), "__contains__", lambda self, name: True, raising=False)
    config = GuardConfig.model_construct(**{**GuardConfig().__dict__, "null": "curious"})
    with pytest.raises(NullUnavailableError, match=r"'curious': it moves by .* does not hide them"):
        usable_nulls(speaking("llama", tiny_tokenizer), tiny_tokenizer, config)


class Counted:
    """Counts the tokens that a model reads."""

    def __init__(self, model: CausalLM) -> None:
        self.forwards = 0
        self._handle = model.register_forward_hook(self._count)

    def _count(self, *_: Any) -> None:
        self.forwards += 1

    def stop(self) -> int:
        self._handle.remove()
        return self.forwards


def test_a_guard_tries_its_nulls_once_and_by_few_forwards(tiny_tokenizer: PreTrainedTokenizerBase) -> None:
    model = speaking("llama", tiny_tokenizer)
    guard = Guard(model, tiny_tokenizer)
    counted = Counted(model)
    guard.attach().detach()
    first = counted.forwards
    guard.attach().detach()
    assert counted.stop() == first == 7  # prefill and step, the same around three nulls
