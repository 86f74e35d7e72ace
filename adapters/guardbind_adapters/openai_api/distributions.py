"""Makes the distribution of a next token of what a server returned, with everything that it left open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from guardbind.errors import BackendError, ConfigError
from guardbind.information.partial import PartialDistribution
from guardbind_adapters.openai_api.replies import ReplyStep, ReplyToken

__all__ = ["id_of", "of_ids", "of_texts"]

_FAR = 0.99
"""Nats by which two log-probabilities of one token may differ so that a range still makes sense."""
_ID = re.compile(r"token_id:(\d+)")


def id_of(token: str) -> int:
    """Return the id of a token that a server writes as `token_id:216`.

    Raises:
        BackendError: It is written in another way.
    """
    found = _ID.fullmatch(token)
    if found is None:
        raise BackendError(
            f"the server wrote the token {token!r}, where an id was asked for and returned before.",
            hint="Connect again: the server may have been exchanged.",
        )
    return int(found[1])


def of_texts(step: ReplyStep, *, asked: int, rounding: float) -> PartialDistribution:
    """Return the distribution of tokens that are known by their texts, of which several may be the same.

    Args:
        step: What was returned.
        asked: Tokens that were asked for.
        rounding: How far log-probabilities may be off, in nats.

    Raises:
        BackendError: No log-probability was returned, or they are of no distribution.
    """
    entries = _entries(step)
    best: dict[str, float] = {}
    for token, logprob in entries:
        best[token] = max(logprob, best.get(token, logprob))
    # Where texts are the keys of a mapping, a second token of a text has taken the place of the first one, and what is
    # left may be any of the two: it bounds that text from below only, and no other token at all.
    swallowed = step.mapped and len(entries) < asked
    return _made(
        best,
        ranked=not swallowed and _is_ranking(step, entries),
        unique=False,
        rounding=rounding,
        cut=min((logprob for _, logprob in entries), default=None),
    )


def of_ids(step: ReplyStep, chosen: Sequence[ReplyStep], *, rounding: float) -> PartialDistribution:
    """Return the distribution of tokens that are known by their ids.

    Args:
        step: The ranking that was returned.
        chosen: Tokens that were asked for by their ids, in further answers to the same prompt.
        rounding: How far log-probabilities may be off, in nats.

    Raises:
        BackendError: As `of_texts`; also where an id came twice, or with two log-probabilities that are far apart.
    """
    entries = [(id_of(token), logprob) for token, logprob in _entries(step)]
    found: dict[int, float] = {}
    for token, logprob in entries:
        if token in found:
            raise _twice(token)
        found[token] = logprob
    # A mapping keeps the last of two entries of an id; what the written token is said to have beside it tells so.
    if step.written.logprob is not None and (own := id_of(step.written.token)) in found:
        apart = abs(found[own] - step.written.logprob)
        if apart >= _FAR:
            raise _twice(own)
        rounding = max(rounding, apart)
    cut = min(found.values(), default=None)
    for other in chosen:
        for text, logprob in _entries(other):
            token = id_of(text)
            if token in found:
                # Two answers to one prompt: what they differ by is what each may be off.
                rounding = max(rounding, min(abs(found[token] - logprob), _FAR))
            else:
                found[token] = logprob
    return _made(found, ranked=_is_ranking(step, entries), unique=True, rounding=rounding, cut=cut)


def _entries(step: ReplyStep) -> list[tuple[str, float]]:
    known = [(scored.token, scored.logprob) for scored in step.ranking if scored.logprob is not None]
    if not known and step.written.logprob is not None:
        known = [(step.written.token, step.written.logprob)]
    if not known:
        raise BackendError(
            "the server returned no log-probabilities, which it did when it was connected.",
            hint="Connect again: the server may have been exchanged.",
        )
    return known


def _twice(token: int) -> BackendError:
    return BackendError(
        f"the server returned the token {token} twice in one ranking; each token is expected once.",
        hint="Look for what stands between here and the server, or put several answers together.",
    )


def _is_ranking(step: ReplyStep, entries: Iterable[tuple[Any, float]]) -> bool:
    # Asked greedily, the written token is the likeliest. Where it is not, it was chosen otherwise, and servers then
    # return it in the place of the last token of the ranking.
    written: ReplyToken = step.written
    return written.logprob is not None and written.logprob >= max(logprob for _, logprob in entries) - 1e-3


def _made(logprobs: Mapping[Any, float], **known: Any) -> PartialDistribution:
    fault = ""
    try:
        return PartialDistribution(logprobs, **known)
    except ConfigError as error:
        fault = str(error)
    raise BackendError(f"the server returned no distribution: {fault}")
