"""Sweeps tau and the nulls of the published audit of answers, on documents or on QuALITY."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.frozen import Frozen
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.grid import CellExperiment, Condition, GridRun, Point
from guardbind_bench.experiments.shared.audited import (
    AuditReadings,
    audit_notes,
    check_audit_tasks,
    passed_and_flagged,
    published_margins,
    signed_margins,
    verifier_values,
    worst_flags,
)
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
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
    version = 1
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
        """Make the rows of a cell: the published summary, the sweep of tau, the nulls."""
        keys, options = run.keys(condition.keys), run.options
        readings = AuditReadings.of(frame)
        notes = audit_notes(frame, readings)
        able = {"verifier_accuracy": verifier_values(readings)["verifier_accuracy"]}
        published = published_margins(readings, options.tau)
        summary = {
            **passed_and_flagged(readings.right, worst_flags(published)),
            "mean_p1": mean(readings.p1),
            "mean_p0_no_evidence": mean(readings.p0[:, ABSENT.index("no_evidence")] if len(readings.p1) else []),
            "accuracy": share(frame["right"].to_numpy(bool)),
            "audited": count(len(readings.right), len(frame)),
        }
        about = {**keys, "tau": options.tau, "null": "envelope"}
        yield TableRow(table="audit_answers", keys=about, values=summary | able, notes=tuple(notes))
        for tau in options.taus:
            values = _both(readings, tau, None) | able
            yield TableRow(
                table="audit_taus", keys={**keys, "tau": tau, "null": "envelope"}, values=values, notes=tuple(notes)
            )
        for null, name in (*_NULLS.items(), (None, "envelope")):
            values = _both(readings, options.tau, null) | able
            yield TableRow(
                table="audit_nulls", keys={**keys, "tau": options.tau, "null": name}, values=values, notes=tuple(notes)
            )


def _both(readings: AuditReadings, tau: float, null: str | None) -> dict[str, Estimate]:
    places = list(range(len(ABSENT))) if null is None else [ABSENT.index(null)]
    places = places if len(readings.p1) else [0]
    found = passed_and_flagged(readings.right, worst_flags(published_margins(readings, tau)[:, places]))
    signed = passed_and_flagged(readings.right, worst_flags(signed_margins(readings, tau)[:, places]))
    trivial = passed_and_flagged(readings.right, readings.p1 < tau)
    return {
        **found,
        "pass_pct_signed": signed["pass_pct"],
        "lift_pp_signed": signed["lift_pp"],
        "pass_pct_trivial": trivial["pass_pct"],
        "lift_pp_trivial": trivial["lift_pp"],
    }


EXPERIMENT: Experiment = AuditNullExperiment()
