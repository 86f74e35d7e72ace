"""A server with real weights is read as the same weights are read in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from api_servers import served

import guardbind
from guardbind.backends import Backend, PromptRequest
from guardbind.backends.local import LocalBackend

FACTS = "Anna's badge is 4821. Boris' badge is 9370. "
CHAT = PromptRequest(({"role": "user", "content": FACTS + "What is Anna's badge?"},), begun="Anna's badge is ")
TEXT = PromptRequest(text=FACTS + "The badge of Anna is")
VALUES = ["4", "9", " 4821", " 9370", " "]

pytestmark = pytest.mark.xdist_group("demo_server")


@pytest.fixture(scope="module")
def local(demo_model: Any) -> LocalBackend:
    return LocalBackend(*demo_model)


@pytest.fixture(scope="module")
def server(demo_model: Any) -> Iterator[Backend]:
    with served(*demo_model) as address:
        backend = guardbind.connect(address)
        yield backend
        asyncio.run(backend.aclose())


@pytest.fixture(scope="module")
def hosted(demo_model: Any) -> Iterator[Backend]:
    with served(*demo_model, hosted=True) as address:
        backend = guardbind.connect(address)
        yield backend
        asyncio.run(backend.aclose())


@pytest.mark.parametrize("asked", [CHAT, TEXT], ids=["chat", "text"])
def test_next_tokens_are_those_of_the_same_weights_here(
    asked: PromptRequest, server: Backend, local: LocalBackend
) -> None:
    (seen,) = asyncio.run(server.next_tokens([asked], values=VALUES))
    (exact,) = asyncio.run(local.next_tokens([asked]))
    assert len(seen.distribution.logprobs) >= 20
    for token, logprob in seen.distribution.logprobs.items():
        assert logprob == pytest.approx(exact.distribution.logprobs[token], abs=2e-4)
        assert seen.texts[token] == exact.texts[token]
    for value in VALUES:
        forms = {token for token, text in exact.texts.items() if text and (text == value or value.startswith(text))}
        ranges = seen.distribution.mass(forms), exact.distribution.mass(forms)
        assert ranges[0].low - 1e-3 <= ranges[1].low <= ranges[1].high <= ranges[0].high + 1e-3
    first = {token for token, text in exact.texts.items() if text in {"4", "9"}}
    assert first <= set(seen.distribution.logprobs)


def test_a_hosted_server_is_read_within_its_ranges(hosted: Backend, local: LocalBackend) -> None:
    assert not hosted.abilities.ids
    assert not hosted.abilities.begun
    plain = PromptRequest(CHAT.messages)
    (seen,), (exact,) = (asyncio.run(each.next_tokens([plain])) for each in (hosted, local))
    assert not seen.distribution.unique
    for text in list(seen.texts.values())[:5]:
        forms = {token for token, written in exact.texts.items() if written == text}
        mass = seen.distribution.mass({text})
        assert mass.low - 1e-4 <= exact.distribution.mass(forms).low <= mass.high + 1e-4


def test_scores_texts_and_choices_are_those_of_the_same_weights_here(server: Backend, local: LocalBackend) -> None:
    scores = [asyncio.run(each.score(TEXT, [" 4821", " 9370"])) for each in (server, local)]
    for there, here in zip(*scores, strict=True):
        assert there.logprob.low - 1e-3 <= here.logprob.low <= there.logprob.high + 1e-3
        assert there.tokens == here.tokens
    written = [asyncio.run(each.write(CHAT, max_new_tokens=6)) for each in (server, local)]
    assert written[0].text == written[1].text
    chosen = asyncio.run(server.write(CHAT, max_new_tokens=8, among=["4821", "9370"]))
    assert chosen.text in {"4821", "9370"}
    assert chosen.constrained


def test_what_it_can_do_was_found_out(server: Backend) -> None:
    abilities = server.abilities
    assert (abilities.top, abilities.chosen, abilities.ids, abilities.begun) == (20, 128, True, True)
    assert abilities.scores
    assert "choice" in abilities.constraints
