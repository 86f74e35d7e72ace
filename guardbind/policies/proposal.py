"""Defines what a policy may propose at a slot: a closed set of actions, each with what it needs and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

from guardbind.errors import ConfigError, GuardbindError
from guardbind.model.branch import Branch
from guardbind.policies.slot import Slot

__all__ = [
    "Attempt",
    "Follow",
    "NoToken",
    "Policy",
    "Proposal",
    "Raise",
    "Restate",
    "Stop",
    "TokenProposal",
    "Write",
    "token_of",
]


@dataclass(frozen=True, slots=True)
class Write:
    """Write a token in place of the model's own.

    Attributes:
        action: Its name in the records.
        token: The token.
        readout: log-probabilities `[vocabulary]` (nats) of the second readout, by which it would be written.
        support: log-probabilities `[vocabulary]` (nats) by which its evidence bits are counted; the slot's own by
            default.
        vetoed: Tokens that were rejected before it.
    """

    action: str
    token: int
    readout: Tensor | None = None
    support: Tensor | None = None
    vetoed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Follow:
    """Write a token, and read the rest of the value in a branch; nothing of the branch stands in the text.

    Attributes:
        action: Its name in the records.
        token: The token.
        branch: Where the rest of the value is read.
        readout: See `Write`.
        support: See `Write`.
    """

    action: str
    token: int
    branch: Branch
    readout: Tensor | None = None
    support: Tensor | None = None


@dataclass(frozen=True, slots=True)
class Restate:
    """Write tokens before the value, after which its slot opens again.

    Attributes:
        action: Its name in the records.
        token: The value token that would come after them, which is judged.
        inserted: The tokens.
        stated: How many of them, from the first, state the evidence.
        readout: See `Write`.
        support: See `Write`.

    Raises:
        ConfigError: There are no such tokens, or more of them state the evidence than there are.
    """

    action: str
    token: int
    inserted: tuple[int, ...]
    stated: int = 0
    readout: Tensor | None = None
    support: Tensor | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.stated <= len(self.inserted) or not self.inserted:
            raise ConfigError(
                f"a Restate inserts {len(self.inserted)} tokens, of which {self.stated} state the evidence; at least "
                "one token, and at most all of them, is accepted.",
                hint="Propose a Write where nothing is inserted.",
            )


@dataclass(frozen=True, slots=True)
class Stop:
    """End the row without the value, behind `abstain_text` if there is one. Nothing is left to verify.

    Attributes:
        action: Its name in the records.
    """

    action: str


@dataclass(frozen=True, slots=True)
class Raise:
    """Raise an error. Nothing is left to verify.

    Attributes:
        action: Its name in the records.
        error: The error.
    """

    action: str
    error: GuardbindError


@dataclass(frozen=True, slots=True)
class NoToken:
    """Say that an action was tried and found no token; it is recorded, and nothing is done.

    Attributes:
        action: Its name in the records.
        note: Why; holds no prompt text.
        vetoed: Tokens that were rejected.
    """

    action: str
    note: str = ""
    vetoed: tuple[int, ...] = ()


TokenProposal: TypeAlias = Write | Follow | Restate
"""Leads to a token of the value, which a second readout judges."""
Proposal: TypeAlias = Write | Follow | Restate | Stop | Raise
"""Something a policy would do at a slot."""
Attempt: TypeAlias = Write | Follow | Restate | Stop | Raise | NoToken
"""What a policy yields: a proposal, or word of one that it could not make."""
Policy = Callable[[Slot], Iterable[Attempt]]


def token_of(attempt: Attempt) -> int | None:
    """Return the value token that an attempt leads to, if it leads to one."""
    return attempt.token if isinstance(attempt, TokenProposal) else None
