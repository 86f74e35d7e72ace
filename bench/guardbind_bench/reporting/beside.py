"""Puts comparisons with published numbers in order for a reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from guardbind_bench.experiments.table import RowKey
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.reporting.compare import ComparedNumber, ComparedRow
from guardbind_bench.reporting.numbers import about, interval, number, said

__all__ = ["Beside", "BesideLine", "beside"]


@dataclass(frozen=True, slots=True)
class BesideLine:
    """One number of ours beside a published one, as text.

    Attributes:
        keys: What our row is about, less the model and what is the same in all rows of how prompts are written.
        model: The published model.
        value: Heading of the number.
        ours: Our number, with interval and n.
        published: The published number, with interval and n where they are known.
        difference: Ours minus published.
        intervals: `overlap`, `apart`, or a dash.
        tolerance: `within`, `outside`, or a dash.
        notes: Numbers of the reasons why they may differ, from 1.
    """

    keys: str
    model: str
    value: str
    ours: str
    published: str
    difference: str
    intervals: str
    tolerance: str
    notes: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """All comparisons of a run.

    Attributes:
        same: Lines of the same model.
        others: Lines of other models.
        alone: Why rows have no published partner, and what these are about.
        notes: The reasons.
    """

    same: tuple[BesideLine, ...]
    others: tuple[BesideLine, ...]
    alone: tuple[tuple[str, tuple[str, ...]], ...]
    notes: tuple[str, ...]


def beside(comparisons: Sequence[ComparedRow]) -> Beside:
    """Arrange comparisons."""
    # How the prompts were written is said once for the run; here only where it tells rows apart.
    forms = [name for name in PromptForm.model_fields if len({one.keys.get(name) for one in comparisons}) < 2]
    hidden = {"model", *forms}
    notes: dict[str, int] = {}
    same: list[BesideLine] = []
    others: list[BesideLine] = []
    alone: dict[str, list[str]] = {}
    for one in comparisons:
        for compared in one.values.values():
            line = _line(one, compared, hidden, notes)
            (same if one.same_model else others).append(line)
        if one.published_keys is None:
            alone.setdefault("; ".join(one.reasons), []).append(_keys(one.keys, hidden))
    return Beside(tuple(same), tuple(others), tuple((why, tuple(rows)) for why, rows in alone.items()), tuple(notes))


def _line(one: ComparedRow, compared: ComparedNumber, hidden: Set[str], notes: dict[str, int]) -> BesideLine:
    unit = compared.unit
    low, high = compared.published_low, compared.published_high
    theirs = number(compared.published, unit)
    if low is not None and high is not None:
        theirs += f" [{number(low, unit)}, {number(high, unit)}]"
    if compared.published_n is not None:
        theirs += f" n {compared.published_n}"
    ours = " ".join(filter(None, (number(compared.ours.value, unit), interval(compared.ours, unit))))
    difference = number(compared.difference, unit)
    return BesideLine(
        keys=_keys(one.keys, hidden),
        model=said((one.published_keys or {}).get("model")),
        value=compared.title,
        ours=f"{ours} n {compared.ours.n}",
        published=theirs,
        difference=f"+{difference}" if compared.difference > 0 and float(difference) else difference,
        intervals={True: "overlap", False: "apart", None: "–"}[compared.overlap],
        tolerance={True: "within", False: "outside", None: "–"}[compared.within_tolerance],
        notes=tuple(sorted(notes.setdefault(why, len(notes) + 1) for why in (*one.reasons, *compared.reasons))),
    )


def _keys(keys: Mapping[str, RowKey], hidden: Set[str]) -> str:
    return about({key: value for key, value in keys.items() if key not in hidden})
