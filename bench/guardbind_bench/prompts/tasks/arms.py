"""Applies the checkpoint arms: what each does to a prompt.

`oracle` is the paper's checkpoint: it restates the true values after every so many tokens of the last block of filler.
The other arms are its controls: each takes something away from it, or makes something wrong. What a prompt asks, and
the statements that it makes by itself, stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import cycle, islice, repeat

from guardbind.errors import ConfigError
from guardbind.text.decoded import PromptText
from guardbind_bench.prompts.tasks.arms_text import added, before_question, checkpoint, interval, parts, spread, truth
from guardbind_bench.prompts.tasks.sketch import Segment, Sketch, flat

__all__ = [
    "PromptArm",
    "blank",
    "competitor_only",
    "extra_filler",
    "oracle",
    "raw_copy",
    "reread",
    "short",
    "single",
    "target_only",
    "unrelated_key",
    "unrelated_value",
    "wrong_value",
]

PromptArm = Callable[[Sketch, int | None], Sketch]
"""Takes the pieces of a prompt and the number behind the arm's name, and returns other pieces.

The number is the tokens of filler between two checkpoints, 128 without one; of `single` and `reread`, the tokens of
filler between the one checkpoint and the question, 0 without one. Raises ConfigError where the number does not fit, or
the task has no such arm.
"""


def oracle(sketch: Sketch, number: int | None) -> Sketch:
    """Restate the true values."""
    return _restate(sketch, number, truth(sketch))


def blank(sketch: Sketch, number: int | None) -> Sketch:
    """The checkpoint with filler in the place of each value: does its text help, or that it breaks a repetition?"""
    return _restate(sketch, number, [(name, sketch.stock.common) for name, _ in sketch.restated])


def extra_filler(sketch: Sketch, number: int | None) -> Sketch:
    """As many more tokens of filler: what does the length do?

    They are the tokens of the last block once more, a common word in the place of each value.
    """
    stock, every = sketch.stock, interval(number)
    filler = sketch.segments[sketch.tail].ids
    more = cycle(stock.common if token in stock.forbidden else token for token in filler)
    length = len(flat(checkpoint(sketch, truth(sketch))))
    return spread(sketch, every, ([added(tuple(islice(more, length)))] for _ in parts(sketch, every)))


def short(sketch: Sketch, number: int | None) -> Sketch:
    """No checkpoint, and only the first `number` tokens of the last block of filler: what does distance do?"""
    at, every = sketch.tail, interval(number)
    kept = Segment(sketch.segments[at].ids[:every], "filler")
    return replace(sketch, segments=(*sketch.segments[:at], kept, *sketch.segments[at + 1 :]))


def wrong_value(sketch: Sketch, number: int | None) -> Sketch:
    """Restate each key with the value of another: is the checkpoint read at all?"""
    names, tokens = zip(*truth(_with_two(sketch, "wrong_value")), strict=True)
    return _restate(sketch, number, list(zip(names, (*tokens[1:], tokens[0]), strict=True)))


def unrelated_value(sketch: Sketch, number: int | None) -> Sketch:
    """Restate the asked key with a value that is bound nowhere: the same, without the competitor's help."""
    tokens = {index: sketch.values[index].token for _, index in sketch.restated} | {sketch.asked: sketch.unbound.token}
    return _restate(sketch, number, [(name, tokens[index]) for name, index in sketch.restated])


def competitor_only(sketch: Sketch, number: int | None) -> Sketch:
    """Restate only what is not asked for: does the latest value win?"""
    two = _with_two(sketch, "competitor_only")
    return _restate(sketch, number, [(name, two.values[i].token) for name, i in two.restated if i != two.asked])


def target_only(sketch: Sketch, number: int | None) -> Sketch:
    """Restate only what is asked for."""
    two = _with_two(sketch, "target_only")
    return _restate(sketch, number, [(name, two.values[i].token) for name, i in two.restated if i == two.asked])


def unrelated_key(sketch: Sketch, number: int | None) -> Sketch:
    """Restate the true values of keys that are asked for nowhere: does the key matter?"""
    fresh = (f"KEY{i}" for i in range(7, 100) if f"KEY{i}" not in sketch.keys)
    others = dict(zip(dict.fromkeys(sketch.keys), fresh, strict=False))
    entries = [
        (name.replace(sketch.keys[index], others[sketch.keys[index]]), sketch.values[index].token)
        for name, index in sketch.restated
    ]
    return _restate(sketch, number, entries)


def raw_copy(sketch: Sketch, number: int | None) -> Sketch:
    """Copy all assignments as they stand, which of them is the first left open: repeating against resolving."""
    stated = flat([segment for segment in sketch.segments if segment.bound is not None])
    end = () if sketch.style == "bracket" else sketch.encode("\n")
    return spread(sketch, interval(number), repeat([added((*sketch.encode("\n"), *stated, *end))]))


def single(sketch: Sketch, number: int | None) -> Sketch:
    """Restate the true values once, `number` tokens of filler before the question."""
    return before_question(sketch, number or 0, checkpoint(sketch, truth(sketch)))


def reread(sketch: Sketch, number: int | None) -> Sketch:
    """Copy every assignment to the key that the question names, found by its text alone: no oracle.

    Raises:
        ConfigError: The prompt does not end with a key and an equals sign.
    """
    tokenizer, before = sketch.stock.tokenizer, flat(sketch.segments[:-1])
    question = PromptText.from_ids(tokenizer, sketch.segments[-1].ids).text
    named = re.search(r"\w+ ?=\[?$", question)
    if named is None:
        raise ConfigError(
            f"the prompt ends with {question!r}; arm 'reread' accepts prompts that end with a key and `=` or `=[`."
        )
    prompt, close = PromptText.from_ids(tokenizer, before), _close(sketch)
    openings = [prompt.tokens(*match.span()) for match in re.finditer(re.escape(named[0]), prompt.text)]
    copied = [token for opening in openings for token in (*before[opening.start : opening.stop + 1], *close)]
    return before_question(sketch, number or 0, [added((*sketch.encode("\n"), *copied))])


def _restate(sketch: Sketch, number: int | None, entries: Sequence[tuple[str, int]]) -> Sketch:
    return spread(sketch, interval(number), repeat(checkpoint(sketch, entries)))


def _with_two(sketch: Sketch, arm: str) -> Sketch:
    if len(sketch.restated) < 2:
        raise ConfigError(
            f"arm {arm!r} tells restated bindings apart, and here a checkpoint restates only {sketch.restated[0][0]}; "
            "tasks that restate two or more are accepted.",
            hint="Use another arm, such as 'unrelated_value'.",
        )
    return sketch


def _close(sketch: Sketch) -> tuple[int, ...]:
    # Every assignment closes as the first does; in style `eq` none does.
    behind = sketch.segments[[segment.role for segment in sketch.segments].index("value") + 1]
    return behind.ids if behind.role == "statement" else sketch.encode("\n")
