"""Turns what was seen in one request into records, and lets go of them when the value that they are of has ended."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedTokenizerBase

from guardbind.events import (
    CandidateRecord,
    Emitter,
    Event,
    GenerationRecord,
    InterventionRecord,
    Provenance,
    SlotRecord,
    guaranteed,
)
from guardbind.information import nats_to_bits
from guardbind.session.called import text_sha256
from guardbind.session.numbers import grounds
from guardbind.session.row import Row
from guardbind.text.decode import decode
from guardbind_adapters.vllm.judging import SlotSight

__all__ = ["RequestRecorder", "VetoMade"]

_HALF = "the value was not written to its end"


@dataclass(frozen=True, slots=True)
class VetoMade:
    """A veto that was laid on a row of logits.

    Attributes:
        token: The likeliest token that it left.
        forbidden: How many likelier ones it forbade.
    """

    token: int
    forbidden: int


class RequestRecorder:
    """Keeps the records of one request until they are settled.

    Args:
        tokenizer: Shows tokens as text.
        emitter: Where records go.
        provenance: Part of every record.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, emitter: Emitter, provenance: Provenance) -> None:
        self._tokenizer = tokenizer
        self._emitter = emitter
        self._provenance = provenance
        self._held: dict[int, tuple[SlotRecord, InterventionRecord | None]] = {}
        self.slots = 0
        self.interventions = 0

    def slot(self, sight: SlotSight, veto: VetoMade | None, written: int | None, *, at: float, seconds: float) -> int:
        """Record a slot, now that it is known which token was written there.

        Args:
            sight: What was seen.
            veto: What was done.
            written: The token; None where it is not known.
            at: Seconds since the request began.
            seconds: What the slot cost the engine, in seconds.

        Returns:
            Its place among the slots of the request.
        """
        opening, readout, target = sight.opening, sight.readout, sight.opening.target
        row, resolution = opening.row, opening.resolution
        stated = () if target is None or target.absent else target.stated
        guarantee = guaranteed("declared" if veto is not None else "none")
        record = SlotRecord(
            row=0,
            step=row.step,
            kind=opening.kind,
            verdict=sight.judgement.verdict,
            final_verdict=sight.judgement.verdict,
            action="none" if veto is None else "veto",
            target=None if target is None else target.index,
            resolved_by=resolution.how,
            target_score=resolution.score,
            grounds=grounds(resolution),
            replaced=_replaced(sight, written) if veto is not None else None,
            words_target=resolution.by_words,
            gate_gap=None if readout is None else readout.gate_gap,
            value_gap=None if readout is None else readout.value_gap,
            tie=readout is not None and readout.tie,
            margin=sight.confidence.margin,
            max_probability=sight.confidence.max_probability,
            entropy_bits=nats_to_bits(sight.confidence.entropy),
            evidence_bits=None,
            rests_on=None,
            bits_by_binding=(None,) * len(row.bound.table.items),
            budget=None,
            final_budget=None,
            prompt_tokens=row.bound.prompt_length,
            distance=len(row.ids) - stated[-1].tokens.stop if stated else None,
            null="none",
            guarantee=guarantee,
            candidates=_candidates(sight),
            lens={},
            null_forwards=0,
            null_cost="no null is read inside an engine",
            at=at,
            seconds=seconds,
            token=opening.token,
            final_token=written,
            key=None if target is None else target.key,
            token_text=self._text(opening.token),
            final_text=self._text(written),
            reason="; ".join(dict.fromkeys((resolution.reason, sight.judgement.reason))),
            provenance=self._provenance,
        )
        place = self.slots
        self._held[place] = (record, None if veto is None else self._intervention(record, veto))
        self.slots += 1
        self.interventions += veto is not None
        return place

    def settle(self, places: Sequence[int], wrong: str | None, *, whole: bool) -> None:
        """Say how a value ended, in those of its records that are still held.

        Args:
            places: Its slots.
            wrong: Why it is not the target's; None where it is, or where there is no target.
            whole: It was written to its end.
        """
        for place in places:
            if place not in self._held:
                continue
            record, made = self._held[place]
            update: dict[str, Any] = {}
            if record.target is None:
                continue
            if wrong is not None or not whole:
                reason = wrong or _HALF
                update = {"reason": f"{record.reason}; {reason}"}
                if wrong is not None and record.verdict == "unresolved":
                    update["final_verdict"] = "binding_failure"
            elif made is not None:
                update = {"final_verdict": "repaired"}
            self._held[place] = (record.model_copy(update=update), made)

    def release(self, held: Collection[int] = ()) -> None:
        """Hand records to the sinks, but for some slots."""
        for place in [place for place in self._held if place not in held]:
            record, made = self._held.pop(place)
            self._emit(record)
            if made is not None:
                self._emit(made)

    def end(
        self,
        row: Row,
        *,
        seconds: float,
        guard_seconds: float,
        unfinished: bool,
        error: str | None,
        settings: Mapping[str, Any],
        arguments: Mapping[str, bool | int | float | str | None],
    ) -> None:
        """Record that the request has left the batch.

        Args:
            row: Its row.
            seconds: Since it came.
            guard_seconds: What it cost the engine to watch it.
            unfinished: It left in the middle of a known value.
            error: Class of the error since which it is not watched any more.
            settings: What it says of the guard.
            arguments: Its sampling, by name.
        """
        self.release()
        self._emit(
            GenerationRecord(
                rows=1,
                prompt_tokens=row.bound.prompt_length,
                new_tokens=row.step,
                slots=self.slots,
                interventions=self.interventions,
                seconds=seconds,
                guard_seconds=guard_seconds,
                longest_hold_back=None,
                unfinished=(0,) if unfinished else (),
                error=error,
                sink_failures=self._emitter.failures,
                prompt_sha256=(text_sha256(row.bound.prompt.text),),
                settings=dict(settings),
                arguments=dict(arguments),
                provenance=self._provenance,
            )
        )

    def _emit(self, record: Event) -> None:
        self._emitter.emit(record)

    def _intervention(self, record: SlotRecord, veto: VetoMade) -> InterventionRecord:
        return InterventionRecord(
            row=0,
            step=record.step,
            action="veto",
            kept=True,
            reason="the caller said whose value is meant, and the model's token was none of it",
            verdict_before=record.verdict,
            verdict_after="unresolved",
            bits_before=None,
            bits_after=None,
            guarantee=record.guarantee,
            tokens_vetoed=veto.forbidden,
            token_before=record.token,
            token_after=record.final_token,
            text_before=record.token_text,
            text_after=record.final_text,
            provenance=self._provenance,
        )

    def _text(self, token: int | None) -> str | None:
        return None if token is None else decode(self._tokenizer, [token])


def _candidates(sight: SlotSight) -> tuple[CandidateRecord, ...]:
    trie = sight.opening.row.bound.trie
    if trie is None or sight.readout is None:
        return ()
    return tuple(
        CandidateRecord(
            index=candidate.index,
            probability=None if logprob is None else math.exp(logprob),
            pseudo_prior=None,
            evidence_bits=None,
            value=candidate.value,
        )
        for candidate, logprob in zip(trie.candidates, sight.readout.logprobs, strict=True)
    )


def _replaced(sight: SlotSight, written: int | None) -> int | None:
    """Return the binding whose value the model's own token was about to begin."""
    if written == sight.opening.token:
        return None
    bound = sight.opening.row.bound
    return next((item for item in sight.opening.owners if bound.candidate(item) != sight.candidate), None)
