"""What is kept of a tokenizer: as many texts as fit, as long as it lives, and only while it writes them so."""

from __future__ import annotations

import gc
import weakref
from typing import Any

from bench_tiny import bench_tokenizer
from byte_tokens import byte_level

from guardbind.candidates import spellings, writing
from guardbind.candidates.spellings import KeptSpellings, kept_spellings
from guardbind.candidates.trie import Trie

VALUES: list[tuple[str, tuple[str, ...]]] = [("4821", ("4,821",)), ("Ann Lee", ()), ("17", ())]


def forms(tokenizer: Any) -> list[tuple[tuple[int, ...], ...]]:
    return [candidate.forms for candidate in Trie.build(tokenizer, VALUES).candidates]


def test_a_second_prompt_asks_the_tokenizer_for_new_values_only(monkeypatch: Any) -> None:
    tokenizer = byte_level(["Ann Lee has 4821 and 17"], 300)
    first = forms(tokenizer)
    kept = len(kept_spellings(tokenizer))
    assert kept > 0
    asked: list[str] = []
    call = writing.tokens_of_each

    def counting(one: Any, texts: Any) -> Any:
        asked.extend(texts)
        return call(one, texts)

    monkeypatch.setattr(writing, "tokens_of_each", counting)
    assert forms(tokenizer) == first
    assert asked == []
    Trie.build(tokenizer, [*VALUES, ("\u00e999", ()), ("99", ())])
    assert {text.strip('\n="[ ') for text in asked} == {"\u00e999", "9"}  # a digit is a piece of its own


def test_new_tokens_start_it_anew() -> None:
    tokenizer = byte_level(["Ann Lee has 4821 and 17"], 300)
    before = forms(tokenizer)
    tokenizer.add_tokens(["4821"])
    after = forms(tokenizer)
    assert after[0] != before[0] and after[2] == before[2]


def test_it_dies_with_the_tokenizer() -> None:
    tokenizer = byte_level(["Ann Lee"], 280)
    gone = weakref.ref(kept_spellings(tokenizer))
    assert gone() is not None
    del tokenizer
    gc.collect()
    assert gone() is None


def test_the_oldest_are_dropped_and_too_many_at_once_are_not_kept(monkeypatch: Any) -> None:
    monkeypatch.setattr(spellings, "MOST_KEPT", 3)
    kept = KeptSpellings()
    kept.update((text, (1,)) for text in "abc")
    kept.update([("d", (2,))])
    assert [text for text in "abcd" if kept.get(text) is not None] == ["b", "c", "d"]
    kept.update((text, (3,)) for text in "efgh")
    assert len(kept) == 3 and kept.get("e") is None


def test_of_what_is_no_tokenizer_of_hugging_face_nothing_is_kept() -> None:
    class Letters:
        all_special_ids: tuple[int, ...] = ()

        def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
            return list(map(ord, text))

    tokenizer = Letters()
    kept_spellings(tokenizer).update([("a", (1,))])
    assert kept_spellings(tokenizer).get("a") is None
    assert kept_spellings(bench_tokenizer()) is kept_spellings(bench_tokenizer())
