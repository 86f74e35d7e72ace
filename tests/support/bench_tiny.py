"""A tokenizer that writes every word of the pool as one token, and a lab with it, for the bench on tiny models."""

from __future__ import annotations

from functools import cache

from byte_tokens import byte_level
from families import speaking
from transformers import PreTrainedTokenizerFast

from guardbind_bench.measures.lab import Lab
from guardbind_bench.prompts.natural import CLAUSES
from guardbind_bench.prompts.pool import WORDS


@cache
def bench_tokenizer(words: int = len(WORDS)) -> PreTrainedTokenizerFast:
    """A byte-level BPE that knows the first `words` words of the pool, with a space in front, and little else."""
    # So often that all of a word's merges come before any other.
    known = [f" {word}" for word in WORDS[:words]] * 1000
    return byte_level([*known, " the and of", "Question: What is KEY1?\nKEY1=[", *CLAUSES], 700)


def speaking_lab() -> Lab:
    """A lab with that tokenizer and the model of `speaking`, a Llama."""
    return Lab(speaking("llama", bench_tokenizer()), bench_tokenizer())
