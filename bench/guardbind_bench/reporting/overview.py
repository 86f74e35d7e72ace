"""Sums up on one screen what a report holds of each model: what was run, what was found, what falls short."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.reporting.findings import Finding, findings_of
from guardbind_bench.reporting.numbers import counted
from guardbind_bench.reporting.outline import MOST_FINDINGS
from guardbind_bench.reporting.page import Section

__all__ = ["OpeningFinding", "Overview", "overviews_of"]

_MOST_REASONS = 4


@dataclass(frozen=True, slots=True)
class OpeningFinding:
    """A finding and the place in the page where its table stands.

    Attributes:
        finding: The finding.
        anchor: The place.
    """

    finding: Finding
    anchor: str


@dataclass(frozen=True, slots=True)
class Overview:
    """One model.

    Attributes:
        model: Its name.
        ran: What was run, name and text.
        findings: The most telling numbers.
        short: What falls short, one sentence each, without its full stop.
        sections: Its runs.
    """

    model: str
    ran: tuple[tuple[str, str], ...]
    findings: tuple[OpeningFinding, ...]
    short: tuple[str, ...]
    sections: tuple[Section, ...]


def overviews_of(sections: Sequence[Section]) -> list[Overview]:
    """Sum up each model; the sections of a model stand together."""
    return [_overview(model, list(group)) for model, group in groupby(sections, key=lambda section: section.model)]


def _overview(model: str, sections: Sequence[Section]) -> Overview:
    found = findings_of([section.summary for section in sections])[:MOST_FINDINGS]
    anchors = {section.summary.experiment: section.anchor for section in reversed(sections)}
    return Overview(
        model=model,
        ran=tuple(_ran(sections)),
        findings=tuple(OpeningFinding(one, f"{anchors[one.experiment]}-{one.table}") for one in found),
        short=tuple(_short(sections)),
        sections=tuple(sections),
    )


def _ran(sections: Sequence[Section]) -> Iterable[tuple[str, str]]:
    origins = [section.summary.origin for section in sections]
    settings = [part for section in sections for part in section.summary.settings.parts]
    yield "weights", _all_of(f"{o.dtype} on {o.device}, SHA-256 {o.model_sha256[:12]}" for o in origins)
    yield "run", _sum(sections)
    yield "n", f"{_range(settings)} trials asked for per cell; each number says what it is over"
    yield "seed", _all_of(str(part.seed) for part in settings)
    yield (
        "versions",
        _all_of(f"guardbind {o.guardbind}, transformers {o.transformers}, torch {o.torch}" for o in origins),
    )


def _sum(sections: Sequence[Section]) -> str:
    # Experiments share cells.
    measured: dict[tuple[str, int], int] = {}
    for condition in (condition for section in sections for condition in section.summary.conditions):
        asked = condition.request.cell.id, condition.request.first
        measured[asked] = max(condition.measured, measured.get(asked, 0))
    cells = counted(len({cell for cell, _ in measured}), "cell")
    return f"{counted(len(sections), 'experiment')}, {cells}, {counted(sum(measured.values()), 'trial')} measured"


def _range(settings: Sequence[Settings]) -> str:
    trials = [part.trials for part in settings]
    return str(min(trials)) if len(set(trials)) == 1 else f"{min(trials)} to {max(trials)}"


def _all_of(texts: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(texts))


def _short(sections: Sequence[Section]) -> Iterable[str]:
    refused: dict[str, int] = {}
    for why in (why for section in sections for _, why in section.refused):
        refused[why] = refused.get(why, 0) + 1
    for why, cells in list(refused.items())[:_MOST_REASONS]:
        yield f"{counted(cells, 'cell')} refused: {why.removesuffix('.')}"
    if len(refused) > _MOST_REASONS:
        yield f"{counted(sum(list(refused.values())[_MOST_REASONS:]), 'more cell')} refused, each said where it belongs"
    failed = {s.summary.experiment: sum(condition.failed for condition in s.summary.conditions) for s in sections}
    if any(failed.values()):
        told = ", ".join(f"{trials} in {name}" for name, trials in failed.items() if trials)
        yield f"measuring failed in {counted(sum(failed.values()), 'trial')}: {told}"
    if empty := [section.summary.experiment for section in sections if not section.views]:
        yield f"no number from {', '.join(empty)}"
    if left_out := sum(len(section.left_out) for section in sections if section.views):
        yield f"{counted(left_out, 'table')} left out for want of any number, as each run says"
