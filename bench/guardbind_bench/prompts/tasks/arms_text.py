"""Writes checkpoints, and puts them among the filler."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from guardbind.errors import ConfigError
from guardbind_bench.prompts.tasks.sketch import Segment, Sketch

__all__ = ["EVERY", "added", "before_question", "checkpoint", "interval", "parts", "spread", "truth"]

EVERY = 128
"""Tokens of filler between two checkpoints in the paper."""

# How a value is named, what stands between two of them, and what closes the last (paper, layout C).
_FORMS = {"bracket": ("{name}=[", "] ", "]\n"), "eq": ("{name} is", " ; ", ".\n")}


def added(ids: Sequence[int]) -> Segment:
    """Return a piece that an arm adds to a prompt."""
    return Segment(tuple(ids), "restatement")


def truth(sketch: Sketch) -> list[tuple[str, int]]:
    """Return what the paper's checkpoint restates: names and the tokens of their values."""
    return [(name, sketch.values[index].token) for name, index in sketch.restated]


def checkpoint(sketch: Sketch, entries: Sequence[tuple[str, int]]) -> tuple[Segment, ...]:
    """Write one checkpoint.

    Args:
        sketch: Gives style and tokenizer.
        entries: Names and the tokens of their values, at least one.

    Returns:
        Its pieces: text and value by turns, text first and last.
    """
    naming, between, close = _FORMS[sketch.style]
    pieces, before = [], "\nCHECKPOINT: "
    for name, token in entries:
        pieces += [added(sketch.encode(before + naming.format(name=name))), added((token,))]
        before = between
    return (*pieces, added(sketch.encode(close)))


def interval(number: int | None) -> int:
    """Return the tokens of filler between two checkpoints, from the number behind an arm's name.

    Raises:
        ConfigError: It is 0.
    """
    if number is not None and number < 1:
        raise ConfigError(f"a checkpoint every {number} tokens was asked for; 1 or more are accepted.")
    return EVERY if number is None else number


def parts(sketch: Sketch, every: int) -> list[tuple[int, ...]]:
    """Cut the last block of filler after every `every` tokens; a checkpoint stands between two parts."""
    filler = sketch.segments[sketch.tail].ids
    return [filler[start : start + every] for start in range(0, len(filler), every)]


def spread(sketch: Sketch, every: int, inserted: Iterable[Sequence[Segment]]) -> Sketch:
    """Put something after every `every` tokens of the last block of filler, wherever some filler remains.

    Args:
        sketch: The prompt.
        every: Tokens of filler before, between and at most behind what is put in.
        inserted: What is put in, place by place; at least as many as there are places.
    """
    first, *rest = parts(sketch, every) or [()]
    tail = [Segment(first, "filler")]
    for part, pieces in zip(rest, inserted, strict=False):
        tail += [*pieces, Segment(part, "filler")]
    return _with_tail(sketch, tail)


def before_question(sketch: Sketch, distance: int, pieces: Sequence[Segment]) -> Sketch:
    """Put something once, with `distance` tokens of filler between it and the question.

    Raises:
        ConfigError: There is less filler.
    """
    filler = sketch.segments[sketch.tail].ids
    if distance > len(filler):
        raise ConfigError(
            f"a checkpoint {distance} tokens before the question was asked for; the last block of filler has "
            f"{len(filler)}, so 0 to {len(filler)} are accepted."
        )
    cut = len(filler) - distance
    return _with_tail(sketch, [Segment(filler[:cut], "filler"), *pieces, Segment(filler[cut:], "filler")])


def _with_tail(sketch: Sketch, tail: Sequence[Segment]) -> Sketch:
    at = sketch.tail
    return replace(sketch, segments=(*sketch.segments[:at], *tail, *sketch.segments[at + 1 :]))
