"""Answers are found again by what was asked, in memory and in a folder, whatever happens to its files."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guardbind.backends.cache import AnswerCache, request_key
from guardbind.errors import ConfigError

KEY = request_key("http://one", "/completions", {"prompt": "a", "top": 5})


def test_the_order_of_fields_is_no_difference_and_everything_else_is() -> None:
    assert request_key("http://one", "/completions", {"top": 5, "prompt": "a"}) == KEY
    others = [
        request_key("http://two", "/completions", {"prompt": "a", "top": 5}),
        request_key("http://one", "/chat", {"prompt": "a", "top": 5}),
        request_key("http://one", "/completions", {"prompt": "b", "top": 5}),
        request_key("http://one", "/completions", {"prompt": "a", "top": "5"}),
        request_key("http://one", "/completions", {"prompt": ["a"], "top": 5}),
    ]
    assert len({KEY, *others}) == 6


def test_the_answer_that_was_not_used_longest_goes_first() -> None:
    cache = AnswerCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]


def test_no_memory_keeps_nothing() -> None:
    cache = AnswerCache(0)
    cache.put("a", 1)
    assert cache.get("a") is None


def test_a_folder_outlives_the_cache_and_is_shared(tmp_path: Path) -> None:
    AnswerCache(4, tmp_path / "new").put(KEY, {"text": "ë"})
    assert AnswerCache(4, tmp_path / "new").get(KEY) == {"text": "ë"}
    assert AnswerCache(0, tmp_path / "new").get(KEY) == {"text": "ë"}
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.parametrize(
    "damage", ["", "{", "[]", '{"answer": 1}', json.dumps({"key": "other", "answer": 1}), "\x00\xff"], ids=repr
)
def test_a_damaged_file_is_a_missing_one(tmp_path: Path, damage: str) -> None:
    AnswerCache(4, tmp_path).put(KEY, 1)
    (file,) = tmp_path.rglob("*.json")
    file.write_bytes(damage.encode("latin-1"))
    cache = AnswerCache(4, tmp_path)
    assert cache.get(KEY) is None
    cache.put(KEY, 2)
    assert AnswerCache(4, tmp_path).get(KEY) == 2


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="folder"):
        AnswerCache(4, tmp_path / "file")


def test_threads_may_use_it_together(tmp_path: Path) -> None:
    cache = AnswerCache(8, tmp_path)

    def use(number: int) -> bool:
        key = request_key("http://one", "/", {"number": number % 16})
        cache.put(key, number % 16)
        return cache.get(key) in (number % 16, None)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, range(200)))
