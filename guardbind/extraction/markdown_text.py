"""Reads Markdown tables, as markdown-it does."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from guardbind.extraction.captions import caption_above
from guardbind.extraction.rule import Block, WordedRule
from guardbind.extraction.tables import TableCell, read_table
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["read"]

_LINE = re.compile(r"[^\n]*(?:\n|\Z)")
_RULE = re.compile(r"[ \t]*\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*){0,99}\|?[ \t]*\r?\n?")
_BAR = re.compile(r"(?<!\\)\|")
_MARKUP = "*_`~[ "


def _markdown(text: str, language: Language) -> Iterator[Block]:
    """Find tables with a line of dashes below their headings; the parser sees these lines alone."""
    lines = [match.span() for match in _LINE.finditer(text)]
    parser = MarkdownIt("zero").enable(["table", "backticks", "emphasis", "strikethrough", "link", "escape"])
    reached = 0
    for number in range(1, len(lines)):
        rule = text[slice(*lines[number])]
        if number <= reached or "|" not in rule or not _RULE.fullmatch(rule):
            continue
        end = number + 1
        while end < len(lines) and "|" in text[slice(*lines[end])]:
            end += 1
        reached = end - 1
        block = _read_block(text, parser, lines[number - 1 : end], language)
        if block is not None:
            yield block


def _read_block(text: str, parser: MarkdownIt, lines: Sequence[Span], language: Language) -> Block | None:
    start, end = lines[0][0], lines[-1][1]
    # A line feed is what the parser takes for the end of a line; the other separators would shift its count.
    source = re.sub(r"[\r\0]", " ", text[start:end])
    tokens = parser.parse(source)
    if not tokens or tokens[0].type != "table_open":
        return None
    head: list[str] = []
    rows: list[list[TableCell]] = []
    odd = {number for number, line in enumerate(lines) if _cells(text[slice(*line)]) != _cells(text[slice(*lines[0])])}
    kept: list[bool] = []
    cursor = limit = start
    for before, token in pairwise(tokens):
        if before.type == "tr_open" and before.map:
            cursor, limit = lines[before.map[0]][0], lines[before.map[0]][1]
            rows.append([])
            kept.append(before.map[0] not in odd)
        if token.type != "inline" or before.type not in ("th_open", "td_open"):
            continue
        written = token.content.replace("|", "\\|") if token.content not in text[cursor:limit] else token.content
        at = text.find(written, cursor, limit)
        if at < 0:
            return None
        cell = _bare(text, at, at + len(written), token)
        cursor = at + len(written)
        if before.type == "th_open":
            head.append(cell.content)
        else:
            rows[-1].append(cell)
    # In a row with a cell too many, or too few, nobody knows below which heading each of them belongs.
    rows = [row for row, even in zip(rows, kept, strict=True) if even and len(row) == len(head)]
    caption = caption_above(text, start, language)
    found = tuple(read_table(text, head, rows, language, caption)) if len(head) > 1 else ()
    return Block((caption.span[0] if caption else start, end), found) if found else None


def _cells(line: str) -> int:
    """Return how many cells a line has."""
    said = line.strip()
    return len(_BAR.findall(said.removeprefix("|"))) + (not said.endswith("|") or said.endswith("\\|"))


def _bare(text: str, start: int, end: int, inline: Token) -> TableCell:
    """Leave out the marks of emphasis, of code and of a link around a cell, and what is struck out in it."""
    content = "".join(_unstruck(inline.children or ())).strip()
    at = text.find(content, start, end) if content else -1
    if at >= 0 and (not text[start:at].strip(_MARKUP) or not text[at + len(content) : end].strip(_MARKUP)):
        return TableCell((at, at + len(content)), content)
    return TableCell((start, end), content or inline.content)


def _unstruck(children: Sequence[Token]) -> Iterator[str]:
    struck = 0
    for child in children:
        struck += child.nesting if child.type in ("s_open", "s_close") else 0
        if not struck:
            yield child.content


read = WordedRule(_markdown, order=30, default=True)
"""The rule `markdown`."""
