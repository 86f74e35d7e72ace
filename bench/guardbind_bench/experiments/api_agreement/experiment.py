"""Sets the guard of a model that is asked from outside beside the local one, on the same model and prompts."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd
from pydantic import JsonValue

from guardbind.remote import ApiGuardConfig
from guardbind_bench.experiments.api_agreement.rows import rows_of
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import CellExperiment, Condition, GridRun, Point
from guardbind_bench.experiments.options import check_text_tasks
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.api_agreement import ApiAgreementOptions

__all__ = ["EXPERIMENT", "ApiAgreementExperiment"]


class ApiAgreementExperiment(CellExperiment[ApiAgreementOptions]):
    """Answers every trial under both guards, the one from outside through every sieve; fillers are not used."""

    name = "api_agreement"
    title = "Does a guard that only asks see what the local one sees, and how often do k tokens decide?"
    version = 1
    place = 45
    findings = (
        FindingRule(
            "How often does a guard that sees 20 tokens give the local verdict?",
            "api_agreement_slots",
            (FindingNumber("of the slots of both", "same_verdict", {"arm": "api top 20"}),),
            pooled=True,
        ),
    )
    option_type = ApiAgreementOptions
    measure = "api_agreement"
    axes = ("tasks", "ks")
    row_keys = ("task", "k")

    def check(self, settings: Settings, options: ApiAgreementOptions) -> None:
        """Check that the tasks are of texts, and that both guards know policy and null."""
        check_text_tasks(settings.tasks)
        ApiGuardConfig(policy=options.policy, null=options.null)

    def cell_options(self, point: Point, options: ApiAgreementOptions) -> dict[str, JsonValue]:
        """Return the options of the measure."""
        return options.model_dump(mode="json")

    def rows(self, condition: Condition, frame: pd.DataFrame, run: GridRun[ApiAgreementOptions]) -> Iterable[TableRow]:
        """Make the rows of a task and size."""
        return rows_of(run.keys(condition.keys), frame)


EXPERIMENT: Experiment = ApiAgreementExperiment()
