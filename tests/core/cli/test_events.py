"""`guardbind events`: a log as table, JSON and page, and what it exits with where the log has drifted."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from calibrated import a_calibration
from click.testing import CliRunner, Result
from log_records import BEGAN, a_generation, a_slot, a_source, answers, write_log
from pages import Page

from guardbind.calibration.store import save_calibration
from guardbind.cli import main


@pytest.fixture
def log(tmp_path: Path) -> Path:
    told = a_slot(
        a_source("told", started=BEGAN + 3600), final_verdict="binding_failure", key="SECRET", token_text="SECRET"
    )
    return write_log(
        tmp_path / "log.jsonl", [*answers(60, seed=1), told, a_generation(a_source("told"), error="OSError")]
    )


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return write_log(tmp_path / "reference.jsonl", answers(200))


@pytest.fixture
def drifted(tmp_path: Path) -> Path:
    return write_log(tmp_path / "drifted.jsonl", answers(60, seed=2, shift=3.0))


def events(*arguments: object, code: int = 0, **about: Any) -> Result:
    result = CliRunner().invoke(main, ["events", *map(str, arguments)], **about)
    assert result.exit_code == code, result.output
    return result


def test_a_table_for_a_person(log: Path) -> None:
    out = events(log).stdout
    for words in ("61 generations · 61 slots · 98.4% passed", "2026-11-28 21:00", "query (words)", "OSError 1"):
        assert words in out
    assert out.partition("did not pass")[2].splitlines()[4].split()[0] == "told"
    assert "SECRET" not in out
    assert "SECRET" in events(log, "--text").stdout
    assert "SECRET" not in events(log, "--text", "--worst", 0).stdout


def test_groups_are_those_that_were_asked_for(log: Path) -> None:
    out = events(log, "--by", "day", "--by", "rule").stdout
    assert "By day" in out
    assert "By how the target was found" in out
    assert "By model" not in out
    assert set(json.loads(events(log, "--json", "--by", "hour").stdout)["summary"]["groups"]) == {"hour"}


def test_one_object_for_a_program(log: Path, reference: Path) -> None:
    found = json.loads(events(log, "--json", "--reference", reference).stdout)
    assert found["summary"]["total"]["final_verdicts"] == {"ok": 60, "binding_failure": 1}
    assert found["summary"]["failed"][0]["generation"] == "told"
    assert (found["drift"]["seen"], found["drift"]["drifted"], found["of_other_models"]) == (61, False, 0)
    assert json.loads(events(log, "--json").stdout)["drift"] is None


def test_a_page_without_text_unless_the_log_has_it_and_it_is_asked_for(
    log: Path, reference: Path, tmp_path: Path
) -> None:
    page = tmp_path / "page.html"
    events(log, "--html", page, "--reference", reference)
    text = page.read_text(encoding="utf-8")
    shown = Page(text)
    assert "SECRET" not in text
    assert not {"script", "link", "img", "iframe"} & set(shown.tags)
    assert "No drift was found" in text
    events(log, "--html", page, "--text")
    assert "SECRET" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "records"),
    [
        (["--since", "2026-11-28T21:30"], 1),
        (["--since", "2026-11-28 22:30+01:00"], 1),
        (["--until", "2026-11-28T21:30Z"], 121),
        (["--since", "2026-11-29"], 0),
        (["--until", "9000w"], 0),
        (["--model", "tiny"], 122),
        (["--model", "other"], 0),
    ],
)
def test_only_records_of_a_time_or_a_model(log: Path, arguments: list[str], records: int) -> None:
    assert json.loads(events(log, "--json", *arguments).stdout)["summary"]["records"] == records


def test_a_variable_that_chooses_a_model_to_load_leaves_nothing_out(log: Path) -> None:
    result = events(log, "--json", env={"GUARDBIND_MODEL": "smollm2-135m", "GUARDBIND_TEXT": "1"})
    assert json.loads(result.stdout)["summary"]["records"] == 122
    assert "SECRET" not in result.stdout


def test_damage_is_told_and_ends_nothing(log: Path) -> None:
    whole = events(log).stdout
    log.write_bytes(b'{"event": "sl\n\xff\n{}\n' + log.read_bytes())
    result = events(log)
    assert result.stdout == whole
    for problem in ("1 line not read, cut off", "1 line not read, damaged", "1 line not read, foreign"):
        assert problem in result.stderr


def test_from_a_pipe_and_packed_and_several(log: Path, drifted: Path, tmp_path: Path) -> None:
    packed = tmp_path / "packed.gz"
    packed.write_bytes(gzip.compress(drifted.read_bytes()))
    command = [sys.executable, "-m", "guardbind", "events", "-", str(packed), "--json"]
    done = subprocess.run(command, input=log.read_bytes(), capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["summary"]["records"] == 122 + 120


def test_drift_has_an_exit_code_of_its_own(log: Path, drifted: Path, reference: Path, tmp_path: Path) -> None:
    assert "No drift was found (61 slots compared" in events(log, "--reference", reference).stdout
    page = tmp_path / "page.html"
    out = events(drifted, "--reference", reference, "--html", page, code=3).stdout
    assert "Drift: evidence_bits (60 slots compared" in out
    assert "low, suspicious" in out
    assert "Drift: evidence_bits" in page.read_text(encoding="utf-8")
    assert json.loads(events(drifted, "--reference", reference, "--json", code=3).stdout)["drift"]["drifted"]


def test_a_calibration_is_compared_with_its_own_model_only(log: Path, tmp_path: Path) -> None:
    save_calibration(a_calibration(), tmp_path / "calibration")
    other = write_log(tmp_path / "other.jsonl", answers(300, seed=5, model="other"))
    found = json.loads(events(log, other, "--json", "--calibration", tmp_path / "calibration").stdout)
    assert [signal["name"] for signal in found["drift"]["signals"]] == ["margin"]
    assert (found["drift"]["seen"], found["of_other_models"]) == (61, 300)
    far = write_log(tmp_path / "far.jsonl", [a_slot(a_source(f"far{n}"), margin=50.0 + n) for n in range(60)])
    assert "Drift: margin" in events(far, "--calibration", tmp_path / "calibration", code=3).stdout


def test_a_state_counts_each_slot_once_and_remembers(log: Path, drifted: Path, reference: Path, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    daily = ("--reference", reference, "--state", state, "--json")
    for _ in range(2):
        assert json.loads(events(log, *daily).stdout)["drift"]["seen"] == 61
    both = json.loads(events(log, drifted, *daily, code=3).stdout)["drift"]
    assert both["seen"] == 121
    assert both == json.loads(events(log, drifted, "--reference", reference, "--json", code=3).stdout)["drift"]
    again = json.loads(events(log, *daily, code=3).stdout)["drift"]
    assert again == both
    before = state.read_bytes()
    assert "0.05 was asked for" in events(log, *daily, "--alpha", 0.05, code=1).stderr
    assert "is of references" in events(log, "--reference", drifted, "--state", state, code=1).stderr
    assert state.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "code", "seen"),
    [
        ([], 2, "Missing argument"),
        (["none.jsonl"], 2, "no file 'none.jsonl'"),
        (["-", "-"], 2, "read once"),
        (["{log}", "--since", "yesterday"], 2, "'yesterday' is no time"),
        (["{log}", "--by", "week"], 2, "'week'"),
        (["{log}", "--alpha", "0"], 2, "--alpha"),
        (["{log}", "--state", "s.json"], 2, "--reference says"),
        (["{log}", "--reference", "none.jsonl"], 2, "none.jsonl"),
        (["{log}", "--reference", "{log}", "--calibration", "c"], 2, "one of them"),
        (["{log}", "--calibration", "none"], 1, "neither a folder"),
        (["{log}", "--reference", "{empty}"], 1, "holds no slot"),
        (["{log}", "--html", "none/page.html"], 1, "none/page.html"),
    ],
)
def test_what_is_wrong_is_told(
    arguments: list[str], code: int, seen: str, log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.jsonl").touch()
    result = events(*(given.format(log=log, empty="empty.jsonl") for given in arguments), code=code)
    assert seen in result.stderr
    assert result.stdout == ""


def test_help_shows_examples_and_the_exit_code() -> None:
    out = events("--help").stdout
    assert "  guardbind events " in out.partition("Example:")[2]
    assert "Exit code 3" in " ".join(out.split())
