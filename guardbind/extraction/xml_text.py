"""Reads elements and attributes of XML anywhere in a text, as expat does."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from xml.parsers import expat

from guardbind.extraction.markup import TAG, Element, elements
from guardbind.extraction.prose import LONGEST_VALUE, is_value
from guardbind.extraction.rule import Block, Found, Path, WordedRule
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["read"]

_DEEPEST = 64
_ATTRIBUTE = re.compile(r"\s+(?P<name>[^\s=<>/\"']+)\s*=\s*(?:\"(?P<double>[^\"<]*)\"|'(?P<single>[^'<]*)')")
# What HTML and Markdown with HTML are made of: their text is for readers, not under keys.
_HTML = re.compile(
    r"a|abbr|audio|base|canvas|font|hr|link|meta|noscript|option|svg|video|"
    r"article|aside|b|blockquote|body|br|button|center|code|dd|details|div|dl|dt|em|fieldset|figure|"
    r"footer|form|h1|h2|h3|h4|h5|h6|head|header|hr|html|i|iframe|img|input|kbd|li|main|mark|nav|ol|p|pre|s|"
    r"samp|script|section|select|small|span|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|tr|u|ul|var"
)


@dataclass(slots=True)
class _XmlNode:
    """An element: its name, its attributes, what stands in it."""

    name: str
    start: int
    end: int = 0
    attributes: list[tuple[str, Span, str, Span]] = field(default_factory=list)  # names and values, with their places
    children: list[_XmlNode] = field(default_factory=list)
    said: str = ""
    inner: int | None = None  # where the text in it begins
    closing: int = 0  # where its closing tag begins


def _xml(text: str, language: Language) -> Iterator[Block]:
    """Find complete elements that have others in them, or attributes, and no running text.

    An element around running text is passed over, so that what stands in it is found, or read by other rules. Entities
    are never resolved but for the five of XML.
    """
    wanted = [element for element in elements(text, lambda name: not _HTML.fullmatch(name.lower()))]
    if not wanted:
        return
    bytes_of = _Places(text)
    reached = 0
    for element in sorted(_outermost(wanted), key=lambda element: element.start):
        if element.start < reached:
            continue
        root = _parse(text, element, bytes_of)
        for node in _data(text, root, language) if root else ():
            if found := tuple(_leaves(text, node, (node.name,), (None,))):
                yield Block((node.start, node.end), found)
                reached = node.end


def _outermost(found: list[Element]) -> list[Element]:
    kept: list[Element] = []
    for element in found:  # behind all that it holds
        while kept and kept[-1].start > element.start:
            kept.pop()
        kept.append(element)
    return kept


class _Places:
    """Turns places in bytes of UTF-8 into places in characters."""

    def __init__(self, text: str) -> None:
        self._ends = None if text.isascii() else list(accumulate(_width(char) for char in text))

    def before(self, place: int) -> int:
        """Return how many bytes stand before a character."""
        return place if self._ends is None or place == 0 else self._ends[place - 1]

    def char(self, place: int) -> int:
        """Return which character begins at a byte."""
        return place if self._ends is None or place == 0 else bisect_left(self._ends, place) + 1


def _width(char: str) -> int:
    return 1 if char < "\x80" else 2 if char < "\u0800" else 3 if char < "\U00010000" else 4


def _parse(text: str, element: Element, bytes_of: _Places) -> _XmlNode | None:
    reader = _XmlReader(text, element.start, bytes_of)
    try:
        written = text[element.start : element.end].encode()
        reader.parser.Parse(written, True)
    except (expat.ExpatError, UnicodeEncodeError, _NoXml):
        return None
    return reader.root


class _NoXml(Exception):
    """Elements that are nested too deep, or declarations of entities."""


class _XmlReader:
    """Builds the nodes of an element from what expat reports."""

    def __init__(self, text: str, start: int, bytes_of: _Places) -> None:
        self.root: _XmlNode | None = None
        self._text = text
        self._before = bytes_of.before(start)
        self._bytes_of = bytes_of
        self._open: list[_XmlNode] = []
        self.parser = expat.ParserCreate("utf-8")
        self.parser.StartElementHandler = self._starts
        self.parser.EndElementHandler = self._ends
        self.parser.CharacterDataHandler = self._says
        self.parser.StartDoctypeDeclHandler = self._refuses
        self.parser.EntityDeclHandler = self._refuses

    def _refuses(self, *_: object) -> None:
        raise _NoXml

    def _at(self) -> int:
        return self._bytes_of.char(self._before + self.parser.CurrentByteIndex)

    def _starts(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) == _DEEPEST:
            raise _NoXml
        node = _XmlNode(name, self._at())
        at = node.start + 1 + len(name)
        while match := _ATTRIBUTE.match(self._text, at):
            at = match.end()
            value = match.span(match.lastgroup or 0)
            node.attributes.append((match["name"], match.span("name"), attributes.get(match["name"], ""), value))
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.root = node
        self._open.append(node)

    def _ends(self, _: str) -> None:
        node = self._open.pop()
        node.closing = self._at()
        if self._text.startswith("</", node.closing):
            node.end = self._text.index(">", node.closing) + 1
        else:
            tag = TAG.match(self._text, node.start)
            node.end = tag.end() if tag else node.start

    def _says(self, said: str) -> None:
        node = self._open[-1]
        if node.inner is None:
            node.inner = self._at()
        node.said += said


def _data(text: str, node: _XmlNode, language: Language) -> Iterator[_XmlNode]:
    """Yield the outermost elements at or below a node that hold keys and values, and no running text."""
    if not node.children and not node.attributes:
        return
    if not _running(text, node, language):
        yield node
        return
    for child in node.children:
        yield from _data(text, child, language)


def _running(text: str, node: _XmlNode, language: Language) -> bool:
    """Whether an element, or one in it, has text that is no value."""
    said = node.said.strip()
    if said and (node.children or len(said) > LONGEST_VALUE or not is_value(said, language)):
        return True
    return any(_running(text, child, language) for child in node.children)


def _leaves(text: str, node: _XmlNode, path: Path, places: tuple[Span | None, ...]) -> Iterator[Found]:
    """Yield what is in an element; of several children of one name each has its number, or its one attribute."""
    yield from _attributes(text, node, path, places)
    if not node.children:
        if (value := _value(text, node)) is not None:
            written = text[slice(*value)]
            said = node.said.strip()
            yield Found(path, value, (node.start, node.end), said if said != written else None, places=places)
        return
    names = Counter(child.name for child in node.children)
    told = {name: _told(node.children, name) for name, count in names.items() if count > 1}
    seen: Counter[str] = Counter()
    for child in node.children:
        name = (child.start + 1, child.start + 1 + len(child.name))
        if child.name not in told:
            yield from _leaves(text, child, (*path, child.name), (*places, name))
        elif told[child.name]:
            _, _, said, place = child.attributes.pop()
            yield from _leaves(text, child, (*path, child.name, said), (*places, name, place))
        else:
            number = seen[child.name]
            seen[child.name] += 1
            yield from _leaves(text, child, (*path, child.name, number), (*places, name, None))


def _told(children: list[_XmlNode], name: str) -> bool:
    """Whether elements of one name are told apart by one attribute each, and are else nothing but a value."""
    alike = [child for child in children if child.name == name]
    if any(child.children or len(child.attributes) != 1 or not child.said.strip() for child in alike):
        return False
    keys = {child.attributes[0][0] for child in alike}
    return len(keys) == 1 and len({child.attributes[0][2] for child in alike}) == len(alike)


def _attributes(text: str, node: _XmlNode, path: Path, places: tuple[Span | None, ...]) -> Iterator[Found]:
    for name, place, said, value in node.attributes:
        written = text[slice(*value)]
        if written.strip() and said.strip() and len(written) <= LONGEST_VALUE and not name.startswith("xmlns"):
            decoded = said if said != written else None
            yield Found((*path, name), value, (place[0], value[1] + 1), decoded, places=(*places, place))


def _value(text: str, node: _XmlNode) -> Span | None:
    """Return where the text of an element stands, without blanks around it."""
    if node.inner is None or not node.said.strip():
        return None
    written = text[node.inner : node.closing]
    start, end = node.inner, node.closing
    # expat reports where the text begins, not where the mark of CDATA before it does.
    cdata = text[max(0, start - 9) : start] == "<![CDATA[" and written.endswith("]]>")
    written = written[:-3] if cdata else written
    if "<" in written and not cdata:
        return None  # comments in it
    start += len(written) - len(written.lstrip())
    end = start + len(written.strip())
    return (start, end) if start < end else None


read = WordedRule(_xml, order=24, default=True)
"""The rule `xml`."""
