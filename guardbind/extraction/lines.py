"""Cuts a text into lines and tells what each is: a heading, an item, fields, a rule, nothing, or running text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from guardbind.extraction.fields import Field, fields_of
from guardbind.extraction.prose import is_key
from guardbind.extraction.receipts import item_of
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span

__all__ = ["Bullet", "Line", "LineKind", "Stamp", "lines_alone", "lines_of", "stamp_of", "title_of"]

LineKind: TypeAlias = Literal["blank", "rule", "heading", "bold", "fields", "said", "title", "text"]
Bullet: TypeAlias = Literal["", "mark", "number"]

_LONGEST = 400  # characters of a line that is looked at
_TITLE_WORDS = 10
_LINE = re.compile(r"(?P<content>[^\r\n\u2028\u2029]*)(?:\r\n|[\r\n\u2028\u2029]|\Z)")
_OPENING = re.compile(
    r"(?P<quote>(?:[ \t]{0,3}>){0,6})(?P<indent>[ \t\u3000]{0,80})"
    r"(?P<bullet>(?:[-*+\u2022\u25cf\u25e6\u2013]|\d{1,3}[.)]|\[\d{1,3}\]|[a-z]\))[ \t]{1,8})?"
)
_HEADING = re.compile(r"(?P<level>#{1,6})[ \t]{1,8}(?P<title>[^\r\n]*?)[ \t]*#{0,6}[ \t]*\Z")
# "=== Tilda Berg ==="
_RULED = re.compile(
    r"(?P<marks>={2,6}|-{2,6}|~{2,6}|\*{3,6})[ \t]{1,4}(?P<title>[^\r\n]{1,120}?)[ \t]{1,4}(?P=marks)[ \t]*\Z"
)
_BOLD = re.compile(r"(?P<mark>\*\*|__)(?P<title>(?:(?!\*\*|__)[^\r\n]){1,120})(?P=mark):?[ \t]*\Z")
# "**Alder Ltd** - Fee: 1,200 EUR", "Flight HAT069 | Price: $121"
_BOLD_LEAD = re.compile(
    r"(?P<mark>\*\*|__)(?P<title>(?:(?!\*\*|__)[^\r\n:]){1,80})(?P=mark):?[ \t]*[|,(\u2013\u2014-]?[ \t]*"
)
_LEAD = re.compile(r"(?P<title>[^\r\n:=|\u2013\u2014]{1,80}?)[ \t]{1,8}[|\u2013\u2014-][ \t]{1,8}")
# "### Lamp (SKU: A-17)"
_BRACKET_LEAD = re.compile(
    r"(?P<title>[^()\r\n:=|]{1,80}?)[ \t]{0,4}[(\uff08](?P<inner>[^()\uff08\uff09\r\n]{3,200})[)\uff09]"
    r"[*_:]{0,3}[ \t]*\Z"
)
_LEADS = (_BOLD_LEAD, _LEAD, _BRACKET_LEAD)
_SAID = re.compile(
    r"[*_]{0,2}[^\W_][^\s:=\uff1a]{0,40}(?:[ ][^\s:=\uff1a]{1,40}){0,3}(?::[*_]{0,2}[ \t]|\uff1a)[ \t]*\S"
)
_UNDERLINE = re.compile(r"[ \t]{0,3}(?:={3,}|-{3,})[ \t]*\Z")
_RULE = re.compile(r"[ \t]{0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|={3,})\Z")
_FENCE = re.compile(r"[ \t]{0,3}(?P<marks>`{3,}|~{3,})")
_STAMP = re.compile(
    r"(?P<open>[\[(])?(?P<stamp>\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?(?:Z|[ ]?[+-]\d\d:?\d\d)?)?"
    r"|\d{1,2}:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)(?(open)[\])]),?[ \t]{1,8}(?:[-|][ \t]{1,4})?"
)
_LEVEL = re.compile(
    r"[\[(]?(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|FATAL|CRITICAL)[\])]?:?[ \t]{1,8}(?:[-|][ \t]{1,4})?"
)
_ENDINGS = ".!?;,\u3002\uff01\uff1f"
_BULLETS = "-*+\u2022\u25cf\u25e6\u2013"
_MARKS = "*_`\"'\u201c\u201d \t"


class Stamp(NamedTuple):
    """The time that begins a line of a log, and where its message begins."""

    span: Span | None
    end: int


class Line(NamedTuple):
    """A line of a text.

    Attributes:
        start: Where it begins.
        end: Where it ends, without its line break.
        kind: What it is; `said` if a key stands before running text.
        indent: The columns before it, without its bullet.
        bullet: Whether it is an item of a list, and of what kind of list.
        quote: How often it is quoted: `> `.
        level: Of a heading, 1 to 6; of a title before fields, 1 where marks make it one.
        title: Where its title stands, if it has one.
        fields: What it says of which keys.
        stamp: The time that it begins with.
    """

    start: int
    end: int
    kind: LineKind
    indent: int = 0
    bullet: Bullet = ""
    quote: int = 0
    level: int = 0
    title: Span | None = None
    fields: tuple[Field, ...] = ()
    stamp: Span | None = None


def lines_of(text: str, layout: Layout, language: Language, unread: Sequence[Span] = ()) -> list[Line]:
    """Return the lines of a text; what stands in a fence or in a part that is not read is running text."""
    found: list[Line] = []
    fence = ""
    skipped = iter(unread)
    skip = next(skipped, None)
    for match in _LINE.finditer(text):
        start, end = match.span("content")
        while skip is not None and skip[1] <= start:
            skip = next(skipped, None)
        if fence:
            if (closing := _FENCE.match(text, start, end)) and closing["marks"].startswith(fence):
                fence = ""
            found.append(Line(start, end, "text"))
        elif opening := _FENCE.match(text, start, end):
            fence = opening["marks"]
            found.append(Line(start, end, "text"))
        elif skip is not None and skip[0] < end:
            found.append(Line(start, end, "text"))
        else:
            line = _line(text, start, end, layout, language)
            if found and (under := _underlined(text, found[-1], line)) is not None:
                found[-1] = under
            found.append(line)
    return found


def lines_alone(text: str, stretches: Iterable[Span], layout: Layout, language: Language) -> Iterator[Line]:
    """Yield the lines of some stretches of a text, each as it is by itself: no fence and no underline is seen."""
    for stretch in stretches:
        for match in _LINE.finditer(text, *stretch):
            yield _line(text, *match.span("content"), layout, language)


def _line(text: str, start: int, end: int, layout: Layout, language: Language) -> Line:
    if not text[start:end].strip():
        return Line(start, end, "blank")
    if end - start > _LONGEST:
        return Line(start, end, "text")
    if _RULE.match(text, start, end):
        return Line(start, end, "rule")
    opening = _OPENING.match(text, start, end)
    assert opening is not None
    at, quote = opening.end(), opening["quote"].count(">")
    indent = len(opening["indent"].expandtabs(4))
    bullet: Bullet = "" if not opening["bullet"] else "mark" if opening["bullet"][0] in _BULLETS else "number"
    if not bullet and (heading := _HEADING.match(text, at, end)):
        level, of = len(heading["level"]), heading.span("title")
        if (led := _led(text, *of, layout, language, _BRACKET_LEAD)) is not None:
            return Line(start, end, "heading", indent, quote=quote, level=level, title=led[0], fields=led[2])
        title = title_of(text, of, language, marked=True)
        return Line(start, end, "heading", indent, quote=quote, level=level, title=title)
    if not bullet and (ruled := _RULED.match(text, at, end)):
        title = title_of(text, ruled.span("title"), language, marked=True)
        if title is not None:
            return Line(start, end, "heading", indent, quote=quote, level=len(ruled["marks"]), title=title)
    stamp = stamp_of(text, at, end)
    if stamp.span is None and (led := _led(text, at, end, layout, language, *_LEADS)) is not None:
        title, certain, fields = led
        return Line(start, end, "fields", indent, bullet, quote, int(certain), title, fields)
    if fields := fields_of(text, stamp.end, end, layout, language, stamped=stamp.span is not None):
        return Line(start, end, "fields", indent, bullet, quote, fields=fields, stamp=stamp.span)
    if (amount := item_of(text, at, end, language)) is not None:
        field = Field(amount["item"], amount.span("item"), amount.span("amount"), False)
        return Line(start, end, "fields", indent, bullet, quote, fields=(field,))
    if bold := _BOLD.match(text, at, end):
        title = title_of(text, bold.span("title"), language, marked=True)
        return Line(start, end, "title" if bullet else "bold", indent, bullet, quote, title=title)
    if _SAID.match(text, at, end):
        return Line(start, end, "said", indent, bullet, quote)
    title = title_of(text, (at, end), language)
    return Line(start, end, "text" if title is None else "title", indent, bullet, quote, title=title)


def _led(
    text: str, start: int, end: int, layout: Layout, language: Language, *leads: re.Pattern[str]
) -> tuple[Span, bool, tuple[Field, ...]] | None:
    """Return the title before the fields of the same line, whether marks make it one, and the fields."""
    for form in leads:
        lead = form.match(text, start, end)
        title = title_of(text, lead.span("title"), language) if lead else None
        if lead is not None and title is not None:
            limit = lead.end("inner") if form is _BRACKET_LEAD else end
            begins = lead.start("inner") if form is _BRACKET_LEAD else lead.end()
            if fields := fields_of(text, begins, limit, layout, language):
                return title, form is _BOLD_LEAD, fields
    return None


def _underlined(text: str, above: Line, line: Line) -> Line | None:
    """Return the line above as a heading, if this line underlines it."""
    if line.kind != "rule" or above.kind not in ("title", "bold") or above.bullet or above.title is None:
        return None
    if not _UNDERLINE.match(text, line.start, line.end):
        return None
    level = 1 if "=" in text[line.start : line.end] else 2
    return above._replace(kind="heading", level=level)


def stamp_of(text: str, start: int, end: int) -> Stamp:
    """Return the time with which a line begins, and what comes behind it and the level of a log."""
    stamp = _STAMP.match(text, start, end)
    at = stamp.end() if stamp else start
    if level := _LEVEL.match(text, at, end):
        at = level.end()
        if stamp is None and (stamp := _STAMP.match(text, at, end)):
            at = stamp.end()
    return Stamp(stamp.span("stamp") if stamp else None, at)


def title_of(text: str, span: Span, language: Language, *, marked: bool = False) -> Span | None:
    """Return where a title stands without marks and a colon; None if these words name nothing.

    Args:
        text: The text.
        span: Where the title stands with all that is around it.
        language: What it is written in.
        marked: Whether marks make it a title, so that words of a clause are no objection.
    """
    start, end = span
    while end > start and (text[end - 1] in _MARKS or text[end - 1] in ":\uff1a"):
        end -= 1
    while start < end and text[start] in _MARKS:
        start += 1
    title = text[start:end]
    if not title or title[-1] in _ENDINGS or not title[0].isalnum() or len(title.split()) > _TITLE_WORDS:
        return None
    if any(sign in title for sign in ("|", "\t", "  ", " = ", "{", "}", "<", ">", ": ", "\uff1a")) or "**" in title:
        return None
    return (start, end) if marked or is_key(title, language) else None
