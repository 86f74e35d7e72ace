"""Runs the guard on vLLM's own objects, without an engine: how both runners load it, and tell it of requests."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

vllm = pytest.importorskip("vllm")

pytestmark = pytest.mark.vllm

FLAG = "guardbind_adapters.vllm:GuardProcessor"
PROMPT = "alpha = 17\nbeta = 42\ngamma = 63\nPrint the value of beta: "
BINDINGS = [{"key": "alpha", "value": "17"}, {"key": "beta", "value": "42"}, {"key": "gamma", "value": "63"}]
SAID = json.dumps({"id": "a1", "action": "veto", "bindings": BINDINGS, "target": "beta"})


def params(said: str | None = SAID) -> Any:
    extra = None if said is None else {"guardbind": said}
    return vllm.SamplingParams(temperature=0, max_tokens=4, extra_args=extra)


@pytest.fixture
def config(tiny_tokenizer: Any, tmp_path: Path) -> Any:
    tiny_tokenizer.save_pretrained(tmp_path / "tiny")
    model = SimpleNamespace(
        tokenizer=str(tmp_path / "tiny"),
        trust_remote_code=False,
        model="tiny",
        served_model_name="tiny",
        dtype="float32",
    )
    return SimpleNamespace(model_config=model, additional_config={}, speculative_config=None)


def wanting(tokenizer: Any, text: str) -> torch.Tensor:
    logits = torch.zeros(1, len(tokenizer))
    logits[0, tokenizer(text)["input_ids"][0]] = 9
    return logits


def test_both_runners_load_it_and_no_engine_does_by_itself() -> None:
    from vllm.v1.sample.logits_processor import _load_logitsprocs_by_fqcns
    from vllm.v1.worker.gpu.sample.logits_processor.loader import _load_v2_logitsprocs_by_fqcns

    (first,), (second,) = _load_logitsprocs_by_fqcns([FLAG]), _load_v2_logitsprocs_by_fqcns([FLAG])
    assert first is second
    assert not [one for one in entry_points(group="vllm.logits_processors") if "guardbind" in one.value]


def test_both_runners_refuse_bad_settings_at_the_door() -> None:
    from vllm.exceptions import VLLMValidationError
    from vllm.v1.sample.logits_processor import validate_logits_processors_parameters
    from vllm.v1.worker.gpu.sample.logits_processor.loader import build_custom_logits_processors_params_validator

    for check in (
        lambda one: validate_logits_processors_parameters([FLAG], one),
        build_custom_logits_processors_params_validator([FLAG]),
    ):
        check(params())
        check(params(None))
        with pytest.raises(VLLMValidationError, match="without a target"):
            check(params('{"action": "veto"}'))


def test_the_first_runner_tells_of_its_batch(tiny_tokenizer: Any, config: Any) -> None:
    from vllm.v1.sample.logits_processor import (
        BatchUpdateBuilder,
        LogitsProcessors,
        MoveDirectionality,
        _load_logitsprocs_by_fqcns,
    )

    guard: Any = _load_logitsprocs_by_fqcns([FLAG])[0](config, torch.device("cpu"), False)
    assert LogitsProcessors([guard]).non_argmax_invariant == [guard]  # else greedy requests would pass it by
    ids = tiny_tokenizer(PROMPT)["input_ids"]
    change = BatchUpdateBuilder(added=[(0, params(None), ids, []), (1, params(), ids, [])])
    guard.update_state(change.get_and_reset(2))
    change.moved.append((1, 0, MoveDirectionality.SWAP))
    guard.update_state(change.get_and_reset(2))
    logits = wanting(tiny_tokenizer, "1").repeat(2, 1)
    guard.apply(logits)
    assert logits.argmax(-1).tolist() == tiny_tokenizer("41")["input_ids"]
    change.removed_append(0)
    guard.update_state(change.get_and_reset(1))
    assert torch.equal(guard.apply(logits[1:]), wanting(tiny_tokenizer, "1"))


def test_the_second_runner_tells_of_its_slots(tiny_tokenizer: Any, config: Any) -> None:
    from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext, LogitsProcRequestState
    from vllm.v1.worker.gpu.sample.logits_processor.loader import _load_v2_logitsprocs_by_fqcns

    ids = tiny_tokenizer(PROMPT)["input_ids"]
    lengths = torch.tensor([0, len(ids), 0], dtype=torch.int32)
    tokens = torch.zeros(3, 64, dtype=torch.int32)
    tokens[1, : len(ids)] = torch.tensor(ids, dtype=torch.int32)
    buffers = {name: SimpleNamespace(gpu=lengths) for name in ("prompt_len", "prefill_len", "total_len")}
    state = LogitsProcRequestState(
        device=torch.device("cpu"),
        max_num_reqs=3,
        vocab_size=len(tiny_tokenizer),
        all_token_ids=SimpleNamespace(gpu=tokens),
        **buffers,
    )
    guard = _load_v2_logitsprocs_by_fqcns([FLAG])[0](config, state)
    assert not guard.add_request(0, params(None)) and guard.add_request(1, params())
    guard.apply_staged_writes()

    def context(position: int) -> Any:
        row = torch.tensor([1])
        return LogitsContext(
            expanded_idx_mapping=row,
            idx_mapping=row,
            idx_mapping_np=row.numpy(),
            expanded_local_pos=torch.tensor([0]),
            input_ids=tokens[1, position : position + 1],
            pos=torch.tensor([position]),
            seq_lens_upper_bound_np=torch.tensor([position + 1]).numpy(),
        )

    assert torch.equal(guard.apply(wanting(tiny_tokenizer, "1"), context(3)), wanting(tiny_tokenizer, "1"))
    logits = guard.apply(wanting(tiny_tokenizer, "1"), context(len(ids) - 1))
    assert int(logits[0].argmax()) == tiny_tokenizer("4")["input_ids"][0]


def test_an_engine_that_decodes_speculatively_does_not_start(config: Any) -> None:
    from guardbind_adapters.vllm import GuardProcessor

    config.speculative_config = object()
    with pytest.raises(ValueError, match="speculatively"):
        GuardProcessor(config, torch.device("cpu"), False)
