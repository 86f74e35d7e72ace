"""Hides the columns of cited spans from a local model: the family of nulls in one forward where the claim is judged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch

from guardbind.auditing.prompts import contained, verifier_request
from guardbind.auditing.trace import ContextSpan
from guardbind.auditing.verifier import LabelReading, label_reading
from guardbind.backends import Spent
from guardbind.backends.local import LocalBackend
from guardbind.model.tail import Tail
from guardbind.nulls import NullRow
from guardbind.nulls.mask import MASK
from guardbind.text.decoded import PromptText

__all__ = ["MaskedReading", "read_masked"]


class MaskedReading(NamedTuple):
    """What a local model answers with spans hidden.

    Attributes:
        shown: With nothing hidden.
        hidden: With every cited span hidden.
        without: With one part of them hidden, in the order of the parts.
        spent: What it cost.
    """

    shown: LabelReading
    hidden: LabelReading
    without: tuple[LabelReading, ...]
    spent: Spent


def read_masked(
    backend: LocalBackend,
    spans: Sequence[ContextSpan],
    claim: str,
    cited: Sequence[str],
    *,
    chat: bool,
    parts: Sequence[Sequence[str]] = (),
) -> MaskedReading | None:
    """Read a claim with the columns of cited spans hidden from every token behind them.

    The prompt stays as it is, so that positions and lengths do. The tokens behind the first hidden span are run again,
    so that none of them has read it. One prefill and one forward, however many parts are hidden by themselves.

    Args:
        backend: A model of this process.
        spans: The spans that stand in the prompt.
        claim: The claim.
        cited: Ids of those that are hidden.
        chat: Ask in a chat.
        parts: Ids of cited spans that are hidden without the others, one reading each.

    Returns:
        The answers; None where a span cannot be found again among the tokens.

    Raises:
        NullUnavailableError: The model keeps recurrent state, or does not run under such a mask.
        ContextLengthError: The prompt is longer than the model's context.
    """
    ids = backend.ids(verifier_request(spans, claim, chat=chat))
    module, tokenizer, turns = backend.parts
    prompt = PromptText.from_ids(tokenizer, ids)
    places: dict[str, range] = {}
    reached = 0
    for span in spans:
        text = contained(span.text)
        at = prompt.text.find(f"[{span.id}]\n{text}", reached)
        if span.id in cited and span.asserts:
            if at < 0:
                return None
            begin = at + len(span.id) + 3
            places[span.id] = prompt.tokens(begin, begin + len(text))
        reached = max(reached, at)
    if not places:
        return None
    first = max(1, min(place.start for place in places.values()))
    statements = (tuple(places.values()), *(tuple(places[span] for span in part) for part in parts))
    row = NullRow(0, tuple(ids), 0, statements, statements, statements[0])
    tail = Tail(module, tokenizer, None, len(ids), len(ids) - first)
    with turns.taken(), torch.inference_mode():
        read = MASK(tail, [row], plain=True)
    assert read.plain is not None
    answers = [label_reading(backend.read(logits)) for logits in (read.plain[0], *read.logits[0])]
    return MaskedReading(
        answers[0],
        answers[1],
        tuple(answers[2:]),
        Spent(read.forwards, len(ids) + (len(ids) - first) * len(answers), 0),
    )
