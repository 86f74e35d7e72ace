"""A tokenizer is given as an object, by its folder, or by a name that guardbind knows, without a network."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_servers import Connects, Starts
from fake_server import tokens_of

from guardbind.backends import PromptRequest, Spent
from guardbind.backends.keys import EnvironmentKey
from guardbind.backends.sending import Sender
from guardbind.errors import ConfigError
from guardbind.registry import MODELS
from guardbind_adapters.openai_api import OpenAIConfig
from guardbind_adapters.openai_api.transport import OpenAITransport
from guardbind_adapters.openai_api.words import LocalWords, ServerWords

TEXT = "The badge of Anna is 4821."


@pytest.fixture
def folder(tiny_tokenizer: Any, tmp_path: Path) -> Iterator[Path]:
    class Source:
        def folder(self) -> Path:
            return tmp_path / "tiny"

    tiny_tokenizer.save_pretrained(tmp_path / "tiny")
    MODELS.register("tiny-words", Source())
    yield tmp_path / "tiny"
    MODELS.unregister("tiny-words")


def test_names_folders_and_objects_are_the_same_tokenizer(
    folder: Path, tiny_tokenizer: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(folder.parent))
    wanted = tiny_tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    for given in (tiny_tokenizer, "tiny-words", str(folder), "~/tiny"):
        words = LocalWords(given)
        assert asyncio.run(words.ids(TEXT, special=False)) == wanted
        assert asyncio.run(words.text(wanted)) == TEXT


@pytest.mark.real_model
def test_the_demo_weights_are_known_by_their_name(demo_model: Any) -> None:
    _, tokenizer = demo_model
    wanted = tokenizer(TEXT, add_special_tokens=False)["input_ids"]
    assert asyncio.run(LocalWords("smollm2-135m").ids(TEXT, special=False)) == wanted


def test_a_name_of_nothing_says_what_is_accepted(folder: Path, start: Starts, connect: Connects) -> None:
    with pytest.raises(ConfigError, match=r"'\./nowhere' cannot be loaded; a folder.*smollm2-135m.*tiny-words"):
        connect(start(), tokenizer="./nowhere")


def test_a_server_is_asked_once_for_each_text_and_token_and_says_how_often(start: Starts, connect: Connects) -> None:
    server = start()
    backend = connect(server)
    server.seen.clear()
    asked = [PromptRequest(text=f"the badge of {name} is") for name in ("ann", "bob", "cleo")]
    spent = [read.spent for read in asyncio.run(backend.next_tokens(asked, values=[" 44", " 8213"]))]
    lookups = [json.dumps([path, body]) for path, _, body in server.seen if "tokenize" in path]
    assert len(lookups) == len(set(lookups)) > 20
    total = sum(spent, Spent())
    assert (total.requests, total.lookups) == (len(server.seen), len(lookups))
    assert total.requests - total.lookups == 2 * len(asked)  # a ranking of each prompt, and the values by their ids


def test_who_gives_up_takes_no_lookup_away_from_others(start: Starts) -> None:
    server = start()
    server.pause = 0.2
    settings = OpenAIConfig()

    async def both() -> list[int]:
        transport = OpenAITransport(server.url, EnvironmentKey(None), 10.0, 8)
        words = ServerWords(Sender(server.url, settings, transport), server.url, "toy")
        try:
            impatient = asyncio.create_task(words.ids("abc", special=False))
            patient = asyncio.create_task(words.ids("abc", special=False))
            await asyncio.sleep(0.05)
            impatient.cancel()
            return await patient
        finally:
            await transport.aclose()

    assert asyncio.run(both()) == tokens_of("abc")
    assert len(server.seen) == 1
