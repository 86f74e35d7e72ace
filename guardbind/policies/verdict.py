"""Judges a token that is about to be written, from the numbers that were read."""

from __future__ import annotations

import math
from dataclasses import dataclass

from guardbind.events.records import Verdict

__all__ = ["Judgement", "bits_needed", "judge_known", "judge_unknown"]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict and why.

    Attributes:
        verdict: The verdict.
        reason: Why; holds no prompt text.
        needed: Evidence bits that the token needed; None where they were not asked for.
    """

    verdict: Verdict
    reason: str
    needed: float | None = None


def bits_needed(p0: float, min_bits: float, *, narrowed: bool) -> float:
    """Return how many evidence bits a token needs to count as resting on its span.

    Among a few candidates (yes or no), and inside a value that was begun already, the pseudo-prior of the right token
    can be so high that `min_bits` are not to be had; there, half of the bits that are left, -log2(p0) / 2, are enough.

    Args:
        p0: Pseudo-prior of the token.
        min_bits: Bits that the first token of a value that is not known needs.
        narrowed: Whether the choice is among candidates, or the token continues a value.
    """
    if not narrowed or p0 <= 0:
        return min_bits
    return min(min_bits, -0.5 * math.log2(p0))


def judge_known(
    *, token_is_candidate: bool, token_is_target: bool, bits: float | None, needed: float, risk: float, allowed: float
) -> Judgement:
    """Judge a token at a slot whose target has a known value.

    Args:
        token_is_candidate: The token begins or continues a candidate.
        token_is_target: It begins or continues the target.
        bits: Evidence bits of the token on the target's span; None where the value leaves no choice.
        needed: Bits that it needs.
        risk: Share of the candidates' probability that is not the target's.
        allowed: How large that share may be (1 under greedy decoding, where it is never drawn).
    """
    if not token_is_candidate:
        return Judgement("gate_failure", "the model's token begins no candidate")
    if not token_is_target:
        return Judgement("binding_failure", "the model's token begins another candidate than the target")
    asked = None if bits is None else needed
    if bits is not None and bits < needed:
        return Judgement("unsupported", f"the target's evidence gives the token {bits:.2f} of {needed:.2f} bits", asked)
    if risk > allowed:
        return Judgement("binding_failure", f"sampling would draw another candidate with probability {risk:.3f}", asked)
    return Judgement("ok", "the token rests on the target's evidence", asked)


def judge_unknown(*, bits: float, needed: float, alternative: bool) -> Judgement:
    """Judge a token at a slot of which only the evidence span is known.

    Args:
        bits: Evidence bits of the token on the span.
        needed: Bits that it needs.
        alternative: A plausible other token does rest on the span.
    """
    if bits >= needed:
        return Judgement("ok", "the token rests on the evidence span", needed)
    if alternative:
        why = f"the span gives the token {bits:.2f} bits, and a plausible other more"
        return Judgement("binding_failure", why, needed)
    return Judgement("unsupported", f"the span gives the token {bits:.2f} of {needed:.2f} bits", needed)
