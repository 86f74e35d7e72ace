"""Turns records into attributes of OpenTelemetry: `guardbind.*`, and what `gen_ai.*` has a name for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from guardbind.events import GenerationRecord, InterventionRecord, Provenance, SlotRecord

__all__ = [
    "CLIPPED_BITS",
    "AttributeMap",
    "clipped",
    "generation_end",
    "generation_start",
    "intervention_attributes",
    "known_attributes",
    "labels",
    "null_of",
    "slot_attributes",
]

AttributeMap: TypeAlias = dict[str, str | bool | int | float | tuple[int, ...]]
"""Attributes without None and without NaN."""

CLIPPED_BITS = 30.0
"""Bits beyond this are told as this many: they may be infinite, which few backends can store."""

_OPERATION = "text_completion"


def labels(provenance: Provenance | None) -> AttributeMap:
    """Return what every metric is told by: model and policy.

    Args:
        provenance: Of the record; None of one that was made by hand.
    """
    if provenance is None:
        return {"gen_ai.request.model": "unknown", "guardbind.policy": "unknown"}
    return {"gen_ai.request.model": provenance.model, "guardbind.policy": provenance.policy or "unknown"}


def null_of(record: SlotRecord) -> str:
    """Return the null that a slot was judged by, the worst of an envelope; `none` where nothing was read."""
    return "none" if record.budget is None else record.budget.null


def clipped(bits: float | None) -> float | None:
    """Return bits within [-30, 30]; None where they were not measured or are no number.

    >>> clipped(-math.inf), clipped(2.5), clipped(math.nan)
    (-30.0, 2.5, None)
    """
    return None if bits is None or math.isnan(bits) else max(-CLIPPED_BITS, min(CLIPPED_BITS, bits))


def generation_start(provenance: Provenance | None) -> AttributeMap:
    """Return the attributes that a span of a generation begins with, by which samplers decide."""
    given: dict[str, object] = {"gen_ai.operation.name": _OPERATION, **labels(provenance)}
    if provenance is not None:
        given |= {
            "guardbind.generation": provenance.generation,
            "guardbind.dtype": provenance.dtype,
            "guardbind.attention": provenance.attention,
        }
    return known_attributes(given)


def generation_end(record: GenerationRecord, dropped: int) -> AttributeMap:
    """Return the attributes that a span of a generation ends with.

    Args:
        record: The end.
        dropped: Records that the queues of the process have dropped so far.
    """
    return known_attributes(
        {
            "gen_ai.usage.input_tokens": record.prompt_tokens,
            "gen_ai.usage.output_tokens": record.new_tokens,
            "guardbind.rows": record.rows,
            "guardbind.slots": record.slots,
            "guardbind.interventions": record.interventions,
            "guardbind.guard_seconds": record.guard_seconds,
            "guardbind.held_back_tokens": record.longest_hold_back,
            "guardbind.unfinished_rows": record.unfinished or None,
            "guardbind.sink_failures": record.sink_failures or None,
            "guardbind.records_dropped": dropped or None,
            "error.type": record.error,
        }
    )


def slot_attributes(record: SlotRecord) -> AttributeMap:
    """Return the attributes of a slot; prompt text only where the record holds it."""
    budget = record.budget
    return known_attributes(
        {
            **labels(record.provenance),
            "gen_ai.evaluation.name": "guardbind",
            "gen_ai.evaluation.score.label": record.final_verdict,
            "gen_ai.evaluation.score.value": clipped(record.evidence_bits),
            "gen_ai.evaluation.explanation": record.reason or None,
            "guardbind.row": record.row,
            "guardbind.step": record.step,
            "guardbind.kind": record.kind,
            "guardbind.verdict": record.verdict,
            "guardbind.final_verdict": record.final_verdict,
            "guardbind.action": record.action,
            "guardbind.null": null_of(record),
            "guardbind.null_forwards": record.null_forwards,
            "guardbind.seconds": record.seconds,
            "guardbind.target": record.target,
            "guardbind.resolved_by": record.resolved_by,
            "guardbind.grounds": record.grounds or None,
            "guardbind.replaced": record.replaced,
            "guardbind.rests_on": record.rests_on,
            "guardbind.evidence_bits": clipped(record.evidence_bits),
            "guardbind.observed_bits": None if budget is None else clipped(budget.observed_bits),
            "guardbind.required_bits": None if budget is None else clipped(budget.required_bits),
            "guardbind.available": record.available,
            "guardbind.gate_gap": record.gate_gap,
            "guardbind.value_gap": record.value_gap,
            "guardbind.tie": record.tie,
            "guardbind.max_probability": record.max_probability,
            "guardbind.entropy_bits": record.entropy_bits,
            "guardbind.key": record.key,
            "guardbind.token_text": record.token_text,
            "guardbind.final_text": record.final_text,
        }
    )


def intervention_attributes(record: InterventionRecord) -> AttributeMap:
    """Return the attributes of a proposal; prompt text only where the record holds it."""
    return known_attributes(
        {
            **labels(record.provenance),
            "guardbind.row": record.row,
            "guardbind.step": record.step,
            "guardbind.action": record.action,
            "guardbind.kept": record.kept,
            "guardbind.reason": record.reason,
            "guardbind.verdict": record.verdict_before,
            "guardbind.verdict_after": record.verdict_after,
            "guardbind.bits_before": clipped(record.bits_before),
            "guardbind.bits_after": clipped(record.bits_after),
            "guardbind.tokens_inserted": record.tokens_inserted,
            "guardbind.tokens_vetoed": record.tokens_vetoed,
            "guardbind.text_before": record.text_before,
            "guardbind.text_after": record.text_after,
        }
    )


def known_attributes(given: Mapping[str, object]) -> AttributeMap:
    """Leave out what is None, NaN or infinite."""
    return {
        name: value
        for name, value in given.items()
        if isinstance(value, (str, int, tuple)) or (isinstance(value, float) and math.isfinite(value))
    }
