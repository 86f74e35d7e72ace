"""A model of this process as a backend: exact, whatever is asked together, and the same behind a sieve."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
import torch
from transformers import PreTrainedTokenizerFast

from guardbind.backends import PromptRequest
from guardbind.backends.local import LocalBackend
from guardbind.errors import BackendError, ContextLengthError

T = TypeVar("T")
TEXT = PromptRequest(text="The order number of Anna is")
CHAT = PromptRequest(messages=({"role": "user", "content": "Which badge does Carla carry?"},), begun="Carla carries")


def done(coroutine: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(coroutine)


@pytest.fixture(scope="module")
def model(tiny_llama: Any) -> Any:
    return tiny_llama(seed=3)


@pytest.fixture(scope="module")
def backend(model: Any, tiny_tokenizer: PreTrainedTokenizerFast) -> LocalBackend:
    return LocalBackend(model, tiny_tokenizer)


def exact(model: Any, ids: list[int]) -> torch.Tensor:
    with torch.inference_mode():
        logits: torch.Tensor = model(input_ids=torch.tensor([ids])).logits[0]
    return logits.double().log_softmax(-1)


def test_next_tokens_are_the_models_own_however_many_are_asked(model: Any, backend: LocalBackend) -> None:
    asked = [TEXT, CHAT, *(PromptRequest(text="a" * n) for n in range(1, 20))]
    read = done(backend.next_tokens(asked))
    for one, token in zip(asked, read, strict=True):
        logprobs = exact(model, backend.ids(one))[-1]
        assert token.distribution.whole
        for key, logprob in token.distribution.logprobs.items():
            assert logprob == pytest.approx(float(logprobs[key]), abs=1e-5)
    assert all(token.spent.requests == 1 and (token.spent.prompt_tokens or 0) > 0 for token in read)


def test_a_prompt_is_scored_token_by_token(model: Any, backend: LocalBackend) -> None:
    for asked, read in zip([TEXT, CHAT], done(backend.score_prompts([TEXT, CHAT])), strict=True):
        ids = backend.ids(asked)
        logprobs = exact(model, ids)
        assert asked.begun in read.text and len(read.spans) == len(read.logprobs) == len(ids)
        assert "".join(read.text[a:b] for a, b in read.spans) == read.text
        assert read.logprobs[0] is None
        for place, logprob in enumerate(read.logprobs[1:], 1):
            assert logprob == pytest.approx(float(logprobs[place - 1, ids[place]]), abs=1e-4)


@pytest.mark.parametrize("top", [1, 5, 20])
def test_a_sieve_returns_the_likeliest_and_bounds_the_others(
    model: Any, backend: LocalBackend, tiny_tokenizer: PreTrainedTokenizerFast, top: int
) -> None:
    sieve = LocalBackend(model, tiny_tokenizer, top=top)
    assert (sieve.abilities.top, sieve.abilities.whole) == (top, False)
    (seen,), (whole,) = done(sieve.next_tokens([TEXT])), done(backend.next_tokens([TEXT]))
    every = whole.distribution.logprobs
    assert set(seen.distribution.logprobs) == set(sorted(every, key=lambda key: -every[key])[:top])
    for key, logprob in every.items():
        mass = seen.distribution.mass({key})
        assert mass.low - 1e-6 <= math.exp(logprob) <= mass.high + 1e-6
    assert len(done(backend.next_tokens([TEXT], top=top))[0].distribution.logprobs) == top


def test_tokens_keep_the_space_before_them(backend: LocalBackend, tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    (read,) = done(backend.next_tokens([TEXT]))
    ids = tiny_tokenizer("The order number of Anna", add_special_tokens=False)["input_ids"]
    assert "".join(read.texts[token] for token in ids) == "The order number of Anna"
    assert any(text.startswith(" ") for text in read.texts.values())


def test_a_continuation_is_scored_as_its_tokens_one_by_one(model: Any, backend: LocalBackend) -> None:
    continuations = [" 4821", " 9370 and", " B"]
    scores = done(backend.score(TEXT, continuations))
    before = backend.ids(TEXT)
    for text, score in zip(continuations, scores, strict=True):
        ids = backend.ids(PromptRequest(text=TEXT.text, begun=text))
        start = next((i for i, (a, b) in enumerate(zip(before, ids, strict=False)) if a != b), len(before))
        logprobs = exact(model, ids)
        told = sum(float(logprobs[i - 1, ids[i]]) for i in range(start, len(ids)))
        assert score.logprob.low == score.logprob.high == pytest.approx(told, abs=1e-4)
        assert score.tokens == len(ids) - start


def test_it_writes_greedily_and_goes_on_with_what_is_begun(model: Any, backend: LocalBackend) -> None:
    whole = done(backend.write(TEXT, max_new_tokens=6, top=3))
    assert len(whole.tokens) == 6 and whole.spent.new_tokens == 6
    ids = backend.ids(TEXT)
    for step in whole.tokens:
        token = max(step.distribution.logprobs, key=step.distribution.logprobs.__getitem__)
        assert int(exact(model, ids)[-1].argmax()) == token
        ids.append(token)


def test_it_stops_at_a_text_which_it_leaves_out(backend: LocalBackend) -> None:
    whole = done(backend.write(TEXT, max_new_tokens=8)).text
    assert len(whole) > 2
    stop = whole[2:4]
    cut = done(backend.write(TEXT, max_new_tokens=8, stop=[stop]))
    assert cut.text == whole[: whole.find(stop)] and cut.finished == "stop"


@pytest.mark.parametrize("values", [[" 4821", " 9370", " 5504"], [" 48", " 4821", " 4822"], [" one"], ["7", "7", "78"]])
def test_among_values_it_writes_the_likeliest_token_by_token(
    model: Any, backend: LocalBackend, values: list[str]
) -> None:
    chosen = done(backend.write(TEXT, max_new_tokens=8, among=values))
    assert chosen.constrained and chosen.text in values
    ids = {value: backend.ids(PromptRequest(text=TEXT.text, begun=value)) for value in values}
    for value, row in ids.items():
        at = next((i for i, (a, b) in enumerate(zip(row, ids[chosen.text], strict=False)) if a != b), None)
        if at is not None:
            logprobs = exact(model, row[:at])[-1]
            assert float(logprobs[ids[chosen.text][at]]) >= float(logprobs[row[at]]), value
    assert chosen.spent.requests >= 1


def test_what_cannot_be_asked_is_refused(model: Any, backend: LocalBackend, tiny_llama: Any) -> None:
    from byte_tokens import byte_level

    with pytest.raises(BackendError, match="empty"):
        done(backend.next_tokens([PromptRequest()]))
    with pytest.raises(BackendError, match="no token of its own"):
        done(backend.score(TEXT, [""]))
    with pytest.raises(ContextLengthError):
        done(backend.next_tokens([PromptRequest(text="7" * 100_000)]))
    bare = LocalBackend(model, byte_level(["a b"], 400))
    with pytest.raises(BackendError, match="chat template"):
        done(bare.next_tokens([CHAT]))


def test_calls_may_run_side_by_side_and_leave_nothing_behind(backend: LocalBackend) -> None:
    async def together() -> list[Any]:
        return await asyncio.gather(
            *(backend.next_tokens([TEXT]) for _ in range(4)), backend.write(TEXT, max_new_tokens=3)
        )

    *reads, _ = done(together())
    first = reads[0][0].distribution.logprobs
    assert all(read[0].distribution.logprobs == first for read in reads)
    done(backend.aclose())
    done(backend.aclose())
