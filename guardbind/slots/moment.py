"""Describes one moment of decoding, as slot rules see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from guardbind.targets import Place
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Layout

__all__ = ["Moment"]

_LONGEST_SENTENCE = 400


@dataclass(frozen=True, slots=True)
class Moment:
    """One row before one token.

    Attributes:
        step: Tokens generated in this row so far.
        stops_mid_line: The prompt ends in the middle of a line.
        last: Text of the last token, by which most moments are told from a slot at no cost.
        line: Returns the text of the row's last line so far, the prompt's part of it included.
        generated: Returns the text generated so far; decoded only when a rule needs it.
        text: Returns the same behind the text of the prompt that it goes on with, if the prompt stops mid-line.
        token: The model's own next token.
        starts: Tokens that start a candidate.
        inside_word: Whether the token goes on with a word or number that the text has begun already.
        names_key: Whether a text names, and does not yet give, something that is bound.
        language: What prompt and answer are written in.
        says_passage: Whether a declared passage, whose value is not known, says what follows the text.
    """

    step: int
    stops_mid_line: bool
    last: str
    line: Callable[[], str]
    generated: Callable[[], str]
    text: Callable[[], str]
    token: int
    starts: frozenset[int]
    inside_word: Callable[[], bool]
    names_key: Callable[[str], bool]
    language: Language = ENGLISH
    says_passage: Callable[[], bool] = lambda: False

    def sentence(self) -> Place:
        """Return the sentence up to the slot, which may have begun in the prompt: both what is asked and of whom."""
        text = self.line()[-_LONGEST_SENTENCE:]
        said = text[Layout(text, language=self.language).begun() :]
        return Place(said, said)
