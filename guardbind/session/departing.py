"""Says whether an answer has left what it copies: another end of a number or a name, or a number left out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise, takewhile

from guardbind.session.passage import WORD, may_take_endings
from guardbind.text.language import Language

__all__ = ["departure"]

_LEAVES = "what was written begins as the passage does, and goes on otherwise"
_PART = "what was written is a part only of the one value that the passage has"
_SKIPS = "what was written leaves out a number that the passage has there"
_NAME = 3  # letters by which a name is begun, and by which two that begin alike have to differ
_BETWEEN = re.compile(r"[\s,]+\Z")
_NOUGHTS = re.compile(r"(?:[.,:]0+)+\Z")  # 3.00 is 3
_BESIDE = re.compile(r"\Z|[^\w.,:]|_|[.,:](?!\d)")  # behind a number that is whole


def departure(text: str, value: range, passages: Sequence[str], language: Language, *, over: bool) -> str | None:
    """Return how an answer has left what it copies; empty where it has not, None where that is still to be seen.

    A number has left it where it begins as one of the passage and ends otherwise, `4.9` and `44.9`, and is not the same
    in another form, as `1,200` and `1200` are, or `3` and `3.00`; so has a name of which three letters are the same
    and of which both have three others, but where a name may take another ending. A number is left out where two words
    of the answer stand side by side, and stand in the passage with it between them: "December 2021" of "December 15,
    2021". And where the passage is one word, a part of it is not what it says. What has nothing in common with the
    passage may be made of it, and is not judged here.

    Args:
        text: The answer with what stands before it, as far as it is written.
        value: The characters that were judged; words that begin before them or end behind them are read whole.
        passages: What is declared.
        language: What the prompt is read in.
        over: Nothing comes behind the text.

    >>> from guardbind.text.english import ENGLISH
    >>> departure("The margin is 4.9% ", range(14, 17), ["The margin was 44.9%."], ENGLISH, over=False)
    'what was written begins as the passage does, and goes on otherwise'
    >>> departure("The margin is 44.9% ", range(14, 18), ["The margin was 44.9%."], ENGLISH, over=False)
    ''
    """
    found = [match for match in WORD.finditer(text) if match.end() > value.start and match.start() < value.stop]
    if not found:
        return ""
    if not over and len(text) - found[-1].end() <= 1 and not text[found[-1].end() :].isspace():
        return None  # a sign may stand in the word
    for place, match in enumerate(found):
        cut = over and match.end() == len(text)
        if not any(map(str.isdecimal, match.group())):
            if place == 0 and _is_other_name(match.group(), text[: match.start()], passages, language):
                return _LEAVES
        elif _is_other_number(match.group(), passages, cut=cut):
            return _LEAVES
        elif not cut and _is_part(match.group(), passages):
            return _PART
    beside = [(a, b) for a, b in pairwise(found) if _BETWEEN.match(text[a.end() : b.start()])]
    written = {match.group() for match in WORD.finditer(text[found[0].start() : found[-1].end()])}
    skips = any(_skips(a.group(), b.group(), written, passages) for a, b in beside)
    return _SKIPS if skips else ""


def _is_other_number(number: str, passages: Sequence[str], *, cut: bool) -> bool:
    """Whether a number begins as one of the passages does, and is none of them.

    Args:
        number: A word of the answer that has a digit.
        passages: What is declared.
        cut: The answer ends in it, so that its end may not be written.
    """
    if any(_is_whole(number, passage) for passage in passages):
        return False
    for passage in passages:
        for word in WORD.findall(passage):
            alike = _alike(number, word)
            if not alike or not any(map(str.isdecimal, word)) or (cut and alike == number):
                continue
            if not any(_is_whole(alike, other) for other in passages) and _digits(number) != _digits(word):
                return True
    return False


def _is_part(number: str, passages: Sequence[str]) -> bool:
    """Whether passages are one word each, of which a number is a part: `11`, of `11/01/2024`."""
    said = [WORD.findall(passage) for passage in passages]
    if any(len(words) != 1 or words[0] == number or number not in words[0] for words in said):
        return False
    return all(_digits(number) != _digits(words[0]) for words in said)


def _is_other_name(name: str, before: str, passages: Sequence[str], language: Language) -> bool:
    """Whether a word begins as one of the passages does, and is another."""
    if not name[0].isupper() or may_take_endings(before, language):
        return False
    words = {word for passage in passages for word in WORD.findall(passage)}
    for word in words - {name}:
        alike = len(_alike(name, word))
        if alike >= _NAME and min(len(name), len(word)) - alike >= _NAME and not any(map(str.isdecimal, word)):
            return name not in words
    return False


def _skips(first: str, second: str, written: set[str], passages: Sequence[str]) -> bool:
    """Whether passages have both words, and always a number between them that the answer has nowhere."""
    if not any(map(str.isdecimal, second)):
        return False
    skipped = False
    for passage in passages:
        words = WORD.findall(passage)
        for place, word in enumerate(words[:-1]):
            if word != first:
                continue
            following = words[place + 1]
            if following == second or following in written or not any(map(str.isdecimal, following)):
                return False
            skipped = skipped or second in words[place + 2 :]
    return skipped


def _is_whole(number: str, passage: str) -> bool:
    for match in re.finditer(rf"(?<![^\W_]){re.escape(number)}", passage):
        if _BESIDE.match(passage, match.end()):
            return True
    return False


def _alike(first: str, second: str) -> str:
    return first[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))]


def _digits(number: str) -> str:
    return "".join(char for char in _NOUGHTS.sub("", number) if char.isalnum()).casefold()
