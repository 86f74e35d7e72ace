"""The file of what was measured so far: what it keeps, what it survives, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from guardbind.calibrating.work_file import WORK, WorkFile
from guardbind.calibration.outcome import Outcome
from guardbind.errors import CalibrationError

REQUEST = {"weights": "w", "seed": 0}


def outcome(trial: str) -> Outcome:
    return Outcome(
        trial=trial,
        task="t",
        split="fit",
        due=True,
        own_right=False,
        written_right=True,
        way="query",
        pushed=True,
        evidence_bits=3.25,
        signals={"margin": 0.1},
    )


def filled(folder: Path) -> Path:
    with WorkFile.open(folder, REQUEST, resume=True) as work:
        work.add_outcome("default", outcome("t:fit:0"))
        work.add_failure("t:fit:1", "too long")
        work.add_step("settings", {"alpha": 2.0})
    return folder / WORK


def test_what_was_kept_is_there_again(tmp_path: Path) -> None:
    filled(tmp_path)
    with WorkFile.open(tmp_path, REQUEST, resume=True) as work:
        assert work.outcome("default", "t:fit:0") == outcome("t:fit:0")
        assert work.outcome("other", "t:fit:0") is None
        assert work.failures == {"t:fit:1": "too long"}
        assert work.step("settings") == {"alpha": 2.0} and work.step("probes") is None


def test_a_line_that_was_cut_off_is_dropped_wherever_it_was_cut(tmp_path: Path) -> None:
    path = filled(tmp_path)
    whole = path.read_bytes()
    with WorkFile.open(tmp_path, REQUEST, resume=True) as work:
        work.add_outcome("default", outcome("t:fit:2"))
    longer = path.read_bytes()
    for cut in range(len(whole), len(longer), 17):
        path.write_bytes(longer[:cut])
        with WorkFile.open(tmp_path, REQUEST, resume=True) as work:
            assert work.outcome("default", "t:fit:2") is None
            work.add_outcome("default", outcome("t:fit:2"))
        assert path.read_bytes() == longer


def test_the_work_of_another_request_and_a_damaged_file_are_refused_and_left(tmp_path: Path) -> None:
    path = filled(tmp_path)
    before = path.read_bytes()
    with pytest.raises(CalibrationError, match="another calibration: seed differs"):
        WorkFile.open(tmp_path, {**REQUEST, "seed": 1}, resume=True)
    assert path.read_bytes() == before
    path.write_bytes(before.replace(b'"outcome"', b'"income"'))
    with pytest.raises(CalibrationError, match="no work file"):
        WorkFile.open(tmp_path, REQUEST, resume=True)
    with WorkFile.open(tmp_path, {**REQUEST, "seed": 1}, resume=False) as work:
        assert work.outcome("default", "t:fit:0") is None


def test_two_cannot_write_at_once(tmp_path: Path) -> None:
    with (
        WorkFile.open(tmp_path, REQUEST, resume=True),
        pytest.raises(CalibrationError, match="another calibration is being made"),
    ):
        WorkFile.open(tmp_path, REQUEST, resume=True)
    WorkFile.open(tmp_path, REQUEST, resume=True).__exit__(None, None, None)
