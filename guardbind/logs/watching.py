"""Compares the slots of a log with references, and goes on tomorrow where it stopped today."""

from __future__ import annotations

import os
import tempfile
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from pydantic import Field, ValidationError

from guardbind.calibration.drift import DriftReport, DriftState, DriftTest
from guardbind.calibration.reference import ReferenceSample, SignalReference
from guardbind.calibration.signals import signals_of
from guardbind.errors import ConfigError
from guardbind.events.records import Event, GenerationRecord, SlotRecord
from guardbind.frozen import Frozen
from guardbind.logs.counting import time_of
from guardbind.logs.reading import LogLine, Unread, read_logs

__all__ = ["DriftWatch", "FirstSlots", "ReferenceLog", "WatchState", "load_state", "reference_log", "save_state"]

_OPEN = 256
_LOGS = 1000


class ReferenceLog(Frozen):
    """What is taken from an older log to compare with."""

    references: tuple[SignalReference, ...]
    """One per signal; none where the log holds no slot."""
    models: tuple[str, ...]
    """Models whose slots they are of."""


class WatchState(Frozen):
    """What the next run needs so as to go on, and to count no slot twice."""

    format: int = 1
    """Version of the format."""
    drift: DriftState | None
    """Where the test stands; None before the first slot."""
    read: dict[str, int] = Field(default_factory=dict)
    """Name of a log (`LogLine.log`) to the number of its last line that was compared."""
    started: dict[str, tuple[int, ...]] = Field(default_factory=dict)
    """Generations whose end was not read, to their rows whose first slot was compared."""


class FirstSlots:
    """Tells the first slot of each answer from those behind it, which rest on the same prompt and say little more.

    Args:
        started: Generations that have not ended, to their rows whose first slot was there.
    """

    def __init__(self, started: Iterable[tuple[str, Iterable[int]]] = ()) -> None:
        self._started: OrderedDict[str, set[int]] = OrderedDict((name, set(rows)) for name, rows in started)

    def takes(self, record: Event) -> bool:
        """Whether a record is the first slot of a row of its generation; without provenance every slot is."""
        name = None if record.provenance is None else record.provenance.generation
        if isinstance(record, GenerationRecord):
            if name is not None:
                self._started.pop(name, None)
            return False
        if not isinstance(record, SlotRecord):
            return False
        if name is None:
            return True
        rows = self._started.setdefault(name, set())
        if record.row in rows:
            return False
        rows.add(record.row)
        if len(self._started) > _OPEN:
            self._started.popitem(last=False)
        return True

    def started(self) -> dict[str, tuple[int, ...]]:
        """Return the generations that have not ended, to their rows whose first slot was there."""
        return {name: tuple(sorted(rows)) for name, rows in self._started.items()}


class DriftWatch:
    """Compares the first slot of each answer in a log with references.

    Args:
        references: What to compare with, one per signal.
        models: Slots of other models are left out; None compares all.
        alpha: Probability of saying drift, ever, where there is none; by default that of the state, else 0.01.
        state: Where to go on.

    Raises:
        ConfigError: The state is of other references or damaged.
    """

    def __init__(
        self,
        references: Iterable[SignalReference],
        models: Iterable[str] | None = None,
        *,
        alpha: float | None = None,
        state: WatchState | None = None,
    ) -> None:
        self._test = DriftTest(tuple(references), alpha=alpha, state=None if state is None else state.drift)
        self._models = None if models is None else frozenset(models)
        self._read = {} if state is None else dict(state.read)
        self._before = dict(self._read)
        self._first = FirstSlots(() if state is None else state.started.items())
        self.other_models = 0

    def add(self, found: LogLine) -> None:
        """Compare a line, unless a former run has done so, or it is no first slot of an answer."""
        record = found.read
        if isinstance(record, Unread) or found.line <= self._before.get(found.log, 0):
            return
        # Behind all others, so that those which are dropped at last are of old.
        self._read.pop(found.log, None)
        self._read[found.log] = found.line
        if not self._first.takes(record) or not isinstance(record, SlotRecord):
            return
        source = record.provenance
        if self._models is not None and (source is None or source.model not in self._models):
            self.other_models += 1
            return
        began = time_of(record)
        self._test.add(signals_of(record), time=None if began is None else began + (record.at or 0.0))

    def report(self) -> DriftReport:
        """Return what the test says now."""
        return self._test.report()

    def state(self) -> WatchState:
        """Return what the next run needs."""
        kept = dict([*self._read.items()][-_LOGS:])
        return WatchState(drift=self._test.state(), read=kept, started=self._first.started())


def reference_log(paths: Iterable[str | Path], *, model: str | None = None, rotated: bool = True) -> ReferenceLog:
    """Return the references that older logs give.

    Args:
        paths: The logs.
        model: Only slots of this model.
        rotated: Whether to read what rotation put aside, too.

    Raises:
        ConfigError: They hold no slot.
        OSError: A log cannot be opened.
    """
    sample, first, models = ReferenceSample(), FirstSlots(), dict[str, None]()
    for found in read_logs(paths, rotated=rotated):
        record = found.read
        if isinstance(record, Unread) or not first.takes(record) or not isinstance(record, SlotRecord):
            continue
        name = None if record.provenance is None else record.provenance.model
        if model is not None and name != model:
            continue
        if name is not None:
            models[name] = None
        sample.add(signals_of(record))
    if not sample.seen:
        of = "" if model is None else f" of {model!r}"
        raise ConfigError(f"the reference holds no slot{of}.", hint="Give a log that a guard's sink jsonl has written.")
    return ReferenceLog(references=sample.references(), models=tuple(models))


def load_state(path: str | Path) -> WatchState | None:
    """Return the state that a file holds; None where there is no such file yet.

    Raises:
        ConfigError: It holds something else, or is damaged.
        OSError: It cannot be read.
    """
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError:
        return None
    try:
        state = WatchState.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(
            f"{path} is no state of a drift test that this version reads ({where or 'JSON'}: {first['msg']}).",
            hint="Name another file, or delete it to begin anew.",
        ) from error
    if state.format != 1:
        raise ConfigError(
            f"{path} has format {state.format}; 1 is read.", hint="Use a newer guardbind, or delete it to begin anew."
        )
    return state


def save_state(path: str | Path, state: WatchState) -> None:
    """Write a state, whole or not at all.

    Raises:
        OSError: It cannot be written; what was there before is as it was.
    """
    target = Path(path)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(state.model_dump_json())
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
