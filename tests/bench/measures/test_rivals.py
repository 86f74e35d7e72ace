"""The measure `rivals`: both settings answer the same prompts, and say how many nulls they read."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
import pytest
from bench_tiny import bench_tokenizer
from families import copier
from toy_texts import ToyTexts

from guardbind.errors import ConfigError, UnknownNameError
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.rivals.experiment import EXPERIMENT
from guardbind_bench.experiments.rivals.rows import rows_of
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.rivals import MEASURE, RivalsRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.registry import TEXT_TASKS


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(TEXT_TASKS._entries, "toy_texts", ToyTexts)
    yield


def measured(context: int = 192) -> list[RivalsRecord]:
    cell = BenchCell(measure="rivals", task="toy_texts", k=0, options={"max_new_tokens": 3})
    lab = Lab(copier(bench_tokenizer(), "last", context), bench_tokenizer())
    records = MEASURE.prepare(lab, cell).run(range(3))
    assert all(isinstance(record, RivalsRecord) for record in records)
    return [record for record in records if isinstance(record, RivalsRecord)]


def test_both_settings_decide_alike_and_read_other_numbers_of_nulls() -> None:
    records = measured()
    assert [(record.index, record.arm) for record in records] == [
        (index, arm) for index in range(3) for arm in ("every", "plausible")
    ]
    for every, plausible in zip(records[::2], records[1::2], strict=True):
        assert every.failed is None and len(every.steps) == 1
        assert (every.text, every.verdicts, every.actions) == (plausible.text, plausible.verdicts, plausible.actions)
        assert every.nulls[0] == every.bindings and plausible.nulls[0] <= min(2, every.nulls[0])
    slots, answers = rows_of({"model": "toy"}, pd.DataFrame([record.model_dump() for record in records]))
    assert slots.values["same_decision"].value == answers.values["same_text"].value == 1.0
    assert slots.values["slots"].value == 3


def test_what_cannot_be_measured_is_a_failed_record_of_both() -> None:
    assert all(record.failed for record in measured(context=16))


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(UnknownNameError):
        EXPERIMENT.plan(Settings(tasks=("record",)))
    with pytest.raises(ConfigError):
        EXPERIMENT.plan(Settings(tasks=("records",), options={"null": "nul"}))
    with pytest.raises(ConfigError):
        EXPERIMENT.plan(Settings(tasks=("records",), options={"rivals": "every"}))
