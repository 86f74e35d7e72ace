"""Measures what is left of an answer without its evidence, how the nulls agree, and what budgets find out."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.errors import ConfigError
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import CellExperiment, Condition, GridRun, Point
from guardbind_bench.experiments.pseudo_prior.budget_rules import BudgetRule, judged, reliability, rules
from guardbind_bench.experiments.pseudo_prior.null_arrays import NullArrays
from guardbind_bench.experiments.pseudo_prior.null_rows import FAMILY, agreement, family, pseudo_prior
from guardbind_bench.experiments.shared.failures import without_failures
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.measures.nulls import NULL_NAMES, check_nulls

__all__ = ["EXPERIMENT", "PseudoPriorExperiment", "PseudoPriorSettings"]

_REFERENCE = "mask"


class PseudoPriorSettings(FormOptions):
    """The options of the experiment."""

    nulls: tuple[str, ...] = Field(default=NULL_NAMES, min_length=1)
    """Registered nulls to read, and `swap`, the bench's own; each but `mask` and `mask_rows` costs two passes over the
    prompt."""
    taus: tuple[float, ...] = Field(default=(0.75, 0.95), min_length=1)
    """Reliabilities that budgets are asked for, in (0, 1); the paper's and the guard's."""


class PseudoPriorExperiment(CellExperiment[PseudoPriorSettings]):
    """Reads every trial under every null of the target's evidence."""

    name = "pseudo-prior"
    title = "What is left of an answer without its evidence, and does an information budget find the errors?"
    version = 2
    aliases = ("binding_null_family",)
    place = 50
    findings = (
        FindingRule(
            "How well are wrong answers told from right ones? (AUROC)",
            "budget_rules",
            (
                FindingNumber("evidence bits", "auroc", {"rule": "evidence_bits"}),
                FindingNumber("margin", "auroc", {"rule": "margin"}),
            ),
            {"over": "vocabulary"},
            ("told", "threshold"),
        ),
    )
    option_type = PseudoPriorSettings
    measure = "nulls"

    def check(self, settings: Settings, options: PseudoPriorSettings) -> None:
        """Check that there are such nulls and the reliabilities are in (0, 1), too."""
        super().check(settings, options)
        check_nulls(options.nulls)
        outside = [tau for tau in options.taus if not 0 < tau < 1]
        if outside:
            raise ConfigError(f"taus {outside} are no reliabilities; numbers in (0, 1) are accepted.")

    def cell_options(self, point: Point, options: PseudoPriorSettings) -> dict[str, JsonValue]:
        """Return the nulls."""
        return {"nulls": list(options.nulls)}

    def rows(self, condition: Condition, frame: pd.DataFrame, run: GridRun[PseudoPriorSettings]) -> list[TableRow]:
        """Make the rows of all tables, of the trials that did not fail."""
        read, notes = without_failures(frame)
        if read.empty:
            return list(self.refused(condition, run, *notes))
        return _rows(NullArrays.of(read), run.keys(condition.keys), run.options.taus, run.settings.seed, notes)

    def refused(self, condition: Condition, run: GridRun[PseudoPriorSettings], *reasons: str) -> Iterator[TableRow]:
        """Yield a row in every table that says why."""
        for table in self.tables:
            yield TableRow(table=table.id, keys=run.keys(condition.keys), values={}, notes=reasons)


def _rows(
    readings: NullArrays, keys: dict[str, RowKey], taus: tuple[float, ...], seed: int, notes: list[str]
) -> list[TableRow]:
    rows: list[TableRow] = []

    def add(table: str, more: dict[str, RowKey], values: dict[str, Estimate], *said: str) -> None:
        rows.append(TableRow(table=table, keys={**keys, **more}, values=values, notes=(*said, *notes)))

    for null in readings.nulls:
        values = pseudo_prior(readings, null)
        add("pseudo_prior", {"null": null}, values, *_turned(values))
    for null in readings.nulls:
        if null != _REFERENCE and _REFERENCE in readings.nulls:
            add("null_agreement", {"null": null}, agreement(readings, null, _REFERENCE))
    if _REFERENCE not in readings.nulls:
        said = f"Null {_REFERENCE!r} was not read, by choice or because the model cannot run it."
        add("null_agreement", {}, {}, said)
    for tau in taus:
        values = family(readings, tau)
        missing = () if values else (f"Not all of {', '.join(FAMILY)} were read.",)
        add("null_family", {"tau": tau}, values, *missing)
    for rule in rules(readings, taus, seed):
        about: dict[str, RowKey] = {
            "rule": rule.name, "told": rule.told, "over": rule.over, "threshold": rule.threshold, "tau": rule.tau
        }  # fmt: skip
        add("budget_rules", about, judged(readings, rule), *_told(rule, readings.guard_null))
    for score, label, values in reliability(readings):
        add("reliability", {"score": score, "bin": label}, values)
    return rows


_TOLD = {
    "target": "Told which statement answers the question; that evidence is taken away by the null {null!r}. Rules that "
    "are told nothing do not compete with it.",
    "bindings": "Told the statements of target and competitor, and not which is asked for; each is taken away by the "
    "null {null!r}, and the larger number counts.",
}


def _told(rule: BudgetRule, null: str) -> tuple[str, ...]:
    said = tuple(text.format(null=null) for told, text in _TOLD.items() if told == rule.told)
    return (*said, _BACKWARDS) if rule.name in ("signed_budget", "published_budget", "envelope") else said


_BACKWARDS = (
    "The margin is a test and no ranking: of two answers with the same p1 below tau the one with more evidence, a "
    "smaller p0, has the lower margin, so that an AUROC below 0.5 says nothing against the evidence."
)


def _turned(values: dict[str, Estimate]) -> tuple[str, ...]:
    full, prior = values.get("accuracy"), values.get("p_tilde")
    if full is None or prior is None or (full.value or 0.0) >= (prior.value or 0.0):
        return ()
    return ("The evidence lowers the accuracy; the divergence counts against it.",)


EXPERIMENT: Experiment = PseudoPriorExperiment()
