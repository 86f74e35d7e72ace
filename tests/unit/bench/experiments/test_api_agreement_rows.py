"""Rows of `api_agreement`: which slots are held against each other, and what counts as the same."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pandas as pd
import pytest

from guardbind.backends import Abilities, NextToken, PromptRequest
from guardbind.information.partial import PartialDistribution
from guardbind_bench.experiments.api_agreement.rows import rows_of
from guardbind_bench.measures.api_agreement import ApiAgreementRecord
from guardbind_bench.measures.sieve import ReadOnce, SievedBackend


def record(arm: str, index: int = 0, **fields: Any) -> ApiAgreementRecord:
    given: dict[str, Any] = {
        "text": "It is 4821.",
        "stage": "right",
        "begins": (6,),
        "verdicts": ("ok",),
        "final_verdicts": ("ok",),
        "actions": ("none",),
        "targets": (0,),
        "decided": ("-",) if arm == "local" else ("yes",),
        "certified": ("yes",),
        "bits_low": (4.0,),
        "bits_high": (4.0,),
        "bits_read": (True,),
    }
    return ApiAgreementRecord(index=index, arm=arm, **{**given, **fields})


def values(*records: ApiAgreementRecord) -> dict[str, Any]:
    rows = rows_of({"model": "toy"}, pd.DataFrame([one.model_dump() for one in records]))
    found = next(row for row in rows if row.table == "api_agreement_slots")
    return {name: estimate.value for name, estimate in found.values.items()}


def test_what_is_alike_counts_as_the_same() -> None:
    found = values(record("local"), record("api"))
    assert found["slots"] == 1 and found["decides"] == found["same_verdict"] == found["same_action"] == 1.0
    assert found["bits_inside"] == 1.0 and found["bits_apart"] == 0.0 and found["passed_only_outside"] == 0.0


def test_what_is_not_decided_is_another_verdict() -> None:
    open_slot: dict[str, Any] = {
        "verdicts": ("unresolved",),
        "final_verdicts": ("unresolved",),
        "decided": ("undecided",),
    }
    found = values(record("local"), record("api top 1", **open_slot, bits_low=(1.0,), bits_high=(None,)))
    assert found["decides"] == found["same_verdict"] == 0.0 and found["same_verdict_decided"] is None
    assert found["bits_inside"] == 1.0


def test_what_passes_outside_only_is_counted() -> None:
    wrong: dict[str, Any] = {"verdicts": ("binding_failure",), "final_verdicts": ("binding_failure",)}
    assert values(record("local", **wrong), record("api"))["passed_only_outside"] == 1.0


def test_slots_behind_other_texts_are_not_held_against_each_other() -> None:
    found = values(record("local"), record("api", text="He is 4821.", begins=(6,)))
    assert found["slots"] == 0 and found["same_verdict"] is None


def test_prompts_that_failed_are_left_out_and_told() -> None:
    rows = rows_of({"model": "toy"}, pd.DataFrame([record("local", text=None, failed="too long").model_dump()]))
    assert rows[0].values == {} and "1 prompts" in rows[0].notes[0]


def test_a_sieve_reads_each_prompt_once() -> None:
    class Model:
        name, model = "local", "toy"
        abilities = Abilities(top=3, whole=True)
        read = 0

        async def next_tokens(self, asked: list[PromptRequest]) -> list[NextToken]:
            self.read += len(asked)
            logprobs = {0: math.log(0.6), 1: math.log(0.3), 2: math.log(0.1)}
            return [NextToken(PartialDistribution(logprobs, whole=True), dict(enumerate("abc"))) for _ in asked]

    model: Any = Model()
    once, asked = ReadOnce(model), [PromptRequest(text="a"), PromptRequest(text="a"), PromptRequest(text="b")]
    for top, kept in ((None, 3), (2, 2), (1, 1)):
        read = asyncio.run(SievedBackend(once, top).next_tokens(asked))
        assert [len(token.distribution.logprobs) for token in read] == [kept] * 3
        assert [token.distribution.whole for token in read] == [kept == 3] * 3
    assert model.read == 2
    assert read[0].distribution.mass([1]).high == pytest.approx(0.4, abs=1e-4)


def test_the_sieves_are_held_against_all_tokens() -> None:
    open_end: dict[str, Any] = {"decided": ("undecided",), "verdicts": ("unresolved",), "certified": ("undecided",)}
    rows = rows_of(
        {"task": "toy"},
        pd.DataFrame(
            [
                one.model_dump()
                for index in (0, 1)
                for one in (
                    record("local", index),
                    record("api", index),
                    record("api top 20", index, bits_low=(3.9,), bits_high=(4.1,)),
                    record("api top 1", index, bits_low=(4.5,), bits_high=(None,), **(open_end if index else {})),
                )
            ]
        ),
    )
    found = {row.keys["top"]: row.values for row in rows if row.table == "api_agreement_sieve"}
    assert list(found) == [20, 1]
    assert (found[20]["decides"].value, found[20]["holds"].value, found[20]["holds"].n) == (1.0, 1.0, 2)
    assert (found[1]["decides"].value, found[1]["decides_ok"].value, found[1]["certificate"].value) == (0.5, 0.5, 0.5)
    assert found[1]["holds"].value == 0.0


def test_a_local_guard_redacts_with_the_spaces_of_the_text() -> None:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    from guardbind.nulls.null import NullRow
    from guardbind_bench.measures.redacted_text import REDACT_TEXT

    words = ["is", " ", "42", "and", "[REDACTED]", '"', "[UNK]"]
    plain = Tokenizer(models.WordLevel({word: place for place, word in enumerate(words)}, "[UNK]"))
    plain.pre_tokenizer = pre_tokenizers.Split(" ", "isolated")
    plain.decoder = decoders.Fuse()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain)
    row = NullRow(0, (0, 1, 2, 1, 3), 0, ((range(0, 3),),), ((range(2, 3),),), (range(0, 3),))
    ids, mask = REDACT_TEXT._edit(tokenizer, row, 0)
    assert "".join(words[token] for token in ids) == "is [REDACTED] and" and mask == [1] * len(ids)
