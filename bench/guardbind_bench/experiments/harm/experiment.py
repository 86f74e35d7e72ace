"""Counts the right answers that a guard spoils and the wrong ones that it pushes in or certifies, by resolver.

Every arm answers the same prompts, so that all differences are of pairs. A trial whose measurement failed under any arm
is left out of all, and a note says so. All tasks are counted together, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError
from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, GridExperiment, GridRun, Point
from guardbind_bench.experiments.harm.rows import ALL, harm_rows
from guardbind_bench.experiments.options import check_text_tasks
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.measures.harm import HarmOptions, known_resolvers
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.harm.building import built
from guardbind_bench.prompts.harm.wordings import WordingSet

__all__ = ["EXPERIMENT", "HarmExperiment", "HarmSettings"]


class HarmSettings(Frozen):
    """The options of the experiment."""

    resolvers: tuple[str, ...] = ()
    """Resolvers of the guard; without any, all that it can be told to use."""
    policy: str = "auto"
    """Registered policy of the guard."""
    wordings: tuple[WordingSet, ...] = Field(default=("dev",), min_length=1)
    """Sets of wordings: `dev` to work by, `held` to report on."""
    max_new_tokens: int = Field(default=32, ge=1)
    """Tokens of an answer, at most."""
    begun: bool = False
    """Whether each answer is begun for the model, up to its value, and ends with it."""
    most_records: int = Field(default=20, ge=1)
    """Prompts of more records are passed over: a small model does few of them right."""
    languages: tuple[str, ...] = ()
    """Codes of languages; prompts in others are passed over. Empty for all."""


class HarmExperiment(GridExperiment[HarmSettings]):
    """Answers every prompt and its twin, unguarded and under a guard with each resolver; fillers are not used."""

    name = "harm"
    title = "Which right answers does the guard spoil, and which values does it push in, by resolver?"
    version = 1
    place = 38
    findings = (
        FindingRule(
            "How many right answers does the guard spoil, and how many wrong ones does it write into twins?",
            "harm_answers",
            (FindingNumber("of those right before", "harm_spoiled"),),
            {"task": ALL},
        ),
    )
    option_type = HarmSettings
    measure = "harm"
    axes = ("tasks", "ks", "wordings")
    row_keys = ("task", "k")

    def check(self, settings: Settings, options: HarmSettings) -> None:
        """Check that the tasks are of texts and have the sets, and the policy and the resolvers."""
        check_text_tasks(settings.tasks)
        GuardConfig(policy=options.policy)
        if unknown := set(options.resolvers) - set(known_resolvers()):
            known = ", ".join(known_resolvers())
            raise ConfigError(f"there is no resolver {', '.join(sorted(unknown))}; this guard has {known}.")
        for task in settings.tasks:
            for wordings in options.wordings:
                built(task, k=0, seed=settings.seed, wordings=wordings)

    def cell_options(self, point: Point, options: HarmSettings) -> dict[str, JsonValue]:
        """Return what the measure is told."""
        told = options.model_dump() | {
            "wordings": point["wordings"],
            "resolvers": options.resolvers or known_resolvers(),
        }
        return HarmOptions.model_validate(told).model_dump(mode="json")

    def condition_keys(self, cell: BenchCell) -> dict[str, RowKey]:
        """Return task, size and set."""
        return {**super().condition_keys(cell), "wordings": str(cell.options["wordings"])}

    def all_rows(self, conditions: Iterable[Condition], run: GridRun[HarmSettings]) -> Iterator[TableRow]:
        """Make the rows of each condition, and then those of all tasks of the same size and set."""
        held: dict[tuple[RowKey, ...], list[pd.DataFrame]] = {}
        for condition in conditions:
            run.progress(str(condition))
            frame, refusals = run.data.frame(condition.requests[0]), run.refusals(condition.requests)
            if frame.empty:
                yield from self.refused(condition, run, *(refusals or [self.without_records]))
                continue
            keys = run.keys(condition.keys)
            frame = frame.assign(task=keys["task"])
            yield from harm_rows(keys, frame, refusals)
            held.setdefault((keys["k"], keys["wordings"]), []).append(frame)
        for (k, wordings), frames in held.items():
            if len(frames) > 1:
                keys = run.keys({"task": ALL, "k": k, "wordings": wordings})
                yield from harm_rows(keys, pd.concat(frames, ignore_index=True), [])


EXPERIMENT: Experiment = HarmExperiment()
