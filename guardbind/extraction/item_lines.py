"""Reads lines of a name, a colon and keys with values behind them without signs: `- lamp: price $12; stock 4`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from guardbind.extraction.lines import title_of
from guardbind.extraction.prose import is_key, is_value
from guardbind.extraction.rule import Block, Found, WordedRule
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["lists_pairs", "read"]

_KEY_WORDS = 3
_LONGEST_ALONE = 3  # words of a value whose key is the only one of its line
_MOST_BESIDE = 2  # lines above the others that are none of them, and below
_LINE = re.compile(
    r"^[ \t]{0,40}(?:(?:[-*+\u2022\u2013]|\d{1,3}[.)]|\[[\d:.,T Z+-]{5,40}\])[ \t]{1,8})?(?P<title>[^\r\n:=|]{1,80})"
    r"[*_]{0,2}:[*_]{0,2}[ \t]{1,8}"
    r"(?P<rest>[^\r\n:=|]{3,300})$",
    re.MULTILINE,
)
_PART = re.compile(r"[^;]+")
_COMMA_PART = re.compile(r"(?:[^,]|,(?!\s))+")
_UNIT = re.compile(r"[^a-z]+|.{1,2}|.*\.")  # "EUR 9.20", "No 4", "ca. 12"
_NUMBER = re.compile(r"[-+\u2212]?[$\u20ac\u00a3\u00a5]?\d")
_WORD = re.compile(r"\S+")
_SIGNS = frozenset({"-", "\u2013", "\u2014", ":", "=", "->", "\u2192"})
# "Uma 88", as one of several; behind semicolons more may be said
_PAIR = re.compile(r"[ \t]*[^\W\d_a-z][\w-]*(?:[ \t][^\W\d_a-z][\w-]*)?[ \t]\S{0,2}\d[\d.,:%/-]*[%\u20ac$]?[ \t]*")
_LED = re.compile(r"[ \t]*[^\W\d_]\S*[ \t]+\S.*")


class _ItemLine(NamedTuple):
    """A line with its name, and where its parts stand."""

    span: Span
    title: Span
    parts: tuple[tuple[tuple[str, Span], ...], ...]  # of each part the words


def lists_pairs(said: str) -> bool:
    """Whether what stands behind a colon is several names or keys, each with a value: "Uma 88, Vito 73"."""
    parts = said.split(";")
    if len(parts) > 2 and all(map(_LED.fullmatch, parts)):
        return True
    parts = [part for part in re.split(r"[;,](?=\s)", said.rstrip(" .;")) if part.strip()]
    return len(parts) > 1 and all(map(_PAIR.fullmatch, parts))


def _item_lines(text: str, language: Language) -> Iterator[Block]:
    """Find at least two lines below each other that have the same first words in their parts, or in their only one."""
    run: list[_ItemLine] = []
    for match in _LINE.finditer(text):
        line = _line(text, match, language)
        if line is None or (run and (_parted(text, run[-1], line) or _single(run[-1]) != _single(line))):
            yield from _blocks(text, run, language)
            run = []
        if line is not None:
            run.append(line)
    yield from _blocks(text, run, language)


def _line(text: str, match: re.Match[str], language: Language) -> _ItemLine | None:
    title = title_of(text, match.span("title"), language)
    form = _PART if ";" in match["rest"] else _COMMA_PART
    parts = tuple(
        words
        for part in form.finditer(text, *match.span("rest"))
        if len(words := tuple(_worded(text, part.span()))) > 1
    )
    if title is None and match["title"].strip().isdecimal():
        title = match.span("title")  # "- 3975: fee 12; town Preston"
    return None if title is None or not parts else _ItemLine(match.span(), title, parts)


def _single(line: _ItemLine) -> bool:
    return len(line.parts) == 1


def _parted(text: str, above: _ItemLine, below: _ItemLine) -> bool:
    return bool(text[above.span[1] : below.span[0]].strip("\r\n"))


def _worded(text: str, part: Span) -> Iterator[tuple[str, Span]]:
    """Find the words of a pair; a sign between key and value is of neither: "till \u2013 Odile"."""
    for word in _WORD.finditer(text, *part):
        if word.group() not in _SIGNS:
            yield word.group(), word.span()


def _blocks(text: str, run: Sequence[_ItemLine], language: Language) -> Iterator[Block]:
    names = {text[slice(*line.title)] for line in run}
    if len(run) < 2 or len(names) < len(run):
        return
    run, keys = _between(run)
    if len(run) < 2 or not all(_fits(line, keys) for line in run):
        return
    numbers = {first for first in keys if _numeric(first, run)}
    found: list[Found] = []
    for line in run:
        name, mine = text[slice(*line.title)], [part for part in line.parts if part[0][0] in keys]
        for part in mine:
            at = keys[part[0][0]]
            key, value = (part[0][1][0], part[at - 1][1][1]), (part[at][1][0], part[-1][1][1])
            while value[1] - value[0] > 1 and text[value[1] - 1] in ".,;":
                value = (value[0], value[1] - 1)
            if not is_key(text[slice(*key)], language) or not is_value(text[slice(*value)], language):
                return
            if part[0][0] in numbers and not any(map(str.isdecimal, text[slice(*value)])):
                continue  # "absent", where the others have points
            path = (name, text[slice(*key)])
            found.append(Found(path, value, (key[0], value[1]), places=(line.title, key)))
    yield Block((run[0].span[0], run[-1].span[1]), tuple(found))


def _between(run: Sequence[_ItemLine]) -> tuple[Sequence[_ItemLine], Mapping[str, int]]:
    """Return the lines without a heading above them and a note below that have other words, and what they share."""
    keys = _keys(run)
    for _ in range(_MOST_BESIDE):
        start, end = int(not _fits(run[0], keys)), len(run) - int(len(run) > 1 and not _fits(run[-1], keys))
        if end - start in (len(run), 0, 1):
            break
        run = run[start:end]
        keys = _keys(run)
    return run, keys


def _keys(run: Sequence[_ItemLine]) -> Mapping[str, int]:
    """Return the first words of parts that several lines share, and of how many words each is the key."""
    said: defaultdict[str, list[list[str]]] = defaultdict(list)
    for line in run:
        for first in {part[0][0]: part for part in line.parts}.values():
            said[first[0][0]].append([word for word, _ in first])
    return {first: _shared(parts) for first, parts in said.items() if len(parts) > 1}


def _numeric(first: str, run: Sequence[_ItemLine]) -> bool:
    """Whether most values behind a key have digits."""
    said = [
        any(char.isdecimal() for word, _ in part[1:] for char in word)
        for line in run
        for part in line.parts
        if part[0][0] == first
    ]
    return 2 * sum(said) > len(said)


def _fits(line: _ItemLine, keys: Mapping[str, int]) -> bool:
    """Whether two parts of a line at least, and all but one, begin with a key, each with another one.

    An only part is a key and a short number: "price $12". In "shelf BF31" the noun belongs to the value.
    """
    if _single(line):
        said = [word for word, _ in line.parts[0]]
        behind = said[keys.get(said[0], len(said)) :]
        if _UNIT.fullmatch(said[0]):
            return False
        return 0 < len(behind) <= _LONGEST_ALONE and _NUMBER.match(behind[0]) is not None
    mine = [part[0][0] for part in line.parts if part[0][0] in keys]
    return len(mine) > 1 and len(mine) >= len(line.parts) - 1 and len(set(mine)) == len(mine)


def _shared(parts: Sequence[Sequence[str]]) -> int:
    """Return how many words at the beginning of some parts are the key: what all of them begin with."""
    most = min(_KEY_WORDS, *(len(part) - 1 for part in parts))
    shared = 1
    while shared < most and len({part[shared] for part in parts}) == 1 and parts[0][shared].isalpha():
        shared += 1
    return shared


read = WordedRule(_item_lines, order=54, default=True)
"""The rule `item_line`."""
