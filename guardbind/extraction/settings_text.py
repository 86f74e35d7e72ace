"""Reads settings: sections of INI, TOML and their like, and lines of `KEY=value` with comments as headings."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from guardbind.extraction.prose import is_key, is_value
from guardbind.extraction.rule import Block, Found, Path, WordedRule
from guardbind.extraction.setting_values import setting_values
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.values import classify

__all__ = ["read"]

_NAME_WORDS = 6
_MOST_MORE = 200  # lines of a list
_CLOSING = {"[": "]", "{": "}"}
_LINE = re.compile(r"(?P<content>[^\r\n]*)(?:\r\n|\r|\n|\Z)")
_PART = r"(?:[\w-]{1,80}|\"[^\"\\\r\n]{0,80}\"|'[^'\r\n]{0,80}')"
_SECTION = re.compile(
    r"[ \t]*(?P<open>\[\[?)[ \t]*"
    r"(?P<name>(?!\d+\])[^\s\[\]\"'=,](?:[^\[\]\r\n=,{}]{0,98}[^\s\[\]=,{}])?)[ \t]*(?P<close>\]\]?)"
    r"[ \t]*(?:[#;][^\r\n]*)?"
)
_SETTING = re.compile(
    rf"[ \t]*(?:export[ \t]+)?(?P<key>{_PART}(?:\.{_PART}){{0,9}}|[^\W\d][\w./-]*(?:[ ][\w./-]+){{1,4}})"
    r"[ \t]*=(?![=>~])[ \t]*(?P<value>\S[^\r\n]*)?"
)
_PLAIN_KEY = re.compile(r"[^\W\d][\w.-]{0,80}")
_COMMENT = re.compile(r"[ \t]*(?P<sign>#+|;+|//)[ \t]*(?P<said>[^\r\n]*)")
_QUALIFIED = re.compile(r"(?P<kind>[\w.-]+)[ ]+\"(?P<name>[^\"]+)\"")
_MARKS = "#;/*=-_~ \t[]"


class _Comment(NamedTuple):
    """What a comment calls the lines below it, and where that stands."""

    name: str
    span: Span


class _Part(NamedTuple):
    """Lines below a section's heading, or below a comment that names them."""

    names: tuple[str, ...]
    place: Span
    start: int  # of the line, as far as it is read
    listed: bool  # written [[name]]
    above: _Comment | None
    settings: list[re.Match[str]]


def _settings(text: str, language: Language) -> Iterator[Block]:
    """Find sections with settings in them, and settings below comments that name them.

    A section has a heading `[name]` and at least one `key = value` below it. Without sections at least one comment of a
    few words, on a line of its own, stands right above a line `KEY=value`, whose key has no blank. A comment names what
    is below it until the next one that does.
    """
    reader = _Lines(text, language)
    for match in _LINE.finditer(text):
        if not reader.takes(match.span("content")):
            yield from reader.block()
            reader = _Lines(text, language)
            reader.takes(match.span("content"))
    yield from reader.block()


class _Lines:
    """Lines that stand below each other and may be settings."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._holds = False  # a setting
        self._end = 0
        self._until = ""  # what closes the list that is open
        self._more = 0  # lines that it may still have
        self._sections = False
        self._blank = False  # the line above
        self._comment: _Comment | None = None  # on the line above
        self._parts: list[_Part] = []

    def takes(self, line: Span) -> bool:
        """Take a line, unless it is no part of settings that began above it."""
        text, (start, end) = self._text, line
        if self._until:
            return self._goes_on(line)
        if start == end or text[start:end].isspace():
            self._comment, self._blank = None, True
            return True
        if section := _SECTION.fullmatch(text, start, end):
            return self._heads(section)
        if comment := _COMMENT.fullmatch(text, start, end):
            self._comment = self._named(comment)
            if not self._sections and self._comment is not None:
                self._parts.append(_comment_part(self._comment))
                self._blank = False
            return True
        setting = _SETTING.fullmatch(text, start, end)
        if setting is None or not self._parts or not self._belongs(setting):
            return False
        self._parts[-1].settings.append(setting)
        self._holds = True
        self._end, self._comment, self._blank = end, None, False
        value = setting["value"] or ""
        if self._sections and value[0:1] in ("[", "{") and _CLOSING[value[0]] not in value:
            self._until, self._more = _CLOSING[value[0]], _MOST_MORE
        return True

    def _goes_on(self, line: Span) -> bool:
        """Take a line of a list that began above it; what it holds is not read."""
        self._more -= 1
        if self._text[slice(*line)].strip().startswith(self._until):
            self._until = ""
        self._end = line[1]
        return self._more > 0

    def _heads(self, section: re.Match[str]) -> bool:
        if len(section["open"]) != len(section["close"]) or (self._holds and not self._sections):
            return False
        if not self._sections:
            self._parts.clear()
            self._sections = True
        listed = len(section["open"]) == 2
        above = self._comment
        start = above.span[0] if above else section.start("open")
        self._parts.append(_Part((section["name"],), section.span("name"), start, listed, above, []))
        self._blank, self._comment = False, None
        return True

    def _belongs(self, setting: re.Match[str]) -> bool:
        if self._sections:
            return True
        # Below a comment, but for a blank line below lines that it names already.
        if self._blank and not self._parts[-1].settings:
            return False
        return bool(_PLAIN_KEY.fullmatch(setting["key"]))

    def _named(self, comment: re.Match[str]) -> _Comment | None:
        """Return what a comment calls what is below it: a few words, no sentence and no setting."""
        said = comment["said"].strip(_MARKS)
        name = said.removesuffix(":").strip(_MARKS)
        if not name or len(name.split()) > _NAME_WORDS or name[-1] in ".!?,;" or "=" in name or ": " in name:
            return None
        if not is_key(name, self._language) and classify(name).type == "text":
            return None
        at = comment.start("said") + comment["said"].index(name)
        return _Comment(name, (at, at + len(name)))

    def block(self) -> Iterator[Block]:
        """Yield what was taken, if there are settings in it."""
        if not self._holds:
            return
        start = self._parts[0].start
        toml = self._sections and _is_toml(self._text[self._parts[0].place[0] - 1 - self._parts[0].listed : self._end])
        found = tuple(self._found(toml)) if self._sections or self._plain() else ()
        if found:
            yield Block((start, self._end), found)

    def _plain(self) -> bool:
        """Whether all that stands below comments are values, none of them indented, and not the lines of a program."""
        for part in self._parts:
            for setting in part.settings:
                value = (setting["value"] or "").strip()
                if setting[0][:1].isspace() or (
                    value and not _quoted(value) and any(sign in value for sign in "()[]{}")
                ):
                    return False
                spaced = setting[0][setting.end("key") - setting.start() :][:1].isspace()
                if spaced and len(value.split()) > 1 and not _quoted(value) and not is_value(value, self._language):
                    return False
        return True

    def _found(self, toml: bool) -> Iterator[Found]:
        parts = [part for part in self._parts if part.settings]
        repeated = Counter(part.names for part in parts)
        seen: Counter[tuple[str, ...]] = Counter()
        # [Peer] twice is two of them: by the comments above each, or by their number.
        told = {name for name in repeated if all(part.above for part in parts if part.names == name)}
        for part in parts:
            path, places = _section_path(part, toml)
            if self._sections and (part.listed or repeated[part.names] > 1):
                if part.names in told and part.above and not part.listed:
                    path, places = (part.above.name, *path), (part.above.span, *places)
                else:
                    path, places = (*path, seen[part.names]), (*places, None)
                    seen[part.names] += 1
            for setting in part.settings:
                yield from self._values(setting, path, places, toml)

    def _values(
        self, setting: re.Match[str], path: Path, places: tuple[Span | None, ...], toml: bool
    ) -> Iterator[Found]:
        keys = _parts_of(setting["key"], setting.start("key"), dotted=toml)
        path += tuple(key for key, _ in keys)
        places += tuple(span for _, span in keys)
        if setting["value"]:
            for more, value, decoded in setting_values(self._text, setting.span("value"), toml=toml):
                begins = value[0] - (self._text[value[0] - 1] in "\"'") if more else setting.start("key")
                end = value[1] + (value[1] < setting.end() and self._text[value[1]] in "\"'")
                yield Found((*path, *more), value, (begins, end), decoded, places=(*places, *(None for _ in more)))


def _quoted(value: str) -> bool:
    return value[0] in "\"'"


def _comment_part(comment: _Comment) -> _Part:
    return _Part((comment.name,), comment.span, comment.span[0], False, None, [])


def _section_path(part: _Part, toml: bool) -> tuple[Path, tuple[Span | None, ...]]:
    (name,) = part.names
    start = part.place[0]
    if qualified := _QUALIFIED.fullmatch(name):
        spans = [(start + low, start + high) for low, high in (qualified.span("kind"), qualified.span("name"))]
        return (qualified["kind"], qualified["name"]), tuple(spans)
    keys = _parts_of(name, start, dotted=toml)
    return tuple(key for key, _ in keys), tuple(span for _, span in keys)


def _parts_of(name: str, start: int, *, dotted: bool) -> Sequence[tuple[str, Span]]:
    """Return the parts of a key, with their places; only in TOML does a point part them."""
    if not dotted and name[:1] not in "\"'":
        return [(name, (start, start + len(name)))]
    parts = []
    for match in re.finditer(_PART, name):
        quoted = match[0][0] in "\"'"
        low, high = match.start() + quoted, match.end() - quoted
        parts.append((name[low:high], (start + low, start + high)))
    return parts


def _is_toml(written: str) -> bool:
    try:
        tomllib.loads(written.replace("\r\n", "\n").replace("\r", "\n"))
    except (ValueError, RecursionError):  # a TOMLDecodeError is a ValueError
        return False
    return True


read = WordedRule(_settings, order=25, default=True)
"""The rule `settings`."""
