"""Families are tried in processes of their own, whose end is theirs alone; what was found is kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

from guardbind_bench.survey.processes import survey
from guardbind_bench.survey.record import FamilyRecord


def attempt(model_type: str) -> FamilyRecord:
    if model_type == "slow":
        time.sleep(60)
    if model_type == "dying":
        os._exit(3)
    if model_type == "greedy":
        bytearray(2**34)
    return FamilyRecord(model_type=model_type, outcome="right")


def test_a_process_that_hangs_dies_or_wants_too_much_is_an_error_and_the_others_go_on(tmp_path: Path) -> None:
    names = ["fine", "slow", "dying", "greedy", "last"]
    told: list[str] = []
    found = survey(names, tmp_path, seconds=3, gib=1, told=lambda f: told.append(f.model_type), attempt=attempt)
    assert told == names
    assert [family.outcome for family in found] == ["right", "error", "error", "error", "right"]
    assert found[1].message == "stopped after 3 s"
    assert found[2].message == "the process ended with 3"


def test_what_is_there_is_not_tried_again_and_what_is_damaged_is(tmp_path: Path) -> None:
    survey(["a", "b"], tmp_path, attempt=attempt)
    kept = FamilyRecord(model_type="a", outcome="refused", message="kept")
    (tmp_path / "a.json").write_text(kept.model_dump_json())
    (tmp_path / "b.json").write_text("{")
    found = survey(["a", "b"], tmp_path, attempt=attempt)
    assert found == [kept, FamilyRecord(model_type="b", outcome="right")]
