"""Reads records of `key: value` lines: below a heading, a title or an item, on a line each, or one below the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from guardbind.extraction.instructions import unread
from guardbind.extraction.lines import Line, lines_alone, lines_of
from guardbind.extraction.outline import FieldLine, OutlineNode, outline
from guardbind.extraction.repeated import repeated
from guardbind.extraction.rule import Block, Found, Path, SparingRule
from guardbind.extraction.titles_below import titles_below, without
from guardbind.extraction.unread_lines import unread_lines
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span

__all__ = ["read"]


class _SaidLine(NamedTuple):
    """What was found, on which line, below the title of which line."""

    found: Found
    line: int
    title: int


def _sections(text: str, language: Language, taken: Sequence[Span]) -> Iterator[Block]:
    """Find lines of fields that belong together; where there is one record alone, nothing is to be told apart."""
    layout = Layout(text, language=language)
    if taken and not _tells(lines_alone(text, unread_lines(text, taken), layout, language)):
        return
    lines = lines_of(text, layout, language, unread(text, language))
    below = list(titles_below(text, lines))
    yield from below
    lines = without(lines, below)
    said = list(_SectionReader(text, language).read(outline(lines, language.forms.mail_headers), (), (), -1))
    if len({item.found.path[:-1] for item in said}) > 1:
        yield from _blocks(lines, said)


def _tells(lines: Iterable[Line]) -> bool:
    """Whether some lines may be a block: one has fields, or two are headings, also for what is underlined."""
    marked = 0
    for line in lines:
        marked += line.kind in ("heading", "bold", "rule")
        if line.fields or marked > 1:
            return True
    return False


def _blocks(lines: Sequence[Line], said: Sequence[_SaidLine]) -> Iterator[Block]:
    """Yield a block for what has nothing but blank lines, rules and titles between."""
    by_line: dict[int, list[Found]] = {item.title: [] for item in said if item.title >= 0}
    for item in said:
        by_line.setdefault(item.line, []).append(item.found)
    run: list[int] = []
    for number in [*sorted(by_line), len(lines)]:
        if run and (number == len(lines) or not _adjoining(lines, run[-1], number)):
            found = sorted((each for n in run for each in by_line[n]), key=lambda each: each.value)
            if found:
                yield Block((lines[run[0]].start, lines[run[-1]].end), tuple(found))
            run = []
        run.append(number)


def _adjoining(lines: Sequence[Line], above: int, below: int) -> bool:
    return all(line.kind in ("blank", "rule", "said") for line in lines[above + 1 : below])


class _SectionReader:
    """Reads what an outline binds."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language

    def read(self, node: OutlineNode, path: Path, places: tuple[Span | None, ...], title: int) -> Iterator[_SaidLine]:
        """Yield what stands in a part of the outline."""
        lines = node.lines
        records = list(repeated(self._text, lines))
        taken = {line.number for record in records for line in record}
        if path:
            for line in lines:
                if line.number not in taken:
                    yield from self._fields(line, path, places, title)
        unnamed = [each for each in node.nodes if each.name is None]
        parts: list[OutlineNode | list[FieldLine]] = [*records, *unnamed]
        for place, part in enumerate(sorted(parts, key=_first)):
            inner, at = (*path, place), (*places, None)
            if isinstance(part, OutlineNode):
                yield from self.read(part, inner, at, part.number)
            else:
                for line in part:
                    yield from self._fields(line, inner, at, title)
        names = [(each, each.name, self._text[slice(*each.name)]) for each in node.nodes if each.name is not None]
        counts = Counter(name for _, _, name in names)
        again: Counter[str] = Counter()
        for each, span, name in names:
            inner, at = (*path, name), (*places, span)
            if counts[name] > 1:
                inner, at = (*inner, again[name]), (*at, None)
                again[name] += 1
            yield from self.read(each, inner, at, each.number)

    def _fields(self, line: FieldLine, path: Path, places: tuple[Span | None, ...], title: int) -> Iterator[_SaidLine]:
        if line.line.stamp is not None and isinstance(path[-1], int):
            stamp, time = line.line.stamp, self._language.forms.time
            yield _SaidLine(Found((*path, time), stamp, stamp, places=(*places, None)), line.number, title)
        for field in line.line.fields:
            found = Found((*path, field.name), field.value, field.span, places=(*places, field.key))
            yield _SaidLine(found, line.number, title)


def _first(part: OutlineNode | list[FieldLine]) -> int:
    return part.number if isinstance(part, OutlineNode) else part[0].number


read = SparingRule(_sections, order=55, default=True)
"""The rule `section`."""
