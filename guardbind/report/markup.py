"""From text and the marks on it to HTML; nothing of the text is ever read as markup."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

__all__ = ["Mark", "element", "escape", "number", "paint", "quoted"]

# What HTML cannot hold or would change is shown by one character each, so that places in the text stay what they are.
_SHOWN = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n"} | {0x7F: 0x2421}
_SHOWN |= dict.fromkeys((*range(0x80, 0xA0), *range(0xD800, 0xE000)), 0xFFFD)


@dataclass(frozen=True, slots=True)
class Mark:
    """A part of a text that is shown in some way.

    Attributes:
        start: Its first character.
        end: The character behind its last one; with `end == start` only the sign is shown.
        classes: Its style classes, parted by blanks.
        note: What is told about it on hover.
        sign: Stands before it, so that it is known without its colour.
    """

    start: int
    end: int
    classes: str
    note: str
    sign: str = ""


def escape(text: str) -> str:
    """Return a text so that HTML shows it as it is, in an element as well as in a quoted attribute."""
    return html.escape(text.translate(_SHOWN), quote=True)


def quoted(text: str | None) -> str:
    """Return a token or a value, escaped, with what would not be seen of it written out."""
    return "–" if text is None else f"<code>{escape(repr(text))}</code>"


def element(tag: str, content: str, classes: str = "", **attributes: str) -> str:
    """Return an element around content that is HTML already; the attributes are text."""
    given = {"class": classes, **attributes} if classes else attributes
    inside = "".join(f' {name}="{escape(value)}"' for name, value in given.items())
    return f"<{tag}{inside.replace(chr(10), '&#10;')}>{content}</{tag}>"


def number(value: float | None, form: str = "+z.1f") -> str:
    """Return a number, a dash where there is none."""
    if value is None or math.isnan(value):
        return "–"
    return format(value, form) if math.isfinite(value) else ("+∞" if value > 0 else "-∞")


def paint(text: str, marks: Iterable[Mark], start: int, end: int) -> str:
    """Return the characters `start` to `end` of a text with the marks on them; marks may overlap."""
    inside = [m for m in marks if (m.start < end and m.end > start) or start <= m.start == m.end <= end]
    cuts = sorted({start, end, *(min(max(c, start), end) for m in inside for c in (m.start, m.end))})
    parts = []
    for left, right in pairwise(cuts):
        parts += [_piece("", [mark]) for mark in inside if mark.start == mark.end == left]
        over = [mark for mark in inside if mark.start <= left and right <= mark.end]
        parts.append(_piece(text[left:right], over, left))
    parts += [_piece("", [mark]) for mark in inside if mark.start == mark.end == end]
    return "".join(parts)


def _piece(text: str, marks: Sequence[Mark], start: int | None = None) -> str:
    if not marks:
        return escape(text)
    signs = [mark.sign for mark in marks if mark.sign and start in (None, mark.start)]
    shown = "".join(element("sup", escape(sign)) for sign in signs) + escape(text)
    classes = dict.fromkeys(name for mark in marks for name in mark.classes.split())
    notes = dict.fromkeys(mark.note for mark in marks if mark.note)
    return element("span", shown, " ".join(classes), title="\n\n".join(notes))
