"""Takes the mark of a footnote off a value: `14²` and `14 [2]` are 14 where a note below says what the mark means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from guardbind.extraction.rule import Found
from guardbind.text.layout import Span

__all__ = ["without_footnotes"]

_RAISED = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079"
_CIRCLED = "".join(map(chr, range(0x2460, 0x2474)))
_SIGNS = rf"[{_RAISED}]{{1,2}}|[{_CIRCLED}]|\[\^?\w{{1,3}}\]|\(\d{{1,2}}\)|\*{{1,3}}|[\u2020\u2021]"
_MARK = re.compile(rf"(?P<space>[ \t\u00a0]?)(?P<mark>{_SIGNS}|\^\d{{1,2}}|(?<=[ \t])\d{{1,2}}\))\Z")
_NOTE = re.compile(
    rf"^[ \t]{{0,8}}(?:[-*][ \t])?(?P<mark>{_SIGNS}|\^?\d{{1,2}}[.)]?):?[ \t]{{0,8}}(?=[^\s\d])", re.MULTILINE
)
_LAST = 12  # characters at the end of a value in which a mark stands
_FEWEST = 2  # marks in their order that tell what they are without a note


def without_footnotes(text: str, found: Sequence[Found]) -> list[Found]:
    """Return statements of a text, their values without marks of footnotes.

    A mark is one where a line behind the value begins with it, or where the values of a text have the marks 1, 2, ...
    in this order, each behind a digit. Else it belongs to the value: "10²", "14 m²".

    Args:
        text: The text.
        found: What a rule found there.
    """
    marked = [(place, match) for place, item in enumerate(found) if (match := _mark(text, item.value)) is not None]
    if not marked:
        return list(found)
    noted = {_plain(note["mark"]): note.start() for note in _NOTE.finditer(text)}
    counted = set(_counted(text, [match for _, match in sorted(marked, key=lambda each: each[1].start())]))
    kept = list(found)
    for place, match in marked:
        item, start = found[place], found[place].value[0]
        note = noted.get(_plain(match["mark"]), -1)
        if note > item.value[1] or match.start() in counted:
            end = match.start()
            said = item.decoded
            if said is not None and said.endswith(match.group()):
                said = said[: -len(match.group())]
            if said == text[start:end]:
                said = None
            kept[place] = replace(item, value=(start, end), decoded=said)
    return kept


def _mark(text: str, value: Span) -> re.Match[str] | None:
    """Return the mark at the end of a value, which has something before it."""
    start, end = value
    # "14 1)" is read without the bracket that nothing opens.
    reached = end + (text[end : end + 1] == ")" and text[end - 1].isdecimal())
    match = _MARK.search(text, max(start, end - _LAST), reached)
    if match is None or match.start() <= start:
        return None
    # "m²" and "x[1]" are what they are.
    return match if match["space"] or match["mark"] in _CIRCLED or not text[match.start() - 1].isalpha() else None


def _plain(mark: str) -> str:
    """Return a mark as a note and a value both have it: `2.`, `2)` and `^2` are one, `²` and `[2]` are others."""
    bare = mark.strip("^.)")
    if mark.startswith(("[", "(")):
        return mark.replace("^", "")
    return f"{bare})" if bare.isascii() and bare.isdecimal() else mark


def _counted(text: str, marks: Sequence[re.Match[str]]) -> Iterator[int]:
    """Yield where marks stand that count from one on, all of one kind, each behind a digit."""
    kinds: dict[str, list[tuple[int, int]]] = {}
    for match in marks:
        number = _number(match["mark"])
        behind = text[match.start() - 1].isdecimal() and not match["space"]
        if number is not None and behind:
            kinds.setdefault(match["mark"][0] if match["mark"][0] in "^[" else "raised", []).append(
                (match.start(), number)
            )
    for found in kinds.values():
        if len(found) >= _FEWEST and [number for _, number in found] == list(range(1, len(found) + 1)):
            yield from (start for start, _ in found)


def _number(mark: str) -> int | None:
    if all(char in _RAISED for char in mark):
        return int("".join(str(_RAISED.index(char)) for char in mark))
    digits = mark.strip("^[]")
    return int(digits) if mark[0] in "^[" and digits.isascii() and digits.isdecimal() else None
