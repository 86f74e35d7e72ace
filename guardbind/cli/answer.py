"""Holds what came out of one guarded generation of a command."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guardbind.cli.inputs import Item

if TYPE_CHECKING:
    from guardbind.events import CostRecord
    from guardbind.report.report import Report

__all__ = ["Answer"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came out.

    Attributes:
        text: The answer.
        items: The bindings, by whose indices the report counts.
        report: What was seen and done.
        cost: What asking a server cost; None with a model of this process.
    """

    text: str
    items: tuple[Item, ...]
    report: Report
    cost: CostRecord | None = None
