"""Turns a drawing into SVG that stands inside a page."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING

from guardbind_bench.reporting.panels import INK

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Drawing

__all__ = ["inline_svg", "standalone_svg"]


def inline_svg(drawing: Drawing, name: str) -> str:
    """Return the `<svg>` element of a drawing, in the text colour of the page around it.

    Args:
        drawing: What is drawn.
        name: Put in front of every id, so that the ids of two drawings on one page differ.
    """
    text = _saved(drawing, transparent=True)
    # In a page they are implied.
    text = re.sub(r'\s+xmlns(:\w+)?="[^"]*"', "", text)
    text = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", text)
    return text.replace(INK, "currentColor")


def standalone_svg(drawing: Drawing) -> str:
    """Return a drawing as a file of its own, on white; the same drawing gives the same bytes."""
    drawing.set_facecolor("white")
    return _saved(drawing, transparent=False) + "\n"


def _saved(drawing: Drawing, *, transparent: bool) -> str:
    from matplotlib import rc_context

    buffer = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "guardbind"}):
        drawing.savefig(buffer, format="svg", transparent=transparent, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :].rstrip()
    return re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
