"""Binds what words of change say to the record and key that they speak of: `It is now 12`, `Update: moved to 16:30`."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import NamedTuple

from guardbind.extraction.kinds import alike
from guardbind.extraction.rule import Found
from guardbind.extraction.spoken_values import closes_clause, first_value, state_at
from guardbind.extraction.stance import counts
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Unit

__all__ = ["Change", "ChangeReader", "gives_other", "says_change"]

_OPENS = re.compile(r"[\s\-*>\u2022\"'\u201c(]*")
_WITHIN = re.compile(r"[ \t]*[,;(\u2013\u2014-][ \t]*")
_MOST_CUES = 3
_MOST = 1000  # statements among which one is looked for
_FIELD = re.compile(r"[:=\uff1a]\s*\Z")
_WORD = re.compile(r"[^\W_]+")


class _PastStatement(NamedTuple):
    """A statement that stands before.

    Attributes:
        found: What it binds.
        value: The value as it is written.
        end: Where it ends in its text.
        block: Which block it belongs to.
    """

    found: Found
    value: str
    end: int
    block: int


class Change(NamedTuple):
    """A newer value, with the path and the block of the statement that it changes."""

    found: Found
    block: int


class _ChangeOpening(NamedTuple):
    """What words of change stand at the beginning of a sentence: where they end, and which they are."""

    end: int
    cues: int
    moved: re.Match[str] | None
    pronoun: re.Match[str] | None
    hers: re.Match[str] | None

    @property
    def said(self) -> bool:
        """Whether they say that the value before is no longer so, without a word about what it is of."""
        now = self.pronoun is not None and bool(self.pronoun["now"])
        return now or self.moved is not None or self.hers is not None


def says_change(text: str, unit: Unit, language: Language) -> bool:
    """Whether a sentence begins with words of change, whatever they speak of."""
    opening = _open(text, unit.start, unit.end, language)
    return opening.said or (opening.cues > 0 and language.changes.sorry.match(text, unit.start, unit.end) is not None)


def gives_other(said: str, language: Language) -> bool:
    """Whether a sentence gives an attribute of what was named before by a pronoun: "Her phone is 5550199"."""
    return _hers(language).search(said) is not None


def _open(text: str, start: int, end: int, language: Language) -> _ChangeOpening:
    words, cues = language.changes, 0
    at = _skip(_OPENS, text, start, end)
    while cues < _MOST_CUES and (cue := words.cue.match(text, at, end)):
        at, cues = cue.end(), cues + 1
    hers = _hers(language).match(text, at, end)
    moved = None if hers else words.moved.match(text, at, end)
    pronoun = None if hers or moved else words.pronoun.match(text, at, end)
    verb = hers or moved or pronoun
    return _ChangeOpening(verb.end() if verb else at, cues, moved, pronoun, hers)


@cache
def _hers(language: Language) -> re.Pattern[str]:
    """Return an owner by a pronoun, an attribute and a verb that says that its value is new."""
    owner, verbs = language.changes.hers.pattern, language.statements.verbs
    return re.compile(
        rf"(?i:{owner})[ \t](?P<attribute>[\w-]{{1,40}}(?:[ \t][\w-]{{1,40}}){{0,3}}?)[ \t]{{1,4}}"
        rf"(?P<verb>(?:{verbs})[ \t]{{1,4}})(?=\S)"
    )


def _skip(pattern: re.Pattern[str], text: str, start: int, end: int) -> int:
    match = pattern.match(text, start, end)
    return match.end() if match else start


class ChangeReader:
    """Finds newer values of what was stated before, in one text after the other, and what was misread as a statement.

    A change is bound where one statement alone can be meant: that of the sentence before, if its value is of the same
    kind; or the only one with an attribute that is named. Else nothing is bound.

    Args:
        language: What the texts are written in.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._words = language.changes
        self._past: list[_PastStatement] = []  # all that is stated before the sentence that is read
        self._indexed = 0  # how much of it can be looked up
        self._path_places: dict[tuple[str, ...], int] = {}
        self._attribute_places: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)

    def read(self, text: str, found: Sequence[tuple[Found, int]]) -> tuple[list[Change], set[int]]:
        """Read the next text.

        Args:
            text: The text.
            found: What was found in it, in textual order, each with its block.

        Returns:
            The changes, and which of `found` to leave out.
        """
        self._text = text
        self._found = [item for item, _ in found]
        self._blocks = [block for _, block in found]
        self._layout = Layout(text, language=self._language)
        self._begun = len(self._past)
        self._changes: list[Change] = []
        self._dropped: set[int] = set()
        following, sorry = 0, False
        for unit in self._layout.units(0, len(text)):
            if not text[unit.start : unit.end].strip():
                continue
            inside: list[int] = []
            while following < len(self._found) and self._found[following].statement[0] < unit.end:
                inside.append(following)
                following += 1
            if unit.question:
                for at in inside:
                    self._add(self._found[at], self._blocks[at])
            else:
                self._unit(unit, inside, sorry=sorry)
            sorry = not inside and self._words.sorry.match(text, unit.start, unit.end) is not None
        return self._changes, self._dropped

    def _unit(self, unit: Unit, inside: Sequence[int], *, sorry: bool) -> None:
        """Read the beginning of a sentence, and what is put right within it."""
        begun = _skip(_OPENS, self._text, unit.start, unit.end)
        first = self._found[inside[0]] if inside else None
        if first is not None and not self._may_change(inside, begun, unit.end):
            for at in inside:
                self._stated(at, unit)
            return
        opening = _open(self._text, unit.start, unit.end, self._language)
        misread = first is not None and opening.cues > 0 and first.statement[0] <= begun and first.value[0] >= begun
        if first is None or misread:
            change = self._opened(unit, opening, sorry=sorry)
            if change is not None:
                self._changes.append(change)
                self._add(*change)
            if misread and (change is not None or not self._begins_line(unit)):
                self._dropped.add(inside[0])
                inside = inside[1:]
        for at in inside:
            self._statement(at, unit, opening)

    def _may_change(self, inside: Sequence[int], begun: int, end: int) -> bool:
        """Whether a sentence begins with words of change, or has statements in words, which may be newer ones."""
        if any([self._found[at].form == "words" for at in inside]):
            return True
        return self._words.cue.match(self._text, begun, end) is not None

    def _opened(self, unit: Unit, opening: _ChangeOpening, *, sorry: bool) -> Change | None:
        """Read a sentence that opens with words of change."""
        if not opening.said and not (opening.cues or (sorry and opening.pronoun)):
            return None
        if opening.hers:
            whole = not self._new(opening.hers["verb"]) and not opening.cues
            candidates = self._with_attribute(opening.hers["attribute"], owned=True, whole=whole)
            return self._take(candidates, opening.end, unit)
        if opening.moved and opening.moved["old"]:
            old = self._words.at.sub("", opening.moved["old"].strip(), count=1)
            return self._take([at for at in self._recent() if alike(old, self._past[at].value)], opening.end, unit)
        bare = not (opening.moved or opening.pronoun)
        if bare and self._begins_line(unit) and self._is_field():
            return None  # "Created: May 3", then "Updated: May 4"
        near = self._nearest(unit, far=opening.cues > 0 or sorry)
        return self._take(near, opening.end, unit)

    def _statement(self, at: int, unit: Unit, opening: _ChangeOpening) -> None:
        """Tie a statement to what it changes, and read what is put right behind it."""
        found = self._found[at]
        said = self._text[found.statement[0] : found.value[0]]
        newer = found.form == "words" and self._words.newer.match(str(found.path[-1])) is not None
        changes = found.form == "words" and (opening.cues > 0 or newer or self._new(said) or self._shifts(said))
        known = self._same(found)
        if known is not None:
            before = self._past[known].found
            # `M = 1` states nothing new of `m`; "Room: 5" does of the room.
            spoken = any(" " in str(part) for part in found.path) or len(found.path) > 1
            if found.form == before.form == "words" and before.path != found.path and (spoken or changes):
                self._replace(at, known, found)
                return
        elif changes and (len(found.path) == 1 or newer):
            candidates = self._with_attribute(str(found.path[-1]), owned=False)
            if len(found.path) > 1:
                owner = str(found.path[0]).casefold()
                candidates = [old for old in candidates if str(self._past[old].found.path[0]).casefold() == owner]
            if len(self._paths(candidates)) == 1:
                self._replace(at, candidates[-1], found)
                return
            if candidates:
                self._dropped.add(at)
                return
        self._stated(at, unit)

    def _stated(self, at: int, unit: Unit) -> None:
        """Keep a statement that changes nothing, and read what is put right behind it."""
        self._add(self._found[at], self._blocks[at])
        after = self._past[-1].end
        behind = _WITHIN.match(self._text, after, unit.end)
        cue = self._words.sorry.match(self._text, behind.end(), unit.end) if behind else None
        if behind and "(" in behind.group():
            cue = cue or self._words.cue.match(self._text, behind.end(), unit.end)
        if cue is not None:
            begun = _open(self._text, cue.start(), unit.end, self._language)
            change = self._take([len(self._past) - 1], begun.end, unit, begun=cue.start())
            if change is not None:
                self._changes.append(change)
                self._add(*change)

    def _replace(self, at: int, of: int, found: Found) -> None:
        old = self._past[of].found
        tied = replace(found, path=old.path, key=old.key, form=old.form, places=())
        self._dropped.add(at)
        self._changes.append(Change(tied, self._past[of].block))
        self._add(*self._changes[-1])

    def _take(self, candidates: Sequence[int], start: int, unit: Unit, *, begun: int | None = None) -> Change | None:
        """Return a value as that of the only statement of its kind among some; what says so begins at `begun`."""
        start = _skip(self._words.at, self._text, start, unit.end)
        for path in self._paths(candidates):
            noun = f"{path[-1]} ".casefold()  # "Update: room 311"
            if self._text[start : start + len(noun)].casefold() == noun:
                start += len(noun)
                break
        value = first_value(self._text, start, unit.end, self._layout, self._language, names=True)
        value = value or state_at(self._text, start)
        if value is None or not self._ends(value[1]):
            return None
        said = self._text[slice(*value)]
        fitting = [at for at in candidates if alike(said, self._past[at].value)]
        if len(self._paths(fitting)) != 1:
            return None
        old = self._past[fitting[-1]].found
        begun = _skip(_OPENS, self._text, unit.start, unit.end) if begun is None else begun
        found = replace(old, value=value, statement=(min(begun, value[0]), value[1]), decoded=None, places=())
        if not counts(self._text, (begun, value[1]), value, self._layout, self._language):
            return None
        return Change(found, self._past[fitting[-1]].block)

    def _ends(self, end: int) -> bool:
        """Whether a value is over: what follows may go on about it, but is no more of it."""
        following = _WORD.match(self._text, end + 1)
        goes_on = following is not None and following.group().lower() in self._language.statements.on
        return closes_clause(self._text, end, self._language) or goes_on

    def _nearest(self, unit: Unit, *, far: bool) -> list[int]:
        """Return the statements of the last sentence that has some; with other sentences between them only if `far`."""
        if len(self._past) == self._begun:
            return self._recent() if far else []
        last = self._past[-1].end
        between = self._layout.units(last, unit.start)[1:]
        silent = all(self._idle(self._text[part.start : part.end]) for part in between)
        if not silent and (not far or len(self._by_path) > 1):
            return []
        start, at = self._layout.unit_start(max(0, last - 1)), len(self._past)
        while at > self._begun and self._past[at - 1].end > start:
            at -= 1
        return list(range(at, len(self._past)))

    def _recent(self) -> list[int]:
        """Return all that was stated; nothing where that is too much to tell what is meant."""
        return list(range(len(self._past))) if len(self._past) <= _MOST else []

    def _idle(self, said: str) -> bool:
        return not said.strip() or self._words.sorry.match(said) is not None

    def _with_attribute(self, attribute: str, *, owned: bool, whole: bool = False) -> list[int]:
        """Return the statements of an attribute; where none has all of its words, those that have it as a part."""
        wanted = self._stems(self._words.newer.sub("", attribute).strip() or attribute)
        found = self._by_attribute.get(wanted, [])
        if not found and not whole and len(self._by_attribute) <= _MOST:
            found = [at for stems, held in self._by_attribute.items() if set(wanted) <= set(stems) for at in held]
        return [at for at in sorted(found) if not owned or len(self._past[at].found.path) > 1]

    def _stems(self, said: str) -> tuple[str, ...]:
        stems = [self._language.stem(word.group()) for word in _WORD.finditer(said)]
        return tuple(stem for stem in stems if stem not in self._language.stop) or tuple(stems)

    def _same(self, found: Found) -> int | None:
        """Return the last statement of the same path, in any case."""
        return self._by_path.get(_folded(found))

    def _paths(self, items: Sequence[int]) -> set[tuple[str | int, ...]]:
        return {self._past[at].found.path for at in items}

    def _add(self, found: Found, block: int) -> None:
        value, end = self._text[slice(*found.value)], max(found.statement[1], found.value[1])
        self._past.append(_PastStatement(found, value, end, block))

    @property
    def _by_path(self) -> dict[tuple[str, ...], int]:
        self._index()
        return self._path_places

    @property
    def _by_attribute(self) -> dict[tuple[str, ...], list[int]]:
        self._index()
        return self._attribute_places

    def _index(self) -> None:
        """Make what was stated since the last time known by path and attribute: of most tables nobody asks for it."""
        for at in range(self._indexed, len(self._past)):
            found = self._past[at].found
            self._path_places[_folded(found)] = at
            self._attribute_places[self._stems(str(found.path[-1]))].append(at)
        self._indexed = len(self._past)

    def _new(self, said: str) -> bool:
        return self._language.statements.new.search(said) is not None

    def _shifts(self, said: str) -> bool:
        return any(self._words.moved.match(said, at.start()) for at in _WORD.finditer(said))

    def _begins_line(self, unit: Unit) -> bool:
        return not self._text[self._text.rfind("\n", 0, unit.start + 1) + 1 : unit.start].strip()

    def _is_field(self) -> bool:
        """Whether the last statement is a field of a record: a name, a sign and a value."""
        if len(self._past) == self._begun:
            return False
        found = self._past[-1].found
        return _FIELD.search(self._text, found.statement[0], found.value[0]) is not None


def _folded(found: Found) -> tuple[str, ...]:
    return tuple(str(part).casefold() for part in found.path)
