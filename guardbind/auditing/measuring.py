"""Measures claims one after another: their answers with the evidence, under every null, and with parts left out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import NamedTuple

from guardbind.auditing.carrying import LeaveOut, narrowed
from guardbind.auditing.judged import AuditNull, ClaimReading
from guardbind.auditing.judging import claim_reading
from guardbind.auditing.masked import MaskedReading, read_masked
from guardbind.auditing.prompts import PLACEHOLDER
from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.trace import ContextSpan, TraceClaim
from guardbind.auditing.verifier import BATCH, LabelReading, VerifierAsker
from guardbind.backends.local import LocalBackend
from guardbind.errors import GuardbindError

__all__ = ["measured", "readings_of", "tested_spans"]

_NEUTRAL = "..."

Shown = Mapping[str, str | None]


class _Plan(NamedTuple):
    """What is asked of one claim; without spans it is nothing."""

    claim: TraceClaim
    shown: list[ContextSpan]
    taken: list[ContextSpan]
    names: list[str]
    alone: list[str]

    @property
    def asked(self) -> list[tuple[Sequence[ContextSpan], str, Shown | None]]:
        return [
            *((self.shown, self.claim.text, _taken(name, self.taken, self.shown)) for name in self.names),
            *((self.shown, self.claim.text, {span: PLACEHOLDER}) for span in self.alone),
        ]


def tested_spans(claim: TraceClaim, spans: Sequence[ContextSpan]) -> list[ContextSpan]:
    """Return the spans that a claim is tested against: those that it cites, or all that assert something."""
    if claim.cites:
        return [span for span in spans if span.id in claim.citations]
    return [span for span in spans if span.asserts]


async def measured(
    asker: VerifierAsker, claims: Sequence[TraceClaim], spans: Sequence[ContextSpan], config: AuditConfig
) -> list[ClaimReading | None]:
    """Return what a verifier says of some claims; see `readings_of`."""
    return [reading async for reading in readings_of(asker, claims, spans, config)]


async def readings_of(
    asker: VerifierAsker, claims: Sequence[TraceClaim], spans: Sequence[ContextSpan], config: AuditConfig
) -> AsyncIterator[ClaimReading | None]:
    """Yield what a verifier says of each claim, as soon as it is known; None where it could not be asked.

    The prompts of a few claims are sent together.

    Args:
        asker: The verifier.
        claims: The claims.
        spans: The context.
        config: The settings.
    """
    for plans in _groups([_plan(claim, spans, config) for claim in claims]):
        answers = iter(await asker.read([prompt for plan in plans for prompt in plan.asked]))
        for plan in plans:
            readings = {name: next(answers) for name in plan.names}
            without = {span: next(answers) for span in plan.alone}
            yield await _reading(asker, plan, readings, without, config)


def _plan(claim: TraceClaim, spans: Sequence[ContextSpan], config: AuditConfig) -> _Plan:
    tested = tested_spans(claim, spans)
    if not tested:
        return _Plan(claim, [], [], [], [])
    shown = list(spans) if config.shown == "all" else tested
    taken = [span for span in tested if span.asserts]
    # Hidden columns are read beside the plain prompt, and single ones beside all of them.
    names = [] if config.nulls == ("mask",) else ["", *(null for null in config.nulls if null != "mask")]
    few = claim.cites and 1 < len(taken) <= config.leave_one_out and "mask" not in config.nulls
    return _Plan(claim, shown, taken, names, [span.id for span in taken] if few else [])


def _groups(plans: Sequence[_Plan]) -> Iterator[list[_Plan]]:
    """Yield plans in groups of about as many prompts as are sent together."""
    group: list[_Plan] = []
    for plan in plans:
        group.append(plan)
        if sum(len(each.names) + len(each.alone) for each in group) >= BATCH:
            yield group
            group = []
    if group:
        yield group


async def _reading(
    asker: VerifierAsker,
    plan: _Plan,
    readings: Mapping[str, LabelReading | None],
    without: Mapping[str, LabelReading | None],
    config: AuditConfig,
) -> ClaimReading | None:
    if not plan.shown or any(reading is None for reading in readings.values()):
        return None
    ids = [span.id for span in plan.taken]
    masked = None
    if "mask" in config.nulls:
        masked = await _masked(asker, plan, [[span] for span in ids] if 1 < len(ids) <= config.leave_one_out else [])
    plain = readings.get("") or (masked.shown if masked is not None else None)
    nulls: dict[AuditNull, LabelReading] = {}
    for null in config.nulls:
        found = readings.get(null) if null != "mask" else masked.hidden if masked is not None else None
        if found is not None:
            nulls[null] = found
    if plain is None or not nulls:
        return None
    tau = config.tau_of(plan.claim.confidence)
    alone = {span: reading for span, reading in without.items() if reading is not None}
    if masked is not None:
        alone = dict(zip(ids, masked.without, strict=False))
    reading = claim_reading(plain, nulls, tau, alone, ids)
    if alone or len(ids) < 2 or reading.worst_budget.observed_bits.low <= 0.0:
        return reading
    leave_out = _by_prompt(asker, plan) if masked is None else _by_mask(asker, plan)
    return claim_reading(plain, nulls, tau, await narrowed(plain, ids, config.leave_one_out, leave_out), ids)


def _by_prompt(asker: VerifierAsker, plan: _Plan) -> LeaveOut:
    async def leave_out(parts: Sequence[Sequence[str]]) -> list[LabelReading | None]:
        return await asker.read([(plan.shown, plan.claim.text, dict.fromkeys(part, PLACEHOLDER)) for part in parts])

    return leave_out


def _by_mask(asker: VerifierAsker, plan: _Plan) -> LeaveOut:
    async def leave_out(parts: Sequence[Sequence[str]]) -> list[LabelReading | None]:
        found = await _masked(asker, plan, parts)
        return [None] * len(parts) if found is None else list(found.without)

    return leave_out


async def _masked(asker: VerifierAsker, plan: _Plan, parts: Sequence[Sequence[str]]) -> MaskedReading | None:
    backend = asker.backend
    if not isinstance(backend, LocalBackend):
        asker.notes.append("the null 'mask' is left out: it needs a model of this process.")
        return None
    ids = [span.id for span in plan.taken]
    try:
        chat = await asker.in_chat()
        found = await asyncio.to_thread(read_masked, backend, plan.shown, plan.claim.text, ids, chat=chat, parts=parts)
    except GuardbindError as error:
        asker.notes.append(f"the null 'mask' is left out: {type(error).__name__}: {error}")
        return None
    if found is None:
        asker.notes.append("the null 'mask' is left out of a claim whose spans are not found among its tokens.")
        return None
    asker.spent = asker.spent + found.spent
    return found


def _taken(null: str, cited: Sequence[ContextSpan], shown: Sequence[ContextSpan]) -> Shown | None:
    """Return what stands in the place of the spans that a null takes away."""
    if not null:
        return None
    if null == "no_evidence":
        return {span.id: None for span in shown}
    if null == "delete":
        # Its name stays: where only cited spans are shown, leaving it out too would be `no_evidence` once more.
        return {span.id: "" for span in cited}
    if null == "same_length":
        # As many neutral words; the tokenizer of a server is not known.
        return {span.id: " ".join([_NEUTRAL] * max(1, len(span.text.split()))) for span in cited}
    return {span.id: PLACEHOLDER for span in cited}
