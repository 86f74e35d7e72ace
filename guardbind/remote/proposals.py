"""Proposes and verifies repairs of a slot by requests; what is not surely better is never written."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Hashable
from dataclasses import dataclass

from guardbind.errors import BindingFailureError
from guardbind.events import Verdict
from guardbind.information.intervals import Interval
from guardbind.policies import NoToken, Raise, Stop
from guardbind.remote.ranges import TokenRange
from guardbind.remote.reading import SlotReading
from guardbind.remote.slot import DEEPEST, RemoteSlot

__all__ = ["BoxVerification", "RemoteAttempt", "RemotePolicy", "WriteValue", "policy_of", "verified"]

_REPAIRABLE = ("gate_failure", "binding_failure")
_UNDECIDED = "what was returned does not decide which token it would be"


@dataclass(frozen=True, slots=True)
class WriteValue:
    """Write the target's value in place of what the model would write.

    Attributes:
        action: Its name in the records.
        key: The token that tells the value apart, by which it is verified.
        token_text: The same as text.
        reading: What was read where it would stand.
        support: Its ranges, by which its evidence bits are counted.
        chosen: Range of the probability with which it would be written.
        alive: Candidates that it keeps alive.
        vetoed: How many tokens were rejected before it.
    """

    action: str
    key: Hashable
    token_text: str
    reading: SlotReading
    support: TokenRange
    chosen: Interval
    alive: frozenset[int]
    vetoed: int = 0


RemoteAttempt = WriteValue | Stop | Raise | NoToken
RemotePolicy = Callable[[RemoteSlot], AsyncIterator[RemoteAttempt]]


@dataclass(frozen=True, slots=True)
class BoxVerification:
    """The outcome of a second readout; see `guardbind.policies.proposal.Verification`."""

    kept: bool
    reason: str
    verdict: Verdict
    bits: Interval | None = None
    gain_bits: Interval | None = None
    text: str | None = None


def verified(slot: RemoteSlot, attempt: RemoteAttempt) -> BoxVerification:
    """Keep a proposal only if its token is surely `ok`, and its observed bits are surely more than the own token's.

    Args:
        slot: What was read.
        attempt: What a policy would do.
    """
    before = slot.judgement.verdict
    match attempt:
        case Stop() | Raise():
            return BoxVerification(True, "nothing is written that would need evidence", before)
        case NoToken(note=note):
            return BoxVerification(False, note or "no admissible token was found", before)
    judged = slot.judge.proposed(attempt.alive, attempt.support, attempt.reading, slot.alive)
    observed = TokenRange(attempt.chosen, attempt.support.p0).observed
    own, gain = slot.own.observed, None
    if observed is not None and own is not None:
        gain = Interval(_less(observed.low, own.high), _less(observed.high, own.low))
    bits = attempt.support.bits
    if judged.verdict != "ok":
        return BoxVerification(False, f"second readout: {judged.reason}", judged.verdict, bits, gain)
    text = slot.rest_of_value(attempt.reading, attempt.token_text)
    if text is None:
        return BoxVerification(False, "the value cannot go on from what is written", judged.verdict, bits, gain)
    if gain is None:
        return BoxVerification(False, "what the own token observes was not read", judged.verdict, bits, gain)
    if attempt.key != slot.key and not gain.low > 0:
        why = f"observed bits may not have risen (by {gain.low:.2f} to {gain.high:.2f})"
        return BoxVerification(False, why, judged.verdict, bits, gain)
    why = f"observed bits rose by {gain.low:.2f} to {gain.high:.2f}"
    return BoxVerification(True, why, judged.verdict, bits, gain, text)


def _less(a: float, b: float) -> float:
    return 0.0 if a == b else a - b


def policy_of(name: str) -> RemotePolicy:
    """Return the policy of that name; names are those of `ApiGuardConfig.policy`."""
    return _POLICIES[name]


async def _observe(slot: RemoteSlot) -> AsyncIterator[RemoteAttempt]:
    nothing: tuple[RemoteAttempt, ...] = ()
    for attempt in nothing:
        yield attempt


async def _abstain(slot: RemoteSlot) -> AsyncIterator[RemoteAttempt]:
    if slot.judgement.verdict not in ("ok", "unresolved"):
        yield Stop("abstain")


async def _raise(slot: RemoteSlot) -> AsyncIterator[RemoteAttempt]:
    verdict, row = slot.judgement.verdict, slot.opening.row
    if verdict not in ("ok", "unresolved"):
        error = BindingFailureError(
            f"row {row.index}, step {row.step}: verdict {verdict!r}: {slot.judgement.reason}.",
            hint="Catch BindingFailureError, or choose another policy to have it repaired or reported.",
        )
        yield Raise("raise", error)


async def _contrast(slot: RemoteSlot) -> AsyncIterator[RemoteAttempt]:
    if slot.judgement.verdict in _REPAIRABLE:
        yield await _contrasted(slot, slot.config.alpha, slot.config.plausibility)


async def _contrasts(slot: RemoteSlot) -> AsyncIterator[RemoteAttempt]:
    alpha, plausibility = slot.config.alpha, slot.config.plausibility
    first = await _contrasted(slot, alpha, plausibility)
    yield first
    harder = await _contrasted(slot, 2 * alpha, plausibility / 10)
    if _token(harder) != _token(first):
        yield harder


def _token(attempt: RemoteAttempt) -> Hashable:
    return attempt.key if isinstance(attempt, WriteValue) else None


async def _contrasted(slot: RemoteSlot, alpha: float, plausibility: float) -> RemoteAttempt:
    """Propose the best token of the contrast, where one is best over all that was not returned."""
    reading = slot.reading
    for _ in range(DEEPEST):
        found = _best_of_contrast(slot, reading, alpha, plausibility)
        if found is None:
            return NoToken("contrast", _UNDECIDED)
        key, chosen = found
        text, alive = reading.full.texts.get(key, ""), slot.kept_by(reading, key)
        if not slot.leaves_open(alive):
            return WriteValue("contrast", key, text, reading, slot.ranges(key, reading), chosen, alive)
        reading = await slot.deeper(reading, text)
    return NoToken("contrast", "the candidates share too many tokens")


def _best_of_contrast(
    slot: RemoteSlot, reading: SlotReading, alpha: float, plausibility: float
) -> tuple[Hashable, Interval] | None:
    null = slot.null(reading)
    if null is None or slot.candidate is None:
        return None
    full = reading.full.distribution
    choices = list(slot.choices(reading))
    if not choices:
        return None
    if not full.whole:
        # What was not returned is implausible beside the likeliest choice, or nothing can be told.
        least = max(full.logprobs[key] for key in choices) + math.log(plausibility)
        if full.ceiling >= least:
            return None
        choices = [key for key in choices if full.logprobs[key] >= least]
    scores: dict[Hashable, Interval] = {}
    for key in choices:
        token = slot.ranges(key, reading)
        if token.p0 is None or token.p1.high <= 0.0:
            continue
        scores[key] = Interval(
            (1 + alpha) * _log(token.p1.low) - alpha * _log(token.p0.high),
            (1 + alpha) * _log(token.p1.high) - alpha * _log(token.p0.low),
        )
    if not scores:
        return None
    best = max(scores, key=lambda key: scores[key].low)
    others = [score for key, score in scores.items() if key != best]
    if any(score.high >= scores[best].low for score in others):
        return None
    return best, Interval(
        1.0 / (1.0 + math.fsum(_ratio(one.high, scores[best].low) for one in others)),
        1.0 / (1.0 + math.fsum(_ratio(one.low, scores[best].high) for one in others)),
    )


def _log(p: float) -> float:
    return math.log(p) if p > 0.0 else -math.inf


def _ratio(a: float, b: float) -> float:
    return 0.0 if a == -math.inf or b == math.inf else math.exp(min(a - b, 700.0))


async def _veto(slot: RemoteSlot) -> AsyncIterator[RemoteAttempt]:
    if slot.judgement.verdict in _REPAIRABLE:
        yield await _of_target(slot, "veto")


async def _of_target(slot: RemoteSlot, action: str) -> RemoteAttempt:
    """Propose the likeliest token of the target's value, followed through tokens that candidates share."""
    reading = slot.reading
    for _ in range(DEEPEST):
        choices = slot.choices(reading)
        key = next((one for one, alive in choices.items() if slot.candidate in alive), None)
        if key is None:
            return NoToken(action, "no token of the target's value was returned")
        text, alive = reading.full.texts.get(key, ""), choices[key]
        before = [one for one in list(choices)[: list(choices).index(key)] if one != slot.key]
        vetoed = len(before) + (key != slot.key)
        if action == "veto" and vetoed > slot.config.max_vetoes:
            return NoToken(action, f"none of the next {slot.config.max_vetoes} tokens is admissible")
        if not slot.leaves_open(alive):
            # A constraint rejects whatever begins no candidate as well.
            others = [one for one in reading.full.distribution.logprobs if one not in choices]
            held = others if action == "choice" else [slot.key]
            chosen = _share(reading, key, {*before, *held} - {key})
            return WriteValue(action, key, text, reading, slot.ranges(key, reading), chosen, alive, vetoed)
        reading = await slot.deeper(reading, text)
    return NoToken(action, "the candidates share too many tokens")


def _share(reading: SlotReading, key: Hashable, rejected: set[Hashable]) -> Interval:
    """Return the range of a token's probability where some others may not be written."""
    full = reading.full.distribution
    mass, away = full.mass({key}), full.mass(rejected & set(full.logprobs))
    low, high = (p / max(1e-12, 1.0 - min(q, 1.0)) for p, q in ((mass.low, away.low), (mass.high, away.high)))
    return Interval(min(1.0, low), min(1.0, max(low, high)))


async def _checkpoint(slot: RemoteSlot) -> AsyncIterator[RemoteAttempt]:
    if slot.judgement.verdict not in _REPAIRABLE:
        return
    reading = slot.reading
    for _ in range(DEEPEST):
        restated = await slot.restated(slot.behind(reading))
        if restated is None:
            yield NoToken("checkpoint", "there is nothing to restate")
            return
        logprobs = restated.distribution.logprobs
        key: Hashable = max(logprobs, key=lambda one: logprobs[one])
        text, alive = restated.texts.get(key, ""), slot.kept_by(reading, key, restated)
        if not slot.leaves_open(alive):
            support = slot.ranges(key, reading, restated)
            yield WriteValue("checkpoint", key, text, reading, support, support.p1, alive)
            return
        reading = await slot.deeper(reading, text)
    yield NoToken("checkpoint", "the candidates share too many tokens")


async def _choice(slot: RemoteSlot) -> AsyncIterator[RemoteAttempt]:
    """Propose what the model writes when it is held to the candidates; what that makes likely says nothing."""
    if slot.judgement.verdict not in _REPAIRABLE or slot.candidate is None:
        return
    if not slot.backend.abilities.constraints:
        yield NoToken("choice", "the backend cannot be held to some values")
        return
    written = slot.reading.written
    spaced = not written and slot.behind(slot.reading)[-1:].isalnum()
    places = range(len(slot.spellings.forms))
    rests = (rest for one in places for rest in slot.spellings.rests(one, written))
    # One spelling of each: behind a word a value stands behind a space.
    among = list(dict.fromkeys(rest for rest in rests if written or rest.startswith(" ") == spaced))
    if not among:
        yield NoToken("choice", "no candidate goes on from what is written")
        return
    asked = slot.prompt.asked(slot.answer)
    completion = await slot.backend.write(asked, max_new_tokens=64, among=among)
    slot.pay(completion.spent)
    chosen = slot.spellings.alive(written + completion.text)
    if completion.text not in among or slot.candidate not in chosen:
        yield NoToken("choice", "held to the candidates, the model writes another one")
        return
    yield await _of_target(slot, "choice")


async def _auto(slot: RemoteSlot) -> AsyncIterator[RemoteAttempt]:
    """Propose remedies in the order that the stage asks for; abstain last, if there is a text for it."""
    order: tuple[RemotePolicy, ...] = ()
    if slot.judgement.verdict == "gate_failure":
        order = (_checkpoint, _contrasts, _choice)
    elif slot.judgement.verdict == "binding_failure":
        order = (_contrasts, _checkpoint, _veto, _choice)
    for policy in order:
        async for attempt in policy(slot):
            yield attempt
    if slot.config.abstain_text is not None:
        async for attempt in _abstain(slot):
            yield attempt


_POLICIES: dict[str, RemotePolicy] = {
    "abstain": _abstain,
    "auto": _auto,
    "checkpoint": _checkpoint,
    "choice": _choice,
    "contrast": _contrast,
    "observe": _observe,
    "raise": _raise,
    "veto": _veto,
}
