"""Reads a slot by requests: the model's next token there, and the same without pieces of the evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from guardbind.backends import Backend, NextToken, PromptRequest, Spent
from guardbind.errors import BackendError
from guardbind.information.intervals import Interval
from guardbind.remote.boundaries import Boundaries
from guardbind.remote.edits import REQUEST_NULLS, RemotePrompt, RequestChange
from guardbind.remote.ordering import nearest_first
from guardbind.remote.pieces import PieceTokenizer
from guardbind.remote.settings import ApiGuardConfig
from guardbind.remote.spelling import Spellings
from guardbind.session.row import Row

__all__ = ["Purse", "RemoteReading", "SlotReader", "own_key", "probability"]


@dataclass(slots=True)
class Purse:
    """What was spent, over a generation or for one slot."""

    spent: Spent = field(default_factory=Spent)

    def pay(self, spent: Spent) -> None:
        """Add a cost."""
        self.spent = self.spent + spent

    def since(self, before: Spent) -> Spent:
        """Return what was spent since."""

        def less(now: int | None, then: int | None) -> int | None:
            return None if now is None or then is None else now - then

        now = self.spent
        return Spent(
            now.requests - before.requests,
            less(now.prompt_tokens, before.prompt_tokens),
            less(now.new_tokens, before.new_tokens),
            now.cached - before.cached,
            now.seconds - before.seconds,
            now.lookups - before.lookups,
        )


@dataclass(frozen=True, slots=True)
class RemoteReading:
    """What was read at one place of an answer.

    Attributes:
        written: What of the value is written before it.
        full: The next token in full context.
        nulls: Index of a binding to the next token without its evidence.
        envelope: Name of a further null to the next token without the target's evidence.
        unread: Names of nulls that change nothing of what is asked; `followed` where one was asked and not met.
        null: Name of the null that `nulls` were read under.
        unmet: Bindings without whose evidence the model gives another answer so far, where only the same one could be
            read.
    """

    written: str
    full: NextToken
    nulls: Mapping[int, NextToken] = field(default_factory=dict)
    envelope: Mapping[str, NextToken] = field(default_factory=dict)
    unread: tuple[str, ...] = ()
    null: str = ""
    unmet: frozenset[int] = frozenset()


class SlotReader:
    """Asks a backend for what stands at the slots of one answer.

    Args:
        backend: Whom to ask.
        prompt: What is asked of it.
        pieces: Cuts texts.
        config: The guard's settings.
        spellings: The candidates.
        purse: Takes note of what it costs.
    """

    def __init__(
        self,
        backend: Backend,
        prompt: RemotePrompt,
        pieces: PieceTokenizer,
        config: ApiGuardConfig,
        spellings: Spellings,
        purse: Purse,
    ) -> None:
        self._backend = backend
        self._prompt = prompt
        self._pieces = pieces
        self._config = config
        self._spellings = spellings
        self._purse = purse
        self.longest = 64
        """Tokens of an answer that is given anew to be followed."""

    def text(self, ids: Sequence[int]) -> str:
        """Return the text of some pieces."""
        return self._pieces.decode(ids)

    async def next_token(self, answer: str) -> NextToken:
        """Return the next token behind an answer so far.

        Raises:
            BackendError: The backend did not answer, or cannot go on with an answer.
        """
        return (await self._ask([self._asked(answer, ())]))[0]

    async def read(
        self,
        row: Row,
        answer: str,
        written: str,
        wanted: Sequence[int],
        target: int | None,
        *,
        told: NextToken | None = None,
        sharply: bool = False,
    ) -> RemoteReading:
        """Return the next token behind an answer so far, in full context and under the nulls, by one batch.

        Args:
            row: The row; its bindings say what is taken away.
            answer: The answer so far.
            written: What of the value stands at its end.
            wanted: Bindings to take away, one by one.
            target: The target; the further nulls are read for it only.
            told: What was read there while the answer was written; the full context where the backend does not go on
                with a begun answer, and nulls are read by following their own answers as far as they are the same.
            sharply: Ask also for the tokens with which values go on, however unlikely they are, where the backend can.

        Raises:
            BackendError: As `next_token`.
        """
        if told is not None and self.follows(answer):
            return await self._follow(row, answer, written, wanted, target, told)
        found, unread = self._without(row, answer, wanted, target, self._config.null)
        values = self._values(written) if sharply and self._backend.abilities.chosen else ()
        read = await self._ask([self._asked(answer, ()), *found.values()], values)
        return _reading(written, read[0], dict(zip(found, read[1:], strict=True)), unread, self._config.null)

    def _without(
        self, row: Row, answer: str, wanted: Sequence[int], target: int | None, null: str
    ) -> tuple[dict[int | str, PromptRequest], list[str]]:
        """Return what is asked without some evidence, and the names of nulls that change nothing of it."""
        plain, unread = self._asked(answer, ()), []
        found: dict[int | str, PromptRequest] = {}
        edits: list[tuple[int | str, str, int]] = [(item, null, item) for item in wanted]
        edits += [] if target is None else [(name, name, target) for name in self._config.envelope]
        for name, edit, item in edits:
            request = self._asked(answer, REQUEST_NULLS[edit](self._pieces, row, item))
            if request == plain:
                unread.append(edit)
            else:
                found[name] = request
        return (nearest_first(plain, found) if self._config.evidence == "late" else found), unread

    async def _follow(
        self, row: Row, answer: str, written: str, wanted: Sequence[int], target: int | None, told: NextToken
    ) -> RemoteReading:
        """Read nulls by answers that are given anew, under the first null that lets the target's be read."""
        first: RemoteReading | None = None
        for null in dict.fromkeys((self._config.null, *self._config.other_nulls)):
            found, unread = self._without(row, answer, wanted, target, null)
            read = await asyncio.gather(*(self._followed(request, answer) for request in found.values()))
            met = {name: token for name, token in zip(found, read, strict=True) if token is not None}
            unmet = frozenset(name for name in found if isinstance(name, int) and name not in met)
            unread += ["followed"] if len(met) < len(found) else []
            reading = _reading(written, told, met, unread, null, unmet)
            if target is None or target in reading.nulls:
                return reading
            first = first or reading
        assert first is not None  # there is one null at least
        return first

    async def restated(self, row: Row, answer: str, target: int) -> NextToken | None:
        """Return the next token with the target's evidence restated before the line; None with nothing to restate.

        Raises:
            BackendError: As `next_token`.
        """
        located = row.bound.table.items[target]
        if located.absent:
            return None
        evidence = row.bound.prompt.text[slice(*located.stated[-1].chars)].strip()
        line = answer.rfind("\n") + 1
        stated = self._config.checkpoint.template.replace("{evidence}", evidence)
        return (await self._ask([self._asked(answer[:line] + stated + answer[line:], ())]))[0]

    def follows(self, answer: str) -> bool:
        """Whether what stands behind an answer so far cannot be asked for, only met by answering anew."""
        return bool(answer or self._prompt.begun) and not self.goes_on

    @property
    def goes_on(self) -> bool:
        """Whether the backend goes on with a begun answer to what is asked; with a text every one does."""
        return self._backend.abilities.begun or not self._prompt.messages

    async def _followed(self, request: PromptRequest, answer: str) -> NextToken | None:
        """Return the next token behind an answer so far, where the model gives the same one so far by itself."""
        if request.begun != self._asked(answer, ()).begun:
            # The answer so far holds what is taken away, and one that is given anew cannot be had without it.
            return None
        anew = replace(request, begun="")
        top = self._config.top or self._backend.abilities.top
        completion = await self._backend.write(anew, max_new_tokens=self.longest, top=top)
        self._purse.pay(completion.spent)
        if not completion.text.startswith(answer):
            return None
        return Boundaries.of(completion, 0, whole=True).step_at(len(answer))

    def _asked(self, answer: str, changes: Sequence[RequestChange]) -> PromptRequest:
        return self._prompt.asked(answer, changes)

    async def _ask(self, requests: Sequence[PromptRequest], values: Sequence[str] = ()) -> list[NextToken]:
        if requests[0].begun and not self.goes_on:
            raise BackendError(
                f"the backend {self._backend.name!r} begins another answer instead of going on with a begun one.",
                hint="Ask it through an endpoint that goes on with text, such as completions.",
            )
        read = await self._backend.next_tokens(requests, top=self._config.top, values=values)
        if len(read) != len(requests):
            raise BackendError(f"{len(requests)} prompts were asked and {len(read)} answered; as many are needed.")
        for token in read:
            self._purse.pay(token.spent)
        return read

    def _values(self, written: str) -> tuple[str, ...]:
        places = range(len(self._spellings.forms))
        rests = [rest for place in places for rest in self._spellings.rests(place, written)]
        return tuple(dict.fromkeys(rests))[: self._backend.abilities.chosen]


def _reading(
    written: str,
    full: NextToken,
    found: Mapping[int | str, NextToken],
    unread: Sequence[str],
    null: str,
    unmet: frozenset[int] = frozenset(),
) -> RemoteReading:
    return RemoteReading(
        written,
        full,
        {name: token for name, token in found.items() if isinstance(name, int)},
        {name: token for name, token in found.items() if isinstance(name, str)},
        tuple(dict.fromkeys(unread)),
        null,
        unmet,
    )


def own_key(read: NextToken) -> Hashable:
    """Return the likeliest token of those that were returned, the model's own."""
    logprobs = read.distribution.logprobs
    best: Hashable = max(logprobs, key=lambda token: logprobs[token])
    return best


def probability(read: NextToken, key: Hashable) -> Interval:
    """Return the range of one token's probability.

    Args:
        read: What was returned.
        key: The token; one that was not returned has what it may have at most.
    """
    return read.distribution.mass({key})
