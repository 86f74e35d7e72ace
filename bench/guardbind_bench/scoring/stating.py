"""Whether an answer says of a value what the prompt says of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from guardbind.text.english import ENGLISH
from guardbind.text.layout import Span, longest, occurrences
from guardbind.text.words import Word, content, is_content, words
from guardbind_bench.prompts.text_trial import Fact, TextTrial
from guardbind_bench.scoring.scoring import values_in

__all__ = ["stated_wrongly"]

_SENTENCE = re.compile(r"(?:[!?]|\.(?=[\"')\]}]*(?:\s|\Z)))\s*|\n+")
_CUT = re.compile(r"[;,]\s|\s(?:and|but|while|whereas)\s")
_ORDER = ENGLISH.first | ENGLISH.latest
_MINE = frozenset({"my", "your", "our"})
_PARTS = frozenset({"check", "entry", "report", "return"})
"""Words about nothing in a question, which may begin the name of an attribute: "return date"."""
_LINKS = frozenset({"at", "by", "for", "from", "in", "of", "on"})
_NOUNS = frozenset(
    {"employee", "invoice", "item", "job", "order", "person", "project", "receipt", "server", "shop", "ticket"}
)
"""What an owner may be called right before its name, or before what leads to it: "order A-1001"."""
_WHOLE = frozenset({"end", "invoice", "log", "receipt", "start"})
"""What a value without an owner may be said to stand in."""


def stated_wrongly(trial: TextTrial, text: str) -> list[str]:
    """Return the values in an answer that it does not give for what they are.

    A value is given for what it is where its clause says a fact in full: owner, attribute and value ("Carla's seat is
    17A" where that is her seat, whatever was asked), the attribute of this owner and no part of the name of another
    one. A value without an owner needs the attribute alone, said of nothing else. The right answer is what was asked
    for, also where it stands alone.

    Args:
        trial: What was asked.
        text: The answer, without the prompt.

    Returns:
        The first spelling of each such value, in the order of the answer.
    """
    wrong = []
    for value in values_in(trial, text):
        if value.name in trial.answer:
            continue
        clause = _Clause(trial, text, value.span)
        if not any(clause.tells(fact, value.name) for fact in trial.facts):
            wrong.append(value.name)
    return wrong


class _Clause:
    """The part of a sentence that has a value at a place; where others have values, they are not in it."""

    def __init__(self, trial: TextTrial, text: str, span: Span) -> None:
        start, end = _sentence(text, span[0])
        self._owners = {fact.owner for fact in trial.facts if fact.owner is not None}
        forms = {form for fact in trial.facts if fact.value not in self._owners for form in fact.forms}
        for left, right in _parts(text[start:end], forms):
            if start + left <= span[0] < start + right:
                start, end = start + left, start + right
                break
        self._trial, self._text, self._value = trial, text[start:end], (span[0] - start, span[1] - start)
        self._words = words(self._text)

    def tells(self, fact: Fact, name: str) -> bool:
        """Whether it says a fact in full; `name` is the value or the owner."""
        if name not in (fact.value, fact.owner) or (fact.owner is None and name in self._owners):
            return False
        values, place = self._places(fact.forms), self._attribute(fact)
        if not values or place is None or not self._in_turn(fact):
            return False
        before, after = self._around(*place)
        owner = [] if fact.owner is None else self._places((fact.owner,))
        if after is not None and is_content(after) and not _within(after, [*values, *owner]):
            return False
        if fact.owner is not None and not owner:
            return False
        if before is not None and _within(before, owner):
            return True
        mine = before is not None and before.stem in _MINE
        if fact.owner is None and fact.key != fact.attribute:
            return mine
        if mine or (before is not None and _qualifies(before) and not _within(before, values)):
            return False
        if after is not None and after.stem in _LINKS:
            over = _WHOLE if fact.owner is None else _NOUNS
            led = next((word for word in content(self._words[place[1] :]) if word.stem not in over), None)
            if fact.owner is not None:
                return led is not None and _within(led, owner)
            if led is not None and not _within(led, values):
                return False
        return not self._is_of_another(fact)

    def _is_of_another(self, fact: Fact) -> bool:
        """Whether another owner stands in it, or, in a twin, what is asked about."""
        if self._places(self._owners - {fact.owner}):
            return True
        if self._trial.asked is not None:
            return False
        question = self._trial.messages[-1]["content"][slice(*self._trial.question)]
        asked = {word.stem for word in content(words(question))} - ENGLISH.generic - _NOUNS - _ORDER - _WHOLE
        own = " ".join((fact.owner or "", fact.attribute, *fact.forms))
        return bool(asked & {word.stem for word in self._words} - {word.stem for word in words(own)})

    def _attribute(self, fact: Fact) -> tuple[int, int] | None:
        """Return where the attribute stands, as a range of words: the last before the value, or the first behind it."""
        looked = [word.stem for word in words(fact.attribute)]
        ends = [
            (i, i + len(looked))
            for i in range(len(self._words) - len(looked) + 1)
            if [word.stem for word in self._words[i : i + len(looked)]] == looked
        ]
        ahead = [place for place in ends if self._words[place[0]].start < self._value[0]]
        return ahead[-1] if ahead else next(iter(ends), None)

    def _around(self, start: int, end: int) -> tuple[Word | None, Word | None]:
        """Return the words before and behind a range of words, order words passed over."""
        before = (word for word in reversed(self._words[:start]) if word.stem not in _ORDER)
        after = (word for word in self._words[end:] if word.stem not in _ORDER)
        return next(before, None), next(after, None)

    def _in_turn(self, fact: Fact) -> bool:
        """Whether a value said to be the first or the latest of its key is."""
        said = {word.stem for word in self._words}
        same = [other for other in self._trial.facts if (other.owner, other.attribute) == (fact.owner, fact.attribute)]
        return not (said & ENGLISH.first and fact != same[0]) and not (said & ENGLISH.latest and fact != same[-1])

    def _places(self, surfaces: Iterable[str]) -> list[Span]:
        return [span for span, _ in occurrences(self._text, surfaces, any_case=True)]


def _qualifies(word: Word) -> bool:
    """Whether an attribute behind the word may be another one, or somebody's."""
    return word.owning or word.stem in _PARTS or is_content(word)


def _within(word: Word, spans: Sequence[Span]) -> bool:
    return any(start <= word.start and word.start < end for start, end in spans)


def _sentence(text: str, place: int) -> Span:
    start, end = 0, len(text)
    for cut in _SENTENCE.finditer(text):
        if cut.end() <= place:
            start = cut.end()
        elif cut.start() > place:
            end = cut.end()
            break
    return start, end


def _parts(sentence: str, forms: Iterable[str]) -> list[Span]:
    """Cut a sentence between the values in it, where it may be cut."""
    values = sorted(longest(span for span, _ in occurrences(sentence, forms, any_case=True)))
    edges = [0]
    for cut in _CUT.finditer(sentence):
        apart = not any(start < cut.end() and cut.start() < end for start, end in values)
        has_one = any(edges[-1] <= start < cut.start() for start, _ in values)
        if apart and has_one and any(start >= cut.end() for start, _ in values):
            edges.append(cut.end())
    edges.append(len(sentence))
    return list(pairwise(edges))
