from __future__ import annotations

import io
import signal
import threading
from pathlib import Path
from typing import Any

import bench_toy
import pytest
import torch
from bench_toy import LOG, ORIGIN, ToyExperiment, tiny_lab, toy_lab
from rich.console import Console

from guardbind.errors import UnknownNameError
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.running.batches import batches, is_out_of_memory, trials_per_batch
from guardbind_bench.running.folder import RunFolder
from guardbind_bench.running.progress import Progress
from guardbind_bench.running.runner import CHUNK, run
from guardbind_bench.running.summary import Summary

TOKENS = 10


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> dict[str, ToyExperiment]:
    return bench_toy.install(monkeypatch)


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "log"
    path.touch()
    monkeypatch.setenv(LOG, str(path))
    return path


def start(out: Path, batch: int = 8, text: io.StringIO | None = None, **experiments: Settings) -> list[Summary]:
    chosen = {name.replace("_", "-"): settings for name, settings in experiments.items()}
    progress = Progress(Console(file=text or io.StringIO(), width=200))
    return run(
        chosen,
        lab=toy_lab(),
        origin=ORIGIN,
        out=out,
        command="guardbind bench run",
        token_budget=batch * TOKENS,
        progress=progress,
    )


def settings(trials: int = 20, ks: tuple[int, ...] = (1,), **options: Any) -> Settings:
    return Settings(trials=trials, ks=ks, options=options)


def lines(log: Path) -> list[str]:
    return log.read_text(encoding="utf-8").split()


def test_what_two_experiments_ask_for_is_measured_once_and_both_are_summed_up(tmp_path: Path, log: Path) -> None:
    a, b = start(tmp_path / "run", toy_a=settings(20, (1, 2)), toy_b=settings(30, (2, 3)))
    measured = lines(log)
    assert sorted(measured) == sorted([f"{k}:{i}" for k, n in ((1, 20), (2, 30), (3, 30)) for i in range(n)])
    assert [condition.measured for condition in (*a.conditions, *b.conditions)] == [20, 20, 30, 30]
    assert [condition.failed for condition in (*a.conditions, *b.conditions)] == [2, 2, 3, 3]
    assert [row.keys["k"] for row in (*a.rows, *b.rows)] == [1, 2, 2, 3]
    assert a.seconds > 0 and a.peak_memory_bytes is not None
    folder = RunFolder.read(tmp_path / "run")
    assert {name: state.status for name, state in folder.manifest.experiments.items()} == {
        "toy-a": "done",
        "toy-b": "done",
    }
    assert folder.summaries() == [a, b]
    assert folder.validate() == []


def test_a_finished_run_measures_nothing_and_sums_nothing_up(
    tmp_path: Path, log: Path, toys: dict[str, ToyExperiment]
) -> None:
    first = start(tmp_path / "run", toy_a=settings())
    before = lines(log)
    again = start(tmp_path / "run", toy_a=settings())
    assert (lines(log), again, toys["toy-a"].summed_up) == (before, first, 1)


def test_more_trials_go_on_and_fewer_choose(tmp_path: Path, log: Path) -> None:
    out = tmp_path / "run"
    start(out, toy_a=settings(20))
    (more,) = start(out, toy_a=settings(30))
    (fewer,) = start(out, toy_a=settings(10))
    start(out, toy_b=settings(10, (7,)))
    assert lines(log) == [*(f"1:{i}" for i in range(30)), *(f"7:{i}" for i in range(10))]
    assert (more.rows[0].values["odd"].n, fewer.rows[0].values["odd"].n) == (30, 10)
    folder = RunFolder.read(out)
    assert [held.trials for held in folder.manifest.experiments["toy-a"].earlier] == [20, 30]
    assert folder.validate() == []


@pytest.mark.parametrize("records", [1, 3])
def test_measuring_stops_after_the_chunk_that_completes_the_number(tmp_path: Path, log: Path, records: int) -> None:
    asked = settings(1000, wanted=4, every=9, first=5, records=records)
    (summary,) = start(tmp_path / "run", toy_a=asked)
    # Trials 9, 18, 27 and 36 count; the chunks are 5 to 31 and 32 to 63.
    assert lines(log) == [f"1:{index}" for index in range(5, 2 * CHUNK)]
    frame = RunFolder.read(tmp_path / "run").frame(summary.conditions[0].request)
    assert list(frame["index"]) == [index for index in range(5, 37) for _ in range(records)]
    assert frame["counts"].sum() == 4 * records
    assert summary.conditions[0].measured == 32


def test_too_few_that_count_are_all_there_is(tmp_path: Path, log: Path) -> None:
    (summary,) = start(tmp_path / "run", toy_a=settings(40, wanted=100, every=9))
    assert len(lines(log)) == summary.conditions[0].measured == 40


def test_a_refused_cell_is_noted_and_the_others_go_on(tmp_path: Path, log: Path) -> None:
    text = io.StringIO()
    refused, fine = start(tmp_path / "run", text=text, toy_a=settings(refuses="no cache here"), toy_b=settings())
    assert refused.conditions[0].refused == "no cache here"
    assert (refused.rows[0].values, refused.rows[0].notes) == ({}, ("no cache here",))
    assert fine.conditions[0].measured == len(lines(log)) == 20
    folder = RunFolder.read(tmp_path / "run")
    assert folder.frame(refused.conditions[0].request).empty
    assert folder.validate() == []
    assert "refused: no cache here" in text.getvalue()
    assert "k=1 bracket/S: 20 trials" in text.getvalue()


def test_batches_are_halved_until_they_fit(tmp_path: Path, log: Path) -> None:
    (summary,) = start(tmp_path / "run", toy_a=settings(20, fits=3))
    assert summary.conditions[0].measured == 20
    assert lines(log) == [f"1:{index}" for index in range(20)]
    assert len(RunFolder.read(tmp_path / "run").parts(summary.conditions[0].request.cell.id)) == 3


def test_a_trial_that_does_not_fit_refuses_the_cell_until_there_is_room(
    tmp_path: Path, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, session, room = tmp_path / "run", bench_toy.ToySession.run, False

    def crowded(self: bench_toy.ToySession, indices: Any) -> Any:
        if 10 in indices and not room:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return session(self, indices)

    monkeypatch.setattr(bench_toy.ToySession, "run", crowded)
    first, other = start(out, toy_a=settings(), toy_b=settings(ks=(2,), fits=100))
    assert first.conditions[0].refused == "memory does not suffice for one trial: CUDA out of memory."
    assert first.conditions[0].measured == 10
    assert other.conditions[0].refused is not None
    room = True
    first, _ = start(out, toy_a=settings(), toy_b=settings(ks=(2,), fits=100))
    assert (first.conditions[0].refused, first.conditions[0].measured) == (None, 20)
    assert sorted(lines(log)) == sorted(f"{k}:{index}" for k in (1, 2) for index in range(20))
    assert RunFolder.read(out).validate() == []


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("x"), True),
        (MemoryError(), True),
        (
            RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."),
            True,
        ),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("expected scalar type Half"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_only_want_of_memory_is_taken_for_it(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) is expected


def test_a_bug_stops_the_run_and_keeps_what_was_measured(tmp_path: Path, log: Path) -> None:
    with pytest.raises(ZeroDivisionError, match="a bug"):
        start(tmp_path / "run", toy_a=settings(breaks_at=17))
    folder = RunFolder.read(tmp_path / "run")
    assert folder.manifest.experiments["toy-a"].status == "stopped"
    assert len(lines(log)) == 16
    assert not folder.summaries()


def test_an_error_while_summing_up_loses_no_record_and_stops_no_other(tmp_path: Path, log: Path) -> None:
    out = tmp_path / "run"
    with pytest.raises(ZeroDivisionError, match="no rows today") as caught:
        start(out, toy_a=settings(fails=True), toy_b=settings(ks=(2,)))
    assert any("toy-a" in note for note in caught.value.__notes__)
    folder = RunFolder.read(out)
    assert [summary.experiment for summary in folder.summaries()] == ["toy-b"]
    assert {name: state.status for name, state in folder.manifest.experiments.items()} == {
        "toy-a": "stopped",
        "toy-b": "done",
    }
    before = lines(log)
    (summary,) = start(out, toy_a=settings())
    assert (lines(log), summary.conditions[0].measured) == (before, 20)


def test_a_measure_that_leaves_a_trial_out_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    session = bench_toy.ToySession.run
    monkeypatch.setattr(bench_toy.ToySession, "run", lambda self, indices: session(self, indices)[1:])
    (summary,) = start(tmp_path / "run", batch=2, toy_a=settings())
    assert summary.conditions[0].refused == "the measure gave records of trials [1] when it was asked for [0, 1]"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_run_which_then_goes_on(tmp_path: Path, log: Path, number: signal.Signals) -> None:
    out = tmp_path / "run"
    before, terminate = signal.signal(signal.SIGINT, signal.default_int_handler), signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(KeyboardInterrupt):
            start(out, toy_a=settings(dies_after=2, signal=int(number)))
        handled = signal.getsignal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGINT, before)
    assert handled == terminate
    folder = RunFolder.read(out)
    assert folder.manifest.experiments["toy-a"].status == "stopped"
    assert folder.manifest.seconds > 0
    assert lines(log) == [f"1:{index}" for index in range(16)]
    # The session of this cell dies at its third batch; what is left is one.
    (summary,) = start(out, toy_a=settings(dies_after=2, signal=int(number)))
    assert lines(log) == [f"1:{index}" for index in range(20)]
    (whole,) = start(tmp_path / "whole", toy_a=settings())
    assert [row.values for row in summary.rows] == [row.values for row in whole.rows]


def test_it_runs_in_a_thread_too_where_no_signal_can_be_caught(tmp_path: Path) -> None:
    thread = threading.Thread(target=start, args=(tmp_path / "run",), kwargs={"toy_a": settings()})
    thread.start()
    thread.join()
    assert RunFolder.read(tmp_path / "run").manifest.experiments["toy-a"].status == "done"


def test_what_is_not_registered_is_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="toy-c"):
        start(tmp_path / "run", toy_c=settings())
    assert not (tmp_path / "run").exists()


def test_batches_are_windows_whatever_is_missing() -> None:
    assert batches([0, 1, 5, 6, 7, 8, 13], 4) == [(0, 1), (5, 6, 7), (8,), (13,)]
    assert [trials_per_batch(tokens, budget=4096) for tokens in (100, 4096, 9000)] == [40, 1, 1]
    assert trials_per_batch(100, budget=4096, longest=8) == 8


def test_a_long_batch_tells_of_its_forward_passes_and_leaves_no_hook(tmp_path: Path) -> None:
    text, lab = io.StringIO(), tiny_lab()
    progress = Progress(Console(file=text, width=200), every=0)
    run({"toy-a": settings(8)}, lab=lab, origin=ORIGIN, out=tmp_path, command="x", token_budget=40, progress=progress)
    assert "0 trials so far, 1 forward pass into the next 4" in text.getvalue()
    assert "4 trials so far, 1 forward pass into the next 4" in text.getvalue()
    assert not lab.model._forward_hooks


def test_a_terminal_sees_each_experiment_and_the_whole(tmp_path: Path) -> None:
    text = io.StringIO()
    console = Console(file=text, force_terminal=True, width=140)
    chosen = {"toy-a": settings(40, seconds=0.01), "toy-b": settings(40, (1, 2), wanted=2)}
    run(chosen, lab=toy_lab(), origin=ORIGIN, out=tmp_path, command="x", token_budget=80, progress=Progress(console))
    for expected in ("toy-a", "toy-b", "all", "40/40", "64/64", "104/104", "tokens/s"):
        assert expected in text.getvalue()
