"""Checks what vLLM calls, with vLLM's own shapes of arguments and without vLLM."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

import guardbind_adapters.vllm as inside
from guardbind.errors import ConfigError, MissingDependencyError
from guardbind_adapters.vllm.processor import EngineGuard

PROMPT = "alpha = 17\nbeta = 42\ngamma = 63\nPrint the value of beta: "
BINDINGS = [{"key": "alpha", "value": "17"}, {"key": "beta", "value": "42"}, {"key": "gamma", "value": "63"}]
SAID = json.dumps({"id": "a1", "action": "veto", "bindings": BINDINGS, "target": "beta"})


class How(Enum):
    UNIDIRECTIONAL = auto()
    SWAP = auto()


@dataclass
class Params:
    extra_args: dict[str, Any] | None = None
    temperature: float = 0.0
    max_tokens: int | None = 8
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    seed: int | None = None
    n: int = 1
    all_stop_token_ids: set[int] = field(default_factory=set)


@pytest.fixture
def folder(tiny_tokenizer: Any, tmp_path: Path) -> Path:
    tiny_tokenizer.save_pretrained(tmp_path / "tiny")
    return tmp_path / "tiny"


def configured(folder: Path, **more: Any) -> Any:
    model = SimpleNamespace(
        tokenizer=str(folder), trust_remote_code=False, model=str(folder), served_model_name=None, dtype=torch.float32
    )
    sinks = {"guardbind": {"sinks": [f"jsonl:{folder.parent}/records.jsonl"]}}
    return SimpleNamespace(**{"model_config": model, "additional_config": sinks, "speculative_config": None, **more})


def records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder.parent / "records.jsonl").read_text().splitlines()]


def update(**changes: Any) -> Any:
    return SimpleNamespace(**{"removed": [], "added": [], "moved": [], **changes})


def peaked(tokenizer: Any, text: str) -> torch.Tensor:
    logits = torch.zeros(len(tokenizer))
    logits[tokenizer(text, add_special_tokens=False)["input_ids"][0]] = 9
    return logits


def test_the_first_runner_is_served_while_rows_change_places(tiny_tokenizer: Any, folder: Path) -> None:
    guard = EngineGuard(configured(folder), torch.device("cpu"), False)
    assert not guard.is_argmax_invariant()
    ids, written = tiny_tokenizer(PROMPT)["input_ids"], list[int]()
    plain, watched = Params(), Params({"guardbind": SAID}, all_stop_token_ids={2})
    guard.update_state(None)
    guard.update_state(update(added=[(0, plain, ids, []), (1, watched, ids, written)]))
    logits = torch.stack([peaked(tiny_tokenizer, "1")] * 2)
    before = logits.clone()
    assert guard.apply(logits) is logits
    assert torch.equal(logits[0], before[0]) and int(logits[1].argmax()) == tiny_tokenizer("4")["input_ids"][0]
    written.append(int(logits[1].argmax()))
    guard.update_state(update(moved=[(0, 1, How.SWAP)]))
    logits = torch.stack([peaked(tiny_tokenizer, "7")] * 2)
    guard.apply(logits)
    assert int(logits[0].argmax()) == tiny_tokenizer("2")["input_ids"][0]
    written.append(int(logits[0].argmax()))
    guard.update_state(update(moved=[(0, 3, How.UNIDIRECTIONAL)]))
    written.append(2)
    guard.update_state(update(removed=[3]))
    slot, made, ended = records(folder)
    assert (slot["final_verdict"], made["kept"], ended["new_tokens"]) == ("repaired", True, 3)
    assert slot["provenance"]["generation"] == "a1" and slot["provenance"]["model"] == "tiny"
    assert ended["arguments"]["max_tokens"] == 8


def test_the_second_runner_is_served_by_slot(tiny_tokenizer: Any, folder: Path) -> None:
    ids = tiny_tokenizer(PROMPT)["input_ids"]
    buffers = {name: SimpleNamespace(gpu=torch.zeros(3, dtype=torch.int32)) for name in ("prompt_len", "total_len")}
    tokens = SimpleNamespace(gpu=torch.zeros(3, 64, dtype=torch.int32))
    guard = EngineGuard(configured(folder), SimpleNamespace(all_token_ids=tokens, **buffers))
    assert not guard.add_request(0, Params()) and guard.add_request(2, Params({"guardbind": SAID}))
    tokens.gpu[2, : len(ids)] = torch.tensor(ids, dtype=torch.int32)
    for buffer in buffers.values():
        buffer.gpu[2] = len(ids)
    logits = peaked(tiny_tokenizer, "1")[None]
    mid = logits.clone()

    def context(position: int) -> Any:
        return SimpleNamespace(expanded_idx_mapping=torch.tensor([2]), pos=torch.tensor([position]))

    assert torch.equal(guard.apply(mid, context(4)), logits)
    guard.apply(logits, context(len(ids) - 1))
    assert int(logits[0].argmax()) == tiny_tokenizer("4")["input_ids"][0]


def test_settings_are_checked_at_the_door() -> None:
    EngineGuard.validate_params(Params())
    EngineGuard.validate_params(Params({"other": 1}))
    EngineGuard.validate_params(Params({"guardbind": SAID}))
    with pytest.raises(ValueError, match="without a target"):
        EngineGuard.validate_params(Params({"guardbind": '{"action": "veto"}'}))


@pytest.mark.parametrize(
    ("more", "told"),
    [({"speculative_config": object()}, "speculatively"), ({"additional_config": {"guardbind": {"x": 1}}}, "x: ")],
)
def test_an_engine_that_cannot_be_watched_does_not_start(folder: Path, more: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        EngineGuard(configured(folder, **more), torch.device("cpu"), False)


def test_who_has_lost_track_watches_nothing_any_more(tiny_tokenizer: Any, folder: Path) -> None:
    guard = EngineGuard(configured(folder), torch.device("cpu"), False)
    ids = tiny_tokenizer(PROMPT)["input_ids"]
    guard.update_state(update(added=[(0, Params({"guardbind": SAID}), ids, [])]))
    guard.update_state(update(moved=[("no row",)]))
    logits = peaked(tiny_tokenizer, "1")[None]
    before = logits.clone()
    assert torch.equal(guard.apply(logits), before)


@pytest.mark.skipif(importlib.util.find_spec("vllm") is not None, reason="vLLM is installed here")
def test_without_vllm_the_flag_says_what_is_missing() -> None:
    with pytest.raises(MissingDependencyError, match="needs vLLM"):
        _ = inside.GuardProcessor
    with pytest.raises(AttributeError):
        _ = inside.GuardProcessors
