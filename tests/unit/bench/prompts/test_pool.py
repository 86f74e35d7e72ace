from __future__ import annotations

import pytest
from bench_tiny import bench_tokenizer
from transformers import PreTrainedTokenizerFast

from guardbind.errors import CandidateError
from guardbind_bench.prompts.pool import WORDS, Pool, encode

BOUNDARIES = ("KEY1=[", "\nQuestion: What is KEY2?\nKEY2=[")


@pytest.fixture(scope="module")
def pool() -> Pool:
    return Pool.build(bench_tokenizer(), BOUNDARIES)


def test_every_word_that_is_one_token_is_a_value(pool: Pool) -> None:
    assert [value.word for value in pool.values] == list(WORDS)
    assert len(pool) == len(pool.tokens) == len(WORDS)


@pytest.mark.parametrize("boundary", BOUNDARIES)
def test_a_value_is_the_token_that_its_word_adds_behind_each_boundary(pool: Pool, boundary: str) -> None:
    tokenizer = bench_tokenizer()
    for value in pool.values:
        assert encode(tokenizer, f"{boundary} {value.word}") == [*encode(tokenizer, boundary), value.token]
        assert tokenizer.decode([value.token]) == f" {value.word}"


def test_a_word_of_several_tokens_is_no_value() -> None:
    pool = Pool.build(bench_tokenizer(20), BOUNDARIES)
    assert {value.word for value in pool.values} >= set(WORDS[:20])
    assert "zebra" not in {value.word for value in pool.values}


def test_aliases_are_other_tokens_of_the_same_word_and_of_no_other(pool: Pool) -> None:
    tokenizer = bench_tokenizer()
    seen: set[int] = set()
    for value in pool.values:
        assert value.token in value.aliases
        assert {str(tokenizer.decode([alias])).strip().lower() for alias in value.aliases} == {value.word}
        assert seen.isdisjoint(value.aliases)
        seen |= value.aliases
    assert pool.aliases == seen


def test_a_word_that_the_task_itself_writes_is_no_value(pool: Pool) -> None:
    used = min(next(value.aliases for value in pool.values if value.word == "red"))
    rest = Pool.build(bench_tokenizer(), BOUNDARIES, template=frozenset({used}))
    assert [value.word for value in rest.values] == [word for word in WORDS if word != "red"]


def test_values_of_other_words_and_without_a_space() -> None:
    tokenizer = bench_tokenizer()
    numbers = Pool.build(tokenizer, ["KEY1="], minimum=0, words=("7", "12", "3"), spaces=("",))
    assert [(value.word, tokenizer.decode([value.token])) for value in numbers.values] == [("7", "7"), ("3", "3")]


def test_too_few_values_are_refused_with_the_number_that_was_found(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    with pytest.raises(CandidateError, match=r"^4 of the 50 words .* at least 16 are needed\."):
        Pool.build(tiny_tokenizer, BOUNDARIES)
    with pytest.raises(CandidateError, match=r"at least 51 are needed\."):
        Pool.build(bench_tokenizer(), BOUNDARIES, minimum=51)
