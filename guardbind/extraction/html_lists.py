"""Reads lists of HTML: items with keys and values, items with others below them, terms with descriptions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from guardbind.extraction.html_tables import KeyAndValue, read_pairs
from guardbind.extraction.html_tree import FlatText, HtmlNode, flat_text
from guardbind.extraction.prose import is_key, is_value
from guardbind.extraction.rule import Found, Path
from guardbind.extraction.tables import TableCell
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["read_html_list"]

_LISTS = frozenset({"ul", "ol", "dl"})
_KEY_WORDS = 5
_TITLE_WORDS = 8
_KEYED = re.compile(
    r"\s*(?P<key>[^\s:,;\n][^:,;\n]{0,80}?)[ \t\u00a0]*[:\uff1a](?!\S*//)(?=[\s\D])\s*(?P<value>\S.*)", re.DOTALL
)
_LINES = re.compile(r"[^\n]+")
_FIELD_END = re.compile(r"[,;][ \t]+(?=[^\s:,;][^:,;\n]{0,60}:[ \t])")


def read_html_list(text: str, node: HtmlNode, language: Language) -> Iterator[Found]:
    """Yield the bindings of a list; none if there are items that are no keys with values."""
    try:
        yield from [*_list(text, node, (), (), language)]
    except _NoData:
        return


class _NoData(Exception):
    """A list of sentences, or of items without keys."""


def _list(
    text: str, node: HtmlNode, path: Path, places: tuple[Span | None, ...], language: Language
) -> Iterator[Found]:
    if node.name == "dl":
        yield from _terms(text, node, path, places, language)
        return
    items = list(node.below("li", without=_LISTS))
    fields = []
    for item in items:
        inner = list(item.below(*_LISTS))
        flat = flat_text(item, without=_LISTS)
        fields.append([] if inner else _fields(flat, language))
        if not inner and not fields[-1] and flat.cell() is not None:
            raise _NoData
    flat_fields = [item for item in fields if item]
    single = all(len(item) == 1 for item in flat_fields)
    alike = Counter(key.content for item in flat_fields for key, _ in item)
    by_key = single and all(count == 1 for count in alike.values())
    for number, (item, pairs) in enumerate(zip(items, fields, strict=True)):
        inner = list(item.below(*_LISTS))
        if not inner:
            within, at = (path, places) if by_key else ((*path, number), (*places, None))
            yield from read_pairs(text, pairs, within, at)
            continue
        title = flat_text(item, without=_LISTS).cell()
        name = None if title is None else title.content.rstrip(":\uff1a ").strip()
        if title is None or not name or len(name.split()) > _TITLE_WORDS or ": " in name:
            within, at = (*path, number), (*places, None)
        else:
            within, at = (*path, name), (*places, title.span)
        for below in inner:
            yield from _list(text, below, within, at, language)


def _terms(
    text: str, node: HtmlNode, path: Path, places: tuple[Span | None, ...], language: Language
) -> Iterator[Found]:
    """Read terms with their descriptions, which may be lists or `key: value` themselves."""
    term: TableCell | None = None
    pairs: list[KeyAndValue] = []
    for part in node.below("dt", "dd", without=_LISTS):
        cell = flat_text(part, without=_LISTS).cell()
        if part.name == "dt":
            term = None if cell is None else cell._replace(content=cell.content.rstrip(":\uff1a "))
            continue
        inner = list(part.below(*_LISTS))
        if term is None or not term.content:
            continue
        for below in inner:
            yield from _list(text, below, (*path, term.content), (*places, term.span), language)
        if cell is None or inner:
            continue
        if fields := _fields(flat_text(part), language):
            yield from read_pairs(text, fields, (*path, term.content), (*places, term.span))
        else:
            pairs.append((term, cell))
    yield from read_pairs(text, pairs, path, places)


def _fields(flat: FlatText, language: Language) -> list[KeyAndValue]:
    """Return the keys and values in an item, if all of it is such."""
    found: list[KeyAndValue] = []
    for line in _LINES.finditer(flat.said):
        starts = [line.start(), *(match.end() for match in _FIELD_END.finditer(flat.said, *line.span()))]
        ends = [*(match.start() for match in _FIELD_END.finditer(flat.said, *line.span())), line.end()]
        for start, end in zip(starts, ends, strict=True):
            if not flat.said[start:end].strip():
                continue
            match = _KEYED.fullmatch(flat.said, start, end)
            key = flat.cell(*match.span("key")) if match else None
            value = flat.cell(*match.span("value")) if match else None
            if key is None or value is None or len(key.content.split()) > _KEY_WORDS:
                return []
            if not is_key(key.content, language) or not is_value(value.content, language):
                return []
            found.append((key, value))
    return found
