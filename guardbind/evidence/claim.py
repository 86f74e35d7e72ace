"""Shares out the occurrences of values in a prompt among its bindings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from guardbind.evidence.bindings import Binding, Evidence
from guardbind.text.decoded import PromptText
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span, longest, occurrences

__all__ = ["Claim", "LocatedBy", "claim", "key_places"]

LocatedBy: TypeAlias = Literal["key", "value", "span", "token_span", "text"]
_Side: TypeAlias = Literal["before", "after"]

_REACH = 120  # characters between a key and its value
_CLOSES = {")": "(", "]": "[", "}": "{", ">": "<", "\u201d": "\u201c", "\u00bb": "\u00ab", "\u300d": "\u300c"}
_QUOTES = "\"'`*"
_CLOSING_TAG = re.compile(r"</[\w:.-]+>")
_POINT = ".,;:!?\u3002\uff0c\uff1b\uff01\uff1f"


class Claim(NamedTuple):
    """A statement of a binding, in characters of the prompt."""

    chars: Span
    value: Span
    rule: LocatedBy


class _Occurrence(NamedTuple):
    """An occurrence of a key or of a surface form."""

    start: int
    end: int
    name: str


def key_places(text: str, keys: Sequence[str]) -> list[tuple[Span, str]]:
    """Find the mentions of keys; the longest key wins at a place, and a closing tag is no mention.

    A key without upper-case letters is found in any case, another one only as it is written.
    """
    found = occurrences(text, keys, any_case=True)
    kept = longest(span for span, _ in found)
    return [(span, key) for span, key in found if span in kept and text[max(0, span[0] - 2) : span[0]] != "</"]


def claim(
    items: Sequence[Binding | Evidence], prompt: PromptText, language: Language = ENGLISH
) -> dict[int, list[Claim]]:
    """Share out the occurrences of all values among the bindings.

    An occurrence belongs to the nearest key before it in the same line and sentence, or, where none stands there that
    still needs a value, to the key after it. A key takes one value only: what follows is not its value any more.
    Weaker, and used only for a binding that has nothing better: the key before it in the same line *or* the same
    sentence, and statements in a question. Weakest: occurrences next to no key at all, next to a key of its own that
    has its value already, and in lists ("Alice and Bob have 4417 and 8213").

    Returns:
        The claims of each binding, by its index in `items`. All claims of a binding have the same strength.
    """
    bindings = {index: item for index, item in enumerate(items) if isinstance(item, Binding)}
    owners = {(item.key, surface): index for index, item in bindings.items() for surface in item.surfaces}
    shares = _Shares(prompt, owners, language)
    shares.share_out()
    return {index: shares.best_of(index, item.surfaces) for index, item in bindings.items()}


class _Shares:
    """The state of one sharing-out: which key has taken a value, and who has claimed what."""

    def __init__(self, prompt: PromptText, owners: dict[tuple[str, str], int], language: Language) -> None:
        text = prompt.text
        keys = key_places(text, list(dict.fromkeys(key for key, _ in owners)))
        values = occurrences(text, dict.fromkeys(surface for _, surface in owners))
        kept = longest([span for span, _ in keys] + [span for span, _ in values])
        self._text = text
        self._owners = owners
        self._language = language
        self._layout = Layout(text, prompt.specials, language)
        self._keys = [_Occurrence(*span, key) for span, key in keys if span in kept]
        self._values = [_Occurrence(*span, surface) for span, surface in values if span in kept]
        self._taken: set[int] = set()  # keys that have their value
        self._strong: dict[int, list[Claim]] = {}
        self._weak: dict[int, list[Claim]] = {}
        self._loose: dict[str, list[Claim]] = {}  # by surface form

    def share_out(self) -> None:
        keys = self._keys
        after = 0
        for at, value in enumerate(self._values):
            while after < len(keys) and keys[after].start <= value.start:
                after += 1
            before = after - 1
            if before >= 0 and keys[before].start == value.start:
                before -= 1  # the word is both, as in a chain of bindings, and is not its own key
            beside = before >= 0 and self._beside(keys[before], value)
            if beside and before not in self._taken:
                self._offer(before, value, "after")
            elif after < len(keys) and self._beside(value, keys[after]) and not self._value_follows(after, at):
                self._offer(after, value, "before", nearest=not self._value_between(at, after))
            elif beside:
                self._offer(before, value, "after")
            elif before >= 0 and before not in self._taken and self._near(keys[before], value):
                self._offer(before, value, "after", weak=True)
            else:
                self._leave(value)

    def best_of(self, index: int, surfaces: Sequence[str]) -> list[Claim]:
        best = self._strong.get(index) or self._weak.get(index)
        return best or [found for surface in surfaces for found in self._loose.get(surface, ())]

    def _offer(self, key_at: int, value: _Occurrence, side: _Side, *, nearest: bool = True, weak: bool = False) -> None:
        key = self._keys[key_at]
        owner = self._owners.get((key.name, value.name))
        listed = self._listed_with(key_at)
        if listed and any((name, value.name) in self._owners for name in (key.name, *listed)):
            self._leave(value)
        elif owner is None:
            return
        elif key_at in self._taken or not nearest:
            self._leave(value)
        else:
            self._taken.add(key_at)
            weak = weak or self._layout.in_question(value.start)
            chars = (key.start, self._closing(key, value)) if side == "after" else (value.start, key.end)
            found = Claim(chars, (value.start, value.end), "key")
            (self._weak if weak else self._strong).setdefault(owner, []).append(found)

    def _leave(self, value: _Occurrence) -> None:
        span = (value.start, value.end)
        self._loose.setdefault(value.name, []).append(Claim(span, span, "value"))

    def _listed_with(self, key_at: int) -> list[str]:
        """Return the other keys of the list ("Alice and Bob") in which a key stands."""
        names = []
        for step in (-1, 1):
            at = key_at
            while 0 <= at + step < len(self._keys):
                left, right = sorted((self._keys[at], self._keys[at + step]))
                if not self._language.listed.fullmatch(self._text, left.end, right.start):
                    break
                at += step
                names.append(self._keys[at].name)
        return names

    def _value_follows(self, key_at: int, value_at: int) -> bool:
        """Whether the key has a value behind it in the same clause, which goes before one that precedes it."""
        key = self._keys[key_at]
        limit = self._keys[key_at + 1].start if key_at + 1 < len(self._keys) else len(self._text)
        for at in range(value_at + 1, len(self._values)):
            value = self._values[at]
            if value.start > min(limit, key.end + _REACH):
                return False
            if value.start >= key.end and (key.name, value.name) in self._owners:
                return self._beside(key, value) and not self._language.clause_break.search(
                    self._text, key.end, value.start
                )
        return False

    def _value_between(self, value_at: int, key_at: int) -> bool:
        """Whether another value of the key stands between a value and the key after it."""
        key = self._keys[key_at]
        for at in range(value_at + 1, len(self._values)):
            if self._values[at].start >= key.start:
                return False
            if (key.name, self._values[at].name) in self._owners:
                return True
        return False

    def _beside(self, left: _Occurrence, right: _Occurrence) -> bool:
        gap = left.end, right.start
        return gap[1] - gap[0] <= _REACH and self._layout.same_line(*gap) and self._layout.same_sentence(*gap)

    def _near(self, left: _Occurrence, right: _Occurrence) -> bool:
        gap = left.end, right.start
        layout = self._layout
        unbroken = layout.same_line(*gap) or layout.same_sentence(*gap)
        return gap[1] - gap[0] <= _REACH and layout.same_block(*gap) and unbroken

    def _closing(self, key: _Occurrence, value: _Occurrence) -> int:
        """Return the end of a statement that goes from a key to a value: behind what was opened between them."""
        text, end = self._text, value.end
        gap = text[key.end : value.start]
        while end < len(text):
            bracket = end + 1 if text[end] in " \t" else end
            closed = text[bracket : bracket + 1]
            opener = _CLOSES.get(closed)
            if opener and gap.count(opener) > text.count(closed, key.end, end):
                end = bracket + 1
            elif text[end] in _QUOTES and gap.count(text[end]) > text.count(text[end], value.end, end):
                end += 1
            else:
                break
        if tag := _CLOSING_TAG.match(text, end):
            end = tag.end()
        if text.startswith(" |", end) and "|" in gap:
            end += 2
        return end + 1 if end < len(text) and text[end] in _POINT else end
