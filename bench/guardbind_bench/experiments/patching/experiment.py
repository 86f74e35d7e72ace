"""Asks which activations of a clean run bring the right answer back into a corrupt one.

Beside each patch stand one from a clean run of other bindings (the noise floor), two ablations of the corrupt run and
one of the clean run, on the same pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import CellExperiment, Condition, GridRun, Point
from guardbind_bench.experiments.options import check_names
from guardbind_bench.experiments.patching.chosen import head_rows, layer_rows
from guardbind_bench.experiments.patching.rows import PatchedPairs, pair_row, site_rows
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.measures.patching_pairs import Corruption, Layers, PatchingOptions, Position
from guardbind_bench.prompts.cell import Asked, BenchCell, CellRequest

__all__ = ["EXPERIMENT", "PatchingExperiment", "PatchingSettings"]


class PatchingSettings(Frozen):
    """What only this experiment knows. Its fillers are those of the pair; `Settings.fillers` is not used."""

    clean: str = "random"
    """Filler of the clean prompts."""
    corrupt: str = "decoy_heavy"
    """Filler of the corrupt prompts."""
    corruptions: tuple[Corruption, ...] = Field(default=("filler",), min_length=1)
    """What tells the prompts of a pair apart: the whole filler, nothing but the decoys, or both in turn."""
    asked: tuple[Asked, ...] = Field(default=("random",), min_length=1)
    """Which key the question names: drawn anew for each trial, always the paper's, or both in turn."""
    errors: Literal["2B", "any"] = "2B"
    """Which answer to the corrupt prompt lets a pair qualify."""
    competitor: Literal["predicted", "paper"] = "predicted"
    """What the target is set against."""
    positions: tuple[Position, ...] = Field(default=("last",), min_length=1)
    """Tokens that are patched together; a patch of the last costs one token, of the others most of the prompt."""
    layers: Layers = "all"
    """Layers whose attention and MLP are patched: numbers, negative ones from the last, `all`, `last8`, `quarters`,
    `paper` (first, middle and last) or `none`."""
    sites: int = Field(default=4, ge=0)
    """How many of them (a component of a layer) are chosen and tested; 0 to choose none."""
    heads: int = Field(default=12, ge=0)
    """How many heads are chosen and tested; 0 to leave heads alone."""
    head_layers: Layers = "last8"
    """Layers that heads are chosen from, named in the same ways."""
    tries: int = Field(default=20, ge=1)
    """Pairs tried, at most, for each one that is wanted."""
    smallest_gap: float = Field(default=0.5, ge=0)
    """Logits between clean and corrupt margin below which a pair is left out of the ratios of means."""


class PatchingExperiment(CellExperiment[PatchingSettings]):
    """Patches pairs of prompts, layer by layer and head by head."""

    name = "patching"
    title = "Which activations of a clean run bring the right answer back into a corrupt one?"
    version = 2
    aliases = ("patching_full", "gemma_heads")
    place = 90
    findings = (
        FindingRule(
            "How much of the margin does the site that was chosen first bring back?",
            "patching_layers",
            (FindingNumber("share restored", "restoration_ratio_of_means"),),
            {"role": "chosen"},
        ),
    )
    option_type = PatchingSettings
    measure = "patching"
    axes = ("tasks", "ks", "asked", "corruptions")
    without_records = "No pair was measured."

    def check(self, settings: Settings, options: PatchingSettings) -> None:
        """Check the names of the tasks and of both fillers."""
        check_names(settings.tasks, (options.clean, options.corrupt))

    def requests(self, point: Point, settings: Settings, options: PatchingSettings) -> list[CellRequest]:
        """Return one request, which ends when as many pairs as there are to be trials qualify."""
        cell = self.cell({**point, "filler": options.corrupt}, settings, options)
        return [CellRequest(cell=cell, trials=settings.trials * options.tries, wanted=settings.trials)]

    def cell_options(self, point: Point, options: PatchingSettings) -> dict[str, JsonValue]:
        """Return the options of the measure."""
        measured: dict[str, JsonValue] = options.model_dump(mode="json", include=set(PatchingOptions.model_fields))
        if options.heads == 0:
            measured["head_layers"] = "none"
        return {**measured, "corruption": point["corruptions"]}

    def condition_keys(self, cell: BenchCell) -> dict[str, RowKey]:
        """Return what tells the pairs of a cell from others."""
        measured = PatchingOptions.model_validate(cell.options)
        return {
            "task": cell.task,
            # Where only the decoys are replaced, the rest of the clean prompt is that of the corrupt one.
            "clean": measured.clean if measured.corruption == "filler" else None,
            "corrupt": cell.filler,
            "k": cell.k,
            "corruption": measured.corruption,
            "asked": cell.form.asked,
            "errors": measured.errors,
            "competitor": measured.competitor,
        }

    def rows(self, condition: Condition, frame: pd.DataFrame, run: GridRun[PatchingSettings]) -> Iterator[TableRow]:
        """Say how many pairs qualify, and what the patches of each site do."""
        keys, options, settings = run.keys(condition.keys), run.options, run.settings
        pairs = PatchedPairs.of(frame, options.smallest_gap)
        found = 0 if pairs is None else len(pairs.indices)
        short = f"{found} of {settings.trials} pairs were found in {len(frame)} tries."
        yield pair_row(frame, keys, (short,) if found < settings.trials else ())
        if pairs is not None:
            yield from site_rows(pairs, keys)
            yield from layer_rows(pairs, keys, options.sites, settings.seed)
            yield from head_rows(pairs, keys, options.heads, settings.seed)


EXPERIMENT: Experiment = PatchingExperiment()
