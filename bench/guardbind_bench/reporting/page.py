"""Arranges what a report says about each run, before it is written as HTML or Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.table import Table, TableRow
from guardbind_bench.prompts.cell import BenchCell, PromptForm
from guardbind_bench.registry import TEXT_TASKS
from guardbind_bench.reporting.beside import Beside, beside
from guardbind_bench.reporting.compare import compare
from guardbind_bench.reporting.grid import Grid, grid_of
from guardbind_bench.reporting.numbers import counted
from guardbind_bench.reporting.outline import place_of
from guardbind_bench.running.naming import without_folders_in
from guardbind_bench.running.summary import MeasuredRequest, Summary

__all__ = ["HOW_TO_READ", "LeftOut", "Section", "TableView", "sections_of"]

HOW_TO_READ = (
    "A trial is right when the best token of the vocabulary is the value that was asked for. 2A: the best token is no "
    "candidate at all. 2B: it is another candidate, most often another key's value. Each number stands with its 95 % "
    "interval in brackets and with n, what it is over. k is the filler per block, in tokens; where answers are free, "
    "words of unrelated text, and the columns say what is right."
)


@dataclass(frozen=True, slots=True)
class TableView:
    """One table of a run.

    Attributes:
        table: What its columns mean.
        grid: Its rows as text.
    """

    table: Table
    grid: Grid


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A table that holds no number.

    Attributes:
        title: Its title.
        why: Why it holds none.
    """

    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Section:
    """One run.

    Attributes:
        anchor: Its place in the page.
        summary: The run.
        command: The command that ran it, without the folders of the machine.
        asked: What was asked, one paragraph.
        measured: What became of it, one sentence.
        conditions: What was measured, as text: cell, trials, measured, failed, refused.
        refused: Which cells could not be measured, and why.
        views: Its tables, less those without numbers.
        left_out: Its tables without numbers.
        compared: Its numbers beside the published ones; None where no table of it has any.
        origin: What produced the records, name and value.
    """

    anchor: str
    summary: Summary
    command: str
    asked: str
    measured: str
    conditions: tuple[tuple[str, ...], ...]
    refused: tuple[tuple[str, str], ...]
    views: tuple[TableView, ...]
    left_out: tuple[LeftOut, ...]
    compared: Beside | None
    origin: tuple[tuple[str, str], ...]

    @property
    def model(self) -> str:
        """The model that was run."""
        return self.summary.origin.model


def sections_of(summaries: Sequence[Summary]) -> list[Section]:
    """Arrange runs: those of a model together, and the experiments of a model in the order of `outline.place_of`."""
    models = list(dict.fromkeys(summary.origin.model for summary in summaries))
    ordered = sorted(summaries, key=lambda s: (models.index(s.origin.model), place_of(s.experiment)))
    sections: list[Section] = []
    for summary in ordered:
        again = sum(section.summary.experiment == summary.experiment for section in sections)
        sections.append(_section(summary, f"{summary.experiment}-{again + 1}" if again else summary.experiment))
    return sections


def _section(summary: Summary, anchor: str) -> Section:
    rows = {table.id: tuple(row for row in summary.rows if row.table == table.id) for table in summary.tables}
    held = [table for table in summary.tables if any(map(_has_number, rows[table.id]))]
    comparisons = compare(summary)
    return Section(
        anchor=anchor,
        summary=summary,
        command=without_folders_in(summary.command),
        asked=_asked(summary),
        measured=_measured(summary),
        conditions=tuple(_condition(condition) for condition in summary.conditions),
        refused=tuple(_refused(summary.conditions)),
        views=tuple(TableView(table, grid_of(table, rows[table.id])) for table in held),
        left_out=tuple(LeftOut(t.title, _why_empty(rows[t.id])) for t in summary.tables if t not in held),
        compared=beside(comparisons) if comparisons else None,
        origin=tuple(_origin(summary)),
    )


def _has_number(row: TableRow) -> bool:
    return any(estimate.value is not None for estimate in row.values.values())


def _why_empty(rows: Sequence[TableRow]) -> str:
    if not rows:
        return "nothing that was run belongs to it"
    return (
        "; ".join(dict.fromkeys(note.removesuffix(".") for row in rows for note in row.notes))
        or "none of its numbers is defined"
    )


def _asked(summary: Summary) -> str:
    forms = [condition.request.cell.form for condition in summary.conditions]
    text = f"Asked of {summary.origin.model}, over " + "; and over ".join(map(_over, summary.settings.parts))
    if all(map(_free, summary.settings.parts)):
        return (
            f"{text}. Prompts of text in the model's chat template, or without it where a note says so, "
            "answered freely: the columns say what is right."
        )
    return f"{text}. {_written(forms)}".rstrip()


def _free(settings: Settings) -> bool:
    return all(task in TEXT_TASKS for task in settings.tasks)


def _over(settings: Settings) -> str:
    conditions = (
        _listed("task", settings.tasks),
        *(() if _free(settings) else (_listed("filler", settings.fillers),)),
        f"k {', '.join(map(str, settings.ks))}",
    )
    options = "".join(f", {name} {_option(value)}" for name, value in settings.options.items())
    return f"{', '.join(conditions)} ({settings.trials} trials per cell, base seed {settings.seed}{options})"


def _option(value: JsonValue) -> str:
    return " and ".join(map(_option, value)) if isinstance(value, list) else str(value)


def _listed(noun: str, names: Sequence[str]) -> str:
    return f"{noun}{'s' * (len(names) > 1)} {', '.join(names)}"


def _written(forms: Sequence[PromptForm]) -> str:
    if not forms:
        return ""
    said = {
        name: " and ".join(dict.fromkeys(str(getattr(form, name)) for form in forms))
        for name in ("layout", "style", "template", "asked")
    }
    asked = said["asked"].replace("random", "drawn at random")
    return f"Prompts: layout {said['layout']}, style {said['style']}, template {said['template']}; asked key {asked}."


def _measured(summary: Summary) -> str:
    conditions = summary.conditions
    measured, failed = sum(c.measured for c in conditions), sum(c.failed for c in conditions)
    refused = sum(c.refused is not None for c in conditions)
    memory = summary.peak_memory_bytes
    text = f"{counted(len(conditions), 'cell')}, {counted(measured, 'trial')} measured, {failed} of them failed, "
    text += f"{counted(refused, 'cell')} refused; {summary.seconds:.0f} s"
    return text + (f", {memory / 2**30:.2f} GiB at most." if memory is not None else ".")


def _condition(condition: MeasuredRequest) -> tuple[str, ...]:
    request = condition.request
    trials = str(request.trials) if request.wanted is None else f"{request.wanted} of at most {request.trials}"
    return _cell(request.cell), trials, str(condition.measured), str(condition.failed), condition.refused or ""


def _refused(conditions: Sequence[MeasuredRequest]) -> Iterable[tuple[str, str]]:
    for condition in conditions:
        if condition.refused is not None:
            yield _cell(condition.request.cell), condition.refused


def _cell(cell: BenchCell) -> str:
    text = f"{cell.measure}: {cell.task}, {cell.filler}, k {cell.k}, seed {cell.seed}"
    other = [f"{name} {value}" for name, value in cell.form if value != getattr(PromptForm(), name)]
    other += [f"{name} {_option(value)}" for name, value in cell.options.items()]
    return ", ".join([text, *other])


def _origin(summary: Summary) -> Iterable[tuple[str, str]]:
    for name, value in summary.origin:
        yield name.replace("_", " "), value
    yield "experiment", f"{summary.experiment}, version {summary.experiment_version}"
    yield "format", f"version {summary.schema_version}"
