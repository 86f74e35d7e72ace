"""Measures free answers to prompts as people write them, where the guard is told nothing but the prompt.

Every arm answers the same prompts, so that all differences are of pairs. A trial whose measurement failed under an arm
is left out of that arm's numbers, and a note says so.
"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.config import GuardConfig
from guardbind.frozen import Frozen
from guardbind_bench.experiments.applications.rows import rows_of
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, ConditionExperiment, GridRun, Point
from guardbind_bench.experiments.options import check_text_tasks
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.answers import DEFAULT_POLICIES, DIRECTIONS, AnswerOptions
from guardbind_bench.prompts.cell import CellRequest
from guardbind_bench.prompts.text_trial import Direction

__all__ = ["EXPERIMENT", "ApplicationsExperiment", "ApplicationsSettings"]

# Trials of the other direction are drawn and passed over.
_DRAWN_PER_TRIAL = 4


class ApplicationsSettings(Frozen):
    """The options of the experiment."""

    policies: tuple[str, ...] = DEFAULT_POLICIES
    """Registered policies of the guard; always with the unguarded model and `observe`."""
    directions: tuple[Direction, ...] = Field(default=DIRECTIONS, min_length=1)
    """What is asked: the value of a key, or whose a value is."""
    renamings: int = Field(default=0, ge=0)
    """Further times that each trial is measured, with other names and values in the same places."""
    max_new_tokens: int = Field(default=32, ge=1)
    """Tokens of an answer, at most."""


class ApplicationsExperiment(ConditionExperiment[ApplicationsSettings]):
    """Answers every trial and its twin under every policy; fillers are not used."""

    name = "applications"
    title = "What does the guard do for free answers to records, prose and chats, told nothing but the prompt?"
    version = 1
    place = 40
    findings = (
        FindingRule(
            "What does the guard repair in free answers, told nothing but the prompt?",
            "applications_answers",
            (
                FindingNumber("right before", "accuracy", {"arm": "none"}),
                FindingNumber("after", "accuracy", {"arm": "auto"}),
            ),
            {"direction": "both"},
            pooled=True,
        ),
        FindingRule(
            "How many right ones does that spoil?",
            "applications_repair",
            (FindingNumber("of those right before", "spoiled", {"arm": "auto"}),),
            {"direction": "both"},
            pooled=True,
        ),
    )
    option_type = ApplicationsSettings
    measure = "answers"
    axes = ("tasks", "ks")
    row_keys = ("task", "k")

    def check(self, settings: Settings, options: ApplicationsSettings) -> None:
        """Check that the tasks are of texts and the policies registered."""
        check_text_tasks(settings.tasks)
        for policy in options.policies:
            GuardConfig(policy=policy)

    def requests(self, point: Point, settings: Settings, options: ApplicationsSettings) -> list[CellRequest]:
        """Return one request per renaming."""
        every = len(set(options.directions)) == len(DIRECTIONS)
        drawn = settings.trials if every else settings.trials * _DRAWN_PER_TRIAL
        wanted = None if every else settings.trials
        cells = (self.cell({**point, "renaming": i}, settings, options) for i in range(options.renamings + 1))
        return [CellRequest(cell=cell, trials=drawn, wanted=wanted) for cell in cells]

    def cell_options(self, point: Point, options: ApplicationsSettings) -> dict[str, JsonValue]:
        """Return the policies, what is asked and which renaming."""
        measured = {**options.model_dump(exclude={"renamings"}), "renaming": point["renaming"]}
        # Answers that are begun are for the count of harm; free ones are called as they always were.
        return AnswerOptions.model_validate(measured).model_dump(mode="json", exclude={"begun"})

    def condition_rows(self, condition: Condition, run: GridRun[ApplicationsSettings]) -> Iterator[TableRow]:
        """Make the rows of a task and size, of all renamings that could be measured."""
        refusals = run.refusals(condition.requests)
        frames = [run.data.frame(request).assign(renaming=i) for i, request in enumerate(condition.requests)]
        held = [frame for frame in frames if not frame.empty]
        if held:
            yield from rows_of(run.keys(condition.keys), pd.concat(held, ignore_index=True), refusals)
        else:
            yield from self.refused(condition, run, *(refusals or [self.without_records]))


EXPERIMENT: Experiment = ApplicationsExperiment()
