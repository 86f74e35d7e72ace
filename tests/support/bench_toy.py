"""A measure and experiments that need no model, for the tests of the runner; started as a script it is a run.

The measure notes every trial that it measures in a file, so that what was measured twice is seen. What goes wrong is an
option of the cell.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

import pytest
from pydantic import JsonValue
from torch import nn

from guardbind.errors import NullUnavailableError
from guardbind_bench.experiments.experiment import RecordSource, Settings
from guardbind_bench.experiments.table import Column, RowKey, Table, TableRow
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell, CellRequest
from guardbind_bench.registry import EXPERIMENTS, MEASURES
from guardbind_bench.running.summary import RunOrigin
from guardbind_bench.stats.statistics import count, quantity, share

LOG = "GUARDBIND_TOY_LOG"
"""Environment variable that names the file in which each measured trial is a line."""

ORIGIN = RunOrigin(
    model="toy",
    model_sha256="0" * 64,
    tokenizer_sha256="1" * 64,
    dtype="float32",
    attention="sdpa",
    device="cpu",
    guardbind="0",
    transformers="0",
    torch="0",
)


class ToyRecord(TrialRecord):
    value: float
    """Depends on the trials of the batch in its last bits, as logits do."""
    odd: bool
    size: Literal["small", "large"]
    missing: float | None
    pair: list[float]


@dataclass
class ToySession:
    lab: Lab
    cell: BenchCell
    tokens: int = 10
    batches: int = 0

    def run(self, indices: Sequence[int]) -> list[ToyRecord]:
        options = cast(dict[str, Any], self.cell.options)
        if self.batches == options.get("dies_after") and int(os.environ.get("RANK", 0)) == options.get("rank", 0):
            os.kill(os.getpid(), options.get("signal", signal.SIGKILL))
        if len(indices) > options.get("fits", 10**9):
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        if options.get("breaks_at") in indices:
            raise ZeroDivisionError("a bug")
        time.sleep(options.get("seconds", 0))
        self.batches += 1
        if LOG in os.environ:
            with open(os.environ[LOG], "a", encoding="utf-8") as log:
                log.write("".join(f"{self.cell.k}:{index}\n" for index in indices))
        values = self.values(indices)
        return [
            ToyRecord(
                index=index,
                counts=index % options.get("every", 1) == 0,
                failed="NaN logits" if index % 10 == 9 else None,
                value=float("nan") if index % 10 == 9 else values[index],
                odd=bool(index % 2),
                size="small" if index < 5 else "large",
                missing=None if index % 3 else float("inf"),
                pair=[float("nan"), index / 7],
            )
            for index in indices
            for _ in range(options.get("records", 1))
        ]

    def values(self, indices: Sequence[int]) -> dict[int, float]:
        if self.lab.tokenizer is None:
            together = sum(1 / (3 + index) for index in indices)
            return {index: 1 / (1 + index) + together * 1e-9 for index in indices}
        task = self.lab.task(self.cell)
        logits = self.lab.logits([task.trial(index).ids for index in indices])
        return dict(zip(indices, logits.double().logsumexp(-1).tolist(), strict=True))


class ToyMeasure:
    name = "toy"
    version = 1
    record: type[TrialRecord] = ToyRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> ToySession:
        if refusal := cell.options.get("refuses"):
            raise NullUnavailableError(str(refusal))
        return ToySession(lab, cell)


@dataclass
class ToyExperiment:
    """Asks for one cell per `k`; the options `wanted`, `first` and `fails` are its own, the rest are the cell's."""

    name: str
    title: str = "A toy."
    version: int = 1
    aliases: tuple[str, ...] = ()
    summed_up: int = 0
    defaults: dict[str, JsonValue] = field(default_factory=dict)
    tables: tuple[Table, ...] = field(init=False)

    def __post_init__(self) -> None:
        meaning = {"share": Column(title="odd", unit="share", meaning="Share of odd trials.")}
        self.tables = (Table(id=self.name, title="A toy.", columns=meaning),)

    def plan(self, settings: Settings) -> list[CellRequest]:
        options: dict[str, Any] = dict(settings.options)
        wanted, first = options.pop("wanted", None), options.pop("first", 0)
        options.pop("fails", None)
        return [
            CellRequest(
                cell=BenchCell(measure="toy", task="competing_vars", k=k, seed=settings.seed, options=options),
                trials=settings.trials,
                first=first,
                wanted=wanted,
            )
            for k in settings.ks
        ]

    def summarise(self, data: RecordSource, settings: Settings, progress: Callable[[str], None]) -> list[TableRow]:
        self.summed_up += 1
        if settings.options.get("fails"):
            raise ZeroDivisionError("no rows today")
        rows = []
        for request in self.plan(settings):
            progress(f"k={request.cell.k}")
            keys: dict[str, RowKey] = {"model": data.model, "k": request.cell.k}
            if (reason := data.refusal(request)) is not None:
                rows.append(TableRow(table=self.name, keys=dict(keys), values={}, notes=(reason,)))
                continue
            frame = data.frame(request)
            values = {
                "odd": share(frame["odd"].to_numpy(dtype=bool)),
                "value": quantity(float(frame["value"].sum()), len(frame)),
                "counting": count(int(frame["counts"].sum()), len(frame)),
            }
            rows.append(TableRow(table=self.name, keys=dict(keys), values=values))
        return rows


def toy_lab() -> Lab:
    """A lab whose model is only asked where it is."""
    return Lab(cast(Any, nn.Linear(1, 1)), cast(Any, None))


def tiny_lab() -> Lab:
    """A lab with a random Llama, whose logits depend in their last bits on what is computed beside them."""
    from bench_tiny import bench_tokenizer
    from families import FAMILIES, build

    tokenizer = bench_tokenizer()
    model = build(FAMILIES["llama"], vocab_size=len(tokenizer), max_position_embeddings=512, initializer_range=0.2)
    return Lab(model, tokenizer)


def toys() -> tuple[ToyMeasure, list[ToyExperiment]]:
    return ToyMeasure(), [ToyExperiment("toy-a"), ToyExperiment("toy-b")]


def install(monkeypatch: pytest.MonkeyPatch) -> dict[str, ToyExperiment]:
    """Register the measure `toy` and the experiments `toy-a` and `toy-b` for one test."""
    measure, experiments = toys()
    monkeypatch.setitem(MEASURES._entries, "toy", measure)
    for experiment in experiments:
        monkeypatch.setitem(EXPERIMENTS._entries, experiment.name, experiment)
    return {experiment.name: experiment for experiment in experiments}


def main(out: str, settings: str, lab: str = "toy") -> None:
    from guardbind_bench.running.runner import run

    # A shell that starts a background job has its children ignore it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    measure, experiments = toys()
    MEASURES.register("toy", measure)
    EXPERIMENTS.register("toy-a", experiments[0])
    run(
        {"toy-a": Settings.model_validate_json(settings)},
        lab=tiny_lab() if lab == "tiny" else toy_lab(),
        origin=ORIGIN,
        out=Path(out),
        command="toy",
        token_budget=80,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
