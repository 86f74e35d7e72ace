"""Pairs of prompts and what patching measures on them, with a random model that writes words of the pool."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
from bench_tiny import bench_tokenizer
from families import FAMILIES, build

from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.patching import MEASURE, PatchingRecord
from guardbind_bench.prompts.cell import BenchCell

WORDS = 18


@cache
def lab(context: int = 512) -> Lab:
    """A random model that writes nothing but words of the pool, so that about one answer in 18 is right."""
    tokenizer = bench_tokenizer(WORDS)
    model = build(
        FAMILIES["llama"],
        vocab_size=len(tokenizer),
        max_position_embeddings=context,
        initializer_range=0.3,
        tie_word_embeddings=False,
    )
    made = Lab(model, tokenizer)
    values = torch.zeros(len(tokenizer), dtype=torch.bool)
    values[[value.token for value in made.task(cell()).pool.values]] = True
    with torch.no_grad():
        model.lm_head.weight[~values] = 0
    return made


def cell(k: int = 16, filler: str = "decoy_heavy", **options: Any) -> BenchCell:
    return BenchCell(measure="patching", task="competing_vars", filler=filler, k=k, options=options)


@cache
def measured() -> list[PatchingRecord]:
    """The first 300 pairs, with every position and every head."""
    session = MEASURE.prepare(lab(), cell(positions=["last", "values", "decoys"], head_layers="all"))
    return [record for start in range(0, 300, 50) for record in session.run(range(start, start + 50))]


def qualified() -> list[PatchingRecord]:
    return [record for record in measured() if record.counts]
