"""Audits claims with known labels and a synthetic binding task, by the published rule, by ours and by trivial ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import pandas as pd
from pydantic import Field, JsonValue

from guardbind.errors import ConfigError
from guardbind.frozen import Frozen
from guardbind_bench.experiments.audit.rows import bindings_rows, claims_rows, published_row, rules_rows
from guardbind_bench.experiments.experiment import Experiment, Settings
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.grid import Condition, ConditionExperiment, GridRun, Point
from guardbind_bench.experiments.shared.audited import AuditReadings, audit_notes, check_audit_tasks
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.audit_prompts import AnswerVariant
from guardbind_bench.prompts.cell import BenchCell, CellRequest

__all__ = ["EXPERIMENT", "AuditExperiment", "AuditSettings"]


class AuditSettings(Frozen):
    """The options of the experiment."""

    variants: tuple[AnswerVariant, ...] = Field(default=("baseline",), min_length=1)
    """What answers are made from: the whole text, retrieved paragraphs, or the text with these once more."""
    taus: tuple[float, ...] = Field(default=(0.75, 0.95), min_length=1)
    """Reliabilities asked for; the published ones are 0.75."""
    rates: tuple[float, ...] = (0.05, 0.1, 0.2, 0.4)
    """Shares of claims that are flagged where rules are compared at equal rates."""
    shown: Literal["cited", "all"] = "cited"
    """What the verifier sees."""
    cites: int = Field(default=2, ge=1)
    """Spans that an answer cites, at most."""
    quality_file: str | None = None
    """A file of QuALITY, for the task `quality`."""
    languages: tuple[str, ...] = ("en",)
    """Languages of documents that the verifier is asked about; empty for all."""
    bound_trials: int = Field(default=1000, ge=0)
    """Documents, in all languages, whose claims are held against their bindings without a model; 0 for none."""


class AuditExperiment(ConditionExperiment[AuditSettings]):
    """Audits the claims of documents, and the answers to other tasks; fillers are not used."""

    name = "audit"
    title = "Do the flags of an audit find what is wrong, beside trivial rules?"
    version = 1
    place = 62
    aliases = ("trace_audit_mistral",)
    findings = (
        FindingRule(
            "Can this model verify claims at all?",
            "audit_verifier",
            (FindingNumber("balanced accuracy", "verifier_accuracy"),),
            {"task": "documents"},
        ),
    )
    option_type = AuditSettings
    measure = "audits"
    axes = ("tasks", "ks", "variants")
    row_keys = ("task", "k")

    def check(self, settings: Settings, options: AuditSettings) -> None:
        """Check that the tasks are of audits."""
        check_audit_tasks(settings.tasks)
        if not all(0.5 <= tau <= 0.999 for tau in options.taus):
            raise ConfigError(f"taus are {list(options.taus)}; 0.5 to 0.999 are accepted.")

    def points(self, settings: Settings, options: AuditSettings) -> Iterator[Point]:
        """Yield the points of the grid; claims of documents have no variants."""
        seen = set()
        for point in super().points(settings, options):
            claims = point["task"] == "documents"
            variant = options.variants[0] if claims else point["variants"]
            if (point["task"], point["k"], variant) not in seen:
                seen.add((point["task"], point["k"], variant))
                yield {**point, "variants": variant, "part": "claims" if claims else "answers"}

    def cell_options(self, point: Point, options: AuditSettings) -> dict[str, JsonValue]:
        """Return what the measure is told."""
        return {
            "part": str(point["part"]),
            "variant": str(point["variants"]),
            "shown": options.shown,
            "cites": options.cites,
            "file": options.quality_file if point["task"] == "quality" else None,
            "languages": list(options.languages),
        }

    def requests(self, point: Point, settings: Settings, options: AuditSettings) -> list[CellRequest]:
        """Return the trials of the cell, and those that need no model."""
        found = [CellRequest(cell=self.cell(point, settings, options), trials=settings.trials)]
        if point["part"] == "claims" and options.bound_trials:
            cell = BenchCell(
                measure="audit_bindings", task=str(point["task"]), k=int(point["k"] or 0), seed=settings.seed
            )
            found.append(CellRequest(cell=cell, trials=options.bound_trials))
        return found

    def condition_rows(self, condition: Condition, run: GridRun[AuditSettings]) -> Iterator[TableRow]:
        """Make the rows of a condition: of what needs no model first."""
        asked, *bound = condition.requests
        for request in bound:
            frame = run.data.frame(request)
            if not frame.empty:
                yield from bindings_rows(run.keys(condition.keys), frame)
        frame, refusals = run.data.frame(asked), run.refusals([asked])
        if refusals or frame.empty:
            yield from self.refused(condition, run, *(refusals or [self.without_records]))
            return
        yield from self._read(condition, frame, run)

    def _read(self, condition: Condition, frame: pd.DataFrame, run: GridRun[AuditSettings]) -> Iterator[TableRow]:
        asked = condition.requests[0].cell.options
        keys = {**run.keys(condition.keys), "variant": str(asked["variant"])}
        readings = AuditReadings.of(frame)
        notes = audit_notes(frame, readings)
        if asked["part"] == "claims":
            yield from claims_rows(keys, frame, readings, run.options.taus[0], notes)
        else:
            for tau in run.options.taus:
                yield published_row(keys, frame, readings, tau, notes)
        yield from rules_rows(keys, readings, run.options.taus, run.options.rates, run.settings.seed, notes)


EXPERIMENT: Experiment = AuditExperiment()
