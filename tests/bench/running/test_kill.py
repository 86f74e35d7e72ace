"""Runs in other processes: killed in the middle, and shared between several."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import bench_toy
import pandas as pd
import pytest
import torch
from bench_toy import LOG, ORIGIN, ToyExperiment, tiny_lab, toy_lab

from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.measures.lab import Lab
from guardbind_bench.registry import EXPERIMENTS
from guardbind_bench.running.folder import RunFolder
from guardbind_bench.running.runner import run

SCRIPT = bench_toy.__file__
TRIALS = 60
SLOW = 0.25
"""Seconds that a batch takes where a run is killed at any moment: so long that it does not end before."""

# Each of them starts processes, and some want a free port.
pytestmark = pytest.mark.xdist_group("processes")


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> dict[str, ToyExperiment]:
    return bench_toy.install(monkeypatch)


def environment(log: Path, **more: str) -> dict[str, str]:
    return {**os.environ, LOG: str(log), "OMP_NUM_THREADS": "1", **more}


def arguments(out: Path, lab: str = "toy", trials: int = TRIALS, **options: Any) -> list[str]:
    return [SCRIPT, str(out), Settings(trials=trials, ks=(3,), options=options).model_dump_json(), lab]


def run_here(out: Path, lab: Lab, **options: Any) -> None:
    chosen = {"toy-a": Settings(trials=TRIALS, ks=(3,), options=options)}
    run(chosen, lab=lab, origin=ORIGIN, out=out, command="toy", token_budget=80)


def lines(log: Path) -> list[int]:
    return [int(line.partition(":")[2]) for line in log.read_text(encoding="utf-8").split()] if log.exists() else []


def frame(out: Path) -> pd.DataFrame:
    folder = RunFolder.read(out)
    (summary,) = folder.summaries()
    return folder.frame(summary.conditions[0].request)


def rows(out: Path) -> Any:
    (summary,) = RunFolder.read(out).summaries()
    return [json.loads(row.model_dump_json()) for row in summary.rows]


def test_killed_between_two_batches_nothing_is_measured_twice(tmp_path: Path) -> None:
    log, out, whole = tmp_path / "log", tmp_path / "run", tmp_path / "whole"
    command = [sys.executable, *arguments(out, dies_after=3)]
    codes: list[int] = []
    while len(codes) < 6 and (not codes or codes[-1] == -signal.SIGKILL):
        codes.append(subprocess.run(command, env=environment(log), capture_output=True, timeout=300).returncode)
    # Eight batches of eight trials in windows, three for each process before it dies.
    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 0]
    assert lines(log) == list(range(TRIALS))
    run_here(whole, toy_lab())
    assert rows(out) == rows(whole)
    pd.testing.assert_frame_equal(frame(out), frame(whole), check_exact=True)
    assert RunFolder.read(out).validate() == []


def test_killed_at_any_moment_what_was_written_is_not_measured_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, out = tmp_path / "log", tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, *arguments(out, seconds=SLOW)], env=environment(log), stderr=subprocess.DEVNULL
    )
    try:
        while len(lines(log)) < 16 and process.poll() is None:
            time.sleep(0.01)
        time.sleep(random.Random(os.getpid()).random() * 2 * SLOW)
    finally:
        process.kill()
        process.wait()
    folder = RunFolder.read(out)
    request = EXPERIMENTS.get("toy-a").plan(Settings(trials=TRIALS, ks=(3,), options={"seconds": SLOW}))[0]
    written, before = folder.done(request), lines(log)
    assert 8 <= len(written) < TRIALS
    assert folder.manifest.experiments["toy-a"].status == "running"
    monkeypatch.setenv(LOG, str(log))
    run_here(out, toy_lab(), seconds=SLOW)
    assert sorted({*written, *lines(log)[len(before) :]}) == list(range(TRIALS))
    assert len(lines(log)) - len(before) == TRIALS - len(written)
    assert RunFolder.read(out).validate() == []


def free_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


def test_two_processes_write_what_one_does(tmp_path: Path) -> None:
    one, two, log = tmp_path / "one", tmp_path / "two", tmp_path / "log"
    options = {"wanted": 5, "every": 9}
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        run_here(one, tiny_lab(), **options)
    finally:
        torch.set_num_threads(threads)
    launch = ["torch.distributed.run", "--nproc_per_node", "2", "--master_port", str(free_port())]
    done = subprocess.run(
        [sys.executable, "-m", *launch, *arguments(two, "tiny", **options)],
        env=environment(log),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert sorted(lines(log)) == list(range(TRIALS))
    pd.testing.assert_frame_equal(frame(one), frame(two), check_exact=True)
    assert rows(one) == rows(two)
    parts = [sorted(part.name for part in RunFolder.read(out).path.rglob("*.parquet")) for out in (one, two)]
    assert parts[0] == parts[1]


def test_the_death_of_one_process_ends_the_other(tmp_path: Path) -> None:
    out, log, port = tmp_path / "run", tmp_path / "log", str(free_port())
    processes = []
    for rank in ("0", "1"):
        place = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2"}
        place |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        command = [sys.executable, *arguments(out, dies_after=2, rank=1)]
        processes.append(subprocess.Popen(command, env=environment(log, **place), stderr=subprocess.PIPE))
    try:
        codes = [process.communicate(timeout=300) and process.returncode for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert codes[1] == -signal.SIGKILL and codes[0] not in (0, -signal.SIGKILL)
    folder = RunFolder.read(out)
    assert folder.manifest.experiments["toy-a"].status == "stopped"
    assert len(folder.cell_ids()) == 1 and len(folder.parts(folder.cell_ids()[0])) == 4
