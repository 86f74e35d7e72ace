"""The watch over a log: the first slot of each answer, once each, over many runs and rotations."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from log_records import BEGAN, a_generation, a_slot, a_source, answers, write_log

from guardbind.errors import ConfigError
from guardbind.logs.reading import LogLine, read_logs
from guardbind.logs.watching import DriftWatch, FirstSlots, load_state, reference_log, save_state


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return write_log(tmp_path / "reference.jsonl", answers(200))


def watched(watch: DriftWatch, *logs: Path) -> DriftWatch:
    for line in read_logs(logs):
        watch.add(line)
    return watch


def test_only_the_first_slot_of_each_answer_is_taken() -> None:
    source, first = a_source("g"), FirstSlots()
    taken = [
        first.takes(record)
        for record in (
            a_slot(source),
            a_slot(source, step=1, kind="continued"),
            a_slot(source, row=1),
            a_slot(a_source("h")),
            a_slot(source, row=1, step=5),
            a_generation(source),
            a_slot(source),
            a_slot().model_copy(update={"provenance": None}),
            a_slot().model_copy(update={"provenance": None}),
        )
    ]
    assert taken == [True, False, True, True, False, False, True, True, True]
    assert first.started() == {"g": (0,), "h": (0,)}


def test_generations_that_never_end_are_forgotten_in_time() -> None:
    first = FirstSlots()
    assert all(first.takes(a_slot(a_source(f"g{number}"))) for number in range(1000))
    assert len(first.started()) == 256


def test_many_runs_over_a_growing_and_rotated_log_are_as_one(tmp_path: Path, reference: Path) -> None:
    held = reference_log([reference])
    records = [*answers(150, seed=1), *answers(150, seed=2, shift=1.0)]
    whole = watched(DriftWatch(held.references), write_log(tmp_path / "whole.jsonl", records))
    state, log = tmp_path / "state.json", tmp_path / "log.jsonl"
    for run, end in enumerate((0, 61, 200, 200, 401, len(records))):
        write_log(log, records[200 if end > 200 else 0 : end])
        if end > 200:
            old = tmp_path / "log.20261128T000000.000000Z.jsonl"
            packed = old.with_name(f"{old.name}.gz")
            if run == 4:
                write_log(old, records[:200])
            else:
                packed.write_bytes(gzip.compress(old.read_bytes()))
                old.unlink()
        with log.open("a") as file:
            # A writer that is in the middle of its line.
            file.write('{"event": "sl')
        watch = watched(DriftWatch(held.references, state=load_state(state)), log)
        save_state(state, watch.state())
    assert watch.report() == whole.report()
    assert watch.report().drifted
    assert watch.state().drift == whole.state().drift
    assert sorted(path.name for path in tmp_path.glob("*state*")) == ["state.json"]


def test_a_line_that_was_unfinished_is_compared_when_it_is_whole(tmp_path: Path, reference: Path) -> None:
    held, log = reference_log([reference]), tmp_path / "log.jsonl"
    lines = [record.model_dump_json() + "\n" for record in answers(3, seed=1)]
    log.write_text("".join(lines)[: -len(lines[-1]) - len(lines[-2]) // 2])
    state = watched(DriftWatch(held.references), log).state()
    log.write_text("".join(lines))
    watch = watched(DriftWatch(held.references, state=state), log)
    assert watch.report().seen == 3


def test_slots_of_other_models_are_not_compared(tmp_path: Path, reference: Path) -> None:
    held = reference_log([reference])
    assert held.models == ("tiny",)
    log = write_log(tmp_path / "log.jsonl", [*answers(5, seed=1), *answers(7, seed=2, model="other")])
    watch = watched(DriftWatch(held.references, held.models), log)
    assert (watch.report().seen, watch.other_models) == (5, 7)
    assert watched(DriftWatch(held.references), log).report().seen == 12


def test_a_crossing_is_told_with_its_time(reference: Path) -> None:
    watch = DriftWatch(reference_log([reference]).references)
    for number, record in enumerate(answers(60, seed=3, shift=4.0)):
        watch.add(LogLine("log", number + 1, record))
    found = {signal.name: signal for signal in watch.report().signals}["evidence_bits"]
    assert found.drifted
    assert found.crossed_at is not None
    assert found.crossed_time == BEGAN + 0.5
    assert found.recent_rank < 0.1


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("", "JSON"),
        ('{"drift": null, "read": {}', "JSON"),
        ('{"read": {}}', "drift: Field required"),
        ('{"drift": null, "format": 2}', "format 2; 1 is read"),
    ],
)
def test_a_state_that_is_none_is_refused_with_what_to_do(tmp_path: Path, text: str, seen: str) -> None:
    file = tmp_path / "state.json"
    file.write_text(text)
    with pytest.raises(ConfigError, match="begin anew") as caught:
        load_state(file)
    assert seen in str(caught.value)
    assert load_state(tmp_path / "none.json") is None


def test_a_state_is_written_whole_or_not_at_all(tmp_path: Path, reference: Path) -> None:
    state = DriftWatch(reference_log([reference]).references).state()
    save_state(tmp_path / "state.json", state)
    assert json.loads((tmp_path / "state.json").read_text())["drift"] is None
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "file").touch()
    with pytest.raises(OSError):
        save_state(tmp_path / "folder", state)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "reference.jsonl", "state.json"]


def test_a_reference_without_slots_is_refused(tmp_path: Path, reference: Path) -> None:
    with pytest.raises(ConfigError, match="holds no slot"):
        reference_log([write_log(tmp_path / "empty.jsonl", [])])
    with pytest.raises(ConfigError, match="no slot of 'other'"):
        reference_log([reference], model="other")
