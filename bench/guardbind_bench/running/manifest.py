"""Holds `manifest.json`: what a run's folder holds, and how far the run has come."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, Field

from guardbind._version import __version__
from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.running.files import read_record, write_atomic
from guardbind_bench.running.summary import RunOrigin

__all__ = ["MANIFEST_VERSION", "ExperimentState", "Manifest", "Refusal", "Status"]

MANIFEST_VERSION = 1
Status = Literal["running", "stopped", "done"]


class Refusal(Frozen):
    """A cell that could not be measured."""

    cell: BenchCell
    """The cell."""
    reason: str
    """Why."""


class ExperimentState(Frozen):
    """How far an experiment has come."""

    settings: Settings
    """What it is run over."""
    status: Status
    """`running` also after a crash; `stopped` by a signal or an error; `done` when its summary is written."""
    earlier: tuple[Settings, ...] = ()
    """What it was run over before, in the same folder; what was measured then is kept."""


class Manifest(Frozen):
    """What a run's folder holds. Written anew at every change."""

    schema_version: int = MANIFEST_VERSION
    """Version of this format."""
    guardbind: str = __version__
    """Version of guardbind that wrote it."""
    origin: RunOrigin
    """What produces the records; no other may add to them."""
    command: str
    """The command that was started last."""
    preset: str | None = None
    """Its preset."""
    experiments: dict[str, ExperimentState] = Field(default_factory=dict)
    """Name of an experiment to how far it has come."""
    refusals: dict[str, Refusal] = Field(default_factory=dict)
    """Id of a cell to why it could not be measured."""
    seconds: float = Field(default=0.0, ge=0)
    """Time spent so far, over all sessions that did not crash."""
    peak_memory_bytes: int | None = None
    """Largest peak memory of any process so far."""
    started: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    """When the folder was made, UTC."""
    updated: AwareDatetime = Field(default_factory=lambda: datetime.now(UTC))
    """When this was written, UTC."""

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a manifest.

        Raises:
            RunFolderError: It cannot be read, or is of another version.
        """
        return read_record(cls, path, version=MANIFEST_VERSION)

    def write(self, path: Path) -> Manifest:
        """Write it with the present time, and return what was written."""
        written = self.model_copy(update={"updated": datetime.now(UTC)})
        write_atomic(path, written.model_dump_json(indent=2).encode() + b"\n")
        return written
