"""States what a contract asks for, so that a check fails with the sentence that was broken."""

from __future__ import annotations

from guardbind.errors import ContractError

__all__ = ["claim"]


def claim(holds: bool, sentence: str, seen: object = None) -> None:
    """Raise unless a sentence of a contract holds.

    Args:
        holds: Whether it does.
        sentence: What the contract asks for.
        seen: What was seen instead, if that helps.

    Raises:
        ContractError: It does not hold.
    """
    if not holds:
        raise ContractError(sentence if seen is None else f"{sentence} Seen: {seen!r}.")
