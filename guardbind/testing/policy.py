"""Checks the contract of a policy on slots of every verdict, built from readouts written by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, cast

import torch
from torch import Tensor

from guardbind.errors import GuardbindError
from guardbind.policies import Restatement, Slot, as_policy, verify
from guardbind.policies.proposal import Attempt, Follow, NoToken, Raise, Restate, Stop, Write
from guardbind.testing.claims import claim
from guardbind.testing.slot import example_slot, example_target

__all__ = ["check_policy", "example_slots"]

_RIGHT = [0.01, 0.6, 0.2, 0.1, 0.04, 0.05]
_WRONG = [0.01, 0.2, 0.6, 0.1, 0.04, 0.05]
_CLOSED = [0.01, 0.2, 0.1, 0.04, 0.05, 0.6]
_HIDDEN = [0.01, 0.01, 0.8, 0.1, 0.04, 0.04]
_MOST_ATTEMPTS = 64


class _SureBranch:
    """A branch of no model, which says the target's value whatever it reads."""

    def __init__(self) -> None:
        self.logits = torch.tensor([0.01, 0.9, 0.05, 0.02, 0.01, 0.01]).log()

    def advance(self, token: int) -> Tensor:
        return self.logits


def example_slots() -> Iterator[tuple[str, Slot]]:
    """Yield slots of every verdict, known and unknown values, drawn and chosen, each with what it is."""
    restatement = Restatement(cast(Any, _SureBranch()), (4, 5, 4), 2)
    for name, restated in (("", None), (", with a restatement", restatement)):
        given: dict[str, Any] = {"restatement": restated}
        yield f"a right value{name}", example_slot(_RIGHT, _HIDDEN, **given)
        yield f"a wrong value{name}", example_slot(_WRONG, _HIDDEN, **given)
        yield f"no value{name}", example_slot(_CLOSED, _HIDDEN, **given)
        yield f"a right value that rests on nothing{name}", example_slot(_RIGHT, _RIGHT, **given)
        yield f"a wrong value of an unknown one{name}", example_slot(_WRONG, _HIDDEN, known=False, **given)
        yield f"a right value of an unknown one{name}", example_slot(_RIGHT, _HIDDEN, known=False, **given)
        yield f"no target{name}", example_slot(_WRONG, _HIDDEN, target=None, **given)
        yield f"a null that was not read{name}", example_slot(_WRONG, None, **given)
        yield (
            f"a value that is not in the prompt{name}",
            example_slot(_WRONG, None, target=example_target(absent=True), **given),
        )
        yield f"a right value that is drawn{name}", example_slot(_RIGHT, _HIDDEN, risk=0.4, **given)
        for attended in (_RIGHT, _WRONG):
            told: dict[str, Any] = given | {"certain": True, "attended": attended}
            yield f"a wrong value, and its evidence attended to{name}", example_slot(_WRONG, _HIDDEN, **told)
            yield (
                f"an unknown one, and its evidence attended to{name}",
                example_slot(_WRONG, _HIDDEN, known=False, **told),
            )
            told |= {"declared": True}
            yield f"no value of a declared target{name}", example_slot(_CLOSED, _HIDDEN, **told)
            yield f"one to be copied{name}", example_slot(_WRONG, _WRONG, known=False, copies=(1,), **told)
        yield f"the target's token ruled out{name}", example_slot(_WRONG, _HIDDEN, banned=[1], **given)
        yield f"the target's token glued{name}", example_slot(_WRONG, _HIDDEN, glued=[1], **given)


def check_policy(policy: str | Callable[[Slot], Any]) -> None:
    """Check that a policy keeps its contract, on slots of every verdict.

    It yields attempts and comes to an end; each has a name; tokens are tokens of the vocabulary; what can be verified
    is; a second readout tensor is a log-probability of each token; asked again, it says the same; the slot stays as it
    was; an error is raised by proposing it, not by raising it.

    Args:
        policy: A policy, a registered name, or a callable of your own as `GuardConfig.policy` takes it.

    Raises:
        ContractError: A sentence of the contract that does not hold.

    Example:
        >>> check_policy("auto")
    """
    decide = as_policy(policy)
    for what, slot in example_slots():
        before = _tensors(slot)
        attempts = _attempts(decide, slot, what)
        for attempt in attempts:
            _check_attempt(attempt, slot, what)
        again = _attempts(decide, slot, what)
        claim(
            [_said(a) for a in attempts] == [_said(a) for a in again], f"asked again, a policy says the same ({what})."
        )
        after = _tensors(slot)
        claim(
            all(torch.equal(one, other) for one, other in zip(before, after, strict=True)),
            f"a policy changes nothing of the slot ({what}).",
        )


def _attempts(decide: Callable[[Slot], Any], slot: Slot, what: str) -> list[Attempt]:
    try:
        attempts: list[Attempt] = list(islice(decide(slot), _MOST_ATTEMPTS + 1))
    except GuardbindError:
        raise
    except Exception as error:
        claim(False, f"a policy yields its proposals and raises nothing ({what}).", error)
        raise
    claim(len(attempts) <= _MOST_ATTEMPTS, f"a policy comes to an end ({what}).", len(attempts))
    return attempts


def _check_attempt(attempt: Attempt, slot: Slot, what: str) -> None:
    known = isinstance(attempt, (Write, Follow, Restate, Stop, Raise, NoToken))
    claim(known, f"a policy yields Write, Follow, Restate, Stop, Raise or NoToken ({what}).", type(attempt).__name__)
    claim(bool(attempt.action) and isinstance(attempt.action, str), f"an attempt has a name ({what}).", attempt.action)
    if isinstance(attempt, Raise):
        claim(isinstance(attempt.error, GuardbindError), f"what is raised is a GuardbindError ({what}).", attempt.error)
    if not isinstance(attempt, (Write, Follow, Restate)):
        return
    vocabulary = slot.logprobs.numel()
    claim(0 <= attempt.token < vocabulary, f"a token is one of the vocabulary ({what}).", attempt.token)
    for tensor in (attempt.readout, attempt.support):
        if tensor is not None:
            claim(tensor.shape == slot.logprobs.shape, f"a readout is [vocabulary] ({what}).", tuple(tensor.shape))
            claim(not bool(tensor.isnan().any()), f"a readout is not NaN ({what}).")
            claim(float(tensor.max()) <= 1e-4, f"a readout holds log-probabilities ({what}).", float(tensor.max()))
    verify(slot, attempt)


def _said(attempt: Attempt) -> tuple[object, ...]:
    return (type(attempt), attempt.action, getattr(attempt, "token", None), getattr(attempt, "inserted", None))


def _tensors(slot: Slot) -> list[Tensor]:
    held = [slot.logits, slot.logprobs, slot.scores, slot.residual, *slot.nulls.values()]
    return [tensor.clone() for tensor in held]
