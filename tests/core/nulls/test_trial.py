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
from guardbind.nulls.trial import agrees, usable_nulls


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
