"""The results kept in the repository: read by the version that keeps them, small, with a page that is theirs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import ROOT

from guardbind.cli import main
from guardbind_bench.experiments.experiment import plan
from guardbind_bench.registry import EXPERIMENTS
from guardbind_bench.reporting.compare import compare
from guardbind_bench.running.summary import Summary

STORED = sorted((ROOT / "bench" / "results").rglob("*.json"))
MODELS = sorted({path.parent for path in STORED})


# No figure of `rivals` is shown anywhere.
UNSTORED = {"rivals"}


def test_every_experiment_but_one_has_results() -> None:
    stored = {path.stem for path in STORED}
    assert set(EXPERIMENTS) - UNSTORED <= stored <= set(EXPERIMENTS)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_result_is_of_the_present_experiment(path: Path) -> None:
    summary = Summary.read(path)
    experiment = EXPERIMENTS.get(summary.experiment)
    assert summary.experiment_version == experiment.version
    assert summary.tables == experiment.tables
    assert [condition.request for condition in summary.conditions] == plan(experiment, summary.settings)
    assert all(condition.failed == 0 for condition in summary.conditions)
    assert {row.table for row in summary.rows} <= {table.id for table in summary.tables}
    # What anybody can type who installed it, and not how it was run here.
    assert summary.command.startswith(("guardbind bench run ", "guardbind bench targets "))
    assert not {"--out", "--threads"} & set(summary.command.split())
    compare(summary)


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_result_is_as_it_would_be_written_now(path: Path, tmp_path: Path) -> None:
    Summary.read(path).write(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text(encoding="utf-8") == path.read_text(encoding="utf-8")
    held = json.loads(path.read_bytes())
    lines = path.read_text(encoding="utf-8").splitlines()
    assert sum(line.lstrip().startswith('{"table"') for line in lines) == len(held["rows"])


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_the_short_page_is_the_one_that_its_command_makes(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    asked = [str(folder.relative_to(ROOT)), "--out", str(tmp_path), "--json"]
    made = CliRunner().invoke(main, ["bench", "report", *asked])
    assert made.exit_code == 0, made.output
    stored = (folder / "report.md").read_text(encoding="utf-8")
    assert Path(json.loads(made.stdout)["markdown"]).read_text(encoding="utf-8") == stored
    # The head of the page is as long as a result.
    assert len(stored.splitlines()) <= 26 * (1 + len(list(folder.glob("*.json"))))
    assert f"guardbind bench report {asked[0]} --out" in stored
