"""A tokenizer is given as an object, by its folder, or by a name that guardbind knows, without a network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_servers import Connects, Starts

from guardbind.errors import ConfigError
from guardbind.registry import MODELS
from guardbind_adapters.openai_api.words import LocalWords

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
