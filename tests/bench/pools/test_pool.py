"""Pools are run and read again, hold the trials that they name, and the stored one gives the stored page."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

import numpy as np
import pytest
from bench_tiny import bench_tokenizer
from calibrated import an_outcome, drawn
from click.testing import CliRunner
from families import FAMILIES, build
from paths import ROOT

from guardbind.cli import main
from guardbind.errors import CalibrationError, RunFolderError
from guardbind_bench.pools.asked import CoverageRequest, coverage_rows, coverage_tables
from guardbind_bench.pools.making import made_pool
from guardbind_bench.pools.page import coverage_page
from guardbind_bench.pools.pool import PoolHead, SourceHead, TrialPool
from guardbind_bench.pools.recount import ACTING, is_refuted
from guardbind_bench.pools.sources import SOURCES, trials_of

STORED = ROOT / "bench" / "results" / "smollm2-135m"


def a_pool(harm: float = 1.0) -> TrialPool:
    rng = np.random.default_rng(7)
    outcomes = {
        "told": [o.model_copy(update={"trial": f"told:{i}"}) for i, o in enumerate(drawn(rng, "fit", 60, 0.0))],
        "misled": [o.model_copy(update={"trial": f"misled:{i}"}) for i, o in enumerate(drawn(rng, "fit", 60, harm))],
    }
    outcomes["told"] += [
        an_outcome(f"told:{60 + i}", own_right=True, pushed=False, signals={"margin": 0.123456 * i}) for i in range(40)
    ]
    sources = {name: SourceHead(about="made up", seed=7, trials=len(every)) for name, every in outcomes.items()}
    head = PoolHead(command="none", model="tiny", weights="0", guardbind="0", resolver="words", sources=sources)
    return TrialPool.of(head, outcomes)


def test_a_pool_comes_back_as_it_was_and_is_small(tmp_path: Path) -> None:
    pool, path = a_pool(), tmp_path / "pool.jsonl"
    pool.write(path)
    assert TrialPool.read(path) == pool
    kept = pool.outcomes["told"][61]
    assert kept.signals == {"margin": 0.1235} and kept.distance is None and kept.verdict is None
    assert pool.outcomes["told"][0].signals == {} and pool.outcomes["told"][0].pushed


@pytest.mark.parametrize("text", ["", "{}\n", '{"pool": 9}\n', "[]\n", "no json\n"])
def test_what_is_no_pool_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "pool.jsonl").write_text(text)
    with pytest.raises(RunFolderError):
        TrialPool.read(tmp_path / "pool.jsonl")


def test_a_misled_trial_differs_from_a_told_one_in_the_key_that_is_named() -> None:
    told, misled = (trials_of(replace(SOURCES[name], trials=4), bench_tokenizer()) for name in ("told", "misled"))
    for one, other in zip(told, misled, strict=True):
        values = {bound.key: bound.value for bound in one.prompt.bindings}
        assert one.prompt.target is not None and values[one.prompt.target] in one.prompt.answers
        assert other.prompt.target in values and other.prompt.target != one.prompt.target
        assert other.prompt.model_copy(update={"target": one.prompt.target}) == one.prompt


def test_texts_have_twins_and_corrections_have_targets() -> None:
    texts = trials_of(replace(SOURCES["texts"], trials=20), bench_tokenizer())
    assert [trial.prompt.due for trial in texts] == [True] * 16 + [False] * 4
    assert len({trial.prompt.task for trial in texts}) == 4


def test_a_pool_is_made_and_gone_on_with(tmp_path: Path) -> None:
    tokenizer = bench_tokenizer()
    model = build(FAMILIES["llama"], vocab_size=len(tokenizer), max_position_embeddings=256)
    sources = [replace(SOURCES[name], trials=3) for name in ("told", "misled")]

    def made(names: slice = slice(None)) -> TrialPool:
        return made_pool(
            model, tokenizer, sources[names], tmp_path, model_name="tiny", command="-", progress=lambda *told: None
        )

    pool = made()
    assert {name: len(every) for name, every in pool.outcomes.items()} == {"told": 3, "misled": 3}
    assert [source.failed for source in pool.head.sources.values()] == [0, 0]
    lines = (tmp_path / "work.jsonl").read_text()
    assert made() == pool and (tmp_path / "work.jsonl").read_text() == lines
    with pytest.raises(CalibrationError, match="sources"):
        made(slice(1))


def test_the_command_counts_and_ends_with_0_where_nothing_is_refuted(tmp_path: Path) -> None:
    path, page = tmp_path / "pool.jsonl", tmp_path / "page.md"
    a_pool().write(path)
    asked = ["bench", "coverage", str(path), "--draws", "12", "--risk", "0.25"]
    ran = CliRunner().invoke(main, [*asked, "--out", str(page)])
    assert ran.exit_code == 0, ran.output
    text = page.read_text(encoding="utf-8")
    assert "| told + misled, 1.05 × risk | 0.25 |" in text and str(tmp_path) not in text
    rows = json.loads(CliRunner().invoke(main, [*asked, "--json"]).stdout)
    assert {row["table"] for row in rows} == {"coverage_acting", "coverage_flags", "coverage_transfer"}
    assert [row["values"]["loose_harm"]["value"] for row in rows if row["table"] == ACTING] == [
        pytest.approx(dose * 0.25) for dose in (0.5, 1.05, 2.0)
    ]


def test_the_command_ends_with_1_where_a_promise_is_refuted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "pool.jsonl"
    a_pool().write(path)
    monkeypatch.setattr("guardbind.calibration.acting.binomial_p_value", lambda wrong, n, risk: wrong / max(n, 1) / 10)
    ran = CliRunner().invoke(main, ["bench", "coverage", str(path), "--draws", "12", "--risk", "0.25"])
    assert ran.exit_code == 1 and "refuted: told + misled, 2 × risk" in ran.stderr


def test_the_stored_page_is_that_of_the_stored_pool() -> None:
    pool = TrialPool.read(STORED / "pool.jsonl")
    assert all(len(pool.outcomes[name]) + told.failed == told.trials for name, told in pool.head.sources.items())
    every = coverage_rows(pool, CoverageRequest(risks=(0.25,)), lambda what: None)
    rows = list(takewhile(lambda row: row.table == ACTING, every))  # the others take longer
    assert len(rows) == 6
    assert not any(is_refuted(row, 0.95) for row in rows)
    stored = (STORED / "coverage.md").read_text(encoding="utf-8").splitlines()
    made = coverage_page(pool.head, "", coverage_tables(), rows).splitlines()
    assert [line for line in made if line.startswith("| ") and line not in stored] == []
