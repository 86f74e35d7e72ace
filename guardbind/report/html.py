"""Renders a report as a page that fetches nothing and runs nothing, or as the part of one that a notebook shows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from guardbind.events import InterventionRecord, Provenance, SlotRecord
from guardbind.report.row_view import RowBuilder
from guardbind.report.transcript import Transcript
from guardbind.report.view import PageView

if TYPE_CHECKING:
    from jinja2 import Template

__all__ = ["render_fragment", "render_page", "template"]

# What HTML cannot hold or would change is shown by one character each, so that places in the text stay what they are.
_SHOWN = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
_SHOWN |= dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000)), 0xFFFD)


def render_page(
    slots: Sequence[SlotRecord],
    interventions: Sequence[InterventionRecord],
    provenance: Provenance,
    transcripts: Sequence[Transcript],
) -> str:
    """Return a whole page; see `render_fragment`."""
    return template("report.html.j2").render(page=_view(slots, interventions, provenance, transcripts), whole=True)


def render_fragment(
    slots: Sequence[SlotRecord],
    interventions: Sequence[InterventionRecord],
    provenance: Provenance,
    transcripts: Sequence[Transcript],
) -> str:
    """Return one element that brings its style.

    Args:
        slots: The slots of all rows.
        interventions: What was tried at them.
        provenance: What produced them.
        transcripts: One per row; without any, nothing is shown but the records, which then should hold no text.
    """
    return template("report.html.j2").render(page=_view(slots, interventions, provenance, transcripts), whole=False)


@cache
def template(name: str, room: str = "guardbind.report") -> Template:
    """Return a template of a room, which may include those of this one; what it is given is text, and shown as text."""
    # Here and not above: a generation whose report nobody looks at does not pay for it.
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=ChoiceLoader([PackageLoader(home, "") for home in dict.fromkeys((room, "guardbind.report"))]),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_visible,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


def _visible(value: Any) -> Any:
    return value.translate(_SHOWN) if isinstance(value, str) else value


def _view(
    slots: Sequence[SlotRecord],
    interventions: Sequence[InterventionRecord],
    provenance: Provenance,
    transcripts: Sequence[Transcript],
) -> PageView:
    texts = {transcript.row: transcript for transcript in transcripts}
    rows = [
        RowBuilder(
            index,
            [slot for slot in slots if slot.row == index],
            [record for record in interventions if record.row == index],
            texts.get(index),
        ).build()
        for index in sorted({*texts, *(slot.row for slot in slots)})
    ]
    return PageView.of(slots, interventions, provenance, transcripts, rows)
