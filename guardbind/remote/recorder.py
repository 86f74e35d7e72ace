"""Turns the slots of a model that is asked from outside into records, with ranges where numbers cannot be told."""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Collection, Mapping, Sequence

import torch
import transformers

from guardbind._version import __version__
from guardbind.backends import Spent
from guardbind.calibration.conditions import settings_record, settings_sha256
from guardbind.events import (
    BudgetRecord,
    CertificateRecord,
    Emitter,
    FinalVerdict,
    GenerationRecord,
    InterventionRecord,
    Provenance,
    RangesRecord,
    SlotRecord,
    bounds,
    guaranteed,
)
from guardbind.information.intervals import Interval
from guardbind.information.partial import Decision, decide
from guardbind.policies import NoToken
from guardbind.remote.numbers import (
    bits_of_bindings,
    candidates_of,
    cost_in_words,
    cost_record,
    entropy_of,
    gaps_of,
    is_tie,
    margin_of,
    replaced_by,
    token_id,
)
from guardbind.remote.proposals import BoxVerification, RemoteAttempt, WriteValue
from guardbind.remote.ranges import TokenRange, certificate, margin_bits, point, worst_record
from guardbind.remote.settings import ApiGuardConfig
from guardbind.remote.slot import RemoteSlot
from guardbind.report.report import Report
from guardbind.report.transcript import Transcript
from guardbind.session.called import text_sha256
from guardbind.session.numbers import grounds, rests_on
from guardbind.session.recorder import taken_back
from guardbind.session.row import Row

__all__ = ["RemoteRecorder", "RemoteTried", "provenance_of_backend"]

RemoteTried = Sequence[tuple[RemoteAttempt, BoxVerification, Spent]]
"""What was attempted at a slot, in order, with its outcome and cost; only the last may have been kept."""


def provenance_of_backend(kind: str, model: str, config: ApiGuardConfig) -> Provenance:
    """Describe one generation of a model that is asked from outside; what it does not say of itself is `unknown`.

    Args:
        kind: Kind of the backend.
        model: Name of the model.
        config: The guard's settings.
    """
    return Provenance(
        guardbind=__version__,
        transformers=transformers.__version__,
        torch=torch.__version__,
        model=model,
        dtype="unknown",
        attention=f"unknown ({kind})",
        template_sha256=None,
        seed=None,
        generation=uuid.uuid4().hex,
        policy=str(config.policy),
        started=time.time(),
        settings_sha256=settings_sha256(settings_record(config)),
    )


class RemoteRecorder:
    """Collects the records of one generation and hands them on.

    Args:
        emitter: Where records go.
        provenance: Part of every record.
        config: The guard's settings.
    """

    def __init__(self, emitter: Emitter, provenance: Provenance, config: ApiGuardConfig) -> None:
        self._emitter = emitter
        self._config = config
        self.provenance = provenance
        self.slots: list[SlotRecord] = []
        self.interventions: list[InterventionRecord] = []
        self._held: dict[int, list[InterventionRecord]] = {}
        self._began = time.perf_counter()
        self.guard_seconds = 0.0

    def slot(self, slot: RemoteSlot, tried: RemoteTried, spent: Spent, *, seconds: float, prompt_tokens: int) -> int:
        """Record a slot, and every attempt that was made at it.

        Args:
            slot: What was read.
            tried: What was attempted.
            spent: What reading and trying cost.
            seconds: How long it took.
            prompt_tokens: Pieces of the prompt.

        Returns:
            Its place among the slots.
        """
        opening, row = slot.opening, slot.opening.row
        kept, outcome = tried[-1][:2] if tried and tried[-1][1].kept else (None, None)
        written = kept if isinstance(kept, WriteValue) else None
        repaired = written is not None
        null = self._null_of(slot)
        further = slot.further(slot.key, slot.reading)
        gate, value = gaps_of(slot)
        bits = bits_of_bindings(slot)
        certified, decided = self._certificate(slot, written)
        self.guard_seconds += seconds
        asked = opening.resolution.question
        record = SlotRecord(
            row=row.index,
            step=row.step,
            kind=opening.kind,
            verdict=slot.judgement.verdict,
            final_verdict="repaired" if repaired else slot.judgement.verdict,
            action="none" if kept is None else kept.action,
            target=slot.target,
            resolved_by=opening.resolution.how,
            target_score=opening.resolution.score,
            grounds=grounds(opening.resolution),
            replaced=replaced_by(slot, written, bits),
            words_target=opening.resolution.by_words,
            question_record=() if asked is None else asked.best.items,
            question_bits=None if asked is None else asked.best.bits,
            question_lead=None if asked is None else asked.lead,
            gate_gap=point(gate),
            value_gap=point(value),
            tie=is_tie(slot),
            margin=margin_of(slot),
            max_probability=math.exp(min(0.0, max(slot.reading.full.distribution.logprobs.values()))),
            entropy_bits=entropy_of(slot),
            evidence_bits=point(slot.own.bits),
            rests_on=rests_on(bits, self._config.min_evidence_bits),
            bits_by_binding=bits,
            budget=worst_record(slot.own, self._config.tau, null, further),
            final_budget=self._final_budget(slot, written),
            candidates=candidates_of(slot),
            lens={},
            prompt_tokens=prompt_tokens,
            null=null if slot.reading.nulls else "none",
            needed_bits=slot.judgement.needed,
            guarantee=guaranteed("uncalibrated"),
            certificate=certified,
            null_forwards=len(slot.reading.nulls) + len(slot.reading.envelope),
            null_cost=cost_in_words(spent),
            at=time.perf_counter() - self._began,
            seconds=seconds,
            token=token_id(slot.key),
            final_token=None
            if kept is not None and written is None
            else token_id(slot.key if written is None else written.key),
            key=None if opening.target is None else opening.target.key,
            token_text=slot.text,
            final_text=slot.text if kept is None else None if outcome is None else outcome.text,
            reason="; ".join(dict.fromkeys((opening.resolution.reason, slot.judgement.reason))),
            ranges=RangesRecord(
                decided=slot.judgement.decided,
                begins=len(slot.answer),
                returned=len(slot.reading.full.distribution.logprobs),
                whole=slot.reading.full.distribution.whole,
                p1=bounds(slot.own.p1) or (None, None),
                p0={name: bounds(prior) or (None, None) for name, prior in self._priors(slot, null, further).items()},
                evidence_bits=bounds(slot.own.bits),
                margin_bits=bounds(margin_bits(slot.own, self._config.tau, further)),
                gate_gap=bounds(gate),
                value_gap=bounds(value),
                certified=decided,
                unread=slot.reading.unread,
            ),
            cost=cost_record(spent),
            provenance=self.provenance,
        )
        self.slots.append(record)
        place = len(self.slots) - 1
        self._held[place] = [self._intervention(slot, *one) for one in tried]
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
        for place in [one for one in self._held if one not in held]:
            self._emitter.emit(self.slots[place])
            for tried in self._held.pop(place):
                self._emitter.emit(tried)

    def end(
        self,
        row: Row,
        spent: Spent,
        *,
        unfinished: bool,
        error: str | None,
        arguments: Mapping[str, bool | int | float | str | None],
    ) -> None:
        """Hand all records to the sinks that are still held, and behind them the one of the generation's end.

        Args:
            row: The row as the generation left it.
            spent: What all of it cost.
            unfinished: It ended in the middle of a known value.
            error: Class of what ended the generation, if it did not end by itself.
            arguments: What it was called with.
        """
        self.release(row.index)
        record = GenerationRecord(
            rows=1,
            prompt_tokens=row.bound.prompt_length,
            new_tokens=row.step,
            slots=len(self.slots),
            interventions=sum(one.kept for one in self.interventions),
            seconds=time.perf_counter() - self._began,
            guard_seconds=self.guard_seconds,
            longest_hold_back=None,
            unfinished=(row.index,) if unfinished else (),
            error=error,
            sink_failures=self._emitter.failures,
            prompt_sha256=(text_sha256(row.bound.prompt.text),),
            settings=settings_record(self._config),
            arguments=dict(arguments),
            cost=cost_record(spent),
            provenance=self.provenance,
        )
        self._emitter.emit(record)

    def report(self, transcripts: tuple[Transcript, ...], *, unfinished: bool) -> Report:
        """Return everything that was recorded."""
        return Report(
            tuple(self.slots),
            tuple(self.interventions),
            self.provenance,
            sink_failures=self._emitter.failures,
            transcripts=transcripts,
            unfinished=(0,) if unfinished else (),
        )

    def _null_of(self, slot: RemoteSlot) -> str:
        return slot.reading.null or self._config.null

    def _priors(self, slot: RemoteSlot, null: str, further: Mapping[str, Interval]) -> dict[str, Interval]:
        return {**({} if slot.own.p0 is None else {null: slot.own.p0}), **further}

    def _final_budget(self, slot: RemoteSlot, written: WriteValue | None) -> BudgetRecord | None:
        if written is None:
            return None
        chosen = TokenRange(written.chosen, written.support.p0)
        return worst_record(chosen, self._config.tau, self._null_of(slot), {})

    def _certificate(
        self, slot: RemoteSlot, written: WriteValue | None
    ) -> tuple[CertificateRecord | None, Decision | None]:
        if slot.target is None or (written is None and slot.judgement.verdict != "ok"):
            return None, None
        token, key, reading = slot.own, slot.key, slot.reading
        if written is not None:
            token, key, reading = written.support, written.key, written.reading
        further = slot.further(key, reading)
        margin = margin_bits(token, self._config.tau, further)
        if margin is None:
            return None, None
        found = certificate(token, token_id(key), slot.target, self._config.tau, self._null_of(slot), further)
        return found, decide(margin, 0.0)

    def _intervention(
        self, slot: RemoteSlot, attempt: RemoteAttempt, outcome: BoxVerification, spent: Spent
    ) -> InterventionRecord:
        written = attempt if isinstance(attempt, WriteValue) else None
        vetoed = written.vetoed if written is not None else len(attempt.vetoed) if isinstance(attempt, NoToken) else 0
        record = InterventionRecord(
            row=slot.opening.row.index,
            step=slot.opening.row.step,
            action=attempt.action,
            kept=outcome.kept,
            reason=outcome.reason,
            verdict_before=slot.judgement.verdict,
            verdict_after=outcome.verdict,
            bits_before=point(slot.own.bits),
            bits_after=point(outcome.bits),
            gain_bits=point(outcome.gain_bits),
            confirmed=outcome.kept,
            guarantee=guaranteed("uncalibrated"),
            tokens_vetoed=vetoed,
            token_before=token_id(slot.key),
            token_after=None if written is None else token_id(written.key),
            text_before=slot.text,
            text_after=None if written is None else outcome.text or written.token_text,
            bits_range=bounds(outcome.bits),
            gain_range=bounds(outcome.gain_bits),
            cost=cost_record(spent),
            provenance=self.provenance,
        )
        self.interventions.append(record)
        return record
