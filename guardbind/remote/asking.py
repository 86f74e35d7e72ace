"""Reads what a question rests on by requests: its tokens are scored with one record after another blacked out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import torch

from guardbind.backends import Backend, PromptRequest, PromptScorer, PromptTokens
from guardbind.nulls.prefill import PLACEHOLDER
from guardbind.remote.edits import RemotePrompt, RequestChange
from guardbind.remote.pieces import PieceTokenizer
from guardbind.remote.reading import Purse
from guardbind.remote.settings import ApiGuardConfig
from guardbind.session.question import QuestionSearch
from guardbind.session.row import Row
from guardbind.session.stretch import Stretch, question_of
from guardbind.targets import QuestionBits

__all__ = ["question_bits"]


async def question_bits(
    backend: Backend, prompt: RemotePrompt, row: Row, pieces: PieceTokenizer, config: ApiGuardConfig, purse: Purse
) -> QuestionBits | None:
    """Return what the question of a prompt rests on; None where that cannot be told.

    All that belongs to a record is blacked out, and the tokens of the question are scored again. They must be the same
    ones: where a server cuts the question into other tokens, nothing is told.

    Args:
        backend: Whom to ask; it scores its prompts.
        prompt: What is asked of it.
        row: The prompt as it is bound.
        pieces: Cuts texts.
        config: The guard's settings.
        purse: Takes note of what it costs.

    Raises:
        BackendError: It did not answer.
    """
    stretch = question_of(row)
    if stretch is None or not isinstance(backend, PromptScorer):
        return None
    asks = row.bound.prompt.text[slice(*row.bound.asked)].strip()
    search = QuestionSearch(stretch)
    (plain,) = await _scored(backend, [_request(prompt, [])], purse)
    known = _of_question(plain, asks)
    if known is None:
        return None
    while groups := search.groups:
        hidden = [_request(prompt, _changes(pieces, row, stretch, group)) for group in groups]
        read = [_of_question(one, asks) for one in await _scored(backend, hidden, purse)]
        if any(one is None or [text for text, _ in one] != [text for text, _ in known] for one in read):
            return None
        nats = [[of - without for (_, of), (_, without) in zip(known, one or (), strict=True)] for one in read]
        search.note(torch.tensor(nats, dtype=torch.float64) / math.log(2))
    return search.result(config)


async def _scored(backend: PromptScorer, asked: Sequence[PromptRequest], purse: Purse) -> list[PromptTokens]:
    read = await backend.score_prompts(asked)
    for one in read:
        purse.pay(one.spent)
    return read


def _request(prompt: RemotePrompt, changes: Sequence[RequestChange]) -> PromptRequest:
    # What the answer begins with stands behind the question and tells nothing of it.
    return replace(prompt.asked("", changes), begun="")


def _changes(pieces: PieceTokenizer, row: Row, stretch: Stretch, group: Sequence[int]) -> list[RequestChange]:
    """Return what blacks out all that belongs to some records; the marks of turns stay."""
    marks = set(pieces.all_special_ids)
    spans = row.bound.prompt.spans
    hidden = sorted({at for place in group for part in stretch.records[place].tokens for at in part})
    found: list[RequestChange] = []
    for at in hidden:
        if row.ids[at] in marks or spans[at][0] == spans[at][1]:
            continue
        start, end = spans[at]
        if found and found[-1].end == start:
            found[-1] = replace(found[-1], end=end)
        else:
            # The space before a word belongs to its piece, and to what stands before the record.
            lead = row.bound.prompt.text[start:end][:1].isspace()
            found.append(RequestChange(start + lead, end, PLACEHOLDER))
    return found


def _of_question(read: PromptTokens, asks: str) -> list[tuple[str, float]] | None:
    """Return the tokens that lie in the question, with their log-probabilities; None where it is not found."""
    start = read.text.rfind(asks) if asks else -1
    if start < 0:
        return None
    return [
        (read.text[a:b], logprob)
        for (a, b), logprob in zip(read.spans, read.logprobs, strict=True)
        if logprob is not None and start < b <= start + len(asks) and a >= start - 1
    ]
