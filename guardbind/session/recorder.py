"""Turns slots, and what was done about them, into records."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from transformers import PreTrainedTokenizerBase

from guardbind.candidates.gaps import read_confidence
from guardbind.events import (
    Emitter,
    FinalVerdict,
    GenerationRecord,
    InterventionRecord,
    Provenance,
    SlotRecord,
)
from guardbind.information import nats_to_bits
from guardbind.policies import Attempt, Follow, NoToken, Restate, Slot, Verification, Write
from guardbind.policies.proposal import TokenProposal, token_of
from guardbind.report.report import Readout, Report
from guardbind.session.called import Called, text_sha256
from guardbind.session.certifying import certificate_of
from guardbind.session.meter import NullReadings
from guardbind.session.numbers import (
    bits_by_binding,
    budget_record,
    candidate_records,
    grounds,
    question_statement,
    rests_on,
    unbound_record,
    worst_budget,
)
from guardbind.session.opener import Opening
from guardbind.session.row import Row
from guardbind.session.standing import SlotStanding
from guardbind.text.decode import decode

__all__ = ["LensScores", "Recorder", "Tried", "taken_back"]

Tried = Sequence[tuple[Attempt, Verification]]
"""What was attempted at a slot, in order; only the last may have been kept."""
LensScores = dict[int, tuple[float | None, ...]]
"""Layer to one score per candidate."""


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
        self._held: dict[int, list[InterventionRecord]] = {}
        self._began = time.perf_counter()
        self._standing_since = self._began
        self._stood_still = 0.0

    @contextmanager
    def standing_still(self) -> Iterator[None]:
        """Count the time of a block as such that decoding stands still for the guard."""
        self._standing_since = time.perf_counter()
        try:
            yield
        finally:
            self._stood_still += time.perf_counter() - self._standing_since

    def slot(
        self,
        opening: Opening,
        slot: Slot,
        readings: NullReadings,
        tried: Tried,
        *,
        stand: SlotStanding,
        lens: LensScores,
        probed: int | None,
        sampling: bool,
    ) -> int:
        """Record a slot, and every attempt that was made at it; sinks get them when they are released.

        Args:
            opening: Where.
            slot: What was read there.
            readings: Its nulls.
            tried: What was attempted.
            stand: How the guard stands to its calibration there.
            lens: What the layers of the lens say.
            probed: Layer that the guard's probe reads; None without a probe.
            sampling: Tokens are drawn, so that the model's own is not known yet.

        Returns:
            Its place among the slots.
        """
        kept, outcome = tried[-1] if tried and tried[-1][1].kept else (None, None)
        final = _written(kept) if kept is not None else None if sampling else slot.token
        bits = bits_by_binding(slot, len(opening.row.bound.table.items))
        confidence = slot.readout or read_confidence(slot.logits)
        now = time.perf_counter()
        question = opening.resolution.question
        record = SlotRecord(
            row=slot.row,
            step=slot.step,
            kind=slot.kind,
            verdict=slot.judgement.verdict,
            final_verdict=_final_verdict(slot, kept),
            action="none" if kept is None else kept.action,
            target=None if slot.target is None else slot.target.index,
            resolved_by=opening.resolution.how,
            target_score=opening.resolution.score,
            grounds=grounds(opening.resolution),
            replaced=_replaced(opening, slot, kept, bits),
            words_target=opening.resolution.by_words,
            question_record=() if question is None else question.best.items,
            question_bits=None if question is None else question.best.bits,
            question_lead=None if question is None else question.lead,
            question_statement=question_statement(opening.resolution),
            unbound_value=unbound_record(readings.unbound),
            gate_gap=None if slot.readout is None else slot.readout.gate_gap,
            value_gap=None if slot.readout is None else slot.readout.value_gap,
            tie=_tie(slot),
            margin=confidence.margin,
            max_probability=confidence.max_probability,
            entropy_bits=nats_to_bits(confidence.entropy),
            evidence_bits=slot.bits(slot.token),
            rests_on=rests_on(bits, slot.config.min_evidence_bits),
            bits_by_binding=bits,
            budget=worst_budget(slot, readings.null, readings.envelope),
            final_budget=None if outcome is None else budget_record(readings.null, outcome.budget),
            candidates=candidate_records(slot),
            lens=lens,
            available=slot.available,
            available_layer=None if slot.available is None else probed,
            prompt_tokens=stand.facts.prompt_tokens,
            distance=stand.facts.distance,
            residual_norm=stand.facts.residual_norm,
            null=readings.null,
            needed_bits=slot.judgement.needed,
            guarantee=stand.nothing_done() if outcome is None else outcome.guarantee,
            certificate=certificate_of(
                slot, kept, readings.null, readings.envelope, drawn=sampling, calibration=stand.guard.id
            ),
            null_forwards=readings.forwards,
            null_cost=readings.cost,
            at=now - self._began,
            seconds=now - self._standing_since,
            token=slot.token,
            final_token=final,
            key=None if slot.target is None else slot.target.key,
            token_text=self._text(slot.token),
            final_text=self._text(final),
            reason="; ".join(dict.fromkeys((opening.resolution.reason, slot.judgement.reason))),
            provenance=self.provenance,
        )
        record = record.model_copy(update={"flags": stand.flags(record)})
        self.slots.append(record)
        if self._keep:
            self.readouts.append(Readout(slot.logits.clone(), slot.residual.clone(), dict(slot.nulls)))
        place = len(self.slots) - 1
        self._held[place] = [self._intervention(slot, attempt, outcome, stand) for attempt, outcome in tried]
        return place

    def correct(self, places: Sequence[int], reason: str, verdict: FinalVerdict) -> None:
        """Take back that a value is the target's.

        Args:
            places: Its slots.
            reason: Why; holds no prompt text.
            verdict: What they say then.
        """
        for place in places:
            self.slots[place] = taken_back(self.slots[place], reason, verdict)

    def release(self, row: int, held: Collection[int] = ()) -> None:
        """Hand the records of a row to the sinks, but for some slots."""
        self._emit([place for place in self._held if self.slots[place].row == row and place not in held])

    def release_all(self) -> None:
        """Hand all records to the sinks that are still held."""
        self._emit(list(self._held))

    def _emit(self, places: Sequence[int]) -> None:
        for place in places:
            self._emitter.emit(self.slots[place])
            for tried in self._held.pop(place):
                self._emitter.emit(tried)

    def end(
        self,
        rows: Sequence[Row],
        *,
        longest_hold_back: int | None,
        unfinished: tuple[int, ...],
        error: str | None,
        called: Called | None = None,
    ) -> None:
        """Hand all records to the sinks that are still held, and behind them the one of the generation's end.

        Args:
            rows: The rows as the generation left them.
            longest_hold_back: Most tokens that a streamer waited for at one time; None without a streamer.
            unfinished: Rows that ended in the middle of a known value.
            error: Class of what ended the generation, if it did not end by itself.
            called: What the generation was called with.
        """
        self.release_all()
        called = called or Called({}, {}, ())
        record = GenerationRecord(
            rows=len(rows),
            prompt_tokens=sum(row.bound.prompt_length for row in rows),
            new_tokens=sum(row.step for row in rows),
            slots=len(self.slots),
            interventions=sum(intervention.kept for intervention in self.interventions),
            seconds=time.perf_counter() - self._began,
            guard_seconds=self._stood_still,
            longest_hold_back=longest_hold_back,
            unfinished=unfinished,
            error=error,
            sink_failures=self._emitter.failures,
            prompt_sha256=tuple(text_sha256(row.bound.prompt.text) for row in rows),
            settings=called.settings,
            arguments=called.arguments,
            further_arguments=called.further,
            provenance=self.provenance,
        )
        self._emitter.emit(record)

    def report(self) -> Report:
        """Return everything that was recorded; nothing is held any more."""
        self.release_all()
        return Report(
            tuple(self.slots),
            tuple(self.interventions),
            self.provenance,
            tuple(self.readouts),
            self._emitter.failures,
        )

    def _intervention(
        self, slot: Slot, attempt: Attempt, verification: Verification, stand: SlotStanding
    ) -> InterventionRecord:
        token = token_of(attempt)
        record = InterventionRecord(
            row=slot.row,
            step=slot.step,
            action=attempt.action,
            kept=verification.kept,
            reason=verification.reason,
            verdict_before=slot.judgement.verdict,
            verdict_after=verification.verdict,
            bits_before=slot.bits(slot.token),
            bits_after=verification.bits,
            gain_bits=verification.gain_bits,
            confirmed=verification.confirmed,
            guarantee=verification.guarantee or stand.nothing_done(),
            tokens_inserted=len(attempt.inserted) if isinstance(attempt, Restate) else 0,
            tokens_vetoed=len(attempt.vetoed) if isinstance(attempt, Write | NoToken) else 0,
            token_before=slot.token,
            token_after=token,
            text_before=self._text(slot.token),
            text_after=self._text(token),
            provenance=self.provenance,
        )
        self.interventions.append(record)
        return record

    def _text(self, token: int | None) -> str | None:
        return None if token is None else decode(self._tokenizer, [token])


def taken_back(record: SlotRecord, reason: str, verdict: FinalVerdict = "binding_failure") -> SlotRecord:
    """Return a record that no longer says that the value is the target's.

    Args:
        record: The record; one that does not say so is returned as it is.
        reason: Why; holds no prompt text.
        verdict: What it says then.
    """
    if not record.passed:
        return record
    update = {"final_verdict": verdict, "reason": f"{record.reason}; {reason}", "certificate": None}
    return record.model_copy(update=update)


def _final_verdict(slot: Slot, kept: Attempt | None) -> FinalVerdict:
    return "repaired" if isinstance(kept, TokenProposal) else slot.judgement.verdict


def _replaced(opening: Opening, slot: Slot, kept: Attempt | None, bits: Sequence[float | None]) -> int | None:
    """Return the binding whose value the model's own token was about to begin; of several, the one it rests on most."""
    if not isinstance(kept, TokenProposal) or kept.token == slot.token:
        return None
    bound = opening.row.bound
    others = [item for item in opening.owners if bound.candidate(item) != slot.target_candidate]
    return max(others, key=lambda item: (_known(bits[item]), -item), default=None)


def _known(bits: float | None) -> float:
    return -math.inf if bits is None else bits


def _written(kept: Attempt) -> int | None:
    return kept.token if isinstance(kept, Write | Follow) else None


def _tie(slot: Slot) -> bool:
    if slot.readout is not None:
        return slot.readout.tie
    best = slot.logits.topk(2).values
    return bool(best[0] == best[1])
