"""Where records go: a file of JSON lines, and the standard library's logging."""

from __future__ import annotations

import json
import logging
import math
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guardbind.errors import ConfigError
from guardbind.events import InterventionRecord, SlotRecord, build_sinks
from guardbind_adapters.jsonl import jsonl_sink
from guardbind_adapters.logs import logging_sink


def slot(**changes: Any) -> SlotRecord:
    fields: dict[str, Any] = {
        "row": 0,
        "step": 3,
        "kind": "line_end",
        "verdict": "binding_failure",
        "final_verdict": "binding_failure",
        "action": "none",
        "target": 1,
        "resolved_by": "query",
        "target_score": 0.9,
        "gate_gap": 1.5,
        "value_gap": -0.5,
        "tie": False,
        "margin": 0.5,
        "max_probability": 0.4,
        "entropy_bits": 2.0,
        "evidence_bits": -1.0,
        "rests_on": 0,
        "bits_by_binding": (5.0, -1.0),
        "budget": None,
        "final_budget": None,
        "candidates": (),
        "lens": {},
        "null_forwards": 1,
        "null_cost": "1 forward",
        "token": 7,
        "final_token": 7,
        "key": "KEY2\nForged line",
        "token_text": " apple",
        "final_text": " apple",
        "reason": "the model's token begins another candidate than the target",
    }
    return SlotRecord(**{**fields, **changes})


def intervention(*, kept: bool) -> InterventionRecord:
    return InterventionRecord(
        row=0,
        step=3,
        action="contrast",
        kept=kept,
        reason="observed bits rose",
        verdict_before="binding_failure",
        verdict_after="ok",
        bits_before=-1.0,
        bits_after=6.0,
        token_before=7,
        token_after=8,
        text_before=" apple",
        text_after=" pear",
    )


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_file_holds_one_line_for_each_record_and_gives_it_back(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write = jsonl_sink(str(path))
    write(slot())
    write(intervention(kept=True))
    first, second = lines(path)
    assert SlotRecord(**first) == slot()
    assert InterventionRecord(**second) == intervention(kept=True)


def test_the_file_and_its_folder_are_made_with_the_first_record(tmp_path: Path) -> None:
    path = tmp_path / "runs" / "today" / "records.jsonl"
    write = jsonl_sink(str(path))
    assert not path.parent.parent.exists()
    write(slot())
    assert len(lines(path)) == 1


def test_what_is_in_the_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    for step in range(3):
        jsonl_sink(str(path))(slot(step=step))
    assert [record["step"] for record in lines(path)] == [0, 1, 2]


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(left=st.binary(max_size=40))
def test_a_line_that_a_crash_left_unfinished_spoils_no_other(left: bytes, tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    path.write_bytes(left)
    write = jsonl_sink(str(path))
    write(slot(step=1))
    write(slot(step=2))
    after = path.read_bytes()
    assert after.startswith(left)
    *_, one, two, end = after.split(b"\n")
    assert [json.loads(one)["step"], json.loads(two)["step"], end] == [1, 2, b""]
    assert len(after.split(b"\n")) <= len(left.split(b"\n")) + 3


def test_a_line_broken_off_between_two_records_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write = jsonl_sink(str(path))
    write(slot())
    with path.open("ab") as file:
        file.write(b'{"event":"sl')
    write(slot())
    assert path.read_bytes().count(b"\n") == 3
    assert json.loads(path.read_bytes().split(b"\n")[2])["event"] == "slot"


def test_several_guards_write_whole_lines_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    sinks = [jsonl_sink(str(path)) for _ in range(4)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: sinks[n % 4](slot(step=n, reason="x" * 20_000)), range(64)))
    assert sorted(record["step"] for record in lines(path)) == list(range(64))


def test_a_file_that_was_moved_away_is_begun_again(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    write = jsonl_sink(str(path))
    write(slot(step=1))
    path.rename(tmp_path / "old.jsonl")
    write(slot(step=2))
    assert [record["step"] for record in lines(path)] == [2]


def test_a_relative_path_means_the_folder_of_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    write = jsonl_sink("records.jsonl")
    monkeypatch.chdir(tmp_path / "elsewhere")
    write(slot())
    assert len(lines(tmp_path / "records.jsonl")) == 1


def test_infinite_bits_are_valid_json(tmp_path: Path) -> None:
    path = tmp_path / "records.jsonl"
    jsonl_sink(str(path))(slot(evidence_bits=math.inf))
    assert lines(path)[0]["evidence_bits"] is None


@pytest.mark.parametrize("spec", ["jsonl", "jsonl:", "jsonl:{folder}"])
def test_a_path_that_can_hold_no_file_is_refused(spec: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"needs the path of a file.*jsonl:records\.jsonl"):
        build_sinks([spec.format(folder=tmp_path)])


@pytest.mark.parametrize(
    ("record", "level"),
    [
        (slot(verdict="ok", final_verdict="ok"), logging.INFO),
        (slot(final_verdict="repaired", action="contrast"), logging.INFO),
        (slot(), logging.WARNING),
        (slot(final_verdict="unsupported", action="veto"), logging.WARNING),
        (intervention(kept=True), logging.INFO),
        (intervention(kept=False), logging.INFO),
    ],
)
def test_a_slot_that_ends_wrong_is_a_warning(
    record: SlotRecord | InterventionRecord, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "guardbind.events")
    logging_sink("")(record)
    assert [(entry.name, entry.levelno) for entry in caplog.records] == [("guardbind.events", level)]


def test_the_message_says_what_happened_and_the_whole_record_goes_along(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "guardbind.events")
    sink = logging_sink("")
    sink(slot(final_verdict="repaired", action="contrast"))
    sink(intervention(kept=False))
    first, second = caplog.records
    for word in ("row 0", "step 3", "binding_failure", "contrast", "repaired"):
        assert word in first.getMessage()
    assert "rolled back" in second.getMessage()
    assert vars(first)["guardbind"]["bits_by_binding"] == [5.0, -1.0]
    assert SlotRecord(**vars(first)["guardbind"]) == slot(final_verdict="repaired", action="contrast")


def test_a_message_is_one_line_and_holds_no_text_that_the_record_does_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "guardbind.events")
    sink = logging_sink("")
    sink(slot())
    sink(slot().without_text())
    sink(intervention(kept=True).without_text())
    shown, *silent = [entry.getMessage() for entry in caplog.records]
    assert "KEY2" in shown
    assert "\n" not in shown
    assert not any(text in message for message in silent for text in ("KEY2", "apple", "pear"))
    assert "KEY2" not in json.dumps(vars(caplog.records[1])["guardbind"])


@pytest.mark.parametrize(("level", "logged"), [("WARNING", 1), ("warning", 1), ("INFO", 2), ("DEBUG", 2)])
def test_a_level_keeps_what_is_below_it_away(level: str, logged: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "guardbind.events")
    sink = logging_sink(level)
    sink(slot(verdict="ok", final_verdict="ok"))
    sink(slot())
    assert len(caplog.records) == logged


def test_another_logger_can_be_named(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "my.app")
    [sink] = build_sinks(["logging:my.app"])
    sink(slot())
    assert [entry.name for entry in caplog.records] == ["my.app"]


@pytest.mark.parametrize("level", ["ERROR", "critical"])
def test_a_level_that_nothing_reaches_is_refused(level: str) -> None:
    with pytest.raises(ConfigError, match=r"logs at INFO and WARNING.*logging:WARNING"):
        build_sinks([f"logging:{level}"])


def test_what_is_no_sink_is_told_with_what_is_one() -> None:
    given: Any = 5
    with pytest.raises(ConfigError, match=r"int 5; a name or a callable is accepted\. Name one of .*jsonl.*logging"):
        build_sinks([given])
