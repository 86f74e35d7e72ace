"""Reads the bindings of a prompt as the model gets it: turn by turn, without what the assistant wrote."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

from guardbind.extraction.combine import extract_parts
from guardbind.extraction.extracted import ExtractedTable, moved, with_spans
from guardbind.extraction.messages import MessagePart
from guardbind.extraction.rule import Pattern, Rule
from guardbind.text.chat import Turn, turns
from guardbind.text.decoded import PromptText
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["extract_prompt"]


def extract_prompt(
    prompt: PromptText, *, rules: Sequence[str | Pattern | Rule] | None = None, language: Language = ENGLISH
) -> ExtractedTable:
    """Find what a prompt binds, in the turns of everybody but the assistant.

    A statement does not reach over a special token. The words that name a turn's role are no text. What the assistant
    wrote before is no evidence; a note says how many of its turns were left out. Where the turns of a prompt cannot be
    told apart, all text between the special tokens is read.

    Args:
        prompt: The decoded prompt; the spans of the table index its text.
        rules: As for `extract`.
        language: What the prompt is written in.

    Raises:
        ConfigError, UnknownNameError, MissingDependencyError: As `extract`.
    """
    said = turns(prompt)
    roles = [(turn.role, piece) for turn in said if turn.role != "assistant" for piece in _pieces(prompt, turn)]
    pieces = [piece for _, piece in roles]
    parts = [MessagePart("prompt", text=prompt.text[slice(*piece)]) for piece in pieces]
    table = extract_parts(parts, rules, language, placed=False)
    items = tuple(item for item in table.items if item.part is not None)
    for item in items:
        assert item.part is not None
        role, (by, _) = roles[item.part]
        moved(item, by, role)
    left_out = sum(turn.role == "assistant" and bool(prompt.text[turn.start : turn.end].strip()) for turn in said)
    notes = table.notes
    if left_out:
        count = "1 turn" if left_out == 1 else f"{left_out} turns"
        notes = (*notes, f"{count} of the assistant left out: what it wrote is no evidence.")
    return ExtractedTable(with_spans(items), (prompt.text,), ("prompt",), notes, language)


def _pieces(prompt: PromptText, turn: Turn) -> Iterator[Span]:
    """Yield what stands between the special tokens of a turn."""
    start = turn.start
    first, last = (bisect_left(prompt.specials, (edge, edge)) for edge in (turn.start, turn.end))
    for low, high in prompt.specials[first:last]:
        if start < low:
            yield start, low
        start = max(start, high)
    if start < turn.end:
        yield start, turn.end
