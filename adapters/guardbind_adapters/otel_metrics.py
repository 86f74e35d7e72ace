"""Counts and measures guarded generations in instruments of OpenTelemetry."""

from __future__ import annotations

from collections.abc import Iterable

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from guardbind.events import GenerationRecord, InterventionRecord, SlotRecord
from guardbind_adapters.otel_attributes import clipped, labels, null_of
from guardbind_adapters.queued import dropped_records

__all__ = ["GuardInstruments"]

_SLOT_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_GUARD_SECONDS = (*_SLOT_SECONDS, 10.0, 25.0)
_GENERATION_SECONDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 25.0, 60.0, 120.0)
_BITS = (0.0, 1.0, 3.0, 6.0, 10.0, 15.0, 20.0)
_TOKENS = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


class GuardInstruments:
    """The instruments of one meter; asked for twice, a meter gives the same.

    Attributes have few values each: model, policy, verdicts, action, null, class of error. Bounds of buckets are
    advice, which a view of the application may override.

    Args:
        meter: Where they are made.
    """

    def __init__(self, meter: Meter) -> None:
        self._generations = meter.create_counter(
            "guardbind.generations", "{generation}", "Guarded generations, those with an error.type included."
        )
        self._slots = meter.create_counter(
            "guardbind.slots", "{slot}", "Slots by verdict on the model's own token and by final verdict."
        )
        self._interventions = meter.create_counter(
            "guardbind.interventions", "{intervention}", "Proposals of a policy, kept or rolled back."
        )
        self._tokens = meter.create_counter("guardbind.output_tokens", "{token}", "Tokens of guarded answers.")
        self._unfinished = meter.create_counter(
            "guardbind.unfinished_rows", "{row}", "Answers that ended in the middle of a known value."
        )
        self._failures = meter.create_counter(
            "guardbind.sink_failures", "{record}", "Records that a sink failed to take."
        )
        meter.create_observable_counter(
            "guardbind.records_dropped",
            [_dropped],
            "{record}",
            "Records that the queues in front of sinks have dropped, by sink and reason.",
        )
        self._slot_seconds = meter.create_histogram(
            "guardbind.slot.duration",
            "s",
            "Time that decoding stood still for a slot.",
            explicit_bucket_boundaries_advisory=_SLOT_SECONDS,
        )
        self._seconds = meter.create_histogram(
            "guardbind.generation.duration",
            "s",
            "Time of a guarded generation.",
            explicit_bucket_boundaries_advisory=_GENERATION_SECONDS,
        )
        self._guard_seconds = meter.create_histogram(
            "guardbind.guard.duration",
            "s",
            "Time of a generation that went into guarding it.",
            explicit_bucket_boundaries_advisory=_GUARD_SECONDS,
        )
        self._held_back = meter.create_histogram(
            "guardbind.held_back_tokens",
            "{token}",
            "Most tokens that a streamer waited for at one time, per streamed generation.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        # A histogram refuses what is negative, and the measurement would be lost: so there are two.
        self._bits_for, self._bits_against = (
            meter.create_histogram(
                f"guardbind.evidence_bits.{side}",
                "{bit}",
                f"Evidence bits {side} the model's own token, as a positive number, 30 at most.",
                explicit_bucket_boundaries_advisory=_BITS,
            )
            for side in ("for", "against")
        )

    def slot(self, record: SlotRecord) -> None:
        """Count a slot."""
        known, null = labels(record.provenance), {"guardbind.null": null_of(record)}
        verdict = {"guardbind.verdict": record.verdict}
        final = {"guardbind.final_verdict": record.final_verdict, "guardbind.action": record.action}
        self._slots.add(1, {**known, **null, **verdict, **final})
        if record.seconds is not None:
            self._slot_seconds.record(record.seconds, {**known, **null})
        bits = clipped(record.evidence_bits)
        if bits is not None:
            (self._bits_for if bits >= 0 else self._bits_against).record(abs(bits), {**known, **null, **verdict})

    def intervention(self, record: InterventionRecord) -> None:
        """Count a proposal."""
        kept = "true" if record.kept else "false"
        known = labels(record.provenance)
        self._interventions.add(1, {**known, "guardbind.action": record.action, "guardbind.kept": kept})

    def generation(self, record: GenerationRecord) -> None:
        """Count a generation."""
        known = labels(record.provenance)
        self._generations.add(1, known if record.error is None else {**known, "error.type": record.error})
        self._tokens.add(record.new_tokens, known)
        self._unfinished.add(len(record.unfinished), known)
        self._failures.add(record.sink_failures, known)
        self._seconds.record(record.seconds, known)
        self._guard_seconds.record(record.guard_seconds, known)
        if record.longest_hold_back is not None:
            self._held_back.record(record.longest_hold_back, known)


def _dropped(options: CallbackOptions) -> Iterable[Observation]:
    for (sink, reason), count in dropped_records().items():
        yield Observation(count, {"guardbind.sink": sink, "guardbind.reason": reason})
