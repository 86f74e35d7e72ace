"""Runs experiments: measures what is missing, writes it as it comes, sums up, and goes on when started again."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from types import FrameType

from guardbind.errors import GuardbindError, RunFolderError
from guardbind.model.cache import input_device
from guardbind_bench.experiments.experiment import Settings, summarise
from guardbind_bench.experiments.experiment import plan as plan_of
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.measure import Session
from guardbind_bench.prompts.cell import BenchCell, CellRequest
from guardbind_bench.registry import EXPERIMENTS, MEASURES
from guardbind_bench.running.batches import MeasuredBatch, batches, is_out_of_memory, measure, trials_per_batch
from guardbind_bench.running.folder import RunFolder
from guardbind_bench.running.memory import peak_memory
from guardbind_bench.running.naming import hidden
from guardbind_bench.running.progress import Progress
from guardbind_bench.running.sharding import Team
from guardbind_bench.running.storing import rounded, rounded_number
from guardbind_bench.running.summary import RunOrigin, Summary

__all__ = ["CHUNK", "run"]

CHUNK = 32
"""Trials that are measured before it is asked again whether enough of them count."""


def run(
    experiments: Mapping[str, Settings],
    *,
    lab: Lab,
    origin: RunOrigin,
    out: Path,
    command: str,
    preset: str | None = None,
    token_budget: int = 4096,
    batch_size: int | None = None,
    progress: Progress | None = None,
) -> list[Summary]:
    """Measure what the experiments ask for and is not yet in the folder, and sum up each of them.

    A cell that several experiments ask for is measured once. Killed at any moment and started again, it repeats no
    batch that was written and ends with the same rows. With more than one process the batches go round, and only the
    main process writes. SIGTERM stops it as Ctrl-C does.

    Args:
        experiments: Name of an experiment to what it is run over.
        lab: The model, on its device.
        origin: What the model is.
        out: Folder of the run.
        command: The command, to be noted.
        preset: Its preset, to be noted.
        token_budget: Tokens per batch, at most, unless one trial has more.
        batch_size: Trials per batch, at most; None for no bound.
        progress: Shows how far it is; on standard error without it.

    Returns:
        The summaries, in the order of `experiments`, on every process.

    Raises:
        ConfigError: An experiment does not take its settings.
        KeyboardInterrupt: It was stopped; what was measured is in the folder.
        RunFolderError: The folder cannot be used.
        UnknownNameError: There is no such experiment, task or filler.
    """
    plan = {name: plan_of(EXPERIMENTS.get(name), settings) for name, settings in experiments.items()}
    team = Team()
    with _opened(team, out, origin, command, preset) as folder, _terminable():
        cells = _Cells(plan, lab, team, folder, token_budget, batch_size)
        if folder is None:
            for name in plan:
                cells.measure(name, None)
            return team.share([])
        with progress or Progress() as shown:
            return team.share(_Main(experiments, plan, cells, folder, shown).run())


@contextmanager
def _opened(team: Team, out: Path, origin: RunOrigin, command: str, preset: str | None) -> Iterator[RunFolder | None]:
    """Give the folder to the main process; a refusal ends all of them."""
    opened: RunFolder | RunFolderError | None = None
    if team.is_main:
        try:
            opened = RunFolder.open(out, origin, command, preset)
        except RunFolderError as error:
            opened = error
    refusal = team.share(str(opened) if isinstance(opened, RunFolderError) else None)
    if refusal is not None:
        raise opened if isinstance(opened, RunFolderError) else RunFolderError(refusal)
    assert not isinstance(opened, RunFolderError)
    with opened or nullcontext() as folder:
        yield folder


@contextmanager
def _terminable() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _Cells:
    """Measures cells; on every process at the same time."""

    def __init__(
        self,
        plan: Mapping[str, Sequence[CellRequest]],
        lab: Lab,
        team: Team,
        folder: RunFolder | None,
        token_budget: int,
        batch_size: int | None,
    ) -> None:
        # By experiment the cells, by cell the requests of all experiments.
        self._cells = {name: {r.cell.id: r.cell for r in requests} for name, requests in plan.items()}
        self._requests: dict[str, list[CellRequest]] = {}
        for request in (request for requests in plan.values() for request in requests):
            self._requests.setdefault(request.cell.id, []).append(request)
        self._lab = lab
        self._team = team
        self._folder = folder
        self._token_budget = token_budget
        self._batch_size = batch_size
        self._finished: set[str] = set()

    def measure(self, experiment: str, progress: Progress | None) -> None:
        """Measure the cells of an experiment, for all experiments that ask for them."""
        for cell_id, cell in self._cells[experiment].items():
            if cell_id not in self._finished:
                if progress is not None:
                    progress.started(cell)
                refusal = self._measure(cell, self._requests[cell_id], progress)
                self._finished.add(cell_id)
                if progress is not None:
                    progress.finished(cell, refusal)

    def _measure(self, cell: BenchCell, requests: Sequence[CellRequest], progress: Progress | None) -> str | None:
        if self._folder is not None:
            # It may have been for want of memory, of which there may be more now.
            self._folder.refuse(cell, None)
        missing = self._folder is not None and not all(map(self._folder.complete, requests))
        if not self._team.share(missing):
            return None
        session: Session | None = None
        reason = None
        try:
            session = MEASURES.get(cell.measure).prepare(self._lab, cell)
        except GuardbindError as error:
            reason = str(error)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            reason = f"memory does not suffice to prepare for it: {error}"
        reason = _first(self._team.gather(reason))
        if session is not None and reason is None:
            reason = self._run(cell, requests, session, progress)
        if reason is not None:
            reason = hidden(
                reason, [getattr(held, "name_or_path", "") for held in (self._lab.model, self._lab.tokenizer)]
            )
        if self._folder is not None:
            self._folder.refuse(cell, reason)
        return reason

    def _run(
        self, cell: BenchCell, requests: Sequence[CellRequest], session: Session, progress: Progress | None
    ) -> str | None:
        size = trials_per_batch(session.tokens, budget=self._token_budget, longest=self._batch_size)
        steps = iter(()) if self._folder is None else _steps(self._folder, requests, size)
        device = input_device(self._lab.model)
        # The main process knows what is missing, and tells the others.
        while (step := self._team.share(next(steps, None))) is not None:
            for at in range(0, len(step), self._team.size):
                start = time.perf_counter()
                mine = dict(enumerate(step[at : at + self._team.size])).get(self._team.rank, ())
                with self._watched(progress, cell, len(mine)):
                    batch = measure(session, mine)
                measured = self._team.gather((batch, peak_memory(device)))
                if self._folder is not None:
                    indices = _keep(self._folder, cell, measured)
                    if progress is not None:
                        tokens = session.tokens * len(indices)
                        progress.advance(cell, indices, tokens, time.perf_counter() - start)
                if (refusal := _first([batch.refusal for batch, _ in measured])) is not None:
                    return refusal
        return None

    @contextmanager
    def _watched(self, progress: Progress | None, cell: BenchCell, trials: int) -> Iterator[None]:
        """Tell the progress of each forward pass."""
        if progress is None:
            yield
            return
        tick = progress.passes(cell, trials)
        hook = self._lab.model.register_forward_hook(lambda *_: tick())
        try:
            yield
        finally:
            hook.remove()


def _steps(folder: RunFolder, requests: Sequence[CellRequest], size: int) -> Iterator[list[tuple[int, ...]]]:
    """Say what to measure next, once what was said before is in the folder.

    Batches of which no trial has a record are the same ones however often the run was stopped.
    """
    everything = [request for request in requests if request.wanted is None]
    asked = {index for request in everything for index in _indices(request)}
    if missing := sorted(asked.difference(*map(folder.done, everything))):
        yield batches(missing, size)
    for request in requests:
        for chunk in batches(_indices(request), CHUNK) if request.wanted is not None else []:
            if folder.complete(request):
                break
            if missing := sorted(set(chunk) - folder.done(request)):
                yield batches(missing, size)


def _indices(request: CellRequest) -> range:
    return range(request.first, request.first + request.trials)


def _keep(folder: RunFolder, cell: BenchCell, measured: Sequence[tuple[MeasuredBatch, int | None]]) -> set[int]:
    indices: set[int] = set()
    for batch, peak in measured:
        if batch.records:
            folder.add(cell, batch.records, seconds=batch.seconds, peak_memory=peak)
            indices.update(record.index for record in batch.records)
    return indices


def _first(reasons: Sequence[str | None]) -> str | None:
    return next((reason for reason in reasons if reason is not None), None)


class _Main:
    """What only the main process does: sum up, and keep the manifest."""

    def __init__(
        self,
        experiments: Mapping[str, Settings],
        plan: Mapping[str, Sequence[CellRequest]],
        cells: _Cells,
        folder: RunFolder,
        progress: Progress,
    ) -> None:
        self._experiments = experiments
        self._plan = plan
        self._cells = cells
        self._folder = folder
        self._progress = progress
        self._since = time.perf_counter()

    def run(self) -> list[Summary]:
        done: dict[str, set[int]] = {}
        for requests in self._plan.values():
            for request in requests:
                done.setdefault(request.cell.id, set()).update(self._folder.done(request))
        self._progress.begin(self._plan, done)
        self._folder.begin(self._experiments)
        left = list(self._experiments)
        summaries: list[Summary] = []
        errors: list[Exception] = []
        try:
            for name in self._experiments:
                self._cells.measure(name, self._progress)
                try:
                    summaries.append(self._summary(name))
                except Exception as error:
                    error.add_note(f"This was while summing up experiment {name}; its records are in the folder.")
                    errors.append(error)
                else:
                    left.remove(name)
                    self._folder.mark([name], "done")
                self._spend()
            if errors:
                raise errors[0]
        except BaseException:
            self._folder.mark(left, "stopped")
            self._spend()
            raise
        return summaries

    def _summary(self, name: str) -> Summary:
        experiment, settings, requests = EXPERIMENTS.get(name), self._experiments[name], self._plan[name]
        conditions = self._folder.conditions(requests)
        held = self._folder.summary(name)
        if (
            held is not None
            and held.experiment_version == experiment.version
            and held.settings == settings
            and held.origin == self._folder.manifest.origin
            and held.conditions == conditions
        ):
            return held
        start = time.perf_counter()
        rows = summarise(experiment, self._folder, settings, lambda what: self._progress.working(name, what))
        seconds, peak = self._folder.cost(requests)
        summary = Summary(
            experiment=name,
            experiment_version=experiment.version,
            title=experiment.title,
            origin=self._folder.manifest.origin,
            command=self._folder.manifest.command,
            settings=settings,
            conditions=conditions,
            seconds=rounded_number(seconds + time.perf_counter() - start),
            peak_memory_bytes=peak,
            tables=experiment.tables,
            rows=tuple(map(rounded, rows)),
        )
        self._folder.write_summary(summary)
        return summary

    def _spend(self) -> None:
        now = time.perf_counter()
        requests = [request for requests in self._plan.values() for request in requests]
        self._folder.spend(now - self._since, self._folder.cost(requests)[1])
        self._since = now
