"""Cuts a written answer into claims: sentences, items of lists and rows of tables, each with what it cites."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from guardbind.auditing.citations import Citation, code_spans, find_citations, without_citations
from guardbind.auditing.names import SpanNames
from guardbind.auditing.trace import TraceClaim
from guardbind.auditing.wording import citing_patterns
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span

__all__ = ["claims_of_text"]

_ITEM = re.compile(r"[ \t]*(?:[-*+•·▪–]|\(?\d{1,3}[.)]|\(?[a-zA-Z]\)|[a-z]\.)[ \t]+(?:\[[ xX]\][ \t]+)?")
_HEADING = re.compile(r"[ \t]{0,3}(?:#{1,6}[ \t]|(?:[-=*_][ \t]*){3,}\Z)")
_QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
_TABLE = re.compile(r"[ \t]*\|.*\|[ \t]*\Z")
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-{2,}[-:| \t]*\Z")
# "[^1]: ...", "[2]: https://..."
_FOOTNOTE = re.compile(r"[ \t]{0,3}(?:\[\^[^\]\n]{1,40}\]:|\[[^\]\n]{1,40}\]:[ \t]*\S)")
_WORD = re.compile(r"[^\W_]")
_LEADING = re.compile(r"[\s\"'”’)»*_]*\Z")
_ENDED = re.compile(r"[.!?。！？]['\"”’)»*_]*\s*\Z")

_LEAD_WORDS = 3  # of a line that ends with a colon and introduces what stands below it


class _ClaimStretch(NamedTuple):
    """What one claim, or several sentences, stand in: a paragraph, an item of a list, a row."""

    start: int
    stop: int
    row: bool = False


def claims_of_text(
    text: str, names: SpanNames, language: Language, *, most: int, first: int = 1
) -> tuple[list[TraceClaim], list[str]]:
    """Return the claims of a text, and notes of what was left out.

    A citation belongs to the sentence that it stands in, or, where it stands behind its full stop, to the one that has
    ended. Headings, questions, lead-ins, code and lists of sources claim nothing.

    Args:
        text: The answer.
        names: What can be cited.
        language: What it is written in.
        most: Claims, at most.
        first: Number of the first one.
    """
    code = list(code_spans(text))
    fences = [span for span in code if "\n" in text[slice(*span)] or text[slice(*span)].startswith(("```", "~~~"))]
    cited = find_citations(text, names, code=code)
    layout = Layout(text, language=language)
    stretches, dropped = _stretches(text, fences)
    notes = [
        f"1 {what} left out: it claims nothing." if count == 1 else f"{count} {what}s left out: they claim nothing."
        for what, count in dropped.items()
        if count
    ]
    claims: list[TraceClaim] = []
    lead_ins = 0
    for stretch in stretches:
        for start, stop, own in _sentences(text, stretch, layout, cited):
            said = _plain(without_citations(text[start:stop], own, start))
            # What asks and cites says something too: "The fee is 40 [2]; is that all?"
            if not _WORD.search(said) or (not own and said.rstrip("\"'”*_ ").endswith(("?", "？"))):
                continue
            if said.endswith((":", "：")) and not own:
                lead_ins += 1
                continue
            if len(claims) == most:
                return claims, [*notes, f"only the first {most} claims are audited."]
            claims.append(
                TraceClaim(
                    id=f"C{first + len(claims)}",
                    text=said,
                    citations=tuple(dict.fromkeys(name for one in own for name in one.ids)),
                    unknown=tuple(dict.fromkeys(name for one in own for name in one.unknown)),
                    start=start,
                    stop=stop,
                )
            )
    return claims, notes


def _stretches(text: str, fences: Sequence[Span]) -> tuple[list[_ClaimStretch], dict[str, int]]:
    found: list[_ClaimStretch] = []
    dropped = {"code block": len(fences), "heading": 0, "source line": 0}
    open_: int | None = None
    end = 0
    sources = False
    previous: _ClaimStretch | None = None

    def close() -> None:
        nonlocal open_
        if open_ is not None:
            found.append(_ClaimStretch(open_, end))
        open_ = None

    for start, stop in _lines(text):
        line = text[start:stop]
        fenced = any(start < b and a < stop for a, b in fences)
        if citing_patterns().headings.match(line):
            sources = True
        elif _HEADING.match(line):
            sources = False
        blank = not line.strip()
        heading = _HEADING.match(line) is not None or _bold_title(line)
        footnote = _FOOTNOTE.match(line) is not None
        if fenced or blank or heading or footnote or sources or _RULE.match(line):
            close()
            dropped["heading"] += heading and not sources
            dropped["source line"] += (footnote or sources) and not blank
            if _RULE.match(line) and previous is not None and previous.stop == start - 1:
                found.remove(previous)  # the row above a rule names the columns
            previous = None
        elif _TABLE.match(line):
            close()
            previous = _ClaimStretch(start, stop, row=True)
            found.append(previous)
        else:
            begun = start + (quote.end() if (quote := _QUOTE.match(line)) else 0)
            item = _ITEM.match(text, begun, stop)
            if item is not None or open_ is None:
                close()
                open_ = item.end() if item else begun
            end = stop
            if line.rstrip().endswith((":", "：")) and len(line.split()) >= _LEAD_WORDS:
                close()
    close()
    return found, dropped


def _sentences(
    text: str, stretch: _ClaimStretch, layout: Layout, cited: Sequence[Citation]
) -> Iterator[tuple[int, int, list[Citation]]]:
    """Yield the sentences of a stretch with their citations; rows are not cut."""
    within = [one for one in cited if stretch.start <= one.span[0] and one.span[1] <= stretch.stop]
    edges = [stretch.start, stretch.stop]
    if not stretch.row:
        units = layout.units(stretch.start, stretch.stop)
        ends = [a.end for a, b in pairwise(units) if not layout.same_sentence(a.start, b.start) or _ends(text, a.end)]
        ends += _behind_marks(text, layout, within)
        edges = sorted({stretch.start, *(cut for cut in ends if not _inside(cut, within)), stretch.stop})
        edges = _moved(text, edges, within)
    for start, stop in pairwise(edges):
        own = [one for one in within if start <= one.span[0] < stop]
        begun = start + len(text[start:stop]) - len(text[start:stop].lstrip())
        ended = start + len(text[start:stop].rstrip())
        if begun < ended:
            yield begun, ended, own


def _behind_marks(text: str, layout: Layout, within: Sequence[Citation]) -> Iterator[int]:
    """Yield where a sentence ends whose full stop has citations glued to it: "in May.[1] Costs"."""
    ended = False
    reached = -1
    for one in within:
        start, stop = one.span
        if start != reached:
            dot = len(text[:start].rstrip("\"'”’)»*_")) - 1
            ended = dot >= 0 and text[dot] in ".!?" and not layout.is_mere(dot) and dot >= start - 4
        reached = stop
        if ended and text[stop : stop + 1].isspace():
            yield stop


def _moved(text: str, edges: list[int], within: Sequence[Citation]) -> list[int]:
    """Move the beginning of a sentence behind the citations that it begins with: they belong to the one before."""
    moved = [edges[0]]
    for edge in edges[1:-1]:
        at = edge
        for one in within:
            between = text[at : one.span[0]]
            if one.span[0] >= at and "\n" not in between and _LEADING.match(between):
                at = one.span[1]
                closing = re.match(r"[.,;!?]+(?=\s|\Z)", text[at:])
                at += closing.end() if closing else 0
        moved.append(at)
    moved.append(max(moved[-1], edges[-1]))
    return sorted(set(moved))


def _ends(text: str, cut: int) -> bool:
    return _ENDED.search(text[max(0, cut - 6) : cut]) is not None


def _inside(cut: int, within: Sequence[Citation]) -> bool:
    return any(one.span[0] < cut < one.span[1] for one in within)


def _bold_title(line: str) -> bool:
    """Whether a line is a title in bold letters."""
    bare = line.strip()
    return bool(re.fullmatch(r"(\*\*|__)[^*_]{1,80}\1:?", bare)) and not bare.rstrip(":*_").endswith((".", "!", "?"))


def _plain(text: str) -> str:
    """Return a text without the marks of emphasis, on one line."""
    bare = re.sub(r"(?<!\w)(\*\*|__|\*)(?=\S)(.{1,400}?)(?<=\S)\1(?!\w)", r"\2", text)
    return " ".join(bare.replace("\n", " ").split())


def _lines(text: str) -> Iterator[Span]:
    start = 0
    while start <= len(text) and text:
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        yield start, stop
        start = stop + 1
