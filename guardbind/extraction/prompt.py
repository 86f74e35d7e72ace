"""Reads the bindings of a prompt as the model gets it: turn by turn, without what the assistant wrote."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from guardbind.evidence import PromptText
from guardbind.extraction.combine import extract_parts
from guardbind.extraction.messages import Part
from guardbind.extraction.table import ExtractedTable
from guardbind.extraction.types import Pattern, Rule, Span

__all__ = ["extract_prompt"]

_ROLE_LINE = frozenset({"<|im_start|>", "<start_of_turn>"})  # the role is the first line behind it
_ROLE_ALONE = frozenset({"<|start_header_id|>", "<|start_of_role|>"})  # it is all up to the next special token
_TURN_END = frozenset({"<|im_end|>", "<end_of_turn>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"})
_ASSISTANT = frozenset({"assistant", "model"})


def extract_prompt(prompt: PromptText, *, rules: Sequence[str | Pattern | Rule] | None = None) -> ExtractedTable:
    """Find what a prompt binds, in the turns of everybody but the assistant.

    A statement does not reach over a special token. The words that name a turn's role are no text. What the assistant
    wrote before is no evidence; a note says how many of its turns were left out. Turns are told apart in prompts of
    the forms `<|im_start|>assistant`, `<|start_header_id|>assistant<|end_header_id|>` and `<start_of_turn>model`; of
    another form all text between the special tokens is read.

    Args:
        prompt: The decoded prompt; the spans of the table index its text.
        rules: As for `extract`.

    Raises:
        ConfigError, UnknownNameError, MissingDependencyError: As `extract`.
    """
    pieces = list(_pieces(prompt))
    parts = [Part("prompt", text=prompt.text[piece.start : piece.end]) for piece in pieces if not piece.assistant]
    starts = [piece.start for piece in pieces if not piece.assistant]
    table = extract_parts(parts, rules)
    items = tuple(
        replace(item, span=_shift(item.span, by), statement=_shift(item.statement, by), part=0)
        for item in table.items
        if item.part is not None
        for by in (starts[item.part],)
    )
    left_out = len({piece.turn for piece in pieces if piece.assistant and prompt.text[piece.start : piece.end].strip()})
    notes = table.notes
    if left_out:
        turns = "1 turn" if left_out == 1 else f"{left_out} turns"
        notes = (*notes, f"{turns} of the assistant left out: what it wrote is no evidence.")
    return ExtractedTable(items, (prompt.text,), ("prompt",), notes)


class _Piece(NamedTuple):
    """A stretch of a turn between two special tokens."""

    start: int
    end: int
    turn: int
    assistant: bool


@dataclass(slots=True)
class _Turn:
    """The turn that is being read."""

    number: int = 0
    assistant: bool = False

    def begin(self, role: str) -> None:
        self.number += 1
        self.assistant = role.strip().lower() in _ASSISTANT


def _pieces(prompt: PromptText) -> Iterator[_Piece]:
    text, turn = prompt.text, _Turn()
    edges = [*prompt.specials, (len(text), len(text))]
    if edges[0][0] > 0:
        yield _Piece(0, edges[0][0], 0, False)
    for place, (special, start) in enumerate(prompt.specials):
        end = edges[place + 1][0]
        token = text[special:start].strip()
        if token in _ROLE_ALONE:
            turn.begin(text[start:end])
            continue
        if token in _ROLE_LINE:
            role, _, _ = text[start:end].partition("\n")
            turn.begin(role)
            start = min(end, start + len(role) + 1)
        elif token in _TURN_END:
            turn.begin("")
        if start < end:
            yield _Piece(start, end, turn.number, turn.assistant)


def _shift(span: Span | None, by: int) -> Span | None:
    return None if span is None else (span[0] + by, span[1] + by)
