"""`patching`: which activations of a clean run bring the right answer back into a corrupt one?

Beside each patch stand one from a clean run of other bindings (the noise floor), two ablations of the corrupt run and
one of the clean run, on the same pairs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product
from typing import Literal

from pydantic import Field, JsonValue

from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Data, Settings
from guardbind_bench.experiments.options import check_names, read_options
from guardbind_bench.experiments.patching.chosen import head_rows, layer_rows
from guardbind_bench.experiments.patching.rows import Patched, pair_row, site_rows
from guardbind_bench.experiments.patching.tables import TABLES
from guardbind_bench.experiments.table import Key, Row
from guardbind_bench.measures.patching_pairs import Corruption, Layers, PatchingOptions, Position
from guardbind_bench.prompts.cell import Asked, Cell, Form, Request

__all__ = ["EXPERIMENT", "Options", "Patching"]

_CELL = frozenset(PatchingOptions.model_fields)


class Options(Frozen):
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

    def cell_options(self, corruption: Corruption) -> dict[str, JsonValue]:
        """Return the options of the measure."""
        options: dict[str, JsonValue] = self.model_dump(mode="json", include=set(_CELL))
        if self.heads == 0:
            options["head_layers"] = "none"
        return {**options, "corruption": corruption}


class Patching:
    """Patches pairs of prompts, layer by layer and head by head."""

    name = "patching"
    title = "Which activations of a clean run bring the right answer back into a corrupt one?"
    version = 2
    aliases = ("patching_full", "gemma_heads")
    tables = TABLES
    defaults: dict[str, JsonValue] = Options().model_dump(mode="json")

    def plan(self, settings: Settings) -> list[Request]:
        """Return one request for each task, k, asked key and corruption.

        Raises:
            ConfigError: An option is unknown or does not fit.
            UnknownNameError: A task or a filler is not registered.
        """
        options = read_options(Options, settings.options, self.name)
        return [request for request, _ in _conditions(settings, options)]

    def summarise(self, data: Data, settings: Settings, progress: Callable[[str], None]) -> list[Row]:
        """Make the rows from the records; the same records give the same rows."""
        options = read_options(Options, settings.options, self.name)
        rows: list[Row] = []
        for request, condition in _conditions(settings, options):
            progress(", ".join(f"{name} {value}" for name, value in condition.items()))
            keys: dict[str, Key] = {"model": data.model, **condition}
            frame = data.frame(request)
            if frame.empty:
                reason = data.refusal(request) or "No pair was measured."
                rows.append(Row(table="patching_pairs", keys=keys, values={}, notes=(reason,)))
                continue
            pairs = Patched.of(frame, options.smallest_gap)
            found = 0 if pairs is None else len(pairs.indices)
            short = f"{found} of {settings.trials} pairs were found in {len(frame)} tries."
            rows.append(pair_row(frame, keys, (short,) if found < settings.trials else ()))
            if pairs is not None:
                rows += site_rows(pairs, keys)
                rows += layer_rows(pairs, keys, options.sites, settings.seed)
                rows += head_rows(pairs, keys, options.heads, settings.seed)
        return rows


def _conditions(settings: Settings, options: Options) -> Iterator[tuple[Request, dict[str, Key]]]:
    check_names(settings.tasks, (options.clean, options.corrupt))
    for task, k, asked, corruption in product(settings.tasks, settings.ks, options.asked, options.corruptions):
        cell = Cell(
            measure="patching",
            task=task,
            filler=options.corrupt,
            k=k,
            form=Form(asked=asked),
            seed=settings.seed,
            options=options.cell_options(corruption),
        )
        request = Request(cell=cell, trials=settings.trials * options.tries, wanted=settings.trials)
        yield (
            request,
            {
                "task": task,
                # Where only the decoys are replaced, the rest of the clean prompt is that of the corrupt one.
                "clean": options.clean if corruption == "filler" else None,
                "corrupt": options.corrupt,
                "k": k,
                "corruption": corruption,
                "asked": asked,
                "errors": options.errors,
                "competitor": options.competitor,
            },
        )


EXPERIMENT = Patching()
