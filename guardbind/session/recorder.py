"""Turns slots and what was done about them into records."""

from __future__ import annotations

import math
from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from guardbind.candidates.gaps import read_confidence
from guardbind.events import BudgetRecord, CandidateRecord, Emitter, InterventionRecord, Provenance, SlotRecord, Verdict
from guardbind.information import nats_to_bits
from guardbind.information.budget import Budget
from guardbind.policies import Proposal, Slot, Verification
from guardbind.policies.proposal import budget_of
from guardbind.report.report import Readout, Report
from guardbind.session.meter import Measured
from guardbind.session.slot import Opening

__all__ = ["Recorder"]

Tried = Sequence[tuple[Proposal, Verification]]


class Recorder:
    """Collects the records of one generation and hands them on.

    Args:
        tokenizer: Shows tokens as text.
        emitter: Where records go.
        provenance: Part of every record.
        keep_readouts: Keep the tensors too.
    """

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, emitter: Emitter, provenance: Provenance, *, keep_readouts: bool
    ) -> None:
        self._tokenizer = tokenizer
        self._emitter = emitter
        self._keep = keep_readouts
        self.provenance = provenance
        self.slots: list[SlotRecord] = []
        self.interventions: list[InterventionRecord] = []
        self.readouts: list[Readout] = []

    def slot(
        self,
        opening: Opening,
        slot: Slot,
        measured: Measured,
        tried: Tried,
        kept: Proposal | None,
        lens: dict[int, tuple[float | None, ...]],
        sampling: bool,
    ) -> None:
        """Record a slot, and every proposal that was tried at it."""
        outcome = next((v for p, v in tried if p is kept), None)
        writes = kept is not None and kept.token is not None and not kept.inserted
        final = kept.token if writes and kept is not None else None
        if kept is None and not sampling:
            final = slot.token
        final_verdict: Verdict = slot.judgement.verdict if outcome is None else outcome.verdict
        bits = _bits_by_binding(opening, slot)
        confidence = read_confidence(slot.logits)
        record = SlotRecord(
            row=slot.row,
            step=slot.step,
            kind=slot.kind,
            verdict=slot.judgement.verdict,
            final_verdict=final_verdict,
            action="none" if kept is None else kept.action,
            target=None if slot.target is None else slot.target.index,
            resolved_by=opening.resolution.how,
            target_score=opening.resolution.score,
            gate_gap=None if slot.readout is None else slot.readout.gate_gap,
            value_gap=None if slot.readout is None else slot.readout.value_gap,
            tie=_tie(slot),
            margin=confidence.margin,
            max_probability=confidence.max_probability,
            entropy_bits=nats_to_bits(confidence.entropy),
            evidence_bits=slot.bits(slot.token),
            rests_on=_rests_on(bits, slot.config.min_evidence_bits),
            bits_by_binding=bits,
            budget=_worst_budget(slot, measured),
            final_budget=None if outcome is None else _budget_record(measured.null, outcome.budget),
            candidates=_candidates(slot),
            lens=lens,
            null_forwards=measured.forwards,
            null_cost=measured.cost,
            token=slot.token,
            final_token=final,
            key=None if slot.target is None else slot.target.key,
            token_text=self._text(slot.token),
            final_text=self._text(final),
            reason="; ".join(dict.fromkeys((opening.resolution.reason, slot.judgement.reason))),
            provenance=self.provenance,
        )
        self.slots.append(record)
        if self._keep:
            self.readouts.append(Readout(slot.logits.clone(), slot.residual.clone(), dict(slot.nulls)))
        self._emitter.emit(record)
        for proposal, verification in tried:
            self._intervention(slot, proposal, verification)

    def report(self) -> Report:
        """Return everything that was recorded."""
        return Report(
            tuple(self.slots),
            tuple(self.interventions),
            self.provenance,
            tuple(self.readouts),
            self._emitter.failures,
        )

    def _intervention(self, slot: Slot, proposal: Proposal, verification: Verification) -> None:
        record = InterventionRecord(
            row=slot.row,
            step=slot.step,
            action=proposal.action,
            kept=verification.kept,
            reason=verification.reason,
            verdict_before=slot.judgement.verdict,
            verdict_after=verification.verdict,
            bits_before=slot.bits(slot.token),
            bits_after=verification.bits,
            tokens_inserted=len(proposal.inserted),
            tokens_vetoed=len(proposal.vetoed),
            token_before=slot.token,
            token_after=proposal.token,
            text_before=self._text(slot.token),
            text_after=self._text(proposal.token),
            provenance=self.provenance,
        )
        self.interventions.append(record)
        self._emitter.emit(record)

    def _text(self, token: int | None) -> str | None:
        return None if token is None else str(self._tokenizer.decode([token], clean_up_tokenization_spaces=False))


def _bits_by_binding(opening: Opening, slot: Slot) -> tuple[float | None, ...]:
    own = float(slot.logprobs[slot.token])
    items = range(len(opening.row.table.items))
    return tuple((own - float(slot.nulls[i][slot.token])) / math.log(2) if i in slot.nulls else None for i in items)


def _rests_on(bits: Sequence[float | None], least: float) -> int | None:
    known = [(b, i) for i, b in enumerate(bits) if b is not None and b >= least]
    return max(known, key=lambda pair: (pair[0], -pair[1]))[1] if known else None


def _tie(slot: Slot) -> bool:
    if slot.readout is not None:
        return slot.readout.tie
    best = slot.logits.topk(2).values
    return bool(best[0] == best[1])


def _worst_budget(slot: Slot, measured: Measured) -> BudgetRecord | None:
    own = slot.budget(slot.token)
    if own is None:
        return None
    budgets = {measured.null: own}
    for name, prior in measured.envelope.items():
        budgets[name] = budget_of(float(slot.logprobs[slot.token]), float(prior[slot.token]), slot.config.tau)
    worst = min(budgets, key=lambda name: budgets[name].margin_nats)
    return _budget_record(worst, budgets[worst])


def _budget_record(null: str, budget: Budget | None) -> BudgetRecord | None:
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


def _candidates(slot: Slot) -> tuple[CandidateRecord, ...]:
    if slot.trie is None or slot.node is None or slot.readout is None:
        return ()
    groups = slot.trie.groups(slot.node)
    prior = slot.pseudo_prior
    records = []
    for candidate, logprob in zip(slot.trie.candidates, slot.readout.logprobs, strict=True):
        tokens = list(groups.get(candidate.index, ()))
        p0 = float(prior[tokens].exp().sum()) if prior is not None and tokens else None
        p1 = None if logprob is None else math.exp(logprob)
        bits = (logprob - math.log(p0)) / math.log(2) if logprob is not None and p0 else None
        records.append(
            CandidateRecord(
                index=candidate.index, probability=p1, pseudo_prior=p0, evidence_bits=bits, value=candidate.value
            )
        )
    return tuple(records)
