"""Keeps the cells of a run in a folder, each in a file of its own, so that a finished one is never lost."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from pydantic import TypeAdapter

from guardbind.errors import RunFolderError
from guardbind_bench.cost.cell import CostCell
from guardbind_bench.cost.record import COST_VERSION, CellCost, CellCostRecord, PeerCost
from guardbind_bench.running.files import read_record, write_atomic

__all__ = ["CostFolder", "read_cost"]


_PEERS = TypeAdapter(tuple[PeerCost, ...])


class CostFolder:
    """A folder of cells.

    ```
    OUT/cells/<cell id>.json    what one cell took
    OUT/peers/<cell id>-<prompts>.json    what other ways took on the prompts of a cell
    OUT/cost.json               all cells of the last run, in the order of its plan
    OUT/parts.parquet           a row for each part of each cell
    ```

    Args:
        path: The folder; made where there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, cell: CostCell, *, versions: tuple[str, str, str], model: str) -> CellCost | None:
        """Return what a cell took, or None where that was not measured.

        Args:
            cell: The cell.
            versions: Versions of guardbind, transformers and torch.
            model: Name of the model.

        Raises:
            RunFolderError: It was measured with another model or other versions.
        """
        path = self._path(cell)
        if not path.exists():
            return None
        try:
            found = CellCost.model_validate_json(path.read_bytes())
        except ValueError as error:
            raise RunFolderError(f"{path} is no measured cell: {error}.", hint="Choose another --out.") from error
        made = found.provenance
        if found.cell != cell or made is None:
            return None  # what was refused may fit now
        was = (made.guardbind, made.transformers, made.torch), made.model
        if was != (versions, model):
            raise RunFolderError(
                f"{path} was measured with {was}; this run has {(versions, model)}.", hint="Choose another --out."
            )
        return found

    def keep(self, cost: CellCost) -> None:
        """Write what a cell took."""
        write_atomic(self._path(cost.cell), cost.model_dump_json(indent=1).encode() + b"\n")

    def read_peers(self, cell: CostCell, prompts: int) -> tuple[PeerCost, ...]:
        """Return what other ways took on some prompts, or nothing where that was not measured."""
        path = self._peers(cell, prompts)
        return _PEERS.validate_json(path.read_bytes()) if path.exists() else ()

    def keep_peers(self, cell: CostCell, prompts: int, peers: tuple[PeerCost, ...]) -> None:
        """Write what other ways took on some prompts."""
        write_atomic(self._peers(cell, prompts), _PEERS.dump_json(peers, indent=1) + b"\n")

    def end(self, record: CellCostRecord) -> None:
        """Write all cells of a run, and a row for each part."""
        write_atomic(self.path / "cost.json", record.model_dump_json(indent=1).encode() + b"\n")
        rows = [
            {**cost.cell.model_dump(), **part.model_dump(exclude={"steps"}), **part.steps.model_dump()}
            for cost in record.cells
            for part in cost.parts
        ]
        write_atomic(self.path / "parts.parquet", pd.DataFrame(rows).to_parquet())

    def _peers(self, cell: CostCell, prompts: int) -> Path:
        return self.path / "peers" / f"{cell.id}-{prompts}.json"

    def _path(self, cell: CostCell) -> Path:
        return self.path / "cells" / f"{cell.id}.json"


def read_cost(path: Path) -> CellCostRecord:
    """Read what an earlier run found: its `cost.json`, or the folder that holds it.

    Raises:
        RunFolderError: It cannot be read.
    """
    return read_record(CellCostRecord, path / "cost.json" if path.is_dir() else path, version=COST_VERSION)
