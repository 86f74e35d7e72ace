"""Tells whether a text goes on with the word or number before it: `2010` with `2`, `05:47:15` with `05:47`."""

from __future__ import annotations

import re

__all__ = ["goes_on"]

# Scripts that put no spaces between words, so that a letter behind one says nothing.
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_JOINS = frozenset("-_/@+#")
_CLOCK = re.compile(r"(?<!\d)\d{1,2}\Z")
_NUMBER = re.compile(r"\d+\Z")
_LISTED = re.compile(r"[\[({][^\[\](){}]*\Z|\w,\w[^\s]*\Z")
_THOUSANDS = 3  # digits that may stand before a comma of thousands


def goes_on(before: str, after: str) -> bool | None:
    """Return whether a text goes on with the word or number before it; None where more of it is needed to tell.

    Args:
        before: The text up to the end of the word, from the start of its line if that is near.
        after: What follows.

    >>> goes_on("in 2", "010"), goes_on("at 05:47", ":15"), goes_on("at 05:47", ": go"), goes_on("is 5", ".")
    (True, True, False, None)
    """
    if not after or not before:
        return None
    last, mark = before[-1], after[0]
    if not last.isalnum():
        return False
    if mark.isalnum():
        return _one_word(last, mark)
    if mark not in _JOINS and mark not in ".,:":
        return False
    if len(after) == 1:
        return None
    following = after[1]
    if not following.isalnum() or not _one_word(last, following):
        return False
    numbers = last.isdecimal() and following.isdecimal()
    if mark == ".":
        return numbers or (last.isalpha() and following.islower())
    if mark == ":":
        return numbers and bool(_CLOCK.search(before))
    if mark == ",":
        return numbers and not _lists(before)
    return True


def _one_word(last: str, following: str) -> bool:
    return not _UNSPACED.match(last) and not _UNSPACED.match(following)


def _lists(before: str) -> bool:
    """Whether a comma here parts the members of a list that is written without spaces."""
    line = before.rpartition("\n")[2]
    number = _NUMBER.search(line)
    start = len(line) if number is None else number.start()
    first_cell = not line[:start].strip() and len(line) - start > _THOUSANDS
    return first_cell or bool(_LISTED.search(line))
