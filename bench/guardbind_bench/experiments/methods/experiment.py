"""Sets every method beside the guard's own, on the same trials, tuned with the same budget, by what they are told.

Settings are chosen on trials of another seed, of the fillers in which neither value stands more often than the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.errors import ConfigError
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.grid import Condition, GridRun, Point
from guardbind_bench.experiments.methods.numbers import TunedSetting, answers_of, chosen, collateral_of, costs_of
from guardbind_bench.experiments.options import check_slot_tasks
from guardbind_bench.experiments.shared.failures import without_failures
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.shared.slots import NO_FILLER, SlotExperiment, fillers_of
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.measures.methods import UNGUARDED_NAME, check_methods, told_apart
from guardbind_bench.methods.head_lists import HeadSearch
from guardbind_bench.methods.method import setting_of
from guardbind_bench.prompts.cell import BenchCell, CellRequest
from guardbind_bench.registry import METHODS
from guardbind_bench.stats.statistics import count

__all__ = ["EXPERIMENT", "MethodSuiteOptions", "MethodsExperiment"]


class MethodSuiteOptions(FormOptions):
    """The options of the experiment."""

    methods: tuple[str, ...] = ()
    """Registered methods; none: all of them. The unguarded model is always among them."""
    tuning_trials: int = Field(default=24, ge=1)
    """Trials per cell on which settings are chosen."""
    tuning_seed: int = Field(default=1, ge=0)
    """Base seed of these trials."""
    tuning_tasks: tuple[str, ...] = ()
    """Tasks of these trials; none: those that are measured. What is chosen on another task is shown as it transfers."""
    tuning_fillers: tuple[str, ...] = ("natural", "decoy_matched")
    """Fillers of these trials; the ranking is over those of them that are measured."""
    settings: dict[str, dict[str, JsonValue]] = Field(default_factory=dict)
    """For some methods the setting that is set beside the authors', by what differs from the defaults: for what was
    chosen on other trials already, or by another count. Nothing is tuned then."""
    collateral_trials: int = Field(default=24, ge=0)
    """Prompts of either kind that ask nothing, on which harm is counted; 0 for none."""
    heads: HeadSearch = HeadSearch()
    """Where heads are looked for, by methods that need lists of them."""
    heads_file: str | None = None
    """A file of `guardbind bench heads`, in the place of a search."""
    batch: int = Field(default=8, ge=1)
    """Trials that are read side by side, at most."""
    span: Literal["asked", "other"] = "asked"
    """Whose statement a method is told of that is told the span; `other`: one with another value, which shows what a
    wrong span costs. No other method is run then."""
    answer_tokens: int = Field(default=1, ge=1)
    """Tokens of an answer, at most. One is judged by the token that it is; more, of tasks of texts, by the first value
    that they write. What a method costs is told of single tokens."""


class MethodsExperiment(SlotExperiment[MethodSuiteOptions]):
    """Answers every trial by every method."""

    name = "methods"
    title = "Which remedies help, at equal knowledge, and what do they spoil and cost?"
    version = 1
    place = 35
    option_type = MethodSuiteOptions
    measure = "methods"

    def check(self, settings: Settings, options: MethodSuiteOptions) -> None:
        """Check that there are such methods, and that nothing is reported on the trials that it was tuned on."""
        super().check(settings, options)
        check_methods((*options.methods, *options.settings))
        for name, told in options.settings.items():
            if options.methods and name not in options.methods:
                raise ConfigError(
                    f"settings has {name!r}, which is not run.", hint=f"`methods` has: {', '.join(options.methods)}."
                )
            setting_of(METHODS.get(name), told)
        check_slot_tasks(options.tuning_tasks, options.tuning_fillers)
        if options.tuning_seed == settings.seed and not options.settings:
            raise ConfigError(
                f"tuning_seed and seed are both {settings.seed}; settings have to be chosen on other trials."
            )

    def cell_options(self, point: Point, options: MethodSuiteOptions) -> dict[str, JsonValue]:
        """Return what the measure is told."""
        made: dict[str, JsonValue] = {
            "methods": list(options.methods),
            "grid": not options.settings,
            "controls": True,
            "batch": options.batch,
            "heads": options.heads.model_dump(mode="json"),
        }
        made |= {"heads_file": options.heads_file} if options.heads_file else {}
        made |= {"settings": {name: dict(told) for name, told in options.settings.items()}} if options.settings else {}
        made |= {"span": options.span} if options.span != "asked" else {}
        return made | ({"answer_tokens": options.answer_tokens} if options.answer_tokens > 1 else {})

    def beforehand(self, settings: Settings, options: MethodSuiteOptions) -> list[CellRequest]:
        """Return the trials on which settings are chosen, and the prompts that ask nothing."""
        return [*self._tuning(settings, options), *self._collateral(settings, options).values()]

    def _tuning(self, settings: Settings, options: MethodSuiteOptions) -> list[CellRequest]:
        if options.settings:
            return []
        k, asked, template = settings.ks[0], options.asked[0], options.templates[0]
        return [
            CellRequest(
                cell=self.cell(
                    {"task": task, "filler": filler, "k": k, "asked": asked, "template": template},
                    settings.model_copy(update={"seed": options.tuning_seed}),
                    options,
                ),
                trials=options.tuning_trials,
            )
            for task in options.tuning_tasks or settings.tasks
            for filler in fillers_of(task, options.tuning_fillers)
        ]

    def _collateral(self, settings: Settings, options: MethodSuiteOptions) -> dict[str, CellRequest]:
        if options.collateral_trials == 0:
            return {}
        point: Point = {
            "task": settings.tasks[0],
            "filler": fillers_of(settings.tasks[0], settings.fillers)[0],
            "k": settings.ks[0],
        }
        found = {}
        options = options.model_copy(update={"answer_tokens": 1})
        for ability in ("text", "repeat"):
            cell = self.cell(point, settings, options)
            made = BenchCell.model_validate({**cell.model_dump(), "options": {**cell.options, "ability": ability}})
            found[ability] = CellRequest(cell=made, trials=options.collateral_trials)
        return found

    def all_rows(self, conditions: Iterable[Condition], run: GridRun[MethodSuiteOptions]) -> Iterator[TableRow]:
        """Make the ranking over all conditions that do not give the answer away, then the rows of each."""
        every = list(conditions)
        tuning = [run.data.frame(request) for request in self._tuning(run.settings, run.options)]
        choice = chosen([frame for frame in tuning if not frame.empty]) | {
            name: TunedSetting(told_apart(setting_of(METHODS.get(name), told)))
            for name, told in run.options.settings.items()
        }
        harm = {
            ability: run.data.frame(request) for ability, request in self._collateral(run.settings, run.options).items()
        }
        frames: list[tuple[Condition, pd.DataFrame, list[str]]] = []
        for condition in every:
            refusals = run.refusals(condition.requests)
            frame = run.data.frame(condition.requests[0])
            if refusals or frame.empty:
                yield from self.refused(condition, run, *(refusals or [self.without_records]))
                continue
            frames.append((condition, *without_failures(frame)))
        fair = [one for one in frames if one[0].keys["filler"] in (*run.options.tuning_fillers, NO_FILLER)] or frames
        if fair:
            run.progress("all conditions")
            pooled = pd.concat([frame.assign(cell=i) for i, (_, frame, _) in enumerate(fair)])
            fillers = dict.fromkeys(str(condition.keys["filler"]) for condition, _, _ in fair)
            keys: dict[str, RowKey] = {"fillers": " + ".join(fillers)}
            notes = [note for _, _, told in fair for note in told]
            yield from _rows("methods_ranking", run.keys(keys), pooled, choice, notes, harm)
        for condition, frame, notes in frames:
            run.progress(str(condition))
            yield from _rows("methods", run.keys(condition.keys), frame.assign(cell=0), choice, notes, {})


def _rows(
    table: str,
    keys: dict[str, RowKey],
    frame: pd.DataFrame,
    choice: Mapping[str, TunedSetting],
    notes: Sequence[str],
    harm: Mapping[str, pd.DataFrame],
) -> Iterator[TableRow]:
    asked = frame[frame["refused"].isna()]
    before = asked[asked["method"] == UNGUARDED_NAME].set_index(["cell", "index"])
    rows: list[tuple[float, TableRow]] = []
    for method, group in frame.groupby("method", sort=False):
        ran = group[group["refused"].isna()]
        own = {**keys, "method": str(method), "told": str(group["told"].iloc[0]), "source": _source(str(method))}
        if ran.empty:
            why = str(group["refused"].iloc[0])
            yield TableRow(
                table="methods_refused", keys=own, values={"trials": count(len(group), len(group))}, notes=(why,)
            )
            continue
        for label, setting in choice.get(str(method), TunedSetting()).settings(ran["setting"].unique()):
            after = ran[ran["setting"] == setting].set_index(["cell", "index"])
            values = answers_of(after, before.loc[after.index], is_plain=method == UNGUARDED_NAME)
            if table == "methods_ranking":
                values |= costs_of(after, before.loc[after.index]) | collateral_of(harm, str(method), setting)
            said = [] if len(after) == len(before) else [f"it ran on {len(after)} of {len(before)} trials only."]
            row = TableRow(
                table=table, keys={**own, "setting": label, "values": setting}, values=values, notes=(*notes, *said)
            )
            rows.append((-(values["accuracy"].value or 0.0), row))
    rows.sort(key=lambda ranked: ranked[0])
    yield from (row for _, row in rows)


def _source(method: str) -> str:
    return METHODS.get(method).source if method in METHODS else "unknown"


EXPERIMENT: Experiment = MethodsExperiment()
