from __future__ import annotations

import re
from collections import Counter
from itertools import islice, pairwise
from random import Random
from typing import Any

import pytest
from bench_tiny import bench_tokenizer
from hypothesis import given
from hypothesis import strategies as st

from guardbind.errors import ConfigError
from guardbind_bench.prompts import fillers
from guardbind_bench.prompts.fillers import PARAGRAPH, Stock
from guardbind_bench.prompts.natural import CLAUSES, OPENINGS, sentences
from guardbind_bench.prompts.pool import WORDS, Pool, encode
from guardbind_bench.prompts.tasks.competing_vars import CompetingVars
from guardbind_bench.prompts.tasks.notes_binding import OBJECTS, PERSONS, PLACES
from guardbind_bench.registry import FILLERS

POOL = Pool.build(bench_tokenizer(), ["KEY1=["])
TEMPLATE = frozenset(encode(bench_tokenizer(), "\nQuestion: What is KEY1?\nKEY1=[ ]\n"))
STOCK = Stock(bench_tokenizer(), POOL.aliases, TEMPLATE)
DECOY, TARGET, UNBOUND = (value.token for value in POOL.values[3:6])
DECOYS = fillers.Decoys(DECOY, TARGET, UNBOUND)
SCATTERED = {
    "decoy_density": {DECOY},
    "decoy_heavy": {DECOY},
    "decoy_matched": {DECOY, TARGET},
    "other_decoy": {UNBOUND},
}


@given(st.sampled_from(FILLERS.names()), st.lists(st.integers(0, 120), max_size=3), st.integers(0, 2**32))
def test_every_block_has_its_size_and_no_value_but_its_decoys(name: str, sizes: list[int], seed: int) -> None:
    blocks = FILLERS.get(name)(STOCK, sizes, Random(seed), DECOYS)
    assert [len(block) for block in blocks] == sizes
    assert {token for block in blocks for token in block} & POOL.aliases <= SCATTERED.get(name, set())
    assert FILLERS.get(name)(STOCK, sizes, Random(seed), DECOYS) == blocks


def test_natural_filler_says_nothing_twice_in_a_prompt() -> None:
    first, second = fillers.natural(STOCK, [600, 600], Random(1), DECOYS)
    for block in (first, second):
        assert str(bench_tokenizer().decode(block)).startswith(tuple(f" {opening}" for opening in OPENINGS))
    said = [s for block in (first, second) for s in str(bench_tokenizer().decode(block)).split(".")[:-1]]
    assert len(said) > 20
    assert max(Counter(said).values()) == 1
    clauses = [clause for clause in CLAUSES for s in said if s.endswith(f" {clause}")]
    assert max(Counter(clauses).values()) == 1


def test_sentences_are_every_pair_of_opening_and_clause_once() -> None:
    every = list(sentences(Random(0)))
    assert len(every) == len(set(every)) == len(OPENINGS) * len(CLAUSES) > 8000
    used = Counter(clause for s in islice(every, len(CLAUSES)) for clause in CLAUSES if s.endswith(f" {clause}."))
    assert set(used) == set(CLAUSES)
    assert every != list(sentences(Random(1)))


def test_sentences_hold_no_value_no_digit_and_nothing_of_the_template() -> None:
    words = {word for text in (*OPENINGS, *CLAUSES, PARAGRAPH) for word in re.findall(r"[A-Za-z]+", text)}
    assert words.isdisjoint(WORDS)
    assert words.isdisjoint({"KEY", "KEY1", "KEY2", "Question", "What"})
    assert words.isdisjoint(word for name in (*PERSONS, *PLACES, *OBJECTS) for word in name.split())
    assert not re.search(r"[\[\]=?:\d\n]", "".join((*OPENINGS, *CLAUSES, PARAGRAPH)))


def test_a_sentence_that_holds_a_value_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fillers, "sentences", lambda rng: iter([" the zebra slept.", " the clerk slept."]))
    clean = encode(bench_tokenizer(), " the clerk slept.")
    assert fillers.natural(STOCK, [len(clean)], Random(0), DECOYS) == [clean]
    monkeypatch.setattr(fillers, "sentences", lambda rng: iter([" the zebra slept.", " the clerk slept."]))
    with pytest.raises(ConfigError, match="natural filler ends before"):
        fillers.natural(STOCK, [len(clean) + 1], Random(0), DECOYS)


def test_repeat_is_one_token_and_coherent_is_a_cycle() -> None:
    assert fillers.repeat(STOCK, [5, 2], Random(0), DECOYS) == [[STOCK.common] * 5, [STOCK.common] * 2]
    paragraph = [token for token in encode(bench_tokenizer(), PARAGRAPH) if token not in POOL.aliases]
    [block] = fillers.coherent(STOCK, [len(paragraph) + 7], Random(0), DECOYS)
    assert block == paragraph + paragraph[:7]


def test_decoys_stand_at_even_places() -> None:
    few, short = fillers.decoy_heavy(STOCK, [15, 3], Random(0), DECOYS)
    assert [i for i, token in enumerate(few) if token == DECOY] == [(i + 1) * 15 // 13 for i in range(12)]
    assert short.count(DECOY) == len({(i + 1) * 3 // 4 for i in range(3)})
    [block] = fillers.decoy_heavy(STOCK, [256], Random(0), DECOYS)
    places = [19, 39, 59, 78, 98, 118, 137, 157, 177, 196, 216, 236]
    decoys = [i for i, token in enumerate(block) if token == DECOY]
    assert set(decoys) <= set(places) and len(decoys) >= 12 - 8
    assert 256 - 12 - 8 <= block.count(STOCK.common) <= 256 - 12


def test_decoys_of_another_value_stand_where_the_competitor_would() -> None:
    heavy = fillers.decoy_heavy(STOCK, [96, 256], Random(3), DECOYS)
    other = fillers.other_decoy(STOCK, [96, 256], Random(3), DECOYS)
    assert other == [[UNBOUND if token == DECOY else token for token in block] for block in heavy]


@pytest.mark.parametrize(("size", "decoys"), [(0, 0), (15, 0), (21, 0), (22, 1), (128, 6), (256, 12), (1024, 48)])
def test_decoys_in_proportion_to_the_block(monkeypatch: pytest.MonkeyPatch, size: int, decoys: int) -> None:
    monkeypatch.setattr(STOCK, "scattered", (STOCK.common,))
    [block] = fillers.decoy_density(STOCK, [size], Random(0), DECOYS)
    assert [i for i, token in enumerate(block) if token == DECOY] == [
        (i + 1) * size // (decoys + 1) for i in range(decoys)
    ]


@given(st.integers(0, 300), st.integers(0, 2**32))
def test_matched_decoys_take_turns(size: int, seed: int) -> None:
    [block] = fillers.decoy_matched(STOCK, [size], Random(seed), DECOYS)
    decoys = [token for token in block if token in (DECOY, TARGET)]
    assert decoys.count(DECOY) == decoys.count(TARGET) == min(12, size // 2)
    assert all(here != there for here, there in pairwise(decoys))


def test_either_matched_decoy_may_be_the_last() -> None:
    lasts = {
        next(token for token in reversed(block) if token in (DECOY, TARGET))
        for block in fillers.decoy_matched(STOCK, [48] * 20, Random(0), DECOYS)
    }
    assert lasts == {DECOY, TARGET}


def test_random_ids_are_readable_and_from_no_piece_of_the_prompt() -> None:
    assert TEMPLATE.isdisjoint(STOCK.scattered)
    assert POOL.aliases.isdisjoint(STOCK.scattered)
    texts = [bench_tokenizer().decode([token]) for token in STOCK.scattered]
    assert all(1 <= len(text) <= 12 and "\n" not in text and "\ufffd" not in text for text in texts)


def test_no_natural_filler_of_the_demo_model_writes_a_value(demo_model: Any) -> None:
    _, tokenizer = demo_model
    pool = CompetingVars(tokenizer).pool
    forbidden = pool.aliases | {t for text in ("[", "=[", "]", " ]", "=", "KEY") for t in encode(tokenizer, text)}
    for sentence in sentences(Random(0)):
        assert forbidden.isdisjoint(encode(tokenizer, sentence)), sentence
