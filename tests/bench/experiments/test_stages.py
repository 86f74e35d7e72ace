from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from bench_memory import MemoryData, measure
from bench_tiny import speaking_lab
from hypothesis import given
from hypothesis import strategies as st
from required import required

from guardbind.errors import ConfigError, UnknownNameError
from guardbind.information import clopper_pearson, fano_information, mutual_information
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.shared.readings import Readings, stage_estimates
from guardbind_bench.experiments.stages.experiment import EXPERIMENT
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.reading import ReadingRecord
from guardbind_bench.prompts.cell import CellRequest
from guardbind_bench.running.parquet import record_schema
from guardbind_bench.stats.statistics import share

LAB = speaking_lab()
KINDS = {"competitor": "2B", "bound": "2B", "unseen": "2B", "variant": "2A", "other": "2A"}


def record(index: int, **fields: Any) -> dict[str, Any]:
    """A record of a trial with four candidates, whose target is the first; it is right unless told otherwise."""
    known = {"key": "K", "target": "a", "target_index": 0, "target_token": 7, "competitor": "b", "competitor_index": 1}
    known |= {"candidates": 4, "distance": 20 + index, "prompt_tokens": 40}
    read = {"token": 7, "text": " a", "best_index": 0, "second_index": 1, "stage": "right", "wrong": None}
    read |= {"gate_gap": 2.0, "value_gap": 1.0, "tie": False, "rank": 1, "vocabulary_rank": 1, "target_logprob": -0.1}
    read |= {"posterior": 0.9, "margin": 1.0, "max_probability": 0.9, "entropy_bits": 0.3}
    read |= {"spelled_stage": "right", "spelled_gate_gap": 2.0, "spelled_value_gap": 1.0}
    read |= {"bound_stage": "right", "bound_gate_gap": 2.0, "bound_value_gap": 1.0}
    if "failed" in fields:
        read = dict.fromkeys(read)
    return ReadingRecord.model_validate({"index": index, **known, **read, **fields}).model_dump()


def wrong(index: int, kind: str, **fields: Any) -> dict[str, Any]:
    stage = KINDS[kind]
    token = {
        "token": 9,
        "text": f" {kind}",
        "stage": stage,
        "wrong": kind,
        "spelled_stage": stage,
        "bound_stage": stage,
    }
    return record(index, **token | {"value_gap": -1.0, "gate_gap": 1.0 if stage == "2B" else -1.0} | fields)


FRAME = pd.DataFrame(
    [
        record(0),
        record(1, tie=True),
        wrong(2, "competitor", best_index=1, second_index=0),
        wrong(3, "unseen", best_index=2, second_index=1, bound_value_gap=-1.0),
        wrong(4, "variant", spelled_stage="right", spelled_gate_gap=-4.0),
        wrong(5, "other", best_index=3, second_index=0),
        record(6, failed="NaN"),
        wrong(7, "bound", best_index=3, second_index=0, value_gap=None),
    ]
)


def values_of(frame: pd.DataFrame) -> dict[str, float | None]:
    return {name: estimate.value for name, estimate in stage_estimates(Readings.of(frame))[0].items()}


def test_each_number_is_counted_over_what_its_column_says() -> None:
    assert values_of(FRAME) == pytest.approx(
        {
            "n": 8,
            "failed": 1,
            "acc": 2 / 8,
            "cand_acc": 3 / 8,
            "cand_acc_given_gate": 2 / 5,
            "p_gate": 5 / 8,
            "rate_2a": 2 / 8,
            "rate_2b": 3 / 8,
            "error_share_2a": 2 / 5,
            "error_share_2b": 3 / 5,
            "gate_gap_mean": (2 * 2 + 3 * 1 - 2) / 7,
            "value_gap_mean": (2 * 1 - 4) / 6,
            "gate_gap_spelled_mean": (2 * 6 - 4) / 7,
            "value_gap_spelled_mean": 1,
            "competitor_share": 1 / 5,
            "bound_share": 1 / 5,
            "unseen_share": 1 / 5,
            "variant_share": 1 / 5,
            "other_share": 1 / 5,
            "runner_up": 2 / 3,
            "ties": 1,
            "acc_spelled": 3 / 8,
            "rate_2a_spelled": 1 / 8,
            "acc_bound": 2 / 8,
            "cand_acc_bound": 6 / 8,
            "distance": 23.5,
        }
    )
    estimates, notes = stage_estimates(Readings.of(FRAME))
    assert list(estimates) == list(EXPERIMENT.tables[0].columns)
    assert estimates["acc"] == share([True] * 2 + [False] * 6)
    assert notes == (
        "most frequent 2A tokens: ' other' 1, ' variant' 1",
        "most frequent 2B tokens: ' bound' 1, ' competitor' 1, ' unseen' 1",
    )


def test_records_that_were_stored_give_the_same_numbers() -> None:
    records = [
        {name: None if value != value else value for name, value in row.items()} for row in FRAME.to_dict("records")
    ]
    stored = pa.Table.from_pylist(records, schema=record_schema(ReadingRecord)).to_pandas()
    assert stage_estimates(Readings.of(stored)) == stage_estimates(Readings.of(FRAME))


def test_a_reading_of_one_bound_value_has_no_gap_and_counts_neither_way() -> None:
    alone = [record(i, bound_value_gap=None, bound_gate_gap=1.0) for i in range(3)]
    failed = record(3, failed="NaN")
    above, below = record(4, bound_value_gap=0.5), record(5, bound_value_gap=0.0)
    for records, expected, n in (
        (alone, None, 0),
        ([*alone, failed], None, 0),
        ([*alone, failed, above, below], 1 / 3, 3),
    ):
        estimate = stage_estimates(Readings.of(pd.DataFrame(records)))[0]["cand_acc_bound"]
        assert (estimate.value, estimate.n) == (pytest.approx(expected) if expected else None, n)


def test_shares_of_no_errors_are_not_defined_and_all_may_fail() -> None:
    right = values_of(pd.DataFrame([record(0), record(1)]))
    assert (right["acc"], right["error_share_2a"], right["runner_up"], right["competitor_share"]) == (
        1,
        None,
        None,
        None,
    )
    failed = values_of(pd.DataFrame([record(0, failed="NaN"), record(1, failed="NaN")]))
    assert (failed["acc"], failed["cand_acc"], failed["rate_2a"], failed["acc_spelled"]) == (0, 0, 0, 0)
    assert (failed["gate_gap_mean"], failed["cand_acc_given_gate"], failed["failed"]) == (None, None, 2)


@given(st.lists(st.tuples(st.sampled_from([None, "failed", *KINDS]), st.integers(0, 3)), min_size=1, max_size=25))
def test_shares_add_up(drawn: list[tuple[str | None, int]]) -> None:
    records = []
    for index, (kind, best) in enumerate(drawn):
        if kind is None:
            records.append(record(index))
        elif kind == "failed":
            records.append(record(index, failed="NaN"))
        else:
            best = max(best, 1) if KINDS[kind] == "2B" else best
            records.append(wrong(index, kind, best_index=best, second_index=0 if best else 1))
    found = values_of(pd.DataFrame(records))
    n = len(drawn)
    failed = sum(kind == "failed" for kind, _ in drawn) / n
    acc, rate_2a, rate_2b = (required(found[name]) for name in ("acc", "rate_2a", "rate_2b"))
    assert acc + rate_2a + rate_2b + failed == pytest.approx(1)
    assert acc <= required(found["cand_acc"]) <= 1
    assert found["p_gate"] == pytest.approx(acc + rate_2b)
    if found["error_share_2a"] is not None:
        assert found["error_share_2a"] + required(found["error_share_2b"]) == pytest.approx(1)
        kinds = [required(found[f"{kind}_share"]) for kind in KINDS]
        assert sum(kinds) == pytest.approx(1)
        assert kinds[0] == pytest.approx(
            [k for k, _ in drawn if k in KINDS].count("competitor") / sum(k in KINDS for k, _ in drawn)
        )


def letters(written: Sequence[tuple[int, int | str]]) -> pd.DataFrame:
    """Records of notes: the right letter, and the place of the one that is written (4 is Z) or `other`."""
    records = []
    for index, (right, letter) in enumerate(written):
        text = f" {'ABCDZ'[letter]}" if isinstance(letter, int) else " Zoo"
        fields: dict[str, Any] = {"candidates": 5, "target_index": right, "text": text}
        if letter == right:
            records.append(record(index, **fields, best_index=right, second_index=4 - right if right != 2 else 0))
        elif letter == "other":
            records.append(wrong(index, "other", **fields, best_index=right))
        else:
            records.append(wrong(index, "bound", **fields, best_index=letter, second_index=right))
    return pd.DataFrame(records)


def rows_of(task: str, frame: pd.DataFrame) -> dict[str, TableRow]:
    chosen = Settings(tasks=(task,), ks=(0,), trials=len(frame))
    (request,) = EXPERIMENT.plan(chosen)
    rows = EXPERIMENT.summarise(MemoryData({request.model_dump_json(): frame}), chosen, lambda _: None)
    return {row.table: row for row in rows}


def test_notes_tell_abstention_from_answers_and_answers_from_luck() -> None:
    written: list[tuple[int, int | str]] = [(right, right) for _ in range(20) for right in range(4)]
    written += [(right, 4) for right in range(4)] * 10
    written += [(right, "other") for right in range(4)] * 5
    written += [(right, (right + 1) % 4) for right in range(4)] * 5
    rows = rows_of("notes_binding", letters(written))
    assert set(rows) == {"stages", "notes"}
    values = rows["notes"].values
    shares = {name: values[name].value for name in ("acc_baseline", "acc_given_answer", "abstain_rate_baseline")}
    assert shares == {"acc_baseline": 0.5, "acc_given_answer": 0.8, "abstain_rate_baseline": 0.25}
    assert values["other_rate"].value == 0.125
    joint = np.zeros((4, 6))
    for right in range(4):
        joint[right, [right, (right + 1) % 4, 4, 5]] = [20, 5, 10, 5]
    # Miller-Madow adds (rows + columns - cells - 1) / 2n.
    expected = mutual_information(joint) + (4 + 6 - 16 - 1) / 320
    assert values["information"].value == pytest.approx(expected)
    assert values["information_p"].value == pytest.approx(1 / 1001)
    found = values["information"]
    # Half of the letters are right: Fano on the upper limit of that, and what is left of ln 4 when all is resampled.
    assert found.low == pytest.approx(fano_information(clopper_pearson(80, 160).high, 4))
    assert required(found.low) < required(found.value) < required(found.high) <= math.log(4)
    assert found.method == "fano, bootstrap"


def test_an_answer_is_z_by_its_name_wherever_the_candidate_stands() -> None:
    frame = letters([(right, 4) for right in range(4)] * 3 + [(right, right) for right in range(4)])
    assert rows_of("notes_binding", frame)["notes"].values["abstain_rate_baseline"].value == 0.75
    frame["best_index"] = frame["best_index"].replace({4: 0})
    assert rows_of("notes_binding", frame)["notes"].values["abstain_rate_baseline"].value == 0.75
    # Another spelling of the letter is none on offer.
    frame["stage"] = frame["stage"].replace({"2B": "2A"})
    assert rows_of("notes_binding", frame)["notes"].values["abstain_rate_baseline"].value == 0


def test_letters_by_chance_say_nothing() -> None:
    written = [(right, letter) for right in range(4) for letter in range(4)] * 5
    values = rows_of("notes_binding", letters(written))["notes"].values
    assert values["information"].value is not None and values["information"].value < 0
    assert values["information_p"].value == 1


def test_in_the_twin_the_right_answer_is_z() -> None:
    values = rows_of("notes_binding_unanswerable", letters([(4, 4)] * 3 + [(4, 0)]))["notes"].values
    assert values["acc_baseline"].value == values["abstain_rate_baseline"].value == 0.75
    assert values["acc_given_answer"].value == 0 and "information" not in values


def test_a_run_on_a_model_gives_a_row_per_cell_with_its_keys() -> None:
    chosen = Settings(fillers=("repeat",), ks=(0, 6), trials=6, options={"styles": ["bracket", "eq"]})
    requests = EXPERIMENT.plan(chosen)
    assert len(requests) == len({request.cell.id for request in requests}) == 4
    data = MemoryData({request.model_dump_json(): measure(LAB, request) for request in requests})
    told: list[str] = []
    rows = EXPERIMENT.summarise(data, chosen, told.append)
    assert rows == EXPERIMENT.summarise(data, chosen, told.append)
    assert told[0] == "competing_vars / repeat / 0 / bracket / S / random / plain"
    columns = {table.id: set(table.columns) for table in EXPERIMENT.tables}
    for row in rows:
        assert set(row.values) == columns[row.table]
    stages = [row for row in rows if row.table == "stages"]
    assert [(row.keys["style"], row.keys["k"]) for row in stages] == [
        ("bracket", 0),
        ("bracket", 6),
        ("eq", 0),
        ("eq", 6),
    ]
    assert all(row.keys["model"] == "tiny" and row.values["n"].value == 6 for row in stages)
    assert not math.isnan(stages[0].values["distance"].value or math.nan)


def test_a_refused_cell_is_a_row_that_says_why() -> None:
    chosen = Settings(ks=(9,), trials=3)
    (request,) = EXPERIMENT.plan(chosen)
    data = MemoryData({}, {request.model_dump_json(): "too long."})
    (row,) = EXPERIMENT.summarise(data, chosen, lambda _: None)
    assert (row.table, row.values, row.notes) == ("stages", {}, ("too long.",))


@pytest.mark.parametrize(
    ("chosen", "error", "says"),
    [
        (Settings(tasks=("competing_var",)), UnknownNameError, "Did you mean 'competing_vars'"),
        (Settings(fillers=("natura",)), UnknownNameError, "Did you mean 'natural'"),
        (Settings(options={"style": ["eq"]}), ConfigError, "styles"),
        (Settings(options={"layouts": ["D"]}), ConfigError, "layouts"),
    ],
)
def test_what_does_not_fit_is_refused(chosen: Settings, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        EXPERIMENT.plan(chosen)


def test_requests_are_those_of_the_published_form_when_asked_for() -> None:
    request: CellRequest = EXPERIMENT.plan(Settings(trials=800, options={"asked": ["fixed"]}))[0]
    form = request.cell.form
    assert (form.asked, form.layout, form.style, form.template, request.trials) == (
        "fixed",
        "S",
        "bracket",
        "plain",
        800,
    )
