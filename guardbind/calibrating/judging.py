"""Judges an answer by its first whole value, with rules of its own that share nothing with the guard's."""

from __future__ import annotations

import re
from collections.abc import Iterable

from guardbind.calibrating.labelled import LabelledPrompt

__all__ = ["is_right", "lost", "settled"]

# What may stand before a value where one is due: quotes, brackets and marks, but no letter and no digit.
_LEAD = re.compile(r"[^\w$€£¥#+-]*")
_JOINS = frozenset("-_./:@,'’+%°")
_JOINED = frozenset("-_./@")


def is_right(prompt: LabelledPrompt, text: str) -> bool:
    """Whether an answer is right: its first whole value is one of the right ones, in its form.

    A value counts where no letter or digit goes on with it: `4821` does not stand in `48215`, in `4821-B` or in
    `4821.5`. Words count in any case, whatever has a digit only as it is written. Where the value is due at once, it
    stands at the beginning of the answer; else it is the first of all known values in it.

    Args:
        prompt: What was asked.
        text: What was written, whole or cut off.

    Example:
        >>> asked = LabelledPrompt(prompt="...", begun="The badge is", answers=("4821",), others=("48215",))
        >>> is_right(asked, " 4821."), is_right(asked, " 48215"), is_right(asked, " not 4821")
        (True, False, False)
    """
    return bool(_judged(prompt, text, ended=True))


def settled(prompt: LabelledPrompt, text: str) -> bool:
    """Whether no more text could change what `is_right` says.

    Args:
        prompt: What was asked.
        text: What was written so far.
    """
    return _judged(prompt, text, ended=False) is not None


def lost(prompt: LabelledPrompt, text: str) -> bool:
    """Whether no more text could make an answer right, where its value is due at once: the first sign can tell.

    Args:
        prompt: What was asked.
        text: What was written so far.

    Example:
        >>> asked = LabelledPrompt(prompt="...", begun="The badge is", answers=("4821",), others=("9370",))
        >>> lost(asked, " 9"), lost(asked, " 48")
        (True, False)
    """
    if not prompt.at_value:
        return False
    rest = text[_lead((*prompt.answers, *prompt.wrong), text) :]
    return bool(rest) and not any(_same(form[: len(rest)], rest[: len(form)], form) for form in prompt.answers)


def _judged(prompt: LabelledPrompt, text: str, *, ended: bool) -> bool | None:
    """Say whether an answer is right; None where what follows may still tell."""
    known = {form: True for form in prompt.answers} | {form: False for form in prompt.wrong}
    if prompt.at_value:
        return _at(known, text, _lead(known, text), ended=ended, only=True)
    for start in range(len(text)):
        if start and text[start - 1].isalnum() and text[start].isalnum():
            continue
        if _joined_before(text, start) or not any(_begins(text, start, form) for form in known):
            continue
        found = _at(known, text, start, ended=ended, only=False)
        if found is not None:
            return found
        if not ended:
            return None
    return False if ended else None


def _lead(known: Iterable[str], text: str) -> int:
    """Return where the value begins, behind what is no part of any value."""
    match = _LEAD.match(text)
    skipped = 0 if match is None else match.end()
    # A value may itself begin with a sign.
    signs = {form[0] for form in known if not form[0].isalnum()}
    return next((place for place in range(skipped) if text[place] in signs), skipped)


def _at(known: dict[str, bool], text: str, start: int, *, ended: bool, only: bool) -> bool | None:
    """Say whether the value that begins at a place is right.

    Args:
        known: Form of a value to whether it is right.
        text: What was written.
        start: Where the value begins.
        ended: Nothing follows any more.
        only: The value has to be here; else None says that there is none here.
    """
    rest = text[start:]
    if not ended and any(len(form) > len(rest) and _same(form[: len(rest)], rest, form) for form in known):
        return None
    fits = sorted((form for form in known if _begins(text, start, form)), key=len, reverse=True)
    for form in fits:
        whole = _whole(text, start + len(form), ended=ended)
        if whole is None:
            return None
        if whole:
            return known[form]
    return False if only else None


def _begins(text: str, start: int, form: str) -> bool:
    return _same(text[start : start + len(form)], form, form)


def _same(one: str, other: str, form: str) -> bool:
    return one == other if any(sign.isdigit() for sign in form) else one.casefold() == other.casefold()


def _whole(text: str, end: int, *, ended: bool) -> bool | None:
    """Whether a value ends at a place; None where what follows will tell."""
    behind = text[end : end + 2]
    if behind and behind[0].isalnum() and text[end - 1].isalnum():
        return False
    if behind and behind[0] not in _JOINS:
        return True
    if len(behind) == 2:
        return not (behind[1].isalnum() and text[end - 1].isalnum())
    return True if ended else None


def _joined_before(text: str, start: int) -> bool:
    return start > 1 and text[start - 1] in _JOINED and text[start - 2].isalnum() and text[start].isalnum()
