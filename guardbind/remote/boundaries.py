"""Tells where the tokens of a written text begin, as far as a backend says what it wrote at each step."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from guardbind.backends import Completion, NextToken

__all__ = ["Boundaries"]

_CHARACTERS = 3
_NO_TEXT = re.compile(r".*\N{REPLACEMENT CHARACTER}.*|(bytes:)?(\\x[0-9a-f]{2})+", re.DOTALL)
"""How servers write a token that holds a part of a character."""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """Where tokens begin, in characters of the answer.

    Attributes:
        starts: Where each known token begins, in order.
        end: Where the last of them ends.
        steps: What was read at each of them.
    """

    starts: tuple[int, ...]
    end: int
    steps: tuple[NextToken, ...] = ()

    @classmethod
    def of(cls, completion: Completion, start: int, *, whole: bool = False) -> Boundaries:
        """Read them off a completion; from where a step does not say what was written, nothing is known.

        Args:
            completion: What was written, greedily: at each step the likeliest token.
            start: Where it begins in the answer.
            whole: No text was there to end it, so that its end is that of its tokens: behind tokens that are a part
                of a character, places are known where only one place fits.
        """
        starts, at = [], 0
        written = [_likeliest(step) for step in completion.tokens]
        if whole and any(map(_NO_TEXT.fullmatch, written)):
            # The last step may be the mark of the end, which writes nothing.
            for count in (len(written), len(written) - 1):
                if places := _aligned(written[:count], completion.text):
                    known = [
                        (place, step) for place, step in zip(places, completion.tokens, strict=False) if place >= 0
                    ]
                    begins = tuple(start + place for place, _ in known)
                    return cls(begins, start + len(completion.text), tuple(step for _, step in known))
        for text in written:
            if not text or not completion.text.startswith(text, at):
                break
            starts.append(start + at)
            at += len(text)
        return cls(tuple(starts), start + at, completion.tokens[: len(starts)])

    def step_at(self, character: int) -> NextToken | None:
        """Return what was read where a token begins; None where none is known to begin."""
        place = bisect_left(self.starts, character)
        return self.steps[place] if place < len(self.starts) and self.starts[place] == character else None

    def step_holding(self, character: int) -> NextToken | None:
        """Return what was read where the token begins that holds a character; None where that is not known."""
        known = self.before(character)
        return None if known is None else self.step_at(known)

    def before(self, character: int) -> int | None:
        """Return where the token begins that holds a character; None where that is not known."""
        if not self.starts or not self.starts[0] <= character < self.end:
            return None
        return self.starts[bisect_right(self.starts, character) - 1]

    def tokens_up_to(self, character: int, completion: Completion, start: int) -> int:
        """Return how many tokens were written before a character, as well as that can be told; at least 1.

        Args:
            character: The character of the answer.
            completion: What was written.
            start: Where it begins in the answer.
        """
        if self.end >= character and self.starts:
            return max(1, bisect_right(self.starts, character - 1))
        told = completion.spent.new_tokens
        whole = told if told else math.ceil(len(completion.text) / _CHARACTERS)
        share = (character - start) / len(completion.text) if completion.text else 1.0
        return max(1, math.ceil(whole * min(1.0, share)))


def _likeliest(step: NextToken) -> str:
    logprobs = step.distribution.logprobs
    return step.texts.get(max(logprobs, key=lambda key: logprobs[key]), "")


def _aligned(written: Sequence[str], text: str) -> list[int]:
    """Return where each token begins in a text, -1 for parts of characters; nothing where no or several ways fit."""
    runs = [(gap, list(run)) for gap, run in groupby(written, key=lambda one: bool(_NO_TEXT.fullmatch(one)))]
    first = _placed(["" if gap else "".join(run) for gap, run in runs], text)
    last = _placed(["" if gap else "".join(run)[::-1] for gap, run in reversed(runs)], text[::-1])
    if first is None or last is None:
        return []
    sizes = [0 if gap else sum(map(len, run)) for gap, run in runs]
    ends = [len(text) - place for place in reversed(last)]
    if any(size and place + size != end for size, place, end in zip(sizes, first, ends, strict=True)):
        return []
    after = [*first[1:], len(text)]
    if any(gap and end - place > sum(map(len, run)) for (gap, run), place, end in zip(runs, first, after, strict=True)):
        return []
    found: list[int] = []
    for (gap, run), place in zip(runs, first, strict=True):
        at = place
        for one in run:
            found.append(-1 if gap else at)
            at += len(one)
    return found


def _placed(runs: Sequence[str], text: str) -> list[int] | None:
    """Return where runs begin, each as early as it can; an empty one is a gap of a character at least."""
    places, at, free = [], 0, False
    for number, run in enumerate(runs):
        if not run:
            places.append(at)
            at, free = at + 1, True
            continue
        place = text.find(run, at) if free else at
        if number == len(runs) - 1:
            place = len(text) - len(run)
        if place < at or (not free and place != at) or not text.startswith(run, place):
            return None
        places.append(place)
        at, free = place + len(run), False
    return places if at == len(text) or (free and at <= len(text)) else None
