"""Cuts a context into spans that a claim can cite, and finds the names under which it can cite them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from guardbind.auditing.context import ContextText
from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.trace import ContextSpan, SpanKind
from guardbind.auditing.wording import citing_patterns
from guardbind.registry import AUTO, LANGUAGES
from guardbind.text.detect import language_of
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span

__all__ = ["Context", "cut_context"]

_FENCE = re.compile(r"\s{0,3}(?:```|~~~)")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
# "[2] ...", "[doc-7]: ...", "[^1]: ...", '<doc id="4">'; what begins with a word ("Document 3:") is of a language
_MARKERS = (
    re.compile(r"\s{0,3}(?:[-*+]\s+|>\s*|\*\*)?\[\^?(?P<name>[\w.:/-]{1,60})\](?!\()[ \t]*(?:\*\*)?:?(?=\s|\Z|\S)"),
    re.compile(r"\s{0,3}【(?P<name>[\w.:/-]{1,60})】"),
    re.compile(
        r"(?i)\s{0,3}<(?:document|doc|source|passage|chunk|item|span)\s+(?:index|id|n|name)\s*=\s*[\"']?"
        r"(?P<name>[\w.:/-]{1,60})[\"']?[^<>\n]{0,80}>"
    ),
)
_NUMBERED = re.compile(r"\s{0,3}(?:\((?P<a>\d{1,3})\)|(?P<b>\d{1,3})[.)])\s+\S")
_CLOSING = re.compile(r"\s*</?[\w-]+>\s*")


class Context(NamedTuple):
    """A context in spans.

    Attributes:
        spans: The spans, in the order of the text.
        texts: The texts that they stand in.
        language: What these are written in.
        notes: What was left out.
    """

    spans: tuple[ContextSpan, ...]
    texts: tuple[str, ...]
    language: Language
    notes: tuple[str, ...]


class _SpanPiece(NamedTuple):
    start: int
    stop: int
    name: str | None


def cut_context(texts: Sequence[ContextText], config: AuditConfig) -> Context:
    """Cut the texts of a context into spans, `S1`, `S2` and so on.

    A span is a paragraph, or what stands together without a blank line: a list, a table, a code fence, an object. One
    that is too long is cut at the ends of lines, else of sentences. What begins with a mark of its own ("[2]",
    "Document 3:") goes by it, up to the next mark; of several documents each goes by its place.

    Args:
        texts: The texts.
        config: The settings.
    """
    notes: list[str] = []
    kept: list[ContextText] = []
    left = config.max_chars
    for text in texts:
        if len(text.text) > left:
            notes.append(f"the context is cut after {config.max_chars} characters.")
        kept.append(text._replace(text=text.text[:left]))
        left = max(0, left - len(text.text))
    whole = "\n".join(text.text for text in kept)
    name = config.language
    language = language_of(whole, map(LANGUAGES.get, LANGUAGES)) if name == AUTO else LANGUAGES.get(name)
    documents = sum(text.document for text in kept)
    spans: list[ContextSpan] = []
    place = 0
    for part, text in enumerate(kept):
        place += text.document
        names = (*text.names, *([str(place)] if text.document and documents > 1 else ()))
        layout = Layout(text.text, language=language)
        for piece in _pieces(text.text, layout, config.span_chars):
            if len(spans) == config.max_spans:
                notes.append(f"the context is cut after {config.max_spans} spans.")
                return Context(tuple(spans), tuple(text.text for text in kept), language, tuple(notes))
            said = text.text[piece.start : piece.stop]
            spans.append(
                ContextSpan(
                    id=f"S{len(spans) + 1}",
                    text=said,
                    kind=_kind(said, text.source, language),
                    names=tuple(dict.fromkeys((*((piece.name,) if piece.name else ()), *names))),
                    source=text.source,
                    part=part,
                    start=piece.start,
                    stop=piece.stop,
                )
            )
    return Context(tuple(spans), tuple(text.text for text in kept), language, tuple(dict.fromkeys(notes)))


def _pieces(text: str, layout: Layout, most: int) -> Iterator[_SpanPiece]:
    marked = [*_marks(text)]
    name: str | None = None
    marks = dict(marked)
    for start, stop in _blocks(text, set(marks)):
        name = marks.get(start, name)
        for cut in _cut(text, (start, stop), layout, most):
            yield _SpanPiece(*cut, name)


def _marks(text: str) -> list[tuple[int, str]]:
    """Return the lines that begin with a mark of their own; of numbered items only where no line has another mark."""
    found: list[tuple[int, str]] = []
    numbered: list[tuple[int, str]] = []
    fenced = False
    for start, stop in _lines(text):
        line = text[start:stop]
        if _FENCE.match(line):
            fenced = not fenced
        if fenced or not line.strip():
            continue
        mark = _mark(line)
        if mark is not None and mark["name"].casefold() not in ("x", "-", "ok"):
            found.append((start, mark["name"]))
        elif (item := _NUMBERED.match(line)) is not None:
            numbered.append((start, item["a"] or item["b"]))
    if found:
        return found
    counted = [int(number) for _, number in numbered]
    return numbered if counted == list(range(1, len(counted) + 1)) else []


def _mark(line: str) -> re.Match[str] | None:
    """Return the mark of its own that a line begins with."""
    return next((match for marker in (*_MARKERS, citing_patterns().marker) if (match := marker.match(line))), None)


def _blocks(text: str, marks: set[int]) -> Iterator[Span]:
    """Yield what stands between blank lines or begins with a mark; a code fence is not cut at its blank lines."""
    begun: int | None = None
    end = 0
    fenced = False
    for start, stop in _lines(text):
        line = text[start:stop]
        fence = _FENCE.match(line) is not None
        blank = not line.strip() and not fenced
        if begun is not None and (blank or start in marks or (not fenced and _HEADING.match(line))):
            yield begun, end
            begun = None
        if not blank and not _CLOSING.fullmatch(line):
            begun = start if begun is None else begun
            end = start + len(line.rstrip())
        fenced ^= fence
    if begun is not None:
        yield begun, end


def _cut(text: str, block: Span, layout: Layout, most: int) -> Iterator[Span]:
    """Cut a block that is too long at the last end of a line, a sentence or a word that fits."""
    start, stop = block
    while stop - start > most:
        limit = start + most
        line = text.rfind("\n", start + most // 4, limit)
        if line < 0:
            ends = [unit.end for unit in layout.units(start, limit)[:-1] if unit.end - start >= most // 4]
            blank = text.rfind(" ", start + most // 4, limit)
            line = ends[-1] if ends else blank if blank > 0 else limit
        if text[start:line].strip():
            yield start, start + len(text[start:line].rstrip())
        start = line + len(text[line:stop]) - len(text[line:stop].lstrip())
    if text[start:stop].strip():
        yield start, stop


def _lines(text: str) -> Iterator[Span]:
    start = 0
    while start < len(text):
        stop = text.find("\n", start)
        stop = len(text) if stop < 0 else stop
        yield start, stop
        start = stop + 1


def _kind(text: str, source: str | None, language: Language) -> SpanKind:
    if not any(char.isalnum() for char in text):
        return "empty"
    if _HEADING.match(text) and "\n" not in text.strip():
        return "heading"
    units = [
        unit for unit in Layout(text, language=language).units(0, len(text)) if text[unit.start : unit.end].strip()
    ]
    if units and all(unit.question for unit in units):
        return "question"
    if source in ("user", "system", "developer"):
        said = [text[unit.start : unit.end].strip() for unit in units]
        if all(language.statements.request.match(unit) or unit.endswith(("?", ":")) for unit in said):
            return "instruction"
    mark = _mark(text)
    if (
        text[mark.end() if mark else 0 :].lstrip()[:1] in ("{", "[", "|", "<")
        or sum(":" in line for line in text.splitlines()) >= 2
    ):
        return "record"
    return "text"
