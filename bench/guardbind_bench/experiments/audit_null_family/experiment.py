"""Sweeps tau and the nulls of the published audit of answers, on documents or on QuALITY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.frozen import Frozen
from guardbind_bench.experiments.audit_null_family.rules import compared_rules, flags_at_rates
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.grid import CellExperiment, Condition, GridRun, Point
from guardbind_bench.experiments.shared.audited import (
    AuditReadings,
    audit_notes,
    check_audit_tasks,
    verifier_values,
)
from guardbind_bench.experiments.table import RowKey, TableRow
from guardbind_bench.measures.audit_prompts import AnswerVariant
from guardbind_bench.measures.audits import ABSENT
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.stats.statistics import count, mean, share

__all__ = ["EXPERIMENT", "AuditNullExperiment", "AuditNullSettings"]

_NULLS = dict(zip(ABSENT, ("redact-span", "delete-span", "mask-same-len", "no-evidence"), strict=True))


class AuditNullSettings(Frozen):
    """The options of the experiment."""

    variants: tuple[AnswerVariant, ...] = Field(default=("baseline",), min_length=1)
    """What answers are made from: the whole text, retrieved paragraphs, or the text with these once more."""
    taus: tuple[float, ...] = Field(default=(0.65, 0.7, 0.75, 0.8), min_length=1)
    """Reliabilities asked for, the published ones."""
    tau: float = Field(default=0.75, ge=0.5, le=0.999)
    """The one at which nulls are compared."""
    rates: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4)
    """Shares of answers that are flagged where rules are compared at equal rates."""
    shown: Literal["cited", "all"] = "cited"
    """What the verifier sees."""
    cites: int = Field(default=4, ge=1)
    """Spans that an answer cites, at most."""
    quality_file: str | None = None
    """A file of QuALITY, for the task `quality`."""
    languages: tuple[str, ...] = ("en",)
    """Languages of documents; empty for all."""


class AuditNullExperiment(CellExperiment[AuditNullSettings]):
    """Audits the answers to questions about texts; fillers are not used."""

    name = "audit_null_family"
    title = "What do tau and the null change in an audit of answers?"
    version = 2
    place = 64
    aliases = ("quality_audit", "quality_tau_sweep", "quality_null_family")
    option_type = AuditNullSettings
    measure = "audits"
    axes = ("tasks", "ks", "variants")
    row_keys = ("task", "k")

    def check(self, settings: Settings, options: AuditNullSettings) -> None:
        """Check that the tasks are of audits."""
        check_audit_tasks(settings.tasks)

    def cell_options(self, point: Point, options: AuditNullSettings) -> dict[str, JsonValue]:
        """Return what the measure is told."""
        return {
            "part": "answers",
            "variant": str(point["variants"]),
            "shown": options.shown,
            "cites": options.cites,
            "file": options.quality_file if point["task"] == "quality" else None,
            "languages": list(options.languages),
        }

    def condition_keys(self, cell: BenchCell) -> dict[str, RowKey]:
        """Return task, size and variant."""
        return {**super().condition_keys(cell), "variant": str(cell.options["variant"])}

    def rows(self, condition: Condition, frame: pd.DataFrame, run: GridRun[AuditNullSettings]) -> Iterator[TableRow]:
        """Make the rows of a cell: the published summary, the sweep of tau, the nulls, equal rates."""
        keys, options = run.keys(condition.keys), run.options
        readings = AuditReadings.of(frame)
        notes = audit_notes(frame, readings)
        able = {"verifier_accuracy": verifier_values(readings)["verifier_accuracy"]}
        seed = run.settings.seed
        summary = {
            "mean_p1": mean(readings.p1),
            "mean_p0_no_evidence": mean(readings.p0[:, ABSENT.index("no_evidence")] if len(readings.p1) else []),
            "accuracy": share(frame["right"].to_numpy(bool)),
            "audited": count(len(readings.right), len(frame)),
        }
        values = compared_rules(readings, options.tau, None, seed) | summary | able
        about = {**keys, "tau": options.tau, "null": "envelope"}
        yield TableRow(table="audit_answers", keys=about, values=values, notes=tuple(notes))
        for tau in options.taus:
            values = compared_rules(readings, tau, None, seed) | able
            yield TableRow(
                table="audit_taus", keys={**keys, "tau": tau, "null": "envelope"}, values=values, notes=tuple(notes)
            )
        for null, name in (*_NULLS.items(), (None, "envelope")):
            values = compared_rules(readings, options.tau, null, seed) | able
            yield TableRow(
                table="audit_nulls", keys={**keys, "tau": options.tau, "null": name}, values=values, notes=tuple(notes)
            )
        if not len(readings.right):
            return
        for null, name in (*_NULLS.items(), (None, "envelope")):
            for rule, rate, found in flags_at_rates(readings, options.tau, null, options.rates, seed):
                about = {**keys, "tau": options.tau, "null": name, "rule": rule, "rate": rate}
                yield TableRow(table="audit_null_rates", keys=about, values=found | able, notes=tuple(notes))


EXPERIMENT: Experiment = AuditNullExperiment()
