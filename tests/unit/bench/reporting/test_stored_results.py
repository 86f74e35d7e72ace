"""The results that are kept in the repository can be read by the version that keeps them."""

from __future__ import annotations

from pathlib import Path

import pytest
from paths import ROOT

from guardbind_bench.experiments.experiment import plan
from guardbind_bench.registry import EXPERIMENTS
from guardbind_bench.reporting.compare import compare
from guardbind_bench.running.summary import Summary

STORED = sorted((ROOT / "bench" / "results").rglob("*.json"))


def test_every_experiment_has_results() -> None:
    assert sorted(path.stem for path in STORED) == EXPERIMENTS.names()


@pytest.mark.parametrize("path", STORED, ids=lambda path: path.stem)
def test_a_stored_result_is_of_the_present_experiment(path: Path) -> None:
    summary = Summary.read(path)
    experiment = EXPERIMENTS.get(summary.experiment)
    assert summary.experiment_version == experiment.version
    assert summary.tables == experiment.tables
    assert [condition.request for condition in summary.conditions] == plan(experiment, summary.settings)
    assert all(condition.failed == 0 for condition in summary.conditions)
    assert {row.table for row in summary.rows} <= {table.id for table in summary.tables}
    compare(summary)
