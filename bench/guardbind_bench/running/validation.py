"""Checks that the folder of a run is whole: every record is read, and every summary is made again from them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from guardbind.errors import GuardbindError
from guardbind_bench.experiments.experiment import Settings, plan, summarise
from guardbind_bench.prompts.cell import CellRequest
from guardbind_bench.registry import EXPERIMENTS, MEASURES
from guardbind_bench.running.parquet import decode, read_part
from guardbind_bench.running.storing import DIGITS
from guardbind_bench.running.summary import Summary

if TYPE_CHECKING:
    from guardbind_bench.running.folder import RunFolder

__all__ = ["problems"]

# Another machine sums up in another order, and what is stored is rounded.
_RELATIVE = 10.0 ** (1 - DIGITS)
_ABSOLUTE = 1e-9


def problems(folder: RunFolder, progress: Callable[[str], None] = lambda _: None) -> list[str]:
    """Read a folder as a whole and return what is wrong with it, one sentence each.

    Checked are: checksum, schema and version of every file; that no trial stands in two of them; that every record
    was asked for; that every summary is of this folder and its rows follow from the records.
    """
    planned: dict[str, list[CellRequest]] = {}
    found: list[str] = []
    for name, state in folder.manifest.experiments.items():
        for settings in (*state.earlier, state.settings):
            requests = _plan(name, settings, found)
            for request in requests:
                planned.setdefault(request.cell.id, []).append(request)
    for cell_id in folder.cell_ids():
        progress(f"records of {cell_id}")
        found += _records(folder, cell_id, planned.get(cell_id, []))
    return [*found, *_summaries(folder, progress, whole=not found)]


def _plan(name: str, settings: Settings, found: list[str]) -> list[CellRequest]:
    try:
        return plan(EXPERIMENTS.get(name), settings)
    except GuardbindError as error:
        found.append(f"experiment {name} cannot be planned: {error}")
        return []


def _records(folder: RunFolder, cell_id: str, requests: list[CellRequest]) -> list[str]:
    found: list[str] = []
    seen: dict[int, Path] = {}
    asked = [range(request.first, request.first + request.trials) for request in requests]
    for path in folder.parts(cell_id):
        try:
            part, table = read_part(path)
            folder.check_part(path, part)
            records = decode(table, MEASURES.get(part.measure).record)
        except GuardbindError as error:
            found.append(f"{path.relative_to(folder.path)}: {error}")
            continue
        indices = {record.index for record in records}
        if twice := sorted(indices & seen.keys()):
            found.append(f"{path.relative_to(folder.path)}: trials {twice} are in {seen[twice[0]].name} as well.")
        if strange := sorted(index for index in indices if not any(index in wanted for wanted in asked)):
            found.append(f"{path.relative_to(folder.path)}: no experiment asked for trials {strange}.")
        seen.update(dict.fromkeys(indices, path))
    return found


def _summaries(folder: RunFolder, progress: Callable[[str], None], *, whole: bool) -> list[str]:
    found: list[str] = []
    try:
        summaries = folder.summaries()
    except GuardbindError as error:
        return [str(error)]
    held = {summary.experiment for summary in summaries}
    for name, state in folder.manifest.experiments.items():
        if state.status == "done" and name not in held:
            found.append(f"experiment {name} is done and has no summary.")
    for summary in summaries:
        name = summary.experiment
        if summary.origin != folder.manifest.origin:
            found.append(f"the summary of {name} is of another origin.")
        if name not in EXPERIMENTS:
            found.append(f"the summary of {name} is of an experiment that this guardbind has not.")
        elif whole:
            progress(f"summary of {name}")
            found += _rows(folder, summary)
    return found


def _rows(folder: RunFolder, summary: Summary) -> list[str]:
    name, experiment = summary.experiment, EXPERIMENTS.get(summary.experiment)
    if experiment.version != summary.experiment_version:
        return [f"the summary of {name} is of version {summary.experiment_version}, not {experiment.version}."]
    if folder.conditions([condition.request for condition in summary.conditions]) != summary.conditions:
        return [f"the summary of {name} does not count the records that are there; run the same command again."]
    rows = summarise(experiment, folder, summary.settings, lambda _: None)
    # As JSON, as a number that is not finite is stored as None.
    again = [json.loads(row.model_dump_json()) for row in rows]
    stored = [json.loads(row.model_dump_json()) for row in summary.rows]
    differing = [number for number, pair in enumerate(zip(again, stored, strict=False)) if not _same(*pair)]
    if len(again) != len(stored):
        return [f"the summary of {name} has {len(stored)} rows; the records give {len(again)}."]
    return [f"rows {differing} of the summary of {name} do not follow from the records."] if differing else []


def _same(left: Any, right: Any) -> bool:
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(_same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(_same, left, right))
    if isinstance(left, float) or isinstance(right, float):
        return (
            isinstance(left, (int, float))
            and isinstance(right, (int, float))
            and math.isclose(left, right, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
        )
    return bool(left == right)
