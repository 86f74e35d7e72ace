"""A log is read line by line, whatever became of it: rotated, compressed, cut off, damaged or not ours."""

from __future__ import annotations

import gzip
import json
import math
from pathlib import Path
from typing import Any

import pytest
from log_records import a_generation, a_slot, a_source, an_intervention, answers, write_log

from guardbind.events.records import SCHEMA_VERSION, BudgetRecord, CandidateRecord, Event, SlotRecord
from guardbind.logs import Unread, read_events
from guardbind.logs.files import aside
from guardbind.logs.reading import parse_line, read_lines, read_logs
from guardbind_adapters.rotation import RotatedFile, Rotation

RECORDS: list[Event] = [
    a_slot(
        lens={3: (-1.0, None)},
        budget=BudgetRecord(
            null="mask", p1=0.9, p0=0.1, tau=0.95, observed_bits=2.5, required_bits=2.7, margin_bits=-0.2
        ),
        candidates=(CandidateRecord(index=0, probability=0.5, pseudo_prior=None, evidence_bits=None, value="12\n"),),
        key="Ann's “seat”\u2028",
    ),
    an_intervention(),
    a_generation(error="ValueError"),
]


def line_of(**changes: Any) -> bytes:
    data = json.loads(RECORDS[0].model_dump_json())
    for name, value in changes.items():
        if value is ...:
            del data[name]
        else:
            data[name] = value
    return json.dumps(data).encode()


def version(number: object) -> dict[str, object]:
    return {**json.loads(a_source().model_dump_json()), "schema_version": number}


def test_what_the_sink_writes_is_read_back(tmp_path: Path) -> None:
    assert list(read_events(write_log(tmp_path / "log.jsonl", RECORDS))) == RECORDS


@pytest.mark.parametrize(
    ("line", "problem", "seen"),
    [
        (line_of()[:-1], "cut off", "too early"),
        (line_of()[:1], "cut off", "too early"),
        (b"\x00\xff\xfe", "damaged", "no JSON"),
        (line_of() + line_of(), "damaged", "no JSON"),
        (b"[" * 100_000, "damaged", "no JSON"),
        (line_of(row=...), "damaged", "row: Field required"),
        (line_of(verdict="fine"), "damaged", "verdict"),
        (
            line_of(target_score=..., provenance=version(1)),
            "older format",
            f"version 1, this guardbind reads {SCHEMA_VERSION}",
        ),
        (line_of(Ann=1, provenance=version(SCHEMA_VERSION + 1)), "newer format", "Extra inputs"),
        (line_of(lens={"Ann": [1.0]}), "damaged", "lens: "),
        (line_of(event="thought", provenance=version(SCHEMA_VERSION + 1)), "newer format", "version"),
        (line_of(event="thought"), "foreign", "no record"),
        (line_of(event=["slot"]), "foreign", "no record"),
        (line_of(event=..., provenance=7), "foreign", "no record"),
        (b'{"level": "info"}', "foreign", "no record"),
        (b"17", "foreign", "no record"),
        (b"null", "foreign", "no record"),
    ],
)
def test_a_line_that_is_no_record_is_told_and_passed_over(line: bytes, problem: str, seen: str, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    whole = RECORDS[2].model_dump_json().encode()
    file.write_bytes(b"\n".join([whole, line, b"  ", whole]))
    first, unread, last = read_events(file)
    assert first == last == RECORDS[2]
    assert isinstance(unread, Unread)
    assert (unread.file, unread.line, unread.problem) == (str(file), 2, problem)
    assert seen in unread.reason
    assert "Ann" not in unread.reason


@pytest.mark.parametrize("number", [1, SCHEMA_VERSION - 1])
def test_an_older_record_that_says_all_is_read(number: int) -> None:
    found = parse_line(line_of(provenance=version(number), grounds=..., at=..., question_lead=...))
    assert isinstance(found, SlotRecord)
    assert (found.grounds, found.question_lead) == ("", None)


def test_what_was_infinite_is_not_a_number_where_one_is_needed() -> None:
    certain = BudgetRecord(
        null="mask", p1=1.0, p0=0.0, tau=0.95, observed_bits=math.inf, required_bits=math.inf, margin_bits=math.nan
    )
    record = a_slot(budget=certain, margin=math.inf, evidence_bits=math.inf)
    found = parse_line(record.model_dump_json().encode())
    assert isinstance(found, SlotRecord)
    assert found.budget is not None
    assert (found.budget.p1, found.budget.p0, found.evidence_bits) == (1.0, 0.0, None)
    assert all(math.isnan(value) for value in (found.budget.observed_bits, found.budget.margin_bits))
    assert found.margin is None


def test_a_log_may_be_cut_off_anywhere(tmp_path: Path) -> None:
    data = write_log(tmp_path / "whole.jsonl", RECORDS).read_bytes()
    packed, file = gzip.compress(data), tmp_path / "cut.jsonl"
    for end in range(0, len(data), 37):
        file.write_bytes(data[:end])
        found = list(read_events(file))
        whole = [record for record in found if not isinstance(record, Unread)]
        assert whole == RECORDS[: len(whole)]
        assert len(found) - len(whole) == (data[:end].rpartition(b"\n")[2] not in (b"", *data.splitlines()))
    for end in range(2, len(packed), 29):
        file.write_bytes(packed[:end])
        *before, last = read_events(file)
        assert before == RECORDS[: len(before)]
        assert isinstance(last, Unread)
        assert last.problem in ("cut off", "damaged")
    changed = bytearray(packed)
    changed[len(packed) // 2] ^= 0xFF
    file.write_bytes(changed)
    assert any(isinstance(found, Unread) for found in read_events(file))


def test_a_line_without_an_end_is_not_taken_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardbind.logs.reading._LONGEST", 4096)
    whole = RECORDS[2].model_dump_json().encode()
    file = tmp_path / "log.jsonl"
    file.write_bytes(b"x" * 20_000 + b"\n" + whole + b"\n" + b"y" * 4096 + b"\n" + whole)
    places = [(found.line, found.read.problem if isinstance(found.read, Unread) else "") for found in read_lines(file)]
    assert places == [(1, "foreign"), (2, ""), (3, "foreign"), (4, "")]


@pytest.mark.parametrize("compress", [True, False])
def test_what_rotation_put_aside_comes_first(tmp_path: Path, compress: bool) -> None:
    records = answers(40)
    rotated = RotatedFile(tmp_path / "log.jsonl", Rotation(max_size=20_000, compress=compress))
    for record in records:
        rotated.append(record.model_dump_json().encode() + b"\n")
    (tmp_path / "log.old.jsonl").write_text("not of this log\n")
    assert len(aside(tmp_path / "log.jsonl")) > 1
    assert list(read_events(tmp_path / "log.jsonl")) == records
    alone = list(read_events(tmp_path / "log.jsonl", rotated=False))
    assert 0 < len(alone) < len(records)
    assert records[-len(alone) :] == alone
    # A shell that names all of them names some twice.
    everything = [tmp_path / "log.jsonl", *aside(tmp_path / "log.jsonl")]
    assert [found.read for found in read_logs(everything)] == records
    assert len(list(read_logs(reversed(everything)))) == len(records)
    (tmp_path / "log.jsonl").unlink()
    assert list(read_events(tmp_path / "log.jsonl")) == records[: -len(alone)]


def test_a_file_that_is_put_aside_or_packed_meanwhile_is_read_once(tmp_path: Path) -> None:
    records = answers(30)
    log = tmp_path / "log.jsonl"
    older = [tmp_path / f"log.20261128T00000{number}.000000Z.jsonl" for number in range(2)]
    for file, part in zip((*older, log), (records[:20], records[20:40], records[40:]), strict=True):
        write_log(file, part)
    found = read_events(log)
    first = next(found)
    for file in older:
        file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
        file.unlink()
    log.rename(tmp_path / "log.20261128T000009.000000Z.jsonl")
    write_log(log, answers(1, seed=9))
    assert [first, *found] == records


def test_both_of_a_pair_that_is_being_compressed_are_one(tmp_path: Path) -> None:
    plain = write_log(tmp_path / "log.20261128T000000.000000Z.jsonl", RECORDS)
    plain.with_name(f"{plain.name}.gz").write_bytes(gzip.compress(plain.read_bytes()))
    plain.with_name(f"{plain.name}.gz.part").write_bytes(b"half")
    assert list(read_events(tmp_path / "log.jsonl")) == RECORDS


def test_a_log_is_known_again_when_it_is_packed(tmp_path: Path) -> None:
    plain = write_log(tmp_path / "a.jsonl", RECORDS)
    packed = tmp_path / "b.jsonl.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert [(found.log, found.line) for found in read_lines(plain)] == [
        (found.log, found.line) for found in read_lines(packed)
    ]
    assert len({found.log for found in read_lines(plain)}) == 1


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        list(read_events(tmp_path / "none.jsonl"))


def test_an_empty_log_has_no_records(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").touch()
    assert list(read_events(tmp_path / "log.jsonl")) == []
