"""Decoding a row: exact texts, exact ranges, whatever the tokenizer and the ids."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from guardbind.text.decoded import PromptText

CORPUS = [
    "The badge number of Alice is 4417 and that of Bob is 8213.\nKEY1=[ apple ]\nKEY2=[ pear ]\n",
    "Zażółć gęślą jaźń; 爱丽丝的号码是四四一七。 👩‍👩‍👧 мир שלום مرحبا",
    "    return x  # 漢字漢字漢字 🙂🙂🙂 é",
]
SPECIALS = ["<s>", "</s>", "<unk>", "<|turn|>"]


def wrap(backend: Tokenizer) -> PreTrainedTokenizerFast:
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


@cache
def byte_level(words: bool = True, trim: bool = True) -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=words)
    backend.decoder = decoders.ByteLevel()
    backend.post_processor = processors.ByteLevel(trim_offsets=trim)
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    backend.train_from_iterator(
        CORPUS, trainers.BpeTrainer(vocab_size=420, special_tokens=SPECIALS, initial_alphabet=alphabet)
    )
    return wrap(backend)


@cache
def metaspace(llama_style: bool = True) -> PreTrainedTokenizerFast:
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.pre_tokenizer = pre_tokenizers.Metaspace()
    trained.train_from_iterator(CORPUS[:1], trainers.BpeTrainer(vocab_size=120, special_tokens=SPECIALS))
    learned = json.loads(trained.to_str())["model"]
    pieces = SPECIALS + [f"<0x{byte:02X}>" for byte in range(256)]
    pieces += [piece for piece in learned["vocab"] if piece not in SPECIALS]
    merges = [tuple(merge) for merge in learned["merges"]]
    backend = Tokenizer(
        models.BPE({piece: i for i, piece in enumerate(pieces)}, merges, byte_fallback=True, unk_token="<unk>")
    )
    backend.add_special_tokens(SPECIALS)
    backend.pre_tokenizer = pre_tokenizers.Metaspace()
    if llama_style:
        parts = [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        backend.decoder = decoders.Sequence(parts)
    else:
        backend.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    return wrap(backend)


TOKENIZERS: dict[str, Callable[[], PreTrainedTokenizerFast]] = {
    "byte_level": lambda: byte_level(words=True),
    "byte_level_no_words": lambda: byte_level(words=False, trim=False),
    "llama": lambda: metaspace(llama_style=True),
    "metaspace": lambda: metaspace(llama_style=False),
}
every_tokenizer = pytest.mark.parametrize("name", TOKENIZERS)


def decode(tokenizer: PreTrainedTokenizerFast, ids: list[int]) -> str:
    return str(tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))


def check_tiling(prompt: PromptText, count: int) -> None:
    assert len(prompt.spans) == count
    groups = [span for i, span in enumerate(prompt.spans) if i == 0 or prompt.spans[i - 1] != span]
    assert "".join(prompt.text[a:b] for a, b in groups) == prompt.text
    edge = 0
    for a, b in groups:
        assert a == edge and b >= a
        edge = b
    assert edge == len(prompt.text) or not count


def byte_spans(tokenizer: PreTrainedTokenizerFast, ids: list[int]) -> list[tuple[int, int]]:
    """Count bytes: the ranges of byte-level tokens, of those that share a character the range of them all."""
    pieces = tokenizer.convert_ids_to_tokens(ids)
    sizes = [len(piece.encode()) if piece in SPECIALS else len(piece) for piece in pieces]
    char_of = [i for i, char in enumerate(decode(tokenizer, ids)) for _ in char.encode()]
    edge, spans = 0, []
    for size in sizes:
        spans.append((char_of[edge], char_of[edge + size - 1] + 1))
        edge += size
    merged: list[tuple[int, int]] = []
    start = 0
    while start < len(spans):
        stop, end = start + 1, spans[start][1]
        while stop < len(spans) and spans[stop][0] < end:
            end = max(end, spans[stop][1])
            stop += 1
        merged += [(spans[start][0], end)] * (stop - start)
        start = stop
    return merged


@pytest.mark.parametrize("words", [True, False])
@given(text=st.text(min_size=1, max_size=60) | st.text("漢字é🙂 a\n", min_size=1, max_size=60))
def test_ranges_are_those_that_bytes_give(words: bool, text: str) -> None:
    tokenizer = byte_level(words)
    ids = tokenizer("<s>" + text, add_special_tokens=False)["input_ids"]
    prompt = PromptText.from_ids(tokenizer, ids)
    assert prompt.text == "<s>" + text
    assert list(prompt.spans) == byte_spans(tokenizer, ids)


@every_tokenizer
@given(data=st.data())
def test_any_ids_decode_exactly(name: str, data: st.DataObject) -> None:
    tokenizer = TOKENIZERS[name]()
    ids = data.draw(st.lists(st.integers(0, len(tokenizer) - 1), max_size=40))
    prompt = PromptText.from_ids(tokenizer, ids)
    assert prompt.text == decode(tokenizer, ids)
    check_tiling(prompt, len(ids))


@every_tokenizer
@given(parts=st.lists(st.text(max_size=12) | st.sampled_from(["🙂", "漢字", " apple", "\n"]), min_size=1, max_size=8))
def test_rows_glued_from_separate_encodings(name: str, parts: list[str]) -> None:
    tokenizer = TOKENIZERS[name]()
    ids = [i for part in parts for i in tokenizer(part, add_special_tokens=False)["input_ids"]]
    prompt = PromptText.from_ids(tokenizer, ids)
    assert prompt.text == decode(tokenizer, ids)
    check_tiling(prompt, len(ids))


@every_tokenizer
def test_tokens_of_a_row_whose_encoding_differs(name: str) -> None:
    tokenizer = TOKENIZERS[name]()
    letters = [tokenizer(char, add_special_tokens=False)["input_ids"] for char in "apple"]
    ids = [i for letter in letters for i in letter]
    prompt = PromptText.from_ids(tokenizer, ids)
    assert ids != tokenizer("apple", add_special_tokens=False)["input_ids"]
    at = prompt.text.index("l")
    assert decode(tokenizer, [ids[i] for i in prompt.tokens(at, at + 1)]).strip() in ("l", "")


@every_tokenizer
def test_an_emoji_in_bytes_is_one_group(name: str) -> None:
    tokenizer = TOKENIZERS[name]()
    ids = tokenizer("is 🫠!", add_special_tokens=False)["input_ids"]
    prompt = PromptText.from_ids(tokenizer, ids)
    at = prompt.text.index("🫠")
    tokens = prompt.tokens(at, at + 1)
    assert len(tokens) > 1
    assert {prompt.text[a:b].strip() for a, b in (prompt.spans[i] for i in tokens)} == {"🫠"}
    assert prompt.text[slice(*prompt.chars(tokens))].strip() == "🫠"
    assert prompt.text.endswith("!") and prompt.tokens(len(prompt.text) - 1, len(prompt.text)).start == tokens.stop


def test_a_truncated_character_and_a_long_run_of_bad_bytes() -> None:
    for tokenizer, byte in ((byte_level(), "ð"), (metaspace(), "<0xF0>")):
        bad = tokenizer.convert_tokens_to_ids(byte)
        ids = [*tokenizer("ok", add_special_tokens=False)["input_ids"], *[bad] * 300]
        prompt = PromptText.from_ids(tokenizer, ids)
        assert prompt.text == decode(tokenizer, ids)
        assert prompt.spans[-1][1] - prompt.spans[-1][0] == 1
        check_tiling(prompt, len(ids))


@every_tokenizer
def test_special_tokens_stay_in_the_text_and_are_marked(name: str) -> None:
    tokenizer = TOKENIZERS[name]()
    ids = tokenizer("<s>one<|turn|>two</s>", add_special_tokens=False)["input_ids"]
    prompt = PromptText.from_ids(tokenizer, ids)
    assert [prompt.text[a:b].strip() for a, b in prompt.specials] == ["<s>", "<|turn|>", "</s>"]


@every_tokenizer
def test_an_empty_row(name: str) -> None:
    assert PromptText.from_ids(TOKENIZERS[name](), []) == PromptText("", ())


def test_tokens_and_chars() -> None:
    prompt = PromptText("ab🙂c", ((0, 2), (2, 3), (2, 3), (3, 3), (3, 4)))
    assert prompt.tokens(0, 2) == range(0, 1)
    assert prompt.tokens(1, 3) == range(0, 3)
    assert prompt.tokens(2, 3) == range(1, 3)
    assert prompt.tokens(0, 4) == range(0, 5)
    assert len(prompt.tokens(1, 1)) == 0
    assert prompt.chars(range(1, 3)) == (2, 3)
    assert prompt.chars(range(0, 5)) == (0, 4)
    assert prompt.chars(range(4, 4)) == (3, 3)
    assert prompt.chars(range(5, 5)) == (4, 4)


@given(data=st.data())
def test_tokens_are_those_that_overlap(data: st.DataObject) -> None:
    tokenizer = byte_level(words=False)
    ids = data.draw(st.lists(st.integers(0, len(tokenizer) - 1), min_size=1, max_size=30))
    prompt = PromptText.from_ids(tokenizer, ids)
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(prompt.text))] * 2)))
    wanted = [i for i, (a, b) in enumerate(prompt.spans) if max(a, start) < min(b, end)]
    assert [i for i in prompt.tokens(start, end) if len(range(*prompt.spans[i]))] == wanted
