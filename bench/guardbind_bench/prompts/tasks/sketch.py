"""Assembles a trial from a prompt in pieces, which a checkpoint arm may change before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from guardbind_bench.prompts.fillers import Stock
from guardbind_bench.prompts.pool import PoolValue, encode
from guardbind_bench.prompts.trial import Bound, Trial

__all__ = ["Role", "Segment", "Sketch", "assemble", "flat", "locate"]

Role = Literal["start", "text", "statement", "value", "filler", "restatement", "question"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a prompt.

    Attributes:
        ids: Its token ids, tokenised alone.
        role: What it is; `start` is BOS or a chat header, `text` what binds nothing, `restatement` what an arm has
            added, its values included.
        bound: Of a `statement` and a `value`, the binding they belong to, an index into `Sketch.values`.
    """

    ids: tuple[int, ...]
    role: Role
    bound: int | None = None


@dataclass(frozen=True, slots=True)
class Sketch:
    """A prompt in pieces.

    Attributes:
        index: Which trial of its task and seed.
        segments: The pieces, in order; the last is the question.
        keys: Key of each binding, in the order of the text.
        values: Value of each binding.
        asked: Which binding the question asks for.
        competitor: The value that is most easily taken for the target.
        candidates: The candidate set.
        unbound: A value of the pool that the prompt does not bind.
        restated: What a checkpoint restates: the name it uses (`KEY1`, `FIRST(KEY)`) and the binding.
        style: `bracket` or `eq`.
        stock: What filler is made of; also holds the tokenizer.
    """

    index: int
    segments: tuple[Segment, ...]
    keys: tuple[str, ...]
    values: tuple[PoolValue, ...]
    asked: int
    competitor: PoolValue
    candidates: tuple[PoolValue, ...]
    unbound: PoolValue
    restated: tuple[tuple[str, int], ...]
    style: Literal["bracket", "eq"]
    stock: Stock

    def encode(self, text: str) -> tuple[int, ...]:
        """Tokenise a piece of text alone."""
        return tuple(encode(self.stock.tokenizer, text))

    @property
    def tail(self) -> int:
        """Index of the filler segment between the last binding and the question."""
        return max(i for i, segment in enumerate(self.segments) if segment.role == "filler")


def assemble(sketch: Sketch) -> Trial:
    """Put the pieces together; the prompt ends with the question."""
    bound, question = locate(sketch.segments, sketch.keys, sketch.values)
    return Trial(
        index=sketch.index,
        ids=flat(sketch.segments),
        bound=bound,
        asked=sketch.asked,
        question=question,
        competitor=sketch.competitor,
        candidates=sketch.candidates,
    )


def locate(
    segments: Sequence[Segment], keys: Sequence[str], values: Sequence[PoolValue]
) -> tuple[tuple[Bound, ...], range]:
    """Find the bindings and the question in the token ids of some pieces.

    Args:
        segments: The pieces; those of one binding stand next to each other, and from the first piece of the question on
            all belong to it.
        keys: Key of each binding.
        values: Value of each binding.

    Returns:
        The bindings, the position of each the last token of its `value` piece; and the tokens of the question.
    """
    at = 0
    spans: dict[int, range] = {}
    places: dict[int, int] = {}
    question: int | None = None
    for segment in segments:
        end = at + len(segment.ids)
        if segment.bound is not None:
            spans[segment.bound] = range(spans.get(segment.bound, range(at, at)).start, end)
            if segment.role == "value":
                places[segment.bound] = end - 1
        if segment.role == "question" and question is None:
            question = at
        at = end
    assert question is not None
    bound = tuple(
        Bound(key, value, spans[i], places[i]) for i, (key, value) in enumerate(zip(keys, values, strict=True))
    )
    return bound, range(question, at)


def flat(segments: Sequence[Segment]) -> tuple[int, ...]:
    """Return the token ids of some pieces, one after the other."""
    return tuple(token for segment in segments for token in segment.ids)
