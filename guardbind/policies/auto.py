"""Lets the stage choose the remedy, and what the residual holds, and tries the next where one fails: the policy `auto`.

A wrong binding is contrasted, the second time harder and among more tokens. A closed gate is first helped by a
restatement, because the value that a contrast would choose is not what the model is about to write; where the caller
declared the target, more attention to its evidence is tried before, which is cheaper. Where a declared passage says
what has to be copied from it, attention comes first, too. Where a probe says whether the residual names the target's
value, a value that is there and not used is contrasted and never restated, and one that is not there is restated first.
See `docs/policies.md`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guardbind.policies.abstain import abstain
from guardbind.policies.attend import ATTEND
from guardbind.policies.checkpoint import checkpoint
from guardbind.policies.contrast import contrast_at
from guardbind.policies.proposal import Attempt, Write, token_of
from guardbind.policies.slot import Slot
from guardbind.policies.veto import veto

__all__ = ["AUTO", "Auto"]


@dataclass(frozen=True, slots=True)
class Auto:
    """The policy `auto`.

    Attributes:
        attends_closed: It asks for the reading of `Slot.attend` beside the nulls where it tries that first: at a
            declared target whose value the model is not about to write.
    """

    attends_closed: bool = True

    def __call__(self, slot: Slot) -> Iterable[Attempt]:
        """Propose remedies as the stage and the residual ask for; abstain last, if there is a text for it.

        Where the target was guessed and the residual does not name its value, nothing speaks for it: it is left.
        """
        verdict = slot.judgement.verdict
        if slot.copies and verdict in ("binding_failure", "unsupported"):
            yield from _copied(slot)
        if verdict == "gate_failure":
            yield from _helped(slot)
            yield from _contrasts(slot)
        elif verdict == "binding_failure":
            yield from _of_binding(slot)
        if slot.config.abstain_text is not None:
            yield from abstain(slot)


def _attended(slot: Slot) -> Iterable[Attempt]:
    # A calibration has counted what comes first at targets that are found; only what the caller declared needs none.
    if slot.declared:
        # Where attention takes no bias, all is as if it had not been asked for.
        yield from (made for made in ATTEND(slot) if isinstance(made, Write))


def _copied(slot: Slot) -> Iterable[Attempt]:
    # What is to be copied is told by the text; that the model reads it there, by attention or by contrast.
    for made in (*_attended(slot), *_contrasts(slot)):
        if token_of(made) in slot.copies:
            yield made


def _helped(slot: Slot) -> Iterable[Attempt]:
    if not slot.copies and not slot.config.checkpoint.visible:
        yield from _attended(slot)
    yield from checkpoint(slot)


def _of_binding(slot: Slot) -> Iterable[Attempt]:
    if slot.holds_value is None:
        yield from _contrasts(slot)
        yield from _helped(slot)
        yield from veto(slot)
    elif slot.holds_value:
        yield from _contrasts(slot)
        yield from veto(slot)
    elif slot.certain:
        yield from _helped(slot)
        yield from _contrasts(slot)
        yield from veto(slot)


def _contrasts(slot: Slot) -> Iterable[Attempt]:
    alpha, plausibility = slot.config.alpha, slot.config.plausibility
    first = contrast_at(slot, alpha, plausibility)
    yield first
    harder = contrast_at(slot, 2 * alpha, plausibility / 10)
    if token_of(harder) != token_of(first):
        yield harder


AUTO = Auto()
"""The policy as it is registered."""
