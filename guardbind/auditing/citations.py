"""Finds the citations in a text: what stands in brackets and names spans, and not what only looks like it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from guardbind.auditing.names import SpanNames
from guardbind.auditing.wording import citing_patterns
from guardbind.text.layout import Span

__all__ = ["Citation", "code_spans", "find_citations", "without_citations"]

_MOST_NAMES = 64
_LONGEST_RANGE = 50
_FENCE = re.compile(
    r"(?m)^[ \t]{0,3}(?P<fence>```+|~~~+)[^\n]*\n(?:.*?\n)??[ \t]{0,3}(?P=fence)[ \t]*(?=\n|\Z)", re.DOTALL
)
_OPEN_FENCE = re.compile(r"(?m)^[ \t]{0,3}(?:```+|~~~+)")
_INLINE = re.compile(r"`[^`\n]{1,200}`")
_SUPER = "[\u00b9\u00b2\u00b3\u2070\u2074-\u2079]"
# The longest forms first. A bracket before "(" is a link, unless its text is a number.
_SQUARE = (
    r"<sup>\s*(?:<a [^<>]{0,200}>)?\s*\[?(?P<names>[\w\s,;.:^–-]{1,60}?)\]?\s*(?:</a>)?\s*</sup>",
    r"<(?:cite|ref|source|citation)\b[^<>]{0,200}?(?:id|name|doc|source|index|span)s?\s*=\s*[\"']?"
    r"(?P<names>[\w.:,;/ -]{1,80})[\"']?\s*/?>(?:\s*</(?:cite|ref|source|citation)>)?",
    r"<(?P<tag>cite|ref|citation)>\s*(?P<names>[\w.:,; /-]{1,80})\s*</(?P=tag)>",
    r"【(?P<names>[^【】†\n]{1,80})(?:†[^【】\n]{0,80})?】",
    r"\[\[(?P<names>[^\[\]\n]{1,80})\]\](?:\([^()\s]{1,300}\))?",
    r"\[\^(?P<names>[\w.:,; -]{1,40})\](?!:)",
    r"\[(?P<names>\d{1,4}(?:\s*[,;–-]\s*\d{1,4})*)\]\((?:[^()\s]{1,300})\)",
    r"\[(?P<names>[^\[\]\n†]{1,120})(?:†[^\[\]\n]{0,80})?\](?!\()",
    r"［(?P<names>[^［］\n]{1,80})］",
)
_ROUND = (r"(?<=\S)\s?\((?P<names>[^()\n]{1,80})\)", r"（(?P<names>[^（）\n]{1,80})）")
_RAISED = (
    r"(?<=[^\W\d_]|[.,;:!?)\]”\"'»。])"
    rf"(?P<names>{_SUPER}{{1,2}}(?:[ \u02d2,ʼ’]?{_SUPER}{{1,2}}){{0,4}})(?=[\s.,;:!?)\]]|\Z)"
)
_FORMS = [
    *((re.compile(form, re.IGNORECASE), "square") for form in _SQUARE),
    *((re.compile(form), "round") for form in _ROUND),
    (re.compile(_RAISED), "raised"),
]
_DIGITS = str.maketrans("\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "0123456789")
_RANGE = re.compile(r"(?P<lead>[^\W\d]{0,10}?[\s.:-]?)(?P<a>\d{1,4})\s*[-–—]\s*(?P=lead)(?P<b>\d{1,4})\Z")


class Citation(NamedTuple):
    """A citation in a text.

    Attributes:
        span: Half-open character range, brackets included.
        ids: Ids of the spans that it means.
        unknown: What it names that is no span, as it is written.
    """

    span: Span
    ids: tuple[str, ...]
    unknown: tuple[str, ...]


def find_citations(text: str, names: SpanNames, *, code: list[Span] | None = None) -> list[Citation]:
    """Return the citations of a text, in its order.

    What is no span is a citation only where its form is that of one ("[9]", "[S4]"). A year, an author, a value, a
    task box, a link, an interval and an index in code are none.

    Args:
        text: The text.
        names: What can be cited.
        code: Ranges in which nothing is cited; code fences and inline code where None.
    """
    taken: list[Span] = list(code_spans(text) if code is None else code)
    found: list[Citation] = []
    for form, kind in _FORMS:
        for match in form.finditer(text):
            if any(match.start() < stop and start < match.end() for start, stop in taken):
                continue
            citation = _citation(text, match, names, kind)
            if citation is not None:
                found.append(citation)
                taken.append(citation.span)
    return sorted(found)


def without_citations(text: str, found: list[Citation], start: int = 0) -> str:
    """Return a text without its citations, and without the blanks before them.

    Args:
        text: The text.
        found: Citations, whose ranges count from `start` on.
        start: Where the text begins in what these were found in.
    """
    parts: list[str] = []
    reached = 0
    for citation in found:
        a, b = citation.span[0] - start, citation.span[1] - start
        if a >= reached and b <= len(text):
            parts.append(text[reached:a].rstrip(" \t"))
            reached = b
    parts.append(text[reached:])
    joined = parts[0]
    for part in parts[1:]:
        glue = "" if not joined or not part or part[0].isspace() or part[0] in ".,;:!?)]。，；" else " "
        joined += glue + part
    return re.sub(r"\s+([.,;:!?])", r"\1", joined.strip())


def code_spans(text: str) -> Iterator[Span]:
    """Yield the code fences of a text, one that is never closed included, and its inline code."""
    reached = 0
    for fence in _FENCE.finditer(text):
        yield fence.span()
        reached = fence.end()
    if open_ := _OPEN_FENCE.search(text, reached):
        yield open_.start(), len(text)
    for inline in _INLINE.finditer(text):
        yield inline.span()


def _citation(text: str, match: re.Match[str], names: SpanNames, kind: str) -> Citation | None:
    written = match["names"].translate(_DIGITS) if kind == "raised" else match["names"]
    if kind == "raised" and citing_patterns().units.search(text[: match.start()][-12:]):
        return None
    listed = [part for part in citing_patterns().joins.split(written.strip()) if part][:_MOST_NAMES]
    parts = [one for part in listed for one in _counted(part)]
    whole = names.find(written) if parts else None
    if whole is not None and not all(map(names.known, parts)):
        return Citation(_trimmed(match), whole, ())
    ids: dict[str, None] = {}
    unknown: list[str] = []
    for part in parts:
        if (meant := names.find(part)) is not None:
            ids.update(dict.fromkeys(meant))
        else:
            unknown.append(part)
    numbers = all(part.isdecimal() for part in parts)
    # "(2)" counts and "(4417)" is a value: in round brackets only what says that it is a source, or a name.
    patterns = citing_patterns()
    sure = patterns.round_sure if kind == "round" else patterns.sure
    if not all(sure.match(part) or names.shaped(part) for part in unknown) or (kind == "round" and numbers):
        return None
    if kind == "square" and numbers and _is_no_citation(text, match, len(parts) > 1 and bool(unknown)):
        return None
    return Citation(_trimmed(match), tuple(ids), tuple(dict.fromkeys(unknown))) if parts else None


def _trimmed(match: re.Match[str]) -> Span:
    return match.start() + len(match.group()) - len(match.group().lstrip()), match.end()


def _is_no_citation(text: str, match: re.Match[str], listed: bool) -> bool:
    """Whether numbers in brackets are an interval, a list of values or an index; `listed`: several, and one unknown."""
    before, behind = text[max(0, match.start() - 20) : match.start()], text[match.end() : match.end() + 4]
    if listed and (citing_patterns().interval.search(before) or re.match(r" ?[%°a-zµ]", behind)):
        return True
    if before[-1:].isalnum() or before[-1:] == "_":
        # "rows[0]" and "x[1] = 4"; but "Oslo[1] is" and "Oslo[1][2]"
        glued = behind[:1].isalnum() or behind[:1] == "_" or (behind[:1] == "." and behind[1:2].isalpha())
        return glued or re.match(r"\s*(?:=|\+=|->)", behind) is not None
    return False


def _counted(part: str) -> list[str]:
    """Return the members of a range: "2-4" is 2, 3 and 4."""
    match = _RANGE.fullmatch(part)
    if match is None:
        return [part]
    first, last = int(match["a"]), int(match["b"])
    if not first <= last <= first + _LONGEST_RANGE:
        return [part]
    return [f"{match['lead']}{number}" for number in range(first, last + 1)]
