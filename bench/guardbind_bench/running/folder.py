"""Keeps the folder of a run: a manifest, the records of each cell in many small files, a summary of each experiment.

```
OUT/manifest.json                           what the folder holds and how far the run is
OUT/records/<measure>/<cell id>/*.parquet   the records of a batch each; those of a trial are in the same file
OUT/summaries/<experiment>.json             what an experiment found
OUT/.lock                                   held by the run that writes
```

Every file is written aside and then renamed, so that one that exists is whole whenever the writer is killed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import pandas as pd
import pyarrow as pa
from filelock import FileLock, Timeout

from guardbind.errors import RunFolderError
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell, CellRequest
from guardbind_bench.registry import AUDIT_TASKS, MEASURES, TASKS, TEXT_TASKS, task_version
from guardbind_bench.running.files import TEMPORARY, write_atomic
from guardbind_bench.running.manifest import ExperimentState, Manifest, Refusal, Status
from guardbind_bench.running.parquet import RecordsPart, encode, read_part, record_schema
from guardbind_bench.running.summary import MeasuredRequest, RunOrigin, Summary

__all__ = ["MANIFEST", "RunFolder"]

MANIFEST = "manifest.json"
"""Name of the file that makes a folder that of a run."""

_RECORDS, _SUMMARIES, _LOCK = "records", "summaries", ".lock"
_INDEXED = ("index", "counts", "failed")
_ELSEWHERE = "Choose another --out, or run with the same model and versions."


@dataclass(slots=True)
class _Held:
    """What is known of the records of a cell without reading them again."""

    parts: list[Path] = field(default_factory=list)
    counts: dict[int, bool] = field(default_factory=dict)
    failed: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0
    peak: int | None = None

    def take(self, path: Path, part: RecordsPart, records: Sequence[tuple[int, bool, str | None]]) -> None:
        self.parts.append(path)
        for index, counts, failed in records:
            self.counts[index] = self.counts.get(index, False) or counts
            self.failed[index] = self.failed.get(index, 0) + (failed is not None)
        self.seconds += part.seconds
        self.peak = max((peak for peak in (self.peak, part.peak_memory_bytes) if peak is not None), default=None)


class RunFolder:
    """Records, refusals and summaries of a run; made by `open` or `read`."""

    def __init__(self, path: Path, manifest: Manifest, lock: FileLock | None = None) -> None:
        self.path = path
        self.manifest = manifest
        self.model = manifest.origin.model
        self._lock = lock
        self._held: dict[str, _Held] = {}

    @classmethod
    def open(cls, path: Path, origin: RunOrigin, command: str, preset: str | None = None) -> RunFolder:
        """Make a folder or go on with one; close it, or use it in a `with` statement.

        Args:
            path: The folder.
            origin: What produces the records.
            command: The command of this run.
            preset: Its preset.

        Raises:
            RunFolderError: The folder is in use, damaged, of another origin or version, or holds something else.
        """
        manifest_path = path / MANIFEST
        others = sorted(entry.name for entry in path.iterdir() if entry.name != _LOCK) if path.is_dir() else []
        leftover = manifest_path.with_name(manifest_path.name + TEMPORARY).name
        if path.exists() and not path.is_dir():
            raise RunFolderError(f"{path} is a file; a folder is needed.", hint="Choose another --out.")
        if not manifest_path.exists() and set(others) - {leftover}:
            raise RunFolderError(
                f"{path} is not the folder of a run: it has no {MANIFEST} and holds {', '.join(others[:5])}.",
                hint="Choose another --out.",
            )
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise RunFolderError(
                f"another run is writing into {path}.", hint="Wait until it is done, stop it, or choose another --out."
            ) from None
        try:
            return cls._opened(path, origin, command, preset, lock)
        except BaseException:
            lock.release()
            raise

    @classmethod
    def _opened(cls, path: Path, origin: RunOrigin, command: str, preset: str | None, lock: FileLock) -> RunFolder:
        if not (path / MANIFEST).exists():
            folder = cls(path, Manifest(origin=origin, command=command, preset=preset), lock)
        else:
            manifest = Manifest.read(path / MANIFEST)
            _check_origin(path, manifest.origin, origin)
            folder = cls(path, manifest.model_copy(update={"command": command, "preset": preset}), lock)
            for leftover in path.rglob(f"*{TEMPORARY}"):
                leftover.unlink()
            for cell_id in folder.cell_ids():
                folder._of(cell_id)
        folder._write()
        return folder

    @classmethod
    def read(cls, path: Path) -> RunFolder:
        """Read a folder, also one that a run is writing into.

        Raises:
            RunFolderError: It is not the folder of a run, damaged, or of another version.
        """
        if not (path / MANIFEST).is_file():
            raise RunFolderError(
                f"{path} is not the folder of a run: it has no {MANIFEST}.", hint="Name the --out of a run."
            )
        return cls(path, Manifest.read(path / MANIFEST))

    def close(self) -> None:
        """Let others write."""
        if self._lock is not None:
            self._lock.release()

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # Records

    def cell_ids(self) -> list[str]:
        """Return the ids of the cells that have records."""
        return sorted(entry.name for entry in (self.path / _RECORDS).glob("*/*") if entry.is_dir())

    def parts(self, cell_id: str) -> list[Path]:
        """Return the files with the records of a cell."""
        return sorted((self.path / _RECORDS).glob(f"*/{cell_id}/*.parquet"))

    def add(
        self, cell: BenchCell, records: Sequence[TrialRecord], *, seconds: float = 0.0, peak_memory: int | None = None
    ) -> None:
        """Write the records of one batch, at least one; those of a trial are never in more than one batch.

        Args:
            cell: What was measured.
            records: All records of the trials of the batch.
            seconds: Time that it took.
            peak_memory: Peak of the memory of the process by then, bytes.

        Raises:
            RunFolderError: A trial has records already.
        """
        first, last = records[0].index, records[-1].index
        held = self._of(cell.id)
        if again := sorted({record.index for record in records} & held.counts.keys()):
            raise RunFolderError(f"trials {again} of cell {cell.id} have records already.")
        part = RecordsPart(
            measure=cell.measure,
            measure_version=MEASURES.get(cell.measure).version,
            task_version=task_version(cell.task),
            cell=cell,
            seconds=seconds,
            peak_memory_bytes=peak_memory,
        )
        path = self.path / _RECORDS / cell.measure / cell.id / f"{first:07d}-{last:07d}.parquet"
        write_atomic(path, encode(records, part, model=self.model))
        held.take(path, part, [(record.index, record.counts, record.failed) for record in records])

    def done(self, request: CellRequest) -> set[int]:
        """Return the trials of a request that have records, also those beyond the number that was wanted."""
        indices = range(request.first, request.first + request.trials)
        return {index for index in self._of(request.cell.id).counts if index in indices}

    def complete(self, request: CellRequest) -> bool:
        """Whether nothing of a request is left to be measured."""
        return self._last(request) is not None or len(self.done(request)) == request.trials

    def frame(self, request: CellRequest) -> pd.DataFrame:
        """Return the records of a request, by ascending trial index; list fields are NumPy arrays.

        Of a request with `wanted`, the trials up to the one that completes the number. Empty, with no columns, when
        the cell was refused or there is no record.

        Raises:
            RunFolderError: A file is damaged.
        """
        chosen = self._chosen(request)
        if not chosen or self.refusal(request) is not None:
            return pd.DataFrame()
        schema = record_schema(MEASURES.get(request.cell.measure).record)
        tables = [read_part(path, schema.names)[1] for path in self._of(request.cell.id).parts]
        frame: pd.DataFrame = pa.concat_tables(tables).to_pandas()
        frame = frame[frame["index"].isin(chosen)]
        return frame.sort_values("index", kind="stable", ignore_index=True)

    def _last(self, request: CellRequest) -> int | None:
        # Index of the trial that completes the number wanted, once every trial before it has records.
        if request.wanted is None:
            return None
        counts, left = self._of(request.cell.id).counts, request.wanted
        for index in range(request.first, request.first + request.trials):
            if index not in counts:
                return None
            left -= counts[index]
            if left == 0:
                return index
        return None

    def _chosen(self, request: CellRequest) -> set[int]:
        done, last = self.done(request), self._last(request)
        return done if last is None else {index for index in done if index <= last}

    def _of(self, cell_id: str) -> _Held:
        if cell_id not in self._held:
            held = _Held()
            for path in self.parts(cell_id):
                part, table = read_part(path, _INDEXED)
                self.check_part(path, part)
                held.take(path, part, list(zip(*(table[name].to_pylist() for name in _INDEXED), strict=True)))
            self._held[cell_id] = held
        return self._held[cell_id]

    def check_part(self, path: Path, part: RecordsPart) -> None:
        """Refuse a file of another cell, measure or version.

        Raises:
            RunFolderError: It must not be read with the others.
        """
        problem = None
        if part.cell.id != path.parent.name:
            problem = f"holds records of cell {part.cell.id} under the name of {path.parent.name}"
        elif part.measure not in MEASURES or part.cell.task not in (*TASKS, *TEXT_TASKS, *AUDIT_TASKS):
            problem = f"is of measure {part.measure} and task {part.cell.task}, which this guardbind has not"
        elif (found := part.measure_version) != (now := MEASURES.get(part.measure).version):
            problem = f"is of version {found} of measure {part.measure}; this guardbind has version {now}"
        elif (found := part.task_version) != (now := task_version(part.cell.task)):
            problem = f"is of version {found} of task {part.cell.task}; this guardbind has version {now}"
        if problem is not None:
            raise RunFolderError(f"{path} {problem}.", hint=_ELSEWHERE)

    # Refusals, conditions, summaries

    def refuse(self, cell: BenchCell, reason: str | None) -> None:
        """Note why a cell cannot be measured; None takes it back."""
        refusals = {cell_id: held for cell_id, held in self.manifest.refusals.items() if cell_id != cell.id}
        if reason is not None:
            refusals[cell.id] = Refusal(cell=cell, reason=reason)
        if refusals != self.manifest.refusals:
            self._write(refusals=refusals)

    def refusal(self, request: CellRequest) -> str | None:
        """Return why the cell could not be measured, or None."""
        held = self.manifest.refusals.get(request.cell.id)
        return None if held is None else held.reason

    def conditions(self, requests: Sequence[CellRequest]) -> tuple[MeasuredRequest, ...]:
        """Return what became of each request."""
        conditions = []
        for request in requests:
            chosen, failed = self._chosen(request), self._of(request.cell.id).failed
            conditions.append(
                MeasuredRequest(
                    request=request,
                    measured=len(chosen),
                    failed=sum(failed[index] for index in chosen),
                    refused=self.refusal(request),
                )
            )
        return tuple(conditions)

    def cost(self, requests: Sequence[CellRequest]) -> tuple[float, int | None]:
        """Return the seconds that the cells of some requests took, all of their records, and the peak memory."""
        cells = [self._of(cell_id) for cell_id in dict.fromkeys(request.cell.id for request in requests)]
        peaks = [held.peak for held in cells if held.peak is not None]
        return sum(held.seconds for held in cells), max(peaks, default=None)

    def write_summary(self, summary: Summary) -> None:
        """Write what an experiment found, in place of what it found before."""
        summary.write(self.path / _SUMMARIES / f"{summary.experiment}.json")

    def summary(self, experiment: str) -> Summary | None:
        """Return what an experiment found; None when there is no summary that can be read."""
        try:
            return Summary.read(self.path / _SUMMARIES / f"{experiment}.json")
        except RunFolderError:
            return None

    def summaries(self) -> list[Summary]:
        """Return what the experiments found, by name.

        Raises:
            RunFolderError: A summary is damaged or of another version.
        """
        return [Summary.read(path) for path in sorted((self.path / _SUMMARIES).glob("*.json"))]

    # State

    def begin(self, experiments: Mapping[str, Settings]) -> None:
        """Note that some experiments are run; others that were run before stay."""
        states = dict(self.manifest.experiments)
        for name, settings in experiments.items():
            before = states.get(name)
            earlier = () if before is None else _earlier(before, settings)
            states[name] = ExperimentState(settings=settings, status="running", earlier=earlier)
        self._write(experiments=states)

    def mark(self, experiments: Sequence[str], status: Status) -> None:
        """Note how far some experiments are."""
        states = dict(self.manifest.experiments)
        for name in experiments:
            states[name] = states[name].model_copy(update={"status": status})
        self._write(experiments=states)

    def spend(self, seconds: float, peak_memory: int | None) -> None:
        """Add to the time spent, and note the peak of the memory."""
        peaks = [peak for peak in (self.manifest.peak_memory_bytes, peak_memory) if peak is not None]
        self._write(seconds=self.manifest.seconds + seconds, peak_memory_bytes=max(peaks, default=None))

    def _write(self, **changes: object) -> None:
        self.manifest = self.manifest.model_copy(update=changes).write(self.path / MANIFEST)

    def validate(self, progress: Callable[[str], None] = lambda _: None) -> list[str]:
        """Read everything and return what is wrong; empty when the folder is whole. See `validation.problems`."""
        from guardbind_bench.running.validation import problems

        return problems(self, progress)


def _earlier(before: ExperimentState, settings: Settings) -> tuple[Settings, ...]:
    return tuple(held for held in (*before.earlier, before.settings) if held != settings)


def _check_origin(path: Path, held: RunOrigin, given: RunOrigin) -> None:
    differs = [
        f"{name} {getattr(held, name)} (now {getattr(given, name)})"
        for name in RunOrigin.model_fields
        if getattr(held, name) != getattr(given, name)
    ]
    if differs:
        raise RunFolderError(f"{path} holds records of another origin: {', '.join(differs)}.", hint=_ELSEWHERE)
