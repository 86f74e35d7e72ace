"""Holds what one experiment found on one model, with everything needed to run it again."""

from __future__ import annotations

import json
from pathlib import Path

from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.table import Table, TableRow
from guardbind_bench.prompts.cell import CellRequest
from guardbind_bench.running.files import read_record, write_atomic
from guardbind_bench.running.storing import packed, text_of, unpacked

__all__ = ["SUMMARY_VERSION", "MeasuredRequest", "RunOrigin", "Summary"]

SUMMARY_VERSION = 2


class RunOrigin(Frozen):
    """What produced the records of a run; two runs with equal origins give the same records."""

    model: str
    """The model as it was asked for; of a folder its name."""
    model_sha256: str
    """Hash of its weights."""
    tokenizer_sha256: str
    """Hash of its vocabulary and chat template."""
    dtype: str
    """Data type of the weights, as `float32`."""
    attention: str
    """Attention backend, as `sdpa`."""
    device: str
    """Where it ran, as `cpu` or `cuda`."""
    guardbind: str
    """Version of guardbind."""
    transformers: str
    """Version of transformers."""
    torch: str
    """Version of torch."""


class MeasuredRequest(Frozen):
    """What became of one request."""

    request: CellRequest
    """What was asked for."""
    measured: int
    """Trials with a record."""
    failed: int
    """Records that hold a failure, such as NaN logits."""
    refused: str | None = None
    """Why the cell could not be measured on this model."""


class Summary(Frozen):
    """The result of one experiment on one model."""

    schema_version: int = SUMMARY_VERSION
    """Version of this format."""
    experiment: str
    """Name of the experiment."""
    experiment_version: int
    """Version of the experiment."""
    title: str
    """What it shows."""
    origin: RunOrigin
    """What produced the records."""
    command: str
    """The command that ran it."""
    settings: Settings
    """What it was run over."""
    conditions: tuple[MeasuredRequest, ...]
    """What was measured."""
    seconds: float
    """Time that measuring and summing up took, over all sessions and processes."""
    peak_memory_bytes: int | None
    """Largest resident memory of any process that measured; on a GPU, of its allocator."""
    tables: tuple[Table, ...]
    """What the rows mean."""
    rows: tuple[TableRow, ...]
    """The numbers."""

    def called(self, name: str) -> Summary:
        """Return the same with another name of the model, in its rows as well."""
        before = self.origin.model
        rows = tuple(
            row.model_copy(update={"keys": {**row.keys, "model": name}}) if row.keys.get("model") == before else row
            for row in self.rows
        )
        return self.model_copy(update={"origin": self.origin.model_copy(update={"model": name}), "rows": rows})

    @classmethod
    def read(cls, path: Path) -> Summary:
        """Read a stored summary.

        Raises:
            RunFolderError: The file is no summary, or of another version.
        """
        # Version 1 held the fields as they are.
        return read_record(cls, path, version=SUMMARY_VERSION, older={1: dict}, unpack=unpacked)

    def write(self, path: Path) -> None:
        """Store it in a form that `read` takes; its numbers should be `rounded`, of which fewer digits are enough."""
        # By way of JSON, as a number that is not finite is stored as null.
        write_atomic(path, text_of(packed(json.loads(self.model_dump_json()))).encode())
