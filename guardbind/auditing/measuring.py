"""Measures a claim: its answers with the evidence, under every null, and with one span left out after another."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from guardbind.auditing.judged import AuditNull, ClaimReading
from guardbind.auditing.judging import claim_reading
from guardbind.auditing.masked import read_masked
from guardbind.auditing.prompts import PLACEHOLDER
from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.trace import ContextSpan, TraceClaim
from guardbind.auditing.verifier import LabelReading, VerifierAsker
from guardbind.backends.local import LocalBackend
from guardbind.errors import GuardbindError

__all__ = ["measured", "tested_spans"]

_NEUTRAL = "..."

Shown = Mapping[str, str | None]


def tested_spans(claim: TraceClaim, spans: Sequence[ContextSpan]) -> list[ContextSpan]:
    """Return the spans that a claim is tested against: those that it cites, or all that assert something."""
    if claim.cites:
        return [span for span in spans if span.id in claim.citations]
    return [span for span in spans if span.asserts]


async def measured(
    asker: VerifierAsker, claims: Sequence[TraceClaim], spans: Sequence[ContextSpan], config: AuditConfig
) -> list[ClaimReading | None]:
    """Return what a verifier says of some claims; None where it could not be asked.

    Args:
        asker: The verifier.
        claims: The claims.
        spans: The context.
        config: The settings.
    """
    asked: list[tuple[Sequence[ContextSpan], str, Shown | None]] = []
    plans: list[tuple[TraceClaim, list[ContextSpan], list[str], list[str]]] = []
    for claim in claims:
        tested = tested_spans(claim, spans)
        if not tested:
            plans.append((claim, [], [], []))
            continue
        shown = list(spans) if config.shown == "all" else tested
        taken = [span for span in tested if span.asserts]
        names = ["", *(null for null in config.nulls if null != "mask")]
        alone = [span.id for span in taken] if claim.cites and 1 < len(taken) <= config.leave_one_out else []
        plans.append((claim, shown, [*names], alone))
        asked += [(shown, claim.text, _taken(null, taken, shown)) for null in names]
        asked += [(shown, claim.text, {span: PLACEHOLDER}) for span in alone]
    answers = iter(await asker.read(asked))
    found: list[ClaimReading | None] = []
    for claim, shown, names, alone in plans:
        readings = {name: next(answers) for name in names}
        without = {span: next(answers) for span in alone}
        found.append(await _reading(asker, claim, shown, readings, without, config))
    return found


async def _reading(
    asker: VerifierAsker,
    claim: TraceClaim,
    shown: Sequence[ContextSpan],
    readings: Mapping[str, LabelReading | None],
    without: Mapping[str, LabelReading | None],
    config: AuditConfig,
) -> ClaimReading | None:
    plain = readings.get("")
    if plain is None or any(reading is None for reading in readings.values()):
        return None
    nulls: dict[AuditNull, LabelReading] = {}
    for null in config.nulls:
        reading = readings.get(null) if null != "mask" else await _masked(asker, claim, shown)
        if reading is not None:
            nulls[null] = reading
    if not nulls:
        return None
    alone = {span: reading for span, reading in without.items() if reading is not None}
    return claim_reading(plain, nulls, config.tau_of(claim.confidence), alone, claim.citations)


async def _masked(asker: VerifierAsker, claim: TraceClaim, shown: Sequence[ContextSpan]) -> LabelReading | None:
    backend = asker.backend
    if not isinstance(backend, LocalBackend):
        asker.notes.append("the null 'mask' is left out: it needs a model of this process.")
        return None
    chat = await asker.in_chat()
    cited = claim.citations if claim.cites else tuple(span.id for span in shown)
    try:
        found = await asyncio.to_thread(read_masked, backend, shown, claim.text, cited, chat=chat)
    except GuardbindError as error:
        asker.notes.append(f"the null 'mask' is left out: {type(error).__name__}: {error}")
        return None
    if found is None:
        asker.notes.append("the null 'mask' is left out of a claim whose spans are not found among its tokens.")
        return None
    asker.spent = asker.spent + found.spent
    return found.hidden


def _taken(null: str, cited: Sequence[ContextSpan], shown: Sequence[ContextSpan]) -> Shown | None:
    """Return what stands in the place of the spans that a null takes away."""
    if not null:
        return None
    if null == "no_evidence":
        return {span.id: None for span in shown}
    if null == "delete":
        return {span.id: None for span in cited}
    if null == "same_length":
        # As many neutral words; the tokenizer of a server is not known.
        return {span.id: " ".join([_NEUTRAL] * max(1, len(span.text.split()))) for span in cited}
    return {span.id: PLACEHOLDER for span in cited}
