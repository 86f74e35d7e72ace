"""`stages`: where the answers go wrong: no candidate is written (2A), or another one than the target (2B)."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import JsonValue

from guardbind_bench.experiments.experiment import Data, Experiment, Settings
from guardbind_bench.experiments.shared.letters import LETTER_COLUMNS, letter_estimates
from guardbind_bench.experiments.shared.reading_cells import (
    STAGE_COLUMNS,
    ReadingOptions,
    Readings,
    keys_of,
    reading_requests,
    stage_estimates,
)
from guardbind_bench.experiments.table import Key, Row, Table
from guardbind_bench.prompts.cell import Request

__all__ = ["EXPERIMENT", "Stages"]

_LETTERED = ("notes_binding", "notes_binding_unanswerable")
_BASELINE = ("acc", "distance", "n")

TABLES = (
    Table(
        id="stages",
        title="Accuracy, and whether errors are of stage 2A or 2B",
        columns=STAGE_COLUMNS,
        published="stage_decomposition",
        figure="stages",
    ),
    Table(
        id="baseline",
        title="Accuracy without any remedy, by distance",
        columns={name: STAGE_COLUMNS[name] for name in _BASELINE},
        published="baseline_by_distance",
    ),
    Table(
        id="notes",
        title="Notes with lettered options: accuracy, abstention and information in the letters",
        columns=LETTER_COLUMNS,
        published="notes_binding",
    ),
)


class Stages:
    """Reads each prompt once and sorts the answers."""

    name = "stages"
    title = "Where answers go wrong: gate failures (2A) and binding failures (2B)"
    version = 2
    aliases: tuple[str, ...] = ("stage_decomposition", "qwen_full", "baseline_by_distance", "notes_binding")
    tables: tuple[Table, ...] = TABLES
    defaults: dict[str, JsonValue] = ReadingOptions().model_dump(mode="json")

    def plan(self, settings: Settings) -> list[Request]:
        """Return one request per task, filler, form and `k`.

        Raises:
            ConfigError: An option is unknown or does not fit.
            UnknownNameError: A task or filler is not registered.
        """
        return reading_requests(settings, self.name)

    def summarise(self, data: Data, settings: Settings, progress: Callable[[str], None]) -> list[Row]:
        """Sort the answers of each cell."""
        rows: list[Row] = []
        for request in self.plan(settings):
            keys = keys_of(data.model, request.cell)
            progress(" / ".join(map(str, list(keys.values())[1:])))
            rows += _rows(data, request, keys)
        return rows


def _rows(data: Data, request: Request, keys: dict[str, Key]) -> list[Row]:
    lettered = request.cell.task in _LETTERED
    frame = data.frame(request)
    if frame.empty:
        why = data.refusal(request) or "there are no records."
        return [Row(table=name, keys=keys, values={}, notes=(why,)) for name in ("stages", "notes")[: 1 + lettered]]
    readings = Readings.of(frame)
    values, notes = stage_estimates(readings)
    rows = [Row(table="stages", keys=keys, values=values, notes=notes)]
    if lettered:
        rows.append(Row(table="notes", keys=keys, values=letter_estimates(readings)))
    else:
        rows.append(Row(table="baseline", keys=keys, values={name: values[name] for name in _BASELINE}))
    return rows


EXPERIMENT: Experiment = Stages()
