"""Reads what stands before the verb of a sentence: what has the value, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from guardbind.extraction.prose import is_key
from guardbind.extraction.rule import Found, Path
from guardbind.extraction.spoken_values import wordlike
from guardbind.text.language import Language
from guardbind.text.layout import Span
from guardbind.text.words import count, joined

__all__ = ["MOST_WORDS", "NameReader", "PlacedWord", "SpokenName", "place_of"]

PlacedWord: TypeAlias = tuple[str, int]
"""A word and where it begins."""

MOST_WORDS = 4
"""Words of an attribute, and of its owner, at most."""

_REACH = 120  # characters before the words in which it may be said whose it is


class SpokenName(NamedTuple):
    """What stands before the verb.

    Attributes:
        path: Its parts.
        key: How it is written.
        start: Where it begins.
        owned: Whether it says whose it is.
        place: Where the first of its parts stands.
    """

    path: Path
    key: str
    start: int
    owned: bool
    place: Span

    def of_kind(self, kind: str, language: Language) -> SpokenName:
        """Return the name with a noun before its attribute: "numéro de badge", of "the badge bears the number"."""
        *owner, noun = (str(part) for part in self.path)
        attribute = language.possession(noun, kind)
        key = language.possession(owner[0], attribute) if owner else attribute
        return self._replace(path=(*owner, attribute), key=key)

    def found(self, value: Span, statement: Span) -> Found:
        """Return what a statement binds to it."""
        places = (self.place, *(None for _ in self.path[1:]))
        return Found(self.path, value, statement, None, self.key, "words", places)


class NameReader:
    """Reads names in the words of a clause.

    Args:
        language: What the words are of.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._said = language.statements
        self._unnamed = self._said.not_names | self._said.determiners

    def read(self, text: str, words: Sequence[PlacedWord]) -> SpokenName | None:
        """Return the name that the words of a clause end with.

        Args:
            text: The text, in which it may be said before the clause of whom it speaks ("For Alice, ...").
            words: The words.
        """
        if whose := self._said.whose.search(text, max(0, words[0][1] - _REACH), words[0][1]):
            noun, _ = self._noun(words)
            return self.owned(whose["owner"], noun, whose.start(), whose.span("owner"))
        plain = [word for word, _ in words]
        for at in range(len(words) - 2, max(-1, len(words) - 2 - MOST_WORDS), -1):
            if possessive := self._possessive(plain, at):
                before, owner = self._owner(words, at, possessive)
                start = before[0][1] if before else words[at][1]
                return self.owned(owner, plain[at + 1 :], start, (start, words[at][1] + len(possessive)))
        for at in range(len(words) - 2, 0, -1):
            if self._links(plain, at):
                person = words[at + 2 :] if plain[at + 1].lower() in self._said.determiners else words[at + 1 :]
                noun, start = self._noun(words[:at])
                if not 1 <= len(person) <= MOST_WORDS:
                    return None
                owner = joined((word for word, _ in person), self._language)
                return self.owned(owner, noun, start, place_of(person))
        return self._alone(words)

    def owned(self, owner: str, attribute: Sequence[str], start: int, place: Span) -> SpokenName | None:
        """Return the name of an attribute with its owner; None if they cannot be these."""
        if not 1 <= count(attribute, self._language) <= MOST_WORDS or not all(map(wordlike, attribute)):
            return None
        if any(word.lower() in self._said.not_names for word in (*attribute, owner)):
            return None
        if not is_key(owner, self._language):
            return None
        noun = joined(attribute, self._language)
        return SpokenName((owner, noun), self._language.possession(owner, noun), start, True, place)

    def article(self, words: Sequence[PlacedWord]) -> Sequence[PlacedWord]:
        """Return the words behind an article that is one of the last few, which a possessive goes on from."""
        for at in range(len(words) - 1, max(-1, len(words) - 1 - MOST_WORDS), -1):
            if words[at][0].lower() in self._said.determiners:
                return words[at + 1 :] if all(wordlike(word) for word, _ in words[at + 1 :]) else []
        return []

    def capitals(self, words: Sequence[PlacedWord]) -> Sequence[PlacedWord]:
        """Return the words in capitals at the end of a clause, which are a name."""
        at = len(words)
        while at and len(words) - at < MOST_WORDS and words[at - 1][0][0].isupper() and wordlike(words[at - 1][0]):
            at -= 1
        return [word for word in words[at:] if word[0].lower() not in self._unnamed]

    def _links(self, plain: Sequence[str], at: int) -> bool:
        """Whether a word leads to who has something; an article does behind a noun only: "Nummer der Firma"."""
        word, before = plain[at].lower(), plain[at - 1]
        if word not in self._said.of:
            return False
        if word in self._language.marks.of_joins:
            owner = plain[at + 1]
            return owner.lower() in self._said.determiners or owner[0] == "#" or not owner[0].islower()
        return word not in self._said.determiners or (before[0].isupper() and before.lower() not in self._unnamed)

    def _possessive(self, plain: Sequence[str], at: int) -> str | None:
        """Return the owner in a word, without what makes it one.

        Where an ending of the word itself does, only a name in front of a noun is one, and a name has no article.
        """
        match = self._said.owner.match(plain[at])
        if match is None:
            return None
        if self._language.marks.genitives and plain[at][-1].isalpha():
            before = plain[at - 1].lower() if at else ""
            is_name = plain[at][0].isupper() and plain[at + 1][0].isupper() and before not in self._said.determiners
            if not is_name or plain[at].lower() in self._unnamed:
                return None
        return match["owner"]

    def _owner(self, words: Sequence[PlacedWord], at: int, possessive: str) -> tuple[Sequence[PlacedWord], str]:
        """Return the words of an owner before the one that says that it owns something, and its whole name."""
        named = words[at][0][:1].isupper()
        before: Sequence[PlacedWord] = self.capitals(words[:at]) if named else []
        while before and self._opens(before[0][0]):
            before = before[1:]  # "In May Anna's badge", "Perhaps Anna's badge"
        numbered = words[at][0].startswith("#") or words[at][0][0].isdecimal()
        if numbered and at and wordlike(words[at - 1][0]) and words[at - 1][0].lower() not in self._unnamed:
            before = words[at - 1 : at]  # "order #1001's total", "line 4's valve"
        elif not named:
            before = self.article(words[:at])  # "the travel pillow's price"
        return before, joined([*(word for word, _ in before), possessive], self._language)

    def _opens(self, word: str) -> bool:
        """Whether a word in a capital is no part of the name behind it."""
        leads = self._language.speech.leads.values()
        return word.lower() in self._language.telling.named or any(lead.fullmatch(word) for lead in leads)

    def _alone(self, words: Sequence[PlacedWord]) -> SpokenName | None:
        noun, start = self._noun(words)
        if not noun or count(noun, self._language) > MOST_WORDS or not all(map(wordlike, noun)):
            return None
        key = joined(noun, self._language)
        if any(word.lower() in self._said.not_names for word in noun) or not is_key(key, self._language):
            return None
        mine = len(noun) < len(words) and words[len(words) - len(noun) - 1][0].lower() in self._said.mine
        return SpokenName((key,), key, start, mine, place_of(words[-len(noun) :]))

    def _noun(self, words: Sequence[PlacedWord]) -> tuple[list[str], int]:
        """Return the words behind the last determiner, or all of them."""
        for at in range(len(words) - 1, -1, -1):
            if words[at][0].lower() in self._said.determiners and not self._joins(words, at):
                words = words[at + 1 :]
                break
        return [word for word, _ in words], words[0][1] if words else 0

    def _joins(self, words: Sequence[PlacedWord], at: int) -> bool:
        """Whether an article stands within an attribute: "numéro de la carte"."""
        return at > 1 and words[at - 1][0].lower() in self._language.marks.of_joins


def place_of(words: Sequence[PlacedWord]) -> Span:
    """Return the place of words that follow each other."""
    word, start = words[-1]
    return words[0][1], start + len(word)
