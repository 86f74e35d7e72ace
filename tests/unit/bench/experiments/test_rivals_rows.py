"""Rows of `rivals`: which slots are held against each other, what is the same decision, and the order of bits."""

from __future__ import annotations

import random
from typing import Any

import pandas as pd
import pytest
from scipy import stats

from guardbind_bench.experiments.rivals.rows import rows_of
from guardbind_bench.measures.rivals import RivalsRecord
from guardbind_bench.stats.ranks import rank_correlation


def record(arm: str, index: int = 0, **fields: Any) -> RivalsRecord:
    given: dict[str, Any] = {
        "text": "It is 4821.",
        "written": (5, 6, 7),
        "stage": "right",
        "bindings": 4,
        "steps": (2,),
        "verdicts": ("ok",),
        "final_verdicts": ("ok",),
        "actions": ("none",),
        "targets": (0,),
        "rests_on": (0,),
        "bits": (4.0,),
        "most_bits": (4.0,),
        "nulls": (4 if arm == "every" else 2,),
    }
    return RivalsRecord(index=index, arm=arm, **{**given, **fields})


def values(table: str, *records: RivalsRecord) -> dict[str, Any]:
    rows = rows_of({"model": "toy"}, pd.DataFrame([one.model_dump() for one in records]))
    found = next(row for row in rows if row.table == table)
    return {name: estimate.value for name, estimate in found.values.items()}


def test_what_is_alike_counts_as_the_same() -> None:
    found = values("rivals_slots", record("every"), record("plausible"))
    assert found["slots"] == found["same_decision"] == found["same_verdict"] == found["same_action"] == 1
    assert (found["nulls_every"], found["nulls_plausible"], found["bits_apart"]) == (4, 2, 0.0)
    answers = values("rivals_answers", record("every"), record("plausible", text="No.", stage="2A"))
    assert (answers["same_text"], answers["accuracy_every"], answers["accuracy_plausible"]) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("fields", "same"),
    [
        ({"verdicts": ("unsupported",)}, {"same_decision": 0, "same_verdict": 0, "same_action": 1}),
        ({"actions": ("veto",)}, {"same_decision": 0, "same_verdict": 1, "same_action": 0}),
        ({"targets": (1,)}, {"same_decision": 0, "same_verdict": 1, "same_action": 1}),
        ({"rests_on": (-1,)}, {"same_decision": 1, "same_rests_on": 0}),
        ({"bits": (None,)}, {"same_decision": 1, "bits_apart": None}),
    ],
)
def test_each_part_of_a_decision_is_held_against_the_other(fields: Any, same: dict[str, float]) -> None:
    found = values("rivals_slots", record("every"), record("plausible", **fields))
    assert {name: found[name] for name in same} == same


def test_slots_behind_other_tokens_are_not_held_against_each_other() -> None:
    found = values("rivals_slots", record("every"), record("plausible", written=(5, 9, 7)))
    assert found["slots"] == 0 and found["same_decision"] is None


def test_prompts_that_failed_are_left_out_and_told() -> None:
    failed = [record(arm, failed="too long", text=None) for arm in ("every", "plausible")]
    rows = rows_of({"model": "toy"}, pd.DataFrame([one.model_dump() for one in failed]))
    assert rows[0].values == {} and "1 prompts" in rows[0].notes[0]


def test_the_order_of_bits_is_that_of_spearman() -> None:
    draw = random.Random(3)
    one = [draw.gauss(0, 3) for _ in range(40)]
    other = [number + draw.gauss(0, 1) for number in one]
    seen = rank_correlation(one, other)
    assert seen.value == pytest.approx(stats.spearmanr(one, other).statistic, abs=1e-3)
    assert seen.low is not None and seen.value is not None and seen.high is not None
    assert seen.low < seen.value < seen.high and seen.n == 40
    assert rank_correlation(one, [number + 1e-6 for number in one]).value == pytest.approx(1.0)


@pytest.mark.parametrize("numbers", [[], [1.0, 2.0], [2.0, 2.0, 2.0, 2.0]])
def test_too_few_or_equal_numbers_have_no_order(numbers: list[float]) -> None:
    assert rank_correlation(numbers, numbers).value is None
