"""`applications`: free answers to prompts as people write them, where the guard is told nothing but the prompt.

Every arm answers the same prompts, so that all differences are of pairs. A trial whose measurement failed under an arm
is left out of that arm's numbers, and a note says so.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.config import GuardConfig
from guardbind.frozen import Frozen
from guardbind_bench.experiments.applications.rows import rows_of
from guardbind_bench.experiments.applications.tables import TABLES
from guardbind_bench.experiments.experiment import Data, Settings
from guardbind_bench.experiments.options import check_text_tasks, read_options
from guardbind_bench.experiments.table import Key, Row
from guardbind_bench.measures.answers import DIRECTIONS, POLICIES, AnswerOptions
from guardbind_bench.prompts.cell import Cell, Request
from guardbind_bench.prompts.text_trial import Direction

__all__ = ["EXPERIMENT", "Applications", "ApplicationsSettings"]

# Trials of the other direction are drawn and passed over.
_DRAWN_PER_TRIAL = 4


class ApplicationsSettings(Frozen):
    """The options of the experiment."""

    policies: tuple[str, ...] = POLICIES
    """Policies of the guard; always with the unguarded model and `observe`."""
    directions: tuple[Direction, ...] = Field(default=DIRECTIONS, min_length=1)
    """What is asked: the value of a key, or whose a value is."""
    renamings: int = Field(default=0, ge=0)
    """Further times that each trial is measured, with other names and values in the same places."""
    max_new_tokens: int = Field(default=32, ge=1)
    """Tokens of an answer, at most."""


class Applications:
    """Answers every trial and its twin under every policy."""

    name = "applications"
    title = "What does the guard do for free answers to records, prose and chats, told nothing but the prompt?"
    version = 1
    aliases: tuple[str, ...] = ()
    tables = TABLES
    defaults: dict[str, JsonValue] = ApplicationsSettings().model_dump(mode="json")

    def plan(self, settings: Settings) -> list[Request]:
        """Return one request per task, size and renaming; fillers are not used.

        Raises:
            ConfigError: An option is unknown or does not fit, or a task is not of texts.
            UnknownNameError: A task is not registered.
        """
        return [request for requests in _conditions(settings).values() for request in requests]

    def summarise(self, data: Data, settings: Settings, progress: Callable[[str], None]) -> list[Row]:
        """Make the rows from the records; the same records give the same rows."""
        rows: list[Row] = []
        for (task, k), requests in _conditions(settings).items():
            progress(f"{task}, k = {k}")
            keys: dict[str, Key] = {"model": data.model, "task": task, "k": k}
            refusals = [reason for request in requests if (reason := data.refusal(request)) is not None]
            frames = [data.frame(request).assign(renaming=place) for place, request in enumerate(requests)]
            held = [frame for frame in frames if not frame.empty]
            if held:
                rows += rows_of(keys, pd.concat(held, ignore_index=True), list(dict.fromkeys(refusals)))
            else:
                rows.append(Row(table=TABLES[0].id, keys=keys, values={}, notes=tuple(dict.fromkeys(refusals))))
        return rows


def _conditions(settings: Settings) -> dict[tuple[str, int], list[Request]]:
    """Return the requests of each task and size, one per renaming."""
    options = read_options(ApplicationsSettings, settings.options, "applications")
    check_text_tasks(settings.tasks)
    for policy in options.policies:
        GuardConfig(policy=policy)
    every = len(set(options.directions)) == len(DIRECTIONS)
    conditions: dict[tuple[str, int], list[Request]] = {}
    for task, k, renaming in product(settings.tasks, settings.ks, range(options.renamings + 1)):
        measured = AnswerOptions(
            policies=options.policies,
            max_new_tokens=options.max_new_tokens,
            renaming=renaming,
            directions=options.directions,
        )
        cell = Cell(measure="answers", task=task, k=k, seed=settings.seed, options=measured.model_dump(mode="json"))
        drawn = settings.trials if every else settings.trials * _DRAWN_PER_TRIAL
        wanted = None if every else settings.trials
        conditions.setdefault((task, k), []).append(Request(cell=cell, trials=drawn, wanted=wanted))
    return conditions


EXPERIMENT = Applications()
