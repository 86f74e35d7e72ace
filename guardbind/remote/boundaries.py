"""Tells where the tokens of a written text begin, as far as a backend says what it wrote at each step."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from guardbind.backends import Completion, NextToken

__all__ = ["Boundaries"]

_CHARACTERS = 3


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
    def of(cls, completion: Completion, start: int) -> Boundaries:
        """Read them off a completion; from where a step does not say what was written, nothing is known.

        Args:
            completion: What was written, greedily: at each step the likeliest token.
            start: Where it begins in the answer.
        """
        starts, at = [], 0
        for step in completion.tokens:
            logprobs = step.distribution.logprobs
            text = step.texts.get(max(logprobs, key=lambda key: logprobs[key]), "")
            if not text or not completion.text.startswith(text, at):
                break
            starts.append(start + at)
            at += len(text)
        return cls(tuple(starts), start + at, completion.tokens[: len(starts)])

    def step_at(self, character: int) -> NextToken | None:
        """Return what was read where a token begins; None where none is known to begin."""
        place = bisect_left(self.starts, character)
        return self.steps[place] if place < len(self.starts) and self.starts[place] == character else None

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
