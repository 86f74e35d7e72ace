"""Reads entries that say the same things of several names without signs: `Rye loaf, proof 3 h, bake at 220 °C`."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from guardbind.extraction.lines import title_of
from guardbind.extraction.prose import is_key, is_value
from guardbind.extraction.rule import Block, Found, SparingRule
from guardbind.extraction.spoken_values import first_value
from guardbind.extraction.stance import counts, rejected_above
from guardbind.extraction.unread_lines import unread_lines
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span
from guardbind.text.values import classify

__all__ = ["read"]

_LONGEST = 300  # characters of a line that is looked at
_MOST_PARTS = 12
_MOST_LINES = 6  # of one entry below its title
_KEY_WORDS = 3
_TEXT_WORDS = 3
_LINE = re.compile(r"(?P<content>[^\r\n\u2028\u2029]*)(?:\r\n|[\r\n\u2028\u2029]|\Z)")
_OPENING = re.compile(
    r"[ \t]{0,40}(?P<bullet>(?:[-*+\u2022\u25cf\u2013]|\(?(?:\d{1,3}|[a-z])[.)]|\d{1,2}(?:\.\d{1,2}){1,3}\.?"
    r"|\[[^\]\r\n]{1,20}\])[ \t]{1,8}|[\u4e00-\u9fff]{1,3}\u3001)?"
)
_BOLD = re.compile(r"(?P<mark>\*\*|__)(?P<title>(?:(?!\*\*|__)[^\r\n]){1,80})(?P=mark)[:.]?")
_PARTING = re.compile(
    r"[ \t]{1,4}(?:[/|\u00b7\u2022\u2014\u2013]|-{1,2})[ \t]{1,4}|[;,][ \t]{1,4}|\.[ \t]{1,4}(?=[^\W\d_a-z])"
    r"|[\u3000\uff0c\uff1b]{1,4}"
)
_LEAD = re.compile(r"[ \t]{0,4}[:\u2014\u2013-][ \t]{1,4}|\uff1a")
_LED_NAME = re.compile(
    r"(?P<key>[^\s:\uff1a]{1,30}(?:[ ][^\s:\uff1a]{1,30}){0,2})(?::[ \t]{1,4}|\uff1a|[ \t]\.{2,80}[ \t])"
    r"(?P<name>[^\s.].{0,80})"
)
_PAIR = re.compile(
    r"(?P<key>[^\W\d_][\w'\u2019-]{0,30}\.?(?:[ \t][^\W\d_][\w'\u2019-]{0,30}){0,2})"
    r"(?:(?P<colon>[ \t]?:[ \t]{1,2}|\uff1a[ \t]?|[ \t]?\.{2,80}[ \t])|[ \t]{1,2})(?P<value>\S.{0,80})"
)
_ADJOINING = re.compile(r"(?P<key>[^\W\d_]{1,8})(?P<value>\d\S{0,30})")  # where no spaces part words
_WORD = re.compile(r"\S+")


class _KeyedPart(NamedTuple):
    """A key and what stands behind it: `text` is a value without a digit, `signed` a key with a colon."""

    key: Span
    value: Span
    text: bool
    signed: bool


@dataclass(slots=True)
class _NamedEntry:
    """A name, where all that is said of it stands, what is said, and which other words stand there.

    `lines` are those below a title; `kind` is the key before the name: "Reagent: silver nitrate".
    """

    span: Span
    name: Span
    lines: tuple[Span, ...] = ()
    kind: str = ""
    said: list[_KeyedPart] = field(default_factory=list)
    others: list[Span] = field(default_factory=list)


def _parallel(text: str, language: Language, taken: Sequence[Span]) -> Iterator[Block]:
    """Find two entries or more, one below the other, of which several have the same key before a value.

    An entry is a line of a name and parts, or a title with such parts below it. A key is what the parts of several
    entries begin with; its value has a digit, or is a word or two where all entries have such a one.
    """
    reader = _EntryReader(text, language)
    if taken and not reader.tells_twice(unread_lines(text, taken)):
        return
    run: list[_NamedEntry] = []
    for entry in reader.entries():
        if entry is None or (run and (bool(entry.lines), entry.kind) != (bool(run[-1].lines), run[-1].kind)):
            yield from reader.blocks(run)
            run = []
        if entry is not None:
            run.append(entry)
    yield from reader.blocks(run)


class _EntryReader:
    """Reads the entries of one text."""

    def __init__(self, text: str, language: Language) -> None:
        self._text = text
        self._language = language
        self._layout = Layout(text, language=language)

    def tells_twice(self, stretches: Iterable[Span]) -> bool:
        """Whether two lines of some stretches say something of a name: each entry has one, and a block two entries."""
        lines = (match.span("content") for stretch in stretches for match in _LINE.finditer(self._text, *stretch))
        return len(list(islice(filter(self._tells, lines), 2))) > 1

    def _tells(self, line: Span) -> bool:
        return self._line(line) is not None or bool(self._parts(self._begun(line), line[1], []))

    def entries(self) -> Iterator[_NamedEntry | None]:
        """Yield the entries in the order of the text, and None where something else stands between."""
        title: _NamedEntry | None = None  # a line that may be one
        entry: _NamedEntry | None = None  # what goes on below its title
        for match in _LINE.finditer(self._text):
            line = match.span("content")
            if not self._text[slice(*line)].strip():
                if entry is not None:
                    yield from self._settled(entry)
                elif title is not None:
                    yield None
                title, entry = None, None
                continue
            begun = self._begun(line)
            below = title is not None or entry is not None
            said = self._parts(begun, line[1], []) if below and not self._bulleted(line) else None
            if entry is not None and said is not None and len(entry.lines) < _MOST_LINES:
                entry.said += said
                entry.span, entry.lines = (entry.span[0], line[1]), (*entry.lines, line)
                continue
            if title is not None and said:
                entry, title = replace(title, span=(title.span[0], line[1]), lines=(line,), said=said), None
                continue
            alone = self._line(line)
            if entry is not None:
                yield from self._settled(entry, alone)
            entry = None
            if alone is not None:
                if title is not None:
                    yield None
                yield alone
                title = None
                continue
            if title is not None:
                yield None
            title = self._title(line)
            if title is None:
                yield None
        if entry is not None:
            yield from self._settled(entry)

    def _settled(self, entry: _NamedEntry, following: _NamedEntry | None = None) -> Iterator[_NamedEntry | None]:
        """Yield an entry; where its lines have a key in common, each of them is one, and the title a caption."""
        keys = [self._text[slice(*said.key)].casefold() for said in entry.said]
        lines = [self._line(line) for line in entry.lines]
        alike = following is not None and all(line and line.kind and line.kind == following.kind for line in lines)
        if len(set(keys)) == len(keys) and not alike:
            yield entry
        else:
            yield from (None, *lines)

    def _bulleted(self, line: Span) -> bool:
        opening = _OPENING.match(self._text, *line)
        return opening is not None and opening["bullet"] is not None

    def _title(self, line: Span) -> _NamedEntry | None:
        start, end = self._begun(line), line[1]
        bold = _BOLD.match(self._text, start, end)
        marked = bold is not None and not self._text[bold.end() : end].strip()
        return self._named(line, bold.span("title") if bold and marked else (start, end), marked=marked)

    def _named(self, span: Span, name: Span, *, marked: bool) -> _NamedEntry | None:
        """Return an entry of which nothing is said yet; None where what would be its name names nothing."""
        kind = None if marked else _LED_NAME.fullmatch(self._text, *name)
        title = title_of(self._text, kind.span("name") if kind else name, self._language, marked=marked)
        return None if title is None else _NamedEntry(span, title, kind=kind["key"].casefold() if kind else "")

    def _line(self, line: Span) -> _NamedEntry | None:
        """Read a line of a name and parts."""
        text, (start, end) = self._text, (self._begun(line), line[1])
        if end - start > _LONGEST:
            return None
        bold = _BOLD.match(text, start, end)
        lead = _LEAD.match(text, bold.end(), end) if bold is not None else _PARTING.search(text, start, end)
        if lead is None:
            return None
        name = bold.span("title") if bold is not None else (start, lead.start())
        entry = self._named((start, end), name, marked=bold is not None)
        if entry is None:
            return None
        said = self._parts(lead.end(), end, others=entry.others)
        return replace(entry, said=said) if said else None

    def _begun(self, line: Span) -> int:
        opening = _OPENING.match(self._text, *line)
        return opening.end() if opening else line[0]

    def _parts(self, start: int, end: int, others: list[Span]) -> list[_KeyedPart] | None:
        """Return what the parts of a line say, and add what says nothing to `others`; None of running text."""
        if end - start > _LONGEST:
            return None
        said: list[_KeyedPart] = []
        ends = [*(match.span() for match in _PARTING.finditer(self._text, start, end)), (end, end)]
        if len(ends) > _MOST_PARTS:
            return None
        listing = False  # whether a comma would go on with the value of the pair before it: "Tanks: Reef, Kelp"
        for stop, following in ends:
            part, parted = (start, stop), self._text[max(0, start - 2) : start].strip()
            start = following
            while part[1] > part[0] and self._text[part[1] - 1] in " \t.,;":
                part = (part[0], part[1] - 1)
            if part[0] == part[1]:
                continue
            written = self._text[slice(*part)]
            if not is_value(written, self._language):
                return None
            if (pair := self._pair(part)) is not None:
                said.append(pair)
                listing = pair.signed
                continue
            if listing and parted == ",":
                said.pop()
            listing = False
            if ": " in written or "\uff1a" in written:
                return None
            others.append(part)
        return said

    def _pair(self, part: Span) -> _KeyedPart | None:
        text, language = self._text, self._language
        words = [match.span() for match in _WORD.finditer(text, *part)]
        match = _PAIR.fullmatch(text, *part)
        if not language.marks.spaced and len(words) == 1 and (joined := _ADJOINING.fullmatch(text, *part)):
            return _KeyedPart(joined.span("key"), joined.span("value"), False, False)
        if match is None or (len(words) < 2 and match["colon"] is None):
            return None
        colon = match["colon"] is not None
        at = next((n for n, word in enumerate(words) if any(map(str.isdecimal, text[slice(*word)]))), None)
        if colon:
            key, value = match.span("key"), match.span("value")
        elif at is None:
            key, value = words[0], (words[1][0], part[1])
        elif 1 <= at <= _KEY_WORDS:
            while at > 1 and text[slice(*words[at - 1])].casefold() in language.function_words:
                at -= 1
            digits = next(n for n, word in enumerate(words) if any(map(str.isdecimal, text[slice(*word)])))
            key, value = (words[0][0], words[at - 1][1]), (words[digits][0], part[1])
        else:
            return None
        named = text[slice(*key)]
        if any(word.strip(".").casefold() in language.function_words for word in named.split()):
            return None
        if not is_key(named, language):
            return None
        said = text[slice(*value)]
        digit = any(map(str.isdecimal, said))
        if digit and not self._measured(said):
            led = self._led(value)
            if led is None:
                return None
            value = led
        if not digit and any(word.casefold() in language.function_words for word in said.split()):
            return None
        return None if not digit and len(said.split()) > _TEXT_WORDS else _KeyedPart(key, value, not digit, colon)

    def _led(self, value: Span) -> Span | None:
        """Return what is typed before a word that goes on from it: "38 min" of "38 min at 230"."""
        text = self._text
        led = first_value(text, *value, self._layout, self._language, names=False)
        following = None if led is None else _WORD.search(text, led[1], value[1])
        known = following is not None and following.group().casefold() in self._language.statements.on
        return led if known else None

    def _measured(self, said: str) -> bool:
        """Whether a value with a digit is typed as a whole, or one number and its unit."""
        if classify(said).type != "text":
            return True
        first, _, rest = said.partition(" ")
        return " " not in rest and not any(map(str.isdecimal, rest)) and classify(first).type != "text"

    def blocks(self, run: Sequence[_NamedEntry]) -> Iterator[Block]:
        """Yield what a run of entries says, where several of them have keys in common."""
        text = self._text
        if len(run) < 2 or not self._are_named(run):
            return
        keyed: defaultdict[str, list[_KeyedPart]] = defaultdict(list)
        holders: Counter[str] = Counter()
        for entry in run:
            mine = {text[slice(*said.key)].casefold() for said in entry.said}
            holders.update(mine)
            if len(mine) < len(entry.said):
                return
            for said in entry.said:
                keyed[text[slice(*said.key)].casefold()].append(said)
        shared = {key for key, count in holders.items() if count > 1 and 2 * count >= len(run)}
        typed = {key for key in shared if not any(said.text and not said.signed for said in keyed[key])}
        worded = {key for key in shared - typed if holders[key] == len(run) and all(said.text for said in keyed[key])}
        if not typed or any(said.signed for key, each in keyed.items() if key not in shared for said in each):
            return
        found = tuple(
            item
            for entry in run
            for item in self._found(entry, typed | worded)
            if counts(text, (entry.name[0], item.value[1]), item.value, self._layout, self._language)
        )
        rejected = rejected_above(text, run[0].span[0], self._language)
        if found:
            yield Block((run[0].span[0], run[-1].span[1]), () if rejected else found)

    def _are_named(self, run: Sequence[_NamedEntry]) -> bool:
        """Whether each entry has a name of its own: what it begins with, or else the first other part that differs."""
        for at in range(-1, min(len(entry.others) for entry in run)):
            places = [entry.name if at < 0 else entry.others[at] for entry in run]
            names = {self._text[slice(*place)].casefold() for place in places}
            if len(names) == len(run) and all(is_key(name, self._language) for name in names):
                for entry, place in zip(run, places, strict=True):
                    entry.name = place
                return True
        return False

    def _found(self, entry: _NamedEntry, keys: set[str]) -> Iterator[Found]:
        name = self._text[slice(*entry.name)]
        for said in entry.said:
            written = self._text[slice(*said.key)]
            if written.casefold() in keys:
                yield Found((name, written), said.value, (said.key[0], said.value[1]), places=(entry.name, said.key))


read = SparingRule(_parallel, order=57, default=True)
"""The rule `parallel`."""
