"""Puts evidence late in a prompt, where the caller lets it be moved, so that nulls share most of the prompt."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence

from guardbind.backends import PromptRequest
from guardbind.errors import ConfigError
from guardbind.remote.edits import RemotePrompt
from guardbind.session.bound_prompt import BoundPrompt
from guardbind.targets.disowned import DisownedStatements
from guardbind.targets.turn_layout import TurnLayout

__all__ = ["IN_PLACE", "check_evidence", "evidence_late", "nearest_first", "says_the_same"]

IN_PLACE = "in place"
"""What is recorded where nothing was to be moved."""

_MOVABLE = frozenset({"user", "system", "developer"})


def check_evidence(messages: Sequence[Mapping[str, str]] | str, evidence: Sequence[int]) -> tuple[int, ...]:
    """Return which messages were marked as evidence, in order.

    Args:
        messages: The turns of a chat, or a text.
        evidence: Their indices.

    Raises:
        ConfigError: There are no messages, or one of these is none of them, the last one, or of a role whose turns
            belong to others.
    """
    if not evidence:
        return ()
    if isinstance(messages, str):
        raise ConfigError(
            "evidence names messages, and the prompt is a text.", hint="Give messages, or put the facts late yourself."
        )
    for place in evidence:
        index = operator.index(place)
        if not 0 <= index < len(messages) - 1:
            raise ConfigError(
                f"evidence holds {index}; indices of the {len(messages)} messages before the last one are accepted.",
                hint="The last message asks, and stays where it is.",
            )
        if messages[index].get("role") not in _MOVABLE:
            raise ConfigError(
                f"message {index} has the role {messages[index].get('role')!r}, whose turns belong to those around "
                f"them; messages of {', '.join(sorted(_MOVABLE))} can be marked as evidence.",
            )
    return tuple(sorted(set(evidence)))


def evidence_late(
    prompt: RemotePrompt, bound: BoundPrompt, evidence: Sequence[int]
) -> tuple[tuple[Mapping[str, str], ...] | None, str]:
    """Return the messages with the evidence right before the last one, or None, and what is recorded of it.

    Evidence is never moved past a message that holds a value, a key or an owner of what is bound: which of two
    statements is the later one decides what holds.

    Args:
        prompt: The prompt as it was given.
        bound: What it binds.
        evidence: Messages that hold the evidence, as `check_evidence` returns them.
    """
    if not evidence:
        return None, f"{IN_PLACE}: no message is marked as evidence"
    last = len(prompt.messages) - 1
    passed = [place for place in range(evidence[0], last) if place not in evidence]
    if not passed:
        return None, "late already"
    told = " ".join(prompt.messages[place]["content"] for place in passed).casefold()
    for item in bound.table.items:
        if any(name and name.casefold() in told for name in (*item.surfaces, item.key, *item.owners)):
            return None, f"{IN_PLACE}: it would pass a message that names what it states"
    order = [place for place in range(last) if place not in evidence] + [*evidence, last]
    return tuple(prompt.messages[place] for place in order), "late"


def says_the_same(one: BoundPrompt, other: BoundPrompt) -> bool:
    """Whether two orders of a prompt bind the same, and take back the same of it ("The numbers above are invented.").

    Args:
        one: A prompt.
        other: The same with its messages in another order.
    """

    def said(bound: BoundPrompt) -> list[tuple[object, ...]]:
        query = bound.agreement.query
        disowned = DisownedStatements(bound.table, query, TurnLayout(query))
        return sorted(
            (item.key, item.value or "", item.owners, len(item.mentions), disowned.takes_back(item))
            for item in bound.table.items
        )

    return said(one) == said(other)


def nearest_first(plain: PromptRequest, asked: Mapping[int | str, PromptRequest]) -> dict[int | str, PromptRequest]:
    """Return requests in the order of how much of the full prompt they begin with, the most first.

    Args:
        plain: The request for the full prompt.
        asked: Name of a null to its request.
    """
    whole = _flat(plain)
    shared = {name: _shared(whole, _flat(request)) for name, request in asked.items()}
    return {name: asked[name] for name in sorted(asked, key=lambda name: -shared[name])}


def _flat(request: PromptRequest) -> str:
    turns = "".join(f"{message['role']}\0{message['content']}\0" for message in request.messages)
    return turns + request.text + request.begun


def _shared(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
