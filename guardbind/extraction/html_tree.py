"""Reads a piece of HTML into nodes, whose text keeps its place."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import NamedTuple

from guardbind.extraction.markup import TAG, without_comments
from guardbind.extraction.tables import TableCell

__all__ = ["FlatText", "HtmlNode", "flat_text", "html_tree"]

_DEEPEST = 64
_LONGEST = 500_000  # characters
_OPENING = re.compile(r"<[A-Za-z/!?]")
_VOID = re.compile(r"area|base|br|col|embed|hr|img|input|link|meta|source|track|wbr")
_RAW = re.compile(r"script|style|textarea|title|xmp|iframe|noembed|noframes|plaintext")
_STRUCK = frozenset({"del", "s", "strike"})
_INLINE = re.compile(
    r"a|abbr|b|bdi|bdo|big|cite|code|data|em|font|i|ins|kbd|label|mark|q|samp|small|span|strong|su[bp]|time|tt|u|var"
)
_PARTS = frozenset({"thead", "tbody", "tfoot"})
# What a tag closes that stands open, up to what it stands in.
_CLOSES = {
    "li": (frozenset({"li"}), frozenset({"ul", "ol"})),
    "dt": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "dd": (frozenset({"dt", "dd"}), frozenset({"dl"})),
    "td": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
    "th": (frozenset({"td", "th"}), frozenset({"tr", "table"})),
    "tr": (frozenset({"td", "th", "tr"}), frozenset({"table"})),
    **{part: (frozenset({"td", "th", "tr"}) | _PARTS, frozenset({"table"})) for part in _PARTS},
}


class _HtmlText(NamedTuple):
    """A piece of text: where it stands, and what it says."""

    start: int
    end: int
    said: str


@dataclass(slots=True)
class HtmlNode:
    """An element with what is in it."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[HtmlNode | _HtmlText] = field(default_factory=list)

    def below(self, *names: str, without: frozenset[str] = frozenset()) -> Iterator[HtmlNode]:
        """Yield the nearest nodes of some names in this one, not looking into others."""
        for child in self.children:
            if isinstance(child, HtmlNode):
                if child.name in names:
                    yield child
                elif child.name not in without:
                    yield from child.below(*names, without=without)


class FlatText(NamedTuple):
    """The text of a node without markup, and the place of each of its characters in the source."""

    said: str
    places: tuple[tuple[int, int], ...]

    def cell(self, start: int = 0, end: int | None = None) -> TableCell | None:
        """Return a part of it without blanks at its ends, blanks in it written as one; None if nothing is left."""
        part = self.said[start:end]
        content = part.strip()
        if not content:
            return None
        low = start + len(part) - len(part.lstrip())
        high = low + len(content)
        return TableCell((self.places[low][0], self.places[high - 1][1]), re.sub(r"\s+", " ", content))


def html_tree(text: str, start: int, end: int) -> HtmlNode | None:
    """Return what stands in a part of a text; None where a tag is malformed, or where it is nested too deep."""
    written = without_comments(text[start:end])
    if len(written) > _LONGEST:
        return None
    for opening in _OPENING.finditer(written):
        tag = TAG.match(written, opening.start())
        if tag is None or _RAW.fullmatch(tag["name"].lower()):
            return None
    reader = _HtmlReader(written, start)
    try:
        reader.feed(written)
        reader.close()
    except (AssertionError, ValueError, _NotHtml):
        return None
    return reader.root


def flat_text(node: HtmlNode, *, without: frozenset[str] = frozenset()) -> FlatText:
    """Return the text of a node; other elements than those of a line begin a line, what is struck out is left out."""
    said: list[str] = []
    places: list[tuple[int, int]] = []
    _collect(node, without | _STRUCK, said, places)
    return FlatText("".join(said), tuple(places))


def _collect(node: HtmlNode, without: frozenset[str], said: list[str], places: list[tuple[int, int]]) -> None:
    for child in node.children:
        if isinstance(child, _HtmlText):
            if child.end - child.start == len(child.said):
                places += [(at, at + 1) for at in range(child.start, child.end)]
            else:
                places += [(child.start, child.end)] * len(child.said)
            said.append(child.said)
        elif child.name not in without:
            if not _INLINE.fullmatch(child.name) and places:
                said.append("\n")
                places.append((places[-1][1], places[-1][1]))
            _collect(child, without, said, places)
            if not _INLINE.fullmatch(child.name) and places:
                said.append("\n")
                places.append((places[-1][1], places[-1][1]))


class _NotHtml(Exception):
    """Elements that are nested in too many others, or markup that breaks off."""


class _HtmlReader(HTMLParser):
    """Builds the nodes of a piece of HTML."""

    def __init__(self, written: str, base: int) -> None:
        super().__init__(convert_charrefs=False)
        self.root = HtmlNode("")
        self._open = [self.root]
        self._base = base
        self._lines = [0, *(match.end() for match in re.finditer("\n", written))]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        closed, within = _CLOSES.get(tag, (frozenset(), frozenset()))
        if closed:
            for place in range(len(self._open) - 1, 0, -1):
                if self._open[place].name in within:
                    break
                if self._open[place].name in closed:
                    del self._open[place:]
        node = HtmlNode(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(node)
        if not _VOID.fullmatch(tag):
            self._open.append(node)
            if len(self._open) > _DEEPEST:
                raise _NotHtml

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(HtmlNode(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        for place in range(len(self._open) - 1, 0, -1):
            if self._open[place].name == tag:
                del self._open[place:]
                break

    def handle_data(self, data: str) -> None:
        if TAG.search(data):
            raise _NotHtml  # what a broken reference leaves of a document is no text
        start = self._at()
        self._open[-1].children.append(_HtmlText(start, start + len(data), data))

    def handle_entityref(self, name: str) -> None:
        self._reference(f"&{name}")

    def handle_charref(self, name: str) -> None:
        self._reference(f"&#{name}")

    def _reference(self, written: str) -> None:
        start = self._at()
        closed = self.rawdata.startswith(";", start - self._base + len(written))
        end = start + len(written) + closed
        self._open[-1].children.append(_HtmlText(start, end, html.unescape(f"{written};" if closed else written)))

    def _at(self) -> int:
        line, column = self.getpos()
        return self._base + self._lines[line - 1] + column
