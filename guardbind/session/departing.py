"""Says whether an answer has left what it copies: another end of a number or a name, or a number left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise, takewhile

from guardbind.session.passage import LETTER, may_take_endings
from guardbind.text.language import Language

__all__ = ["departure"]

_LEAVES = "what was written begins as the passage does, and goes on otherwise"
_PART = "what was written is a part only of the one value that the passage has"
_SKIPS = "what was written leaves out a number that the passage has there"
_NAME = 3  # letters by which a name is begun, and by which two that begin alike have to differ
_THOUSANDS = r"\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?!\d)(?:[.,]\d+)?"
# In a script without spaces only what is of another one is a word here: a number, a code.
_WORD = re.compile(rf"(?<!{LETTER}){_THOUSANDS}(?!{LETTER})|{LETTER}+(?:[.,:/@'\u2019+_-](?={LETTER}){LETTER}+)*")
_BETWEEN = re.compile(r"[\s,]+\Z")
_CLAUSE = re.compile(r"[;(!?:\u2013\u2014]|[.,]\s+(?!\d)")
_UNIT = r"(?:[^\W\d_]{2,4}|[ghklmst])"
_BESIDE = re.compile(
    rf"\Z|(?!{LETTER}|[.,:]\d|[ \u00a0\u202f]\d{{3}}(?!\d))|(?<=\d){_UNIT}(?!{LETTER})"
)  # behind a number that is whole
_NUMBER = re.compile(r"(?P<digits>\d[\d.,:' \u00a0\u202f\u2019]*)(?P<behind>.*)", re.DOTALL)
_DECIMALS = re.compile(r"[.,](?P<decimals>\d{1,2}|\d{4,})\Z")
_LABEL = re.compile(r".*[:=]\s", re.DOTALL)


def departure(text: str, value: range, passages: Sequence[str], language: Language, *, over: bool) -> str | None:
    """Return how an answer has left what it copies; empty where it has not, None where that is still to be seen.

    A number has left it where it begins as one of the passage and ends otherwise, `4.9` and `44.9`, or goes on where
    that ends, `4471` and `44`; not where it is the same in another form, as `1,200` and `1200` are, `3` and `3.00`, or
    without its unit. So has a name of which three letters are the same and of which both have three others, but where a
    name may take another ending. A number is left out where two words of the answer stand side by side, and stand in
    the passage with it between them: "December 2021" of "December 15, 2021". And where the passage is one word, a part
    of it is not what it says. What has nothing in common with the passage may be made of it, and what is said behind a
    number that stands there is said of it; neither is judged here.

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
    found = [match for match in _WORD.finditer(text) if match.end() > value.start and match.start() < value.stop]
    if not found:
        return ""
    if not over and len(text) - found[-1].end() <= 1 and not text[found[-1].end() :].isspace():
        return None  # a sign may stand in the word
    said = list(_until_whole(text, found, passages))
    for place, match in enumerate(said):
        cut = over and match.end() == len(text)
        if not any(map(str.isdecimal, match.group())):
            if place == 0 and _is_other_name(match.group(), text[: match.start()], passages, language):
                return _LEAVES
        elif _is_other_number(match.group(), passages, cut=cut):
            return _LEAVES
        elif not cut and _is_part(match.group(), passages):
            return _PART
    line = text.rfind("\n", 0, said[0].start()) + 1
    written = {_digits(match.group()) for match in _WORD.finditer(text[line : said[-1].end()])}
    beside = [(a, b) for a, b in pairwise(said) if _BETWEEN.match(text[a.end() : b.start()])]
    return _SKIPS if any(_skips(a.group(), b.group(), written, passages) for a, b in beside) else ""


def _until_whole(text: str, found: Sequence[re.Match[str]], passages: Sequence[str]) -> Iterator[re.Match[str]]:
    """Yield the words of a value up to where a clause ends behind a number that stands in a passage."""
    for place, match in enumerate(found):
        yield match
        following = found[place + 1].start() if place + 1 < len(found) else len(text)
        whole = any(map(str.isdecimal, match.group())) and any(_is_whole(match.group(), each) for each in passages)
        # The next word is looked at as well: a comma may stand in a date.
        if whole and _CLAUSE.search(text[match.end() : following + 1]):
            return


def _is_other_number(number: str, passages: Sequence[str], *, cut: bool) -> bool:
    """Whether a number begins as one of the passages does, and is none of them.

    Args:
        number: A word of the answer that has a digit.
        passages: What is declared.
        cut: The answer ends in it, so that its end may not be written.
    """
    if any(_is_whole(number, passage) for passage in passages):
        return False
    words = [word for passage in passages for word in _WORD.findall(passage) if any(map(str.isdecimal, word))]
    if any(_same(number, word) for word in words):
        return False
    for word in words:
        alike = _alike(number, word)
        if not alike or (cut and alike == number):
            continue
        if not any(_is_whole(alike, passage) for passage in passages) or _goes_on(number[len(alike) :]):
            return True
    return False


def _goes_on(rest: str) -> bool:
    """Whether what stands behind a number makes another one of it; parts of a date are put in another order."""
    return rest[:1].isdecimal() or (re.match(r"[.,]\d", rest) is not None and len(re.findall(r"[.,]", rest)) == 1)


def _is_part(number: str, passages: Sequence[str]) -> bool:
    """Whether passages are one word each, of which a number is a part: `11`, of `11/01/2024`."""
    said = [_WORD.findall(passage) for passage in passages]
    if any(len(words) != 1 or words[0] == number or number not in words[0] for words in said):
        return False
    return not any(_same(number, words[0]) or re.fullmatch(rf"{re.escape(number)}{_UNIT}", words[0]) for words in said)


def _is_other_name(name: str, before: str, passages: Sequence[str], language: Language) -> bool:
    """Whether a word begins as one of the passages does, and is another; what a label says is no name."""
    if not name[0].isupper() or may_take_endings(before, language):
        return False
    words = {word for passage in passages for word in _WORD.findall(_LABEL.sub("", passage))}
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
        words = _WORD.findall(passage)
        for place, word in enumerate(words[:-1]):
            if word != first:
                continue
            following = words[place + 1]
            if following == second or _digits(following) in written or not any(map(str.isdecimal, following)):
                return False
            skipped = skipped or second in words[place + 2 :]
    return skipped


def _is_whole(number: str, passage: str) -> bool:
    """Whether a number stands in a passage, with its unit or without it, and is no part of another."""
    for match in re.finditer(rf"(?<!{LETTER})(?<!\d[.,:]){re.escape(number)}", passage):
        if _BESIDE.match(passage, match.end()):
            return True
    return False


def _alike(first: str, second: str) -> str:
    return first[: sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, second, strict=False)))]


def _same(first: str, second: str) -> bool:
    """Whether two numbers are one in two forms."""
    return _form(first) == _form(second)


def _form(number: str) -> tuple[str, str, str]:
    """Return the digits of a number before its decimal sign and behind it, and what stands behind the number.

    A sign before three digits is one of thousands.

    >>> _form("1,200"), _form("1200"), _form("12.50"), _form("15h30")
    (('1200', '', ''), ('1200', '', ''), ('12', '5', ''), ('1530', '', ''))
    """
    found = _NUMBER.fullmatch(re.sub(r"(?<=\d)h(?=\d\d)", ":", number))
    if found is None:
        return number.casefold(), "", ""
    digits = re.sub(r"(?::00)+\Z", "", found["digits"])
    split = _DECIMALS.search(digits)
    decimals = "" if split is None else split["decimals"].rstrip("0")
    whole = digits if split is None else digits[: split.start()]
    return re.sub(r"\D", "", whole), decimals, found["behind"].casefold()


def _digits(word: str) -> str:
    """Return the digits that a word begins with, of `15th` too; a word of letters as it is."""
    found = re.match(r"\d+", word)
    return word if found is None else found.group()
