"""Reads out of a slot the numbers that its record holds: bits by binding, budgets, candidates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from guardbind.events import BudgetRecord, CandidateRecord, UnboundValueRecord
from guardbind.information.budget import Budget
from guardbind.information.evidence import evidence_bits_from_logprobs
from guardbind.policies import Slot
from guardbind.policies.slot import bits_of, envelope_of
from guardbind.session.unbound import UnboundValue
from guardbind.targets import Resolution
from guardbind.text.layout import Span

__all__ = [
    "bits_by_binding",
    "budget_record",
    "candidate_records",
    "grounds",
    "question_statement",
    "rests_on",
    "unbound_record",
    "worst_budget",
]


def bits_by_binding(slot: Slot, bindings: int) -> tuple[float | None, ...]:
    """Return the bits that each binding's evidence gives to the model's own token; None where it was not read.

    Args:
        slot: What was read.
        bindings: How many bindings there are.
    """
    nulls = slot.nulls
    return tuple(bits_of(slot.token, slot.logprobs, nulls[i]) if i in nulls else None for i in range(bindings))


def rests_on(bits: Sequence[float | None], least: float) -> int | None:
    """Return the binding with the most bits, if they are enough; of equals the first.

    >>> rests_on([1.0, None, 4.0, 4.0], 3.0), rests_on([1.0, None], 3.0)
    (2, None)
    """
    known = [(b, i) for i, b in enumerate(bits) if b is not None and b >= least]
    return max(known, key=lambda pair: (pair[0], -pair[1]))[1] if known else None


def grounds(resolution: Resolution) -> str:
    """Return what a target rests on, in words; nothing where there is none.

    >>> grounds(Resolution(0, "query", "the query names it", "seat", confirmed=True))
    'words and reading'
    """
    if resolution.index is None:
        return ""
    if resolution.how in ("declared", "reading", "only"):
        return resolution.how
    return "words and reading" if resolution.confirmed else "words"


def question_statement(resolution: Resolution) -> Span | None:
    """Return where the statement stands that the question rests on, if that is one that no rule has read."""
    question = resolution.question
    return None if question is None or question.best.statement is None else question.best.statement.span


def unbound_record(unbound: UnboundValue | None) -> UnboundValueRecord | None:
    """Return the record of a value that no binding holds.

    Args:
        unbound: The value that the model's token rests on; None where there is none.
    """
    if unbound is None:
        return None
    value, statement = unbound.value, unbound.statement
    return UnboundValueRecord(
        span=value.span, statement=statement.span, kind=value.kind, bits=unbound.bits, value=value.text
    )


def worst_budget(slot: Slot, null: str, further: Mapping[str, Tensor]) -> BudgetRecord | None:
    """Return the worst budget of the model's own token over the family of nulls; None when p0 was not read.

    Args:
        slot: What was read.
        null: Name of the null that the slot was read under.
        further: Name of a further null to log p0 of the target `[vocabulary]`, nats.
    """
    prior = slot.pseudo_prior
    if prior is None:
        return None
    priors = {name: float(p0[slot.token]) for name, p0 in {null: prior, **further}.items()}
    family = envelope_of(float(slot.logprobs[slot.token]), priors, slot.config.tau)
    return budget_record(family.worst, family.worst_budget)


def budget_record(null: str, budget: Budget | None) -> BudgetRecord | None:
    """Return the record of a budget; None where it was not read.

    Args:
        null: Name of the null that it was read under.
        budget: The budget.
    """
    if budget is None:
        return None
    return BudgetRecord(
        null=null,
        p1=budget.p1,
        p0=budget.p0,
        tau=budget.tau,
        observed_bits=budget.observed_bits,
        required_bits=budget.required_bits,
        margin_bits=budget.margin_bits,
    )


def candidate_records(slot: Slot) -> tuple[CandidateRecord, ...]:
    """Return the candidates at a slot; none where no value is known."""
    if slot.trie is None or slot.node is None or slot.readout is None:
        return ()
    groups = slot.trie.groups(slot.node)
    priors = _masses(slot.pseudo_prior, groups)
    records = []
    for candidate, logprob in zip(slot.trie.candidates, slot.readout.logprobs, strict=True):
        p0 = priors.get(candidate.index)
        p1 = None if logprob is None else math.exp(logprob)
        bits = evidence_bits_from_logprobs(logprob, math.log(p0)) if logprob is not None and p0 else None
        records.append(
            CandidateRecord(
                index=candidate.index, probability=p1, pseudo_prior=p0, evidence_bits=bits, value=candidate.value
            )
        )
    return tuple(records)


def _masses(prior: Tensor | None, groups: Mapping[int, Sequence[int]]) -> dict[int, float]:
    """Return the probability of the tokens of each group; one transfer from a device, however many groups there are."""
    if prior is None or not groups:
        return {}
    found = prior[[token for tokens in groups.values() for token in tokens]].exp()
    sums = [part.sum() for part in found.split([len(tokens) for tokens in groups.values()])]
    return dict(zip(groups, torch.stack(sums).tolist(), strict=True))
