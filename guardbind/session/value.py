"""Follows one value from its first token to its last: the phases it goes through, and every way from one to the next.

Nothing here knows torch or a tokenizer. `TRANSITIONS` is the whole story: what is not in it is a fault of guardbind and
raises. The row that writes the value is led through it by `guardbind.session.row.Row`, and by nothing else.

```
CLOSED   --BEGIN-->    BEGUN  --VERDICT-->  JUDGED  --WRITE--> FORCED  --FOLLOW--> FOLLOWED  --LOST--> FORCED
JUDGED   --FOLLOW-->   FOLLOWED
JUDGED or FORCED  --RESTATE-->  RESTATING  --REOPEN-->  BEGUN
and to CLOSED by END, DISMISS, STOP or ABANDON
```
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from types import MappingProxyType
from typing import TYPE_CHECKING

from guardbind.candidates.trie import Node
from guardbind.errors import GuardbindError
from guardbind.events import GuaranteeRecord
from guardbind.slots.detector import Detected
from guardbind.targets import Resolution

if TYPE_CHECKING:
    from guardbind.model.branch import Branch

__all__ = ["TRANSITIONS", "Phase", "Value", "ValueEvent", "advance"]


class Phase(Enum):
    """Where a value stands."""

    BEGUN = auto()
    """The model writes it, and no token that tells candidates apart was judged: nothing is decided."""
    JUDGED = auto()
    """A verdict was given, and the model's own tokens stand."""
    FORCED = auto()
    """A policy chose a token of it, so that it has to go on as the target's value."""
    FOLLOWED = auto()
    """The rest is read in a branch, behind a hidden restatement."""
    RESTATING = auto()
    """The evidence is being restated in the text; then the value begins again."""
    CLOSED = auto()
    """It is written to its end, or it was no value. A row between values stands here too."""


class ValueEvent(Enum):
    """What can happen to a value."""

    BEGIN = auto()
    """A slot was found."""
    TOKEN = auto()
    """One of its tokens was written, and it goes on."""
    VERDICT = auto()
    """The token that is about to be written tells candidates apart; it was measured, and judged."""
    WRITE = auto()
    """A policy's token is written in place of the model's own."""
    FOLLOW = auto()
    """A policy's token is written, and those after it are read in a branch."""
    RESTATE = auto()
    """The evidence is restated before the value."""
    STOP = auto()
    """The row ends without the value."""
    LOST = auto()
    """No token of the branch may be written in this generation."""
    REOPEN = auto()
    """The restatement is written to its end."""
    ABANDON = auto()
    """The restatement cannot be written to its end."""
    END = auto()
    """The value is written to its end."""
    DISMISS = auto()
    """There was no slot after all."""


TRANSITIONS: Mapping[tuple[Phase, ValueEvent], Phase] = MappingProxyType(
    {
        (Phase.CLOSED, ValueEvent.BEGIN): Phase.BEGUN,
        (Phase.BEGUN, ValueEvent.TOKEN): Phase.BEGUN,
        (Phase.BEGUN, ValueEvent.VERDICT): Phase.JUDGED,
        (Phase.BEGUN, ValueEvent.END): Phase.CLOSED,
        (Phase.BEGUN, ValueEvent.DISMISS): Phase.CLOSED,
        (Phase.JUDGED, ValueEvent.TOKEN): Phase.JUDGED,
        (Phase.JUDGED, ValueEvent.VERDICT): Phase.JUDGED,
        (Phase.JUDGED, ValueEvent.WRITE): Phase.FORCED,
        (Phase.JUDGED, ValueEvent.FOLLOW): Phase.FOLLOWED,
        (Phase.JUDGED, ValueEvent.RESTATE): Phase.RESTATING,
        (Phase.JUDGED, ValueEvent.STOP): Phase.CLOSED,
        (Phase.JUDGED, ValueEvent.END): Phase.CLOSED,
        (Phase.JUDGED, ValueEvent.DISMISS): Phase.CLOSED,
        # Further verdicts are due where further candidates part; what a policy has chosen stays chosen.
        (Phase.FORCED, ValueEvent.TOKEN): Phase.FORCED,
        (Phase.FORCED, ValueEvent.VERDICT): Phase.FORCED,
        (Phase.FORCED, ValueEvent.WRITE): Phase.FORCED,
        (Phase.FORCED, ValueEvent.FOLLOW): Phase.FOLLOWED,
        (Phase.FORCED, ValueEvent.RESTATE): Phase.RESTATING,
        (Phase.FORCED, ValueEvent.STOP): Phase.CLOSED,
        (Phase.FORCED, ValueEvent.END): Phase.CLOSED,
        (Phase.FORCED, ValueEvent.DISMISS): Phase.CLOSED,
        # A branch is not judged: it was, by a second readout, when it was chosen.
        (Phase.FOLLOWED, ValueEvent.TOKEN): Phase.FOLLOWED,
        (Phase.FOLLOWED, ValueEvent.LOST): Phase.FORCED,
        (Phase.FOLLOWED, ValueEvent.END): Phase.CLOSED,
        (Phase.RESTATING, ValueEvent.REOPEN): Phase.BEGUN,
        (Phase.RESTATING, ValueEvent.ABANDON): Phase.CLOSED,
    }
)
"""Phase and event to the next phase."""

_CHOSEN = frozenset({Phase.FORCED, Phase.FOLLOWED})


def advance(phase: Phase, event: ValueEvent) -> Phase:
    """Return the phase that an event leads to.

    Raises:
        GuardbindError: The event cannot happen in that phase.

    >>> advance(Phase.BEGUN, ValueEvent.VERDICT)
    <Phase.JUDGED: 2>
    """
    following = TRANSITIONS.get((phase, event))
    if following is None:
        possible = ", ".join(known.name for at, known in TRANSITIONS if at is phase)
        raise GuardbindError(
            f"the event {event.name} cannot happen to a value in the phase {phase.name}; {possible} can.",
            hint="This is a fault of guardbind: please report it, with the prompt if you may.",
        )
    return following


@dataclass(slots=True)
class Value:
    """A value that is being written, in one of its phases.

    Attributes:
        detected: What opened the slot, and what stands before it.
        resolution: Where it should come from.
        node: Where it stands in the trie; None when the value is not known.
        start: Index of its first token among the row's tokens; the first behind the prompt, where that has begun it.
        begun: What of it the prompt has written.
        tokens: How many of its tokens are written.
        ended: Candidates that would have been whole on the way here: `$5` on the way to `$5.00`.
        whole: The candidates that were whole last.
        length: How many of its tokens were written then.
        records: Places of its slots among those that were recorded.
        warrant: What the first proposal that was carried out in it rests on; it holds for those that follow.
        withheld: A confirmed proposal was not let pass, so that no other is.
        told: Tokens of which the text says that a copy begins with them here, until the next one is read.
        copied: It was begun with one of them, so that it is a copy whoever chose it.
        branch: Where its continuation is read; there is one in the phase `FOLLOWED`, and only there.
    """

    detected: Detected
    resolution: Resolution
    node: Node | None
    start: int
    begun: str = ""
    tokens: int = 0
    ended: frozenset[int] = frozenset()
    whole: frozenset[int] = frozenset()
    length: int = 0
    records: list[int] = field(default_factory=list)
    warrant: GuaranteeRecord | None = None
    withheld: bool = False
    told: frozenset[int] = frozenset()
    copied: bool = False
    _phase: Phase = field(default=Phase.BEGUN, init=False)
    branch: Branch | None = field(default=None, init=False)

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        return self._phase

    @property
    def undecided(self) -> bool:
        """Whether nothing of it was judged yet."""
        return self._phase is Phase.BEGUN

    @property
    def chosen(self) -> bool:
        """Whether an intervention was kept in it."""
        return self._phase in _CHOSEN

    @property
    def repaired(self) -> bool:
        """Whether it is what a policy chose, or stands behind a restatement."""
        return self.chosen or self.detected.kind == "reopened"

    @property
    def copies(self) -> bool:
        """Whether it is a copy of a declared passage, as a policy chose it or as it was begun."""
        return self.chosen or self.copied

    @property
    def may_be_over(self) -> bool:
        """Whether a candidate that is still meant was whole before; what follows then need not go on with it."""
        return self.node is not None and bool(self.ended & self.node.values)

    def on(self, event: ValueEvent) -> None:
        """Go to the phase that an event leads to.

        Raises:
            GuardbindError: The event cannot happen in the present phase.
        """
        self._phase = advance(self._phase, event)
        if self._phase is not Phase.FOLLOWED:
            self.branch = None

    def follow(self, branch: Branch) -> None:
        """Read what comes after the next token in a branch."""
        self.on(ValueEvent.FOLLOW)
        self.branch = branch

    def reopen(self, start: int) -> None:
        """Begin again behind a restatement; what was written of the value stands in the line that was begun again.

        Args:
            start: Index of its first token among the row's tokens.
        """
        self.on(ValueEvent.REOPEN)
        self.detected = Detected("reopened", self.detected.place)
        self.start, self.ended, self.whole = start, frozenset(), frozenset()

    def read(self, token: int) -> frozenset[int] | None:
        """Take note of one of its tokens.

        Returns:
            The candidates that it is if it ends with the token, or before it; None while it goes on.
        """
        self.copied, self.told = self.copied or token in self.told, frozenset()
        self.tokens += 1
        if self.node is None:
            return None
        child = self.node.children.get(token)
        if child is not None and child.ends:
            self.whole, self.length = child.ends, self.tokens
        if child is None or not child.children:
            return self.node.ends if child is None else child.ends
        self.ended |= self.node.ends
        self.node = child
        return None
