"""Keeps what a calibration has measured so far in one file, so that one that was stopped goes on where it was.

Each line is one JSON object. The first says what was asked for, each further one is an outcome, a failure, or what a
whole step gave. A line that was cut off when the process was killed is dropped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from filelock import FileLock, Timeout

from guardbind.calibration.outcome import Outcome
from guardbind.errors import CalibrationError

__all__ = ["WORK", "WorkFile"]

WORK = "work.jsonl"
"""Name of the file, in the folder of the calibration."""
_FORMAT = 1


class WorkFile:
    """Outcomes by settings and trial, and failures by trial; made by `open`, and closed by a `with` statement.

    Attributes:
        path: The file.
        failures: Name of a trial to what went wrong.
    """

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self.failures: dict[str, str] = {}
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        self._steps: dict[str, Any] = {}
        self._lock = lock

    @classmethod
    def open(cls, folder: Path, request: Mapping[str, Any], *, resume: bool) -> Self:
        """Begin a file, or go on with one.

        Args:
            folder: Folder of the calibration; made if it is not there.
            request: All that the outcomes depend on, as JSON-ready data.
            resume: Go on with a file that is there; else it is begun anew.

        Raises:
            CalibrationError: Another process writes there, the folder cannot be written, or the file is damaged or of
                another request.
        """
        lock = FileLock(folder / f".{WORK}.lock")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout:
            raise CalibrationError(
                f"another calibration is being made in {folder}.",
                hint="Wait until it is done, stop it, or name another folder.",
            ) from None
        except OSError as error:
            raise CalibrationError(
                f"{folder} cannot be written: {error}.", hint="Name a folder that can be."
            ) from error
        work = cls(folder / WORK, lock)
        try:
            if resume and work.path.is_file() and b"\n" in work.path.read_bytes():
                work._read(request)
            else:
                head = {"format": _FORMAT, "sha256": _hash(request), "request": request}
                work.path.write_text(json.dumps(head, sort_keys=True) + "\n", encoding="utf-8")
        except BaseException:
            lock.release()
            raise
        return work

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    def outcome(self, settings: str, trial: str) -> Outcome | None:
        """Return what a trial showed under some settings; None if that was not measured."""
        return self._outcomes.get((settings, trial))

    def step(self, name: str) -> Any:
        """Return what a whole step gave; None if it was not done."""
        return self._steps.get(name)

    def add_outcome(self, settings: str, outcome: Outcome) -> None:
        """Keep what a trial showed under some settings."""
        self._append({"settings": settings, "outcome": outcome.model_dump(mode="json", exclude_defaults=True)})
        self._outcomes[settings, outcome.trial] = outcome

    def add_failure(self, trial: str, why: str) -> None:
        """Keep why a trial could not be measured; it is not tried again."""
        self._append({"failed": trial, "why": why})
        self.failures[trial] = why

    def add_step(self, name: str, data: Any) -> None:
        """Keep what a whole step gave, as JSON-ready data."""
        self._append({"step": name, "data": data})
        self._steps[name] = data

    def _append(self, line: Mapping[str, Any]) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def _read(self, request: Mapping[str, Any]) -> None:
        data = self.path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        lines = whole.splitlines()
        try:
            head = json.loads(lines[0])
            if head["format"] != _FORMAT or not isinstance(head["sha256"], str):
                raise ValueError(f"format {head['format']}")
            for line in lines[1:]:
                self._take(json.loads(line))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise CalibrationError(
                f"{self.path} is no work file that can be gone on with: {error}.",
                hint="Begin anew with --restart (resume=False), or name another folder.",
            ) from error
        if head["sha256"] != _hash(request):
            differs = [name for name in request if head["request"].get(name) != request[name]]
            raise CalibrationError(
                f"{self.path} is of another calibration: {', '.join(differs) or 'its request'} differs.",
                hint="Name another folder, or begin anew with --restart (resume=False).",
            )
        if len(whole) < len(data):
            with self.path.open("r+b") as file:
                file.truncate(len(whole))

    def _take(self, line: Mapping[str, Any]) -> None:
        if "outcome" in line:
            outcome = Outcome.model_validate(line["outcome"])
            self._outcomes[line["settings"], outcome.trial] = outcome
        elif "failed" in line:
            self.failures[line["failed"]] = line["why"]
        else:
            self._steps[line["step"]] = line["data"]


def _hash(request: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
