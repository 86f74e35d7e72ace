"""The guard over a server, and over what a hosted service returns: the same verdicts as over the model itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from api_servers import served
from families import copier
from toy_backend import BADGES
from transformers import PreTrainedTokenizerFast

import guardbind
from guardbind import ApiGuard, ApiGuardConfig, ApiOutput
from guardbind.backends import PromptRequest, PromptScorer
from guardbind.backends.local import LocalBackend
from guardbind.errors import BackendError

pytest.importorskip("openai")
pytest.importorskip("fastapi")

TEXT = "".join(f"The order number of {name} is {badge}.\n" for name, badge in BADGES.items())
BINDINGS = {f"order number of {name}": badge for name, badge in BADGES.items()}
SETTINGS: dict[str, Any] = {"policy": "auto", "slots": ("prompt_end",)}


@pytest.fixture(scope="module")
def model(tiny_llama: Any) -> Any:
    return tiny_llama(seed=7)


@pytest.fixture(scope="module", params=[False, True], ids=["extras", "hosted"])
def address(request: Any, model: Any, tiny_tokenizer: PreTrainedTokenizerFast) -> Iterator[tuple[str, bool]]:
    with served(model, tiny_tokenizer, name="tiny", hosted=request.param) as url:
        yield url, request.param


def answered(backend: Any, prompt: Any) -> ApiOutput:
    guard = ApiGuard(backend, ApiGuardConfig(**SETTINGS))
    return guard.generate(prompt, bindings=BINDINGS, target="order number of Boris", max_new_tokens=6)


def test_a_server_gives_the_verdicts_of_the_model_as_far_as_it_decides(
    address: tuple[str, bool], model: Any, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    url, hosted = address
    chat = [{"role": "user", "content": TEXT + "What is the order number of Boris?"}]
    backend = guardbind.connect(url, "tiny")
    try:
        for prompt in [chat] if hosted else [chat, TEXT + "The order number of Boris is"]:
            told = answered(backend, prompt)
            exact = answered(LocalBackend(model, tiny_tokenizer), prompt)
            (seen, *_), (whole, *_) = told.report.slots, exact.report.slots
            assert seen.ranges is not None and whole.ranges is not None
            assert seen.verdict in (whole.verdict, "unresolved")
            assert told.spent.requests > 0
            assert seen.ranges.p1[0] is not None and whole.ranges.p1[1] is not None
            assert seen.ranges.p1[0] <= whole.ranges.p1[1] + 1e-4
            if seen.ranges.evidence_bits is not None and whole.evidence_bits is not None:
                low, high = seen.ranges.evidence_bits
                assert (low is None or low <= whole.evidence_bits + 0.05) and (
                    high is None or high >= whole.evidence_bits - 0.05
                )
    finally:
        asyncio.run(backend.aclose())


def test_a_hosted_service_is_read_by_the_answers_that_it_gives_anew(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    facts = "badge of Anna = 4821;\nbadge of Boris = 9370;\n"
    chat = [{"role": "user", "content": f"{facts}badge of Anna?"}]
    model = copier(tiny_tokenizer)  # answers with the first line
    guard = {"config": ApiGuardConfig(policy="observe")}
    told: dict[str, Any] = {
        "bindings": {"badge of Anna": "4821", "badge of Boris": "9370"},
        "target": "badge of Anna",
        "max_new_tokens": 24,
    }
    with served(model, tiny_tokenizer, name="tiny", hosted=True) as url:
        backend = guardbind.connect(url, "tiny")
        try:
            output = ApiGuard(backend, **guard).generate(chat, **told)
        finally:
            asyncio.run(backend.aclose())
    exact = ApiGuard(LocalBackend(model, tiny_tokenizer), **guard).generate(chat, **told)
    seen, whole = output.report.slots[0], exact.report.slots[0]
    assert output.text.startswith("badge of Anna = 4821")
    assert (seen.verdict, seen.null) == ("ok", "redact") == (whole.verdict, whole.null)
    assert seen.ranges is not None and seen.ranges.begins > 0 and seen.ranges.unread == ()
    assert seen.ranges.decided == "yes"
    assert seen.ranges.evidence_bits is not None and whole.evidence_bits is not None
    low, high = seen.ranges.evidence_bits
    assert low is not None and 3 < low <= whole.evidence_bits + 0.05
    assert high is None or whole.evidence_bits <= high + 0.05


def test_a_hosted_service_says_that_it_takes_no_text(address: tuple[str, bool]) -> None:
    url, hosted = address
    if not hosted:
        pytest.skip("this server takes texts")
    backend = guardbind.connect(url, "tiny")
    with pytest.raises(BackendError, match="messages"):
        answered(backend, TEXT)
    asyncio.run(backend.aclose())


def test_a_question_is_read_over_a_server_that_scores_prompts_and_refused_over_another(
    address: tuple[str, bool], model: Any, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    url, hosted = address
    backend, config = guardbind.connect(url, "tiny"), ApiGuardConfig(resolver="both")
    try:
        if hosted:
            with pytest.raises(BackendError, match="scores no prompt"):
                ApiGuard(backend, config)
            return
        assert isinstance(backend, PromptScorer)
        asked = [
            PromptRequest(text=TEXT),
            PromptRequest(messages=({"role": "user", "content": TEXT},), begun="The order"),
        ]
        assert isinstance(backend, PromptScorer)
        told = asyncio.run(backend.score_prompts(asked))
        for seen, exact in zip(
            told, asyncio.run(LocalBackend(model, tiny_tokenizer).score_prompts(asked)), strict=True
        ):
            assert seen.text == exact.text and seen.spans == exact.spans
            assert seen.logprobs[1:] == pytest.approx(exact.logprobs[1:], abs=1e-3)
        output = ApiGuard(backend, config).generate(TEXT + "What is the order number of Boris?", max_new_tokens=2)
        assert output.spent.requests > 2 * len(BADGES)  # of the question, with one record after another gone
    finally:
        asyncio.run(backend.aclose())
