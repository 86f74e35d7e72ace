"""Reads tables and lists of HTML anywhere in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardbind.extraction.captions import caption_above
from guardbind.extraction.html_lists import read_html_list
from guardbind.extraction.html_tables import html_caption, read_html_table
from guardbind.extraction.html_tree import flat_text, html_tree
from guardbind.extraction.markup import Element, elements
from guardbind.extraction.rule import Block, Found, WordedRule
from guardbind.extraction.tables import TableCell
from guardbind.text.language import Language

__all__ = ["read"]

_NAMES = frozenset({"table", "ul", "ol", "dl"})
_FAR = 300  # characters before a table in which its heading stands
_HEADING = re.compile(
    r"<h(?P<level>[1-6])(?:\s[^<>]{0,100})?>[^<>]{1,100}(?:<[^<>]{1,60}>[^<>]{0,100}){0,4}?</h(?P=level)>\s*\Z"
)


def _html(text: str, language: Language) -> Iterator[Block]:
    """Find complete tables and lists; of tables within each other the innermost, of lists the outermost.

    A heading right before one, a caption in it, or a line above it that looks like one is the outermost part of its
    keys.
    """
    for element in _chosen(list(elements(text, lambda name: name.lower() in _NAMES))):
        tree = html_tree(text, element.start, element.end)
        node = next(tree.below(*_NAMES), None) if tree else None
        if node is None:
            continue
        above = _heading(text, element.start, language)
        if node.name == "table":
            caption = html_caption(node) or above
            found = tuple(read_html_table(text, node, language, caption))
        else:
            caption = above
            found = tuple(_within(item, caption) for item in read_html_list(text, node, language))
        if found:
            start = element.start if caption is None else min(element.start, caption.span[0])
            yield Block((start, element.end), tuple(sorted(found, key=lambda item: item.value)))


def _within(item: Found, caption: TableCell | None) -> Found:
    if caption is None:
        return item
    path, places = (caption.content, *item.path), (caption.span, *item.places)
    return Found(path, item.value, item.statement, item.decoded, places=places)


def _chosen(found: list[Element]) -> list[Element]:
    tables: list[Element] = []
    lists: list[Element] = []
    # An element stands behind all that it holds.
    for element in found:
        if element.name.lower() == "table":
            if not tables or tables[-1].start < element.start:
                tables.append(element)
        else:
            while lists and lists[-1].start > element.start:
                lists.pop()
            lists.append(element)
    kept: list[Element] = []
    for element in sorted((*tables, *lists), key=lambda element: element.start):
        if kept and element.start < kept[-1].end:
            continue
        kept.append(element)
    return kept


def _heading(text: str, start: int, language: Language) -> TableCell | None:
    before = text[max(0, start - _FAR) : start]
    heading = _HEADING.search(before)
    if heading is None:
        line = max(before.rfind("\n"), before.rfind("\r")) + 1
        return (
            None if before[line:].strip() or "<" in before[-1:] else _plain(text, start - len(before) + line, language)
        )
    shift = start - len(before)
    tree = html_tree(text, shift + heading.start(), start)
    return flat_text(tree).cell() if tree else None


def _plain(text: str, start: int, language: Language) -> TableCell | None:
    caption = caption_above(text, start, language)
    return None if caption is None or "<" in caption.content else caption


read = WordedRule(_html, order=22, default=True)
"""The rule `html`."""
