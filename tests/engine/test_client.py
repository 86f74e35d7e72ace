"""Guards a real vLLM engine from outside: nulls as requests, and the answer resumed behind what was repaired."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from engine_process import NAME, Engine

import guardbind
from guardbind.backends import Backend, PromptRequest
from guardbind.remote.guard import ApiGuard, ApiOutput
from guardbind.remote.settings import ApiGuardConfig
from guardbind_bench.served.badges import Badges, badges

pytestmark = [pytest.mark.vllm, pytest.mark.real_model]

PROMPTS = [badges(seed) for seed in range(8)]


@pytest.fixture(scope="module")
def backend(engine: Engine) -> Iterator[Backend]:
    from guardbind.model.loading import resolve

    connected = guardbind.connect(f"{engine.url}/v1", NAME, tokenizer=resolve(NAME))
    yield connected
    asyncio.run(connected.aclose())


def asked(prompt: Badges) -> dict[str, Any]:
    return {"bindings": prompt.bindings, "target": prompt.target, "max_new_tokens": 6}


def answers(backend: Backend, **settings: Any) -> list[ApiOutput]:
    """Return the guarded answers to all prompts, asked at the same time."""
    guard = ApiGuard(backend, ApiGuardConfig(**settings))

    async def all_of_them() -> list[ApiOutput]:
        return await asyncio.gather(*(guard.agenerate(prompt.text, **asked(prompt)) for prompt in PROMPTS))

    return asyncio.run(all_of_them())


def test_the_engine_is_found_to_return_all_that_is_needed(backend: Backend) -> None:
    able = backend.abilities
    assert able.ids and able.begun and able.scores and able.top >= 20 and able.chosen >= 100
    assert "choice" in able.constraints


def test_rankings_are_whole_beside_requests_for_tokens_by_their_ids(backend: Backend) -> None:
    asked = [PromptRequest(text=f"{prompt.text} (copy {number})") for number, prompt in enumerate(PROMPTS)]
    read = asyncio.run(backend.next_tokens(asked, values=tuple(PROMPTS[0].held.values())))
    assert min(len(token.distribution.logprobs) for token in read) >= 20


def test_to_observe_leaves_the_answers_and_tells_the_wrong_ones(backend: Backend) -> None:
    told = [
        (prompt.is_right(out.text), out)
        for prompt, out in zip(PROMPTS, answers(backend, policy="observe"), strict=True)
    ]
    assert {ok for ok, _ in told} == {True, False}
    for ok, out in told:
        slots = out.report.slots
        assert slots and all(slot.action == "none" and slot.null == "redact" for slot in slots)
        assert ("binding_failure" in {slot.final_verdict for slot in slots}) != ok
        if ok:
            assert all(slot.evidence_bits is not None and slot.evidence_bits > 1 for slot in slots if slot.passed)


@pytest.mark.parametrize("policy", ["contrast", "veto", "auto"])
def test_a_repair_writes_the_right_value_and_no_wrong_one_is_called_right(backend: Backend, policy: str) -> None:
    pairs = list(zip(PROMPTS, answers(backend, policy=policy), strict=True))
    assert sum(prompt.is_right(out.text) for prompt, out in pairs) >= len(PROMPTS) - 1
    for prompt, out in pairs:
        assert prompt.is_right(out.text) or not any(slot.passed for slot in out.report.slots)
    assert {slot.action for _, out in pairs for slot in out.report.slots} > {"none"}


@pytest.mark.parametrize("policy", ["checkpoint", "abstain"])
def test_what_is_not_repaired_is_not_called_right(backend: Backend, policy: str) -> None:
    for prompt, out in zip(PROMPTS, answers(backend, policy=policy), strict=True):
        if not prompt.is_right(out.text):
            assert not any(slot.passed for slot in out.report.slots)
            assert policy == "checkpoint" or not any(value in out.text for value in prompt.held.values())


def test_the_answer_goes_on_behind_what_was_repaired(backend: Backend) -> None:
    guard = ApiGuard(backend, ApiGuardConfig(policy="contrast"))
    long = {"max_new_tokens": 40}
    for prompt in PROMPTS[:3]:
        out = guard.generate(prompt.text, **{**asked(prompt), **long})
        assert prompt.is_right(out.text) and len(out.text.strip()) > len(prompt.right)
        assert not out.text.strip()[len(prompt.right)].isdigit()
