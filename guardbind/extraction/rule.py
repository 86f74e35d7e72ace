"""Defines what an extraction rule is, and what it finds."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Protocol, TypeAlias

from guardbind.errors import ConfigError
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = [
    "LAST",
    "Block",
    "Found",
    "KeyForm",
    "Path",
    "Pattern",
    "PlainRule",
    "RegisteredRule",
    "Rule",
    "SparingRule",
    "WordedRule",
    "in_language",
    "inside",
    "key_of",
    "overlaps",
]

LAST = 100
"""Order of a rule that says none: behind those of the core, which are below it."""

Path: TypeAlias = tuple[str | int, ...]
KeyForm: TypeAlias = Literal["data", "row", "words"]

_PLAIN_PART = re.compile(r"[^.\[\]\"\s](?:[^.\[\]\"\r\n\t]*[^.\[\]\"\s])?")


@dataclass(frozen=True, slots=True)
class Found:
    """A statement that a rule found.

    Attributes:
        path: The parts of the key from the outside in; an integer is a place in a list.
        value: Half-open character range of the value.
        statement: Half-open character range of the whole statement, which holds the value.
        decoded: The value, where it is written with escapes; None if it is as written.
        key: The key as it is written, where it is not the path.
        form: What the parts of the path are: names of `data` within each other, the `row` and the column of a table, or
            the `words` of a sentence, an attribute with its owner before it or alone.
        places: Half-open character range of each part of the path; None where it is not written, or nobody needs it:
            of words only the first part, of a row only its name. Empty: of none of them.
    """

    path: Path
    value: Span
    statement: Span
    decoded: str | None = None
    key: str | None = None
    form: KeyForm = "data"
    places: tuple[Span | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A part of the text that a rule has read completely: no later rule reads in it again.

    The statements in it do not overlap.
    """

    region: Span
    found: tuple[Found, ...]


class Rule(Protocol):
    """Reads statements from a text. Its blocks are disjoint; its time is linear in the text."""

    def __call__(self, text: str, /) -> Iterable[Block]:
        """Yield what is found in `text`."""
        ...


class RegisteredRule(Rule, Protocol):
    """A rule that stands in `RULES` and says when it reads.

    Any other callable may be registered as well; it is as one of order `LAST` that reads only where it is asked for.
    """

    @property
    def order(self) -> int:
        """Rules of a smaller number read first; what one has read, no later one reads again."""
        ...

    @property
    def default(self) -> bool:
        """Whether it reads where nobody names the rules."""
        ...


@dataclass(frozen=True, slots=True)
class PlainRule:
    """A rule that knows no words: it finds the same whatever the language of the text.

    Attributes:
        reader: Yields what is found in a text.
        order: Place among the default rules; see `RegisteredRule`.
        default: Whether it reads where nobody names the rules.
    """

    reader: Callable[[str], Iterable[Block]]
    order: int = LAST
    default: bool = False

    def __call__(self, text: str, /) -> Iterable[Block]:
        """Yield what is found in `text`."""
        return self.reader(text)


@dataclass(frozen=True, slots=True)
class WordedRule:
    """A rule that knows words: what it finds depends on the language of the text.

    Attributes:
        reader: Yields what is found in a text of a language.
        order: Place among the default rules; see `RegisteredRule`.
        default: Whether it reads where nobody names the rules.
        language: The language.
    """

    reader: Callable[[str, Language], Iterable[Block]]
    order: int = LAST
    default: bool = False
    language: Language = ENGLISH

    def __call__(self, text: str, /) -> Iterable[Block]:
        """Yield what is found in `text`."""
        return self.reader(text, self.language)


@dataclass(frozen=True, slots=True)
class SparingRule:
    """A rule that knows words, and does not look closely at what would be dropped.

    Attributes:
        reader: Yields what is found in a text of a language; of what overlaps some parts of it, in the order of the
            text, it need not yield anything.
        order: Place among the default rules; see `RegisteredRule`.
        default: Whether it reads where nobody names the rules.
        language: The language.
    """

    reader: Callable[[str, Language, Sequence[Span]], Iterable[Block]]
    order: int = LAST
    default: bool = False
    language: Language = ENGLISH

    def __call__(self, text: str, /) -> Iterable[Block]:
        """Yield what is found in `text`."""
        return self.reader(text, self.language, ())

    def beside(self, text: str, taken: Sequence[Span]) -> Iterable[Block]:
        """Yield what is found in `text` that shares no character with what is taken."""
        return self.reader(text, self.language, taken)


def overlaps(region: Span, taken: Sequence[Span]) -> bool:
    """Whether a region shares a character with one of those taken, which are disjoint and in textual order."""
    at = bisect_right(taken, region[0], key=lambda span: span[1])
    return at < len(taken) and taken[at][0] < region[1]


def inside(stretch: Span, taken: Sequence[Span]) -> bool:
    """Whether a stretch lies within one of those taken, which are disjoint and in textual order."""
    at = bisect_right(taken, stretch[0], key=lambda span: span[1])
    return at < len(taken) and taken[at][0] <= stretch[0] and stretch[1] <= taken[at][1] and stretch[0] < stretch[1]


def in_language(rule: Rule, language: Language) -> Rule:
    """Return a rule for the texts of a language; one that knows no words is returned as it is."""
    return replace(rule, language=language) if isinstance(rule, (WordedRule, SparingRule, Pattern)) else rule


@dataclass(frozen=True, slots=True)
class Pattern:
    r"""A rule of the caller's own: a regular expression with the named groups `key` and `value`.

    Where the groups `owner` and `key` are both there, the binding is that of an attribute: `Bob's badge`.

    Attributes:
        name: The name under which its bindings are reported.
        regex: The expression, for instance `r"(?P<key>ticket) no\. (?P<value>\d+)"`. It is compiled as it is: flags
            stand in it as `(?i)`.
        language: How a key is written with its owner.
    """

    name: str
    regex: str
    language: Language = ENGLISH

    def __post_init__(self) -> None:
        try:
            groups = re.compile(self.regex).groupindex
        except re.error as error:
            raise ConfigError(f"the pattern {self.name!r} is no regular expression: {error}.") from error
        if missing := {"key", "value"} - groups.keys():
            raise ConfigError(
                f"the pattern {self.name!r} has no group {' and no group '.join(sorted(missing))}.",
                hint="Name the parts of the expression (?P<key>...) and (?P<value>...).",
            )

    def __call__(self, text: str, /) -> Iterator[Block]:
        """Yield each match whose key and value are not blank."""
        for match in re.finditer(self.regex, text):
            key, value = match["key"], match["value"]
            if key and key.strip() and value and value.strip():
                owner = match.groupdict().get("owner")
                path = (owner, key) if owner else (key,)
                written = self.language.possession(owner, key) if owner else key
                places = (match.span("owner"), None) if owner else (match.span("key"),)
                found = Found(path, match.span("value"), match.span(), None, written, "words", places)
                yield Block(match.span(), (found,))


def key_of(path: Path) -> str:
    """Write a path as a key: `order.items[0].price`; a part that holds `.`, `[`, `]` or `"` as `["v1.2"]`."""
    parts: list[str] = []
    for part in path:
        if isinstance(part, int):
            parts.append(f"[{part}]")
        elif _PLAIN_PART.fullmatch(part):
            parts.append(f".{part}" if parts else part)
        else:
            escaped = part.replace("\\", "\\\\").replace('"', '\\"')
            parts.append(f'["{escaped}"]')
    return "".join(parts)
