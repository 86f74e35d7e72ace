"""Reads YAML: in a fence, at the head of the text between `---` lines, or lines of it that are nested."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import yaml

from guardbind.extraction.prose import LONGEST_VALUE, is_key, is_value
from guardbind.extraction.rule import Block, Found, Path, WordedRule
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["read"]

_LONGEST_NAME = 3  # words of a value that may end in a point, as "Ltd." does
_DEEPEST = 64  # levels; what is nested deeper is not read
_LINE = re.compile(r"(?P<indent> *)(?P<rest>[^\r\n]*)(?:\r\n|\r|\n|\Z)")
_FENCE = re.compile(r"(?P<marks>`{3,}|~{3,})[ \t]*(?P<language>\w*)")
_KEY_LINE = re.compile(
    r"(?:-[ ]+){0,9}(?:\"[^\"]{1,80}\"|'[^']{1,80}'|[^\s#&*!|>%@`\-\[\]{},:\"'][^:#]{0,80}?)[ ]{0,40}:"
    r"(?:[ ]+(?P<value>\S.*))?[ ]*"
)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _yaml(text: str, language: Language) -> Iterator[Block]:
    """Find YAML; what PyYAML refuses is left to other rules.

    Outside of fences and `---`, lines of the form `key: value` are YAML where some are nested in others; all values
    there have to look like some, so that a list of sentences is not taken for data.
    """
    document = _Mappings(text)  # not declared: what stands below it may belong to it
    for stretch in _stretches(text):
        blocks = _parse(text, stretch.start, stretch.end)
        if stretch.declared:
            yield from document.ends()
            yield from blocks
            continue
        for block in blocks:
            if all(_plausible(text, item, language) for item in block.found):
                if not document.goes_on(block):
                    yield from document.ends()
                document.add(block)
    yield from document.ends()


class _Mappings:
    """Mappings that stand directly below each other, or with a blank line between; no key stands in two of them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._blocks: list[Block] = []
        self._keys: set[str | int] = set()

    def goes_on(self, block: Block) -> bool:
        if not self._blocks:
            return True
        between = self._text[self._blocks[-1].region[1] : block.region[0]]
        if between.strip() or len(between.splitlines()) > 1 or not self._keys:
            return False
        return all(isinstance(item.path[0], str) and item.path[0] not in self._keys for item in block.found)

    def add(self, block: Block) -> None:
        self._blocks.append(block)
        self._keys.update(item.path[0] for item in block.found if isinstance(item.path[0], str))

    def ends(self) -> Iterator[Block]:
        """Yield what was added as one document."""
        if self._blocks:
            region = (self._blocks[0].region[0], self._blocks[-1].region[1])
            yield Block(region, tuple(item for block in self._blocks for item in block.found))
        self._blocks, self._keys = [], set()


class _YamlStretch(NamedTuple):
    """A part of the text that may be YAML; `declared`: the text says that it is."""

    start: int
    end: int
    declared: bool


def _plausible(text: str, item: Found, language: Language) -> bool:
    value = text[slice(*item.value)]
    if not is_value(value, language) or (value[-1] in ".!" and len(value.split()) > _LONGEST_NAME):
        return False
    outer = item.path[0] if len(item.path) > 1 else None
    if isinstance(outer, str) and outer.isalnum():
        return True  # what holds other keys may be called by a number alone
    return all(is_key(part, language) for part in item.path[:1] if isinstance(part, str))


def _stretches(text: str) -> Iterator[_YamlStretch]:
    closing = ""  # what ends the fence or the head that the line stands in
    opened: int | None = None  # where declared YAML began
    run = _YamlLines()
    for line in _LINE.finditer(text):
        rest = line["rest"].rstrip()
        if closing:
            if rest == closing:
                if opened is not None:
                    yield _YamlStretch(opened, line.start(), True)
                closing, opened = "", None
        elif run.takes(line):
            continue
        else:
            yield from run.stretches()
            run = _YamlLines()
            if marks := _FENCE.match(rest):
                closing = marks["marks"]
                opened = line.end() if marks["language"].lower() in ("yaml", "yml") else None
            elif rest == "---" and line.start() == 0 and text.find("\n---", line.end() - 1) > 0:
                closing, opened = rest, line.end()
            else:
                run.takes(line)
    yield from run.stretches()


@dataclass(slots=True)
class _OuterLine:
    """A line of the outermost level, with what is nested in it."""

    start: int
    end: int
    item: bool  # of a list
    flow: bool  # its value is written as `{...}` or `[...]`
    opens: bool  # nothing stands behind its key
    key: str = ""
    nested: bool = False


@dataclass(slots=True)
class _YamlLines:
    """Consecutive lines that may be YAML."""

    indent: int = 0
    entries: list[_OuterLine] = field(default_factory=list)

    def takes(self, line: re.Match[str]) -> bool:
        """Take a line, unless it does not go on with what was taken."""
        rest, indent = line["rest"], len(line["indent"])
        key = _KEY_LINE.fullmatch(rest)
        item = rest.startswith("- ")
        last = self.entries[-1] if self.entries else None
        if key is None and not (last and (item or rest.startswith("#"))):
            return False
        if key is not None and (key["value"] or "")[:1] in ("{", "[") and rest.endswith(","):
            return False  # a line of JSON
        if last is None:
            self.indent = indent
        elif indent < self.indent:
            return False
        if last is not None and (indent > self.indent or (item and not last.item) or rest.startswith("#")):
            if item and indent == self.indent and not last.opens:
                return False
            last.nested = last.nested or not rest.startswith("#")
            last.end = line.end()
        else:
            value = (key["value"] or "") if key else ""
            self.entries.append(
                _OuterLine(
                    line.start(),
                    line.end(),
                    item,
                    value[:1] in ("{", "["),
                    bool(key) and not value,
                    rest.partition(":")[0],
                )
            )
        return True

    def stretches(self) -> Iterator[_YamlStretch]:
        """Yield what is more than `key: value`: nested lines, and `key: {...}` where all lines are of such forms.

        Of lists too: bullets of `- key: value` alone are no data.
        """
        keys = {entry.key for entry in self.entries}  # the same one twice labels the lines of a log
        flows = 1 < len(keys) == len(self.entries) and all(entry.nested or entry.flow for entry in self.entries)
        start: int | None = None  # of a list
        deep = False  # whether an item of it is more than one line
        for number, entry in enumerate(self.entries):
            if entry.item:
                start = entry.start if start is None else start
                following = self.entries[number + 1] if number + 1 < len(self.entries) else None
                deep = deep or entry.nested or entry.flow
                if following is None or not following.item:
                    if deep:
                        yield _YamlStretch(start, entry.end, False)
                    start, deep = None, False
            elif entry.nested or (flows and entry.flow):
                yield _YamlStretch(entry.start, entry.end, False)


def _parse(text: str, start: int, end: int) -> list[Block]:
    """Return the documents with their scalars; none if it is no YAML or has no keys."""
    reader = _EventReader(text, start)
    starts: list[int] = []
    counts: list[int] = []  # of scalars before each document
    # Events and not yaml.compose: that resolves aliases, so that it refuses a document where one is not defined, and it
    # builds the tree by recursion in C, which a text of 200 000 brackets kills the process with.
    try:
        for event in yaml.parse(text[start:end], Loader=_LOADER):
            if isinstance(event, yaml.DocumentStartEvent):
                starts.append(start + event.start_mark.index if starts else start)
                counts.append(len(reader.found))
            reader.take(event)
    except (yaml.YAMLError, ValueError, _NotData):
        return []
    blocks = []
    counts.append(len(reader.found))
    for (low, high), (first, last) in zip(pairwise([*starts, end]), pairwise(counts), strict=True):
        found = tuple(reader.found[first:last])
        if any(isinstance(part, str) for item in found for part in item.path):
            blocks.append(Block((low, high), found))
    return blocks


class _NotData(Exception):
    """A document that is nested too deep, or whose keys are no scalars."""


@dataclass(slots=True)
class _YamlLevel:
    """A mapping or a list that is being read."""

    path: Path
    places: tuple[Span | None, ...]  # of its parts
    mapping: bool
    key: str | None = None  # of a mapping, where its value comes next
    key_start: int = 0
    key_place: Span = (0, 0)  # without quotes
    place: int = 0  # of a list


@dataclass(slots=True)
class _EventReader:
    """Follows the events of a document; they are read one by one, so that no depth of nesting is a recursion."""

    text: str
    base: int
    found: list[Found] = field(default_factory=list)
    levels: list[_YamlLevel] = field(default_factory=list)

    def take(self, event: Any) -> None:
        if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            path, places, _ = self._place(event)
            if len(self.levels) == _DEEPEST:
                raise _NotData
            self.levels.append(_YamlLevel(path, places, isinstance(event, yaml.MappingStartEvent)))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self.levels.pop()
        elif isinstance(event, yaml.ScalarEvent):
            level = self.levels[-1] if self.levels else None
            if level is not None and level.mapping and level.key is None:
                level.key, level.key_start = event.value, self.base + event.start_mark.index
                level.key_place = self._inner(event)
            else:
                self._scalar(event, *self._place(event))
        elif isinstance(event, yaml.AliasEvent):
            self._place(event)

    def _place(self, event: Any) -> tuple[Path, tuple[Span | None, ...], int]:
        """Return the path of the value that begins, where its parts stand, and where the statement begins."""
        start = self.base + event.start_mark.index
        if not self.levels:
            return (), (), start
        level = self.levels[-1]
        if not level.mapping:
            level.place += 1
            return (*level.path, level.place - 1), (*level.places, None), start
        if level.key is None:
            raise _NotData
        key, level.key = level.key, None
        return (*level.path, key), (*level.places, level.key_place), level.key_start

    def _inner(self, event: Any) -> Span:
        """Return the place of a scalar without its quotes."""
        quotes = event.style in ("'", '"')
        return self.base + event.start_mark.index + quotes, self.base + event.end_mark.index - quotes

    def _scalar(self, event: Any, path: Path, places: tuple[Span | None, ...], statement: int) -> None:
        inner, end = self._inner(event), self.base + event.end_mark.index
        written = self.text[slice(*inner)]
        if event.style in ("|", ">") or (not event.style and (written != event.value or event.value in _NULLS)):
            return
        if event.value.strip() and len(written) <= LONGEST_VALUE and path:
            decoded = event.value if event.value != written else None
            self.found.append(Found(path, inner, (statement, end), decoded, places=places))


read = WordedRule(_yaml, order=10, default=True)
"""The rule `yaml`."""
