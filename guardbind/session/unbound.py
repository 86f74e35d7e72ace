"""Tells at a slot which value of the prompt that no binding holds the model's token begins, and rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.nulls.null import TokenRanges
from guardbind.policies.slot import bits_of
from guardbind.policies.verdict import bits_needed
from guardbind.session.opener import Opening
from guardbind.targets import UnreadStatement
from guardbind.text.decode import decode
from guardbind.text.typed_values import TypedValue

__all__ = ["UNBOUND", "Suspect", "UnboundValue", "is_told", "rested_on", "suspects"]

UNBOUND = "the model's token rests on a value of the prompt that no binding holds"

_MOST = 4  # values that are taken away at one slot; of more, the last ones of the prompt
_BEFORE_VALUES = " \t\n\"'`*_([\u201c\u2018"
_SIGNS = "$\u20ac\u00a3\u00a5\u20b9\uffe5 \u00a0\u202f#"


@dataclass(frozen=True, slots=True)
class Suspect:
    """A value that no binding holds, and that the model may be about to write.

    Attributes:
        value: The value, where it stands last.
        statement: The statement that it stands in there.
        tokens: All statements that hold it.
    """

    value: TypedValue
    statement: UnreadStatement
    tokens: TokenRanges


@dataclass(frozen=True, slots=True)
class UnboundValue:
    """A value that no binding holds, and that the model's token rests on.

    Attributes:
        value: The value.
        statement: The statement that it stands in.
        bits: Evidence bits of the token on the statements that hold it.
    """

    value: TypedValue
    statement: UnreadStatement
    bits: float


def is_told(opening: Opening) -> bool:
    """Whether the caller says whose value is meant: by a declared target, or by a key of his right before the slot."""
    return opening.resolution.how in ("declared", "slot_prefix")


def suspects(opening: Opening, tokenizer: PreTrainedTokenizerBase) -> tuple[Suspect, ...]:
    """Return the values that no binding holds and the model's token begins, or goes on with.

    There are none where that token begins or goes on with a value that is bound, or where a policy chose what is
    written.

    Args:
        opening: Where.
        tokenizer: The model's tokenizer.
    """
    row, value = opening.row, opening.row.value
    if value is None or value.repaired or opening.owners or (opening.node is None and opening.continues):
        return ()
    written = value.begun + decode(tokenizer, [*row.ids[value.start :], opening.token])
    text = written.strip().lstrip(_BEFORE_VALUES).casefold()
    if not text.lstrip(_SIGNS) or not (opening.tells or opening.continues):
        return ()
    found: dict[str, Suspect] = {}
    for statement in row.bound.unread_statements:
        for one in statement.values:
            name = one.text.casefold()
            if not (name.startswith(text) or name.lstrip(_SIGNS).startswith(text)):
                continue
            before = found.pop(name, None)
            tokens = row.bound.prompt.tokens(*statement.span)
            found[name] = Suspect(one, statement, (*(() if before is None else before.tokens), tokens))
    return tuple(found.values())[-_MOST:]


def rested_on(
    opening: Opening, logits: Tensor, read: Sequence[tuple[Suspect, Tensor]], config: GuardConfig
) -> UnboundValue | None:
    """Return the value that the model's token rests on most; None where it rests on none.

    Args:
        opening: Where.
        logits: Raw fp32 logits `[vocabulary]`.
        read: Each suspect, with log p0 `[vocabulary]` (nats) where the statements that hold it are taken away.
        config: Its `min_evidence_bits` is used.
    """
    logprobs = torch.log_softmax(logits, -1)
    found: list[UnboundValue] = []
    for suspect, prior in read:
        bits = bits_of(opening.token, logprobs, prior)
        p0 = float(prior[opening.token].exp())
        if bits >= bits_needed(p0, config.min_evidence_bits, narrowed=opening.continues):
            found.append(UnboundValue(suspect.value, suspect.statement, bits))
    return max(found, key=lambda one: one.bits, default=None)
