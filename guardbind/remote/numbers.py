"""Reads out of a slot of a model that is asked from outside the numbers that its record holds."""

from __future__ import annotations

import math
from collections.abc import Sequence

from guardbind.backends import Spent
from guardbind.events import CandidateRecord, CostRecord
from guardbind.information import nats_to_bits
from guardbind.information.intervals import Interval
from guardbind.information.partial import bits_interval
from guardbind.remote.proposals import WriteValue
from guardbind.remote.ranges import point
from guardbind.remote.reading import probability
from guardbind.remote.slot import RemoteSlot

__all__ = [
    "bits_of_bindings",
    "candidates_of",
    "cost_in_words",
    "cost_record",
    "entropy_of",
    "gaps_of",
    "is_tie",
    "margin_of",
    "replaced_by",
    "token_id",
]


def cost_record(spent: Spent) -> CostRecord:
    """Return a cost as a record holds it."""
    return CostRecord(
        requests=spent.requests,
        prompt_tokens=spent.prompt_tokens,
        new_tokens=spent.new_tokens,
        cached=spent.cached,
        seconds=spent.seconds,
        lookups=spent.lookups,
    )


def cost_in_words(spent: Spent) -> str:
    """Return a cost as a sentence's part."""
    tokens = "an unknown number of" if spent.prompt_tokens is None else str(spent.prompt_tokens)
    return f"{spent.requests} request{'' if spent.requests == 1 else 's'} of {tokens} tokens together"


def token_id(key: object) -> int | None:
    """Return a token's id; None where the backend says texts only."""
    return key if isinstance(key, int) else None


def is_tie(slot: RemoteSlot) -> bool:
    """Whether the two likeliest tokens are equal."""
    found = slot.reading.full.distribution
    best = sorted(found.logprobs.values(), reverse=True)[:2]
    return len(best) == 2 and best[0] - best[1] <= 0.0


def margin_of(slot: RemoteSlot) -> float | None:
    """Return the likeliest token's lead in nats; None where only one was returned."""
    best = sorted(slot.reading.full.distribution.logprobs.values(), reverse=True)[:2]
    return best[0] - best[1] if len(best) == 2 else None


def entropy_of(slot: RemoteSlot) -> float | None:
    """Return the entropy in bits; None where not all of the distribution was returned."""
    found = slot.reading.full.distribution
    if not found.whole:
        return None
    return nats_to_bits(-math.fsum(math.exp(one) * one for one in found.logprobs.values() if one > -math.inf))


def gaps_of(slot: RemoteSlot) -> tuple[Interval | None, Interval | None]:
    """Return the ranges of gate gap and value gap, in nats; None where they are undefined."""
    every = range(len(slot.spellings.forms))
    full, written = slot.reading.full, slot.reading.written
    alive = slot.spellings.alive(written)
    if slot.opening.node is None or not every:
        return None, None
    gate = full.distribution.gate_gap(slot.spellings.keys(alive, written, full))
    if slot.candidate is None or slot.candidate not in alive or len(alive) < 2:
        return gate, None
    target = slot.spellings.keys({slot.candidate}, written, full)
    others = slot.spellings.keys(alive - {slot.candidate}, written, full)
    return gate, full.distribution.value_gap(target, others) if others - target else None


def bits_of_bindings(slot: RemoteSlot) -> tuple[float | None, ...]:
    """Return the bits that each binding's evidence gives to the model's own token; None where they are no number."""
    found: list[float | None] = []
    for item in range(len(slot.opening.row.bound.table.items)):
        null = slot.reading.nulls.get(item)
        bits = None if null is None else bits_interval(slot.own.p1, probability(null, slot.key))
        found.append(point(bits))
    return tuple(found)


def replaced_by(slot: RemoteSlot, written: WriteValue | None, bits: Sequence[float | None]) -> int | None:
    """Return the binding whose value the model's own token was about to begin, where another is written."""
    if written is None or written.key == slot.key:
        return None
    bound = slot.opening.row.bound
    others = [item for item in bound.owners(slot.alive) if bound.candidate(item) != slot.candidate]
    known = {item: -math.inf if bits[item] is None else float(bits[item] or 0.0) for item in others}
    return max(others, key=lambda item: (known[item], -item), default=None)


def candidates_of(slot: RemoteSlot) -> tuple[CandidateRecord, ...]:
    """Return the candidates with the summed probability of their forms, where that is as good as a number."""
    trie = slot.opening.row.bound.trie
    if trie is None or slot.opening.node is None:
        return ()
    null, written = slot.null(slot.reading), slot.reading.written
    alive = slot.spellings.alive(written)
    records = []
    for candidate in trie.candidates:
        p1 = p0 = None
        if candidate.index in alive:
            p1 = _mass(slot, candidate.index)
            if null is not None:
                p0 = null.distribution.mass(slot.spellings.keys({candidate.index}, written, null))
        bits = None if p1 is None or p0 is None else bits_interval(p1, p0)
        records.append(
            CandidateRecord(
                index=candidate.index,
                probability=_share_of_one(p1),
                pseudo_prior=_share_of_one(p0),
                evidence_bits=point(bits),
                value=candidate.value,
            )
        )
    return tuple(records)


def _mass(slot: RemoteSlot, candidate: int) -> Interval:
    full = slot.reading.full
    return full.distribution.mass(slot.spellings.keys({candidate}, slot.reading.written, full))


def _share_of_one(found: Interval | None) -> float | None:
    """Return a probability where its range is narrower than a thousandth; else None."""
    if found is None or found.high - found.low > 1e-3:
        return None
    return (found.low + found.high) / 2
