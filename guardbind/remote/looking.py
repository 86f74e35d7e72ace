"""Looks at a slot: finds the model's own token there, reads it with and without the evidence, and judges it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from guardbind.backends import Backend, NextToken
from guardbind.errors import BackendError
from guardbind.remote.boundaries import Boundaries
from guardbind.remote.edits import RemotePrompt
from guardbind.remote.judging import BoxJudge, BoxJudgement, rests_surely
from guardbind.remote.ranges import TokenRange
from guardbind.remote.reading import Purse, RemoteReading, SlotReader, own_key, probability
from guardbind.remote.settings import ApiGuardConfig
from guardbind.remote.slot import DEEPEST, RemoteSlot
from guardbind.remote.spelling import Spellings
from guardbind.session.opener import Opening
from guardbind.session.row import Row
from guardbind.session.slot import is_certain

__all__ = ["Looking"]

_TRIED = 16  # tokens from the beginning of a value to the one that tells candidates apart


class Looking:
    """Looks at the slots of one answer.

    Args:
        reader: Asks the backend.
        row: The row.
        backend: The backend, for policies.
        prompt: What is asked of it.
        config: The guard's settings.
        spellings: The candidates.
        purse: Takes note of costs.
    """

    def __init__(
        self,
        reader: SlotReader,
        row: Row,
        backend: Backend,
        prompt: RemotePrompt,
        config: ApiGuardConfig,
        spellings: Spellings,
        purse: Purse,
    ) -> None:
        self._reader = reader
        self._row = row
        self._backend = backend
        self._prompt = prompt
        self._config = config
        self._spellings = spellings
        self._purse = purse

    @property
    def goes_on(self) -> bool:
        """Whether the backend goes on with a begun answer to what is asked."""
        return self._reader.goes_on

    def longest(self, tokens: int) -> None:
        """Set how many tokens an answer has at most that is given anew to be followed."""
        self._reader.longest = tokens

    async def next_token(self, answer: str) -> NextToken:
        """Return the next token behind an answer so far."""
        return await self._reader.next_token(answer)

    async def at(self, opening: Opening, answer: str, own: str, boundaries: Boundaries) -> RemoteSlot:
        """Return the slot at which a row stands, as it was read.

        Args:
            opening: What opened it.
            answer: The answer before the piece that opened it.
            own: The same with all that the model wrote behind it.
            boundaries: Where tokens of that begin.

        Raises:
            BackendError: The backend failed.
        """
        begins = len(answer) - self._written_pieces(opening)
        target, wanted = opening.measurable_target, self._wanted(opening)
        at = await self._token_at(opening, begins, len(answer), own, boundaries)
        told = boundaries.step_at(at)
        if told is None and self._reader.follows(own[:at]):
            return self._within(opening, at, own, boundaries)
        reading = await self._reader.read(self._row, own[:at], own[begins:at], wanted, target, told=told)
        for _ in range(DEEPEST):
            key = own_key(reading.full)
            text = reading.full.texts.get(key, "")
            alive = self._spellings.alive(reading.written + text) if text else frozenset[int]()
            if not (text and own.startswith(text, at) and self._leaves_open(opening, alive)):
                break
            told = boundaries.step_at(at + len(text))
            if told is None and self._reader.follows(own[: at + len(text)]):
                break
            at += len(text)
            reading = await self._reader.read(self._row, own[:at], own[begins:at], wanted, target, told=told)
        slot = self._slot(opening, own[:at], own[begins : len(answer)], reading, own)
        if self._reader.goes_on and self._needs_more(slot):
            sharper = await self._reader.read(self._row, own[:at], own[begins:at], wanted, target, sharply=True)
            slot = self._slot(opening, own[:at], own[begins : len(answer)], sharper, own)
        return slot

    def _within(self, opening: Opening, at: int, own: str, boundaries: Boundaries) -> RemoteSlot:
        """Return a slot of which nothing can be told: its value begins within a token, behind which nobody goes on."""
        holds, begins = boundaries.step_holding(at), boundaries.before(at)
        if holds is None or begins is None:
            raise BackendError(
                "the tokens that the server returned do not spell its answer, and it goes on with no begun one.",
                hint="Use an endpoint that goes on with a begun answer, such as completions.",
            )
        slot = self._slot(opening, own[:begins], "", RemoteReading("", holds), own)
        if slot.judgement.decided is None:
            return slot
        why = "the value begins within a token, and the backend goes on with no begun answer: nothing can be told of it"
        return replace(slot, judgement=BoxJudgement("unresolved", why, "undecided"))

    def _needs_more(self, slot: RemoteSlot) -> bool:
        """Whether tokens of values should be asked for: what was returned decides nothing, or lacks the target's."""
        if not self._backend.abilities.chosen or slot.reading.full.distribution.whole:
            return False
        if slot.judgement.decided == "undecided":
            return True
        wrong = slot.judgement.verdict in ("gate_failure", "binding_failure")
        read = [slot.reading.full, *([] if (null := slot.null(slot.reading)) is None else [null])]
        kept = [self._spellings.kept(slot.reading.written, token) for token in read]
        return wrong and not all(any(slot.candidate in alive for alive in each.values()) for each in kept)

    def is_false_alarm(self, slot: RemoteSlot) -> bool:
        """Whether there is no slot here after all: a value that begins by coincidence surely rests on no evidence."""
        opening, nulls = slot.opening, slot.reading.nulls
        if opening.node is None:
            return opening.continues and slot.judgement.verdict == "unsupported"
        if not opening.sees_token or not nulls:
            return False
        owners = [item for item in self._row.bound.owners(slot.alive) if item in nulls]
        target = opening.resolution.index
        if not slot.reading.unmet.isdisjoint(self._row.bound.owners(slot.alive)):
            return False
        if opening.tells and target is not None and self._row.bound.expects(target, owners):
            return False
        return all(self._rests(slot, item) == "no" for item in owners)

    def _rests(self, slot: RemoteSlot, item: int) -> str:
        token = TokenRange(slot.own.p1, probability(slot.reading.nulls[item], slot.key))
        return rests_surely(token, self._config)

    def _written_pieces(self, opening: Opening) -> int:
        """Return how many characters of the value are written before the piece that opened the slot."""
        value = opening.row.value
        return 0 if value is None else len(self._reader.text(opening.row.ids[value.start :]))

    def _wanted(self, opening: Opening) -> list[int]:
        """Return the bindings to take away: the target, and those whose value the model is about to write."""
        first = [] if opening.measurable_target is None else [opening.measurable_target]
        items = self._row.bound.table.items
        # Without a target nothing is judged; only whether there is a slot at all may hang on the others.
        owners = opening.owners if first or opening.sees_token else []
        order = dict.fromkeys([*first, *owners])
        return [item for item in order if not items[item].absent][: self._config.max_nulls]

    async def _token_at(self, opening: Opening, begins: int, opened: int, own: str, boundaries: Boundaries) -> int:
        """Return where the model's own token begins that holds the piece which opened a slot."""
        known = boundaries.before(opened)
        if known is not None:
            return max(known, begins)
        at = begins
        for _ in range(_TRIED if at < opened else 0):
            read = await self._reader.next_token(own[:at])
            text = read.texts.get(own_key(read), "")
            if not text or not own.startswith(text, at) or at + len(text) > opened:
                break
            at += len(text)
        return at

    def _leaves_open(self, opening: Opening, alive: frozenset[int]) -> bool:
        if opening.node is None or len(alive) < 2:
            return False
        target = self._row.bound.candidate(opening.resolution.index)
        return target is None or target in alive

    def _slot(self, opening: Opening, answer: str, value: str, reading: RemoteReading, own: str) -> RemoteSlot:
        key = own_key(reading.full)
        text = reading.full.texts.get(key, "")
        written = own[len(answer) :]
        target = opening.target
        candidate = None if target is None else self._row.bound.candidate(target.index)
        alive = self._spellings.alive(reading.written + text) if text else frozenset[int]()
        null = None if target is None else reading.nulls.get(target.index)
        ranges = TokenRange(probability(reading.full, key), None if null is None else probability(null, key))
        judge = BoxJudge(
            config=self._config,
            target=target,
            candidate=candidate,
            certain=is_certain(opening, self._config),
            continues=opening.continues,
            unresolved=opening.resolution.reason if target is None else None,
        )
        judgement = judge.own(alive, ranges, reading)
        if target is not None and not _is_own(reading, key, text, written):
            why = "what the model is read to write next is not what it wrote: nothing can be told of it"
            judgement = BoxJudgement("unresolved", why, "undecided")
        return RemoteSlot(
            opening=opening,
            answer=answer,
            value=value,
            reading=reading,
            key=key,
            text=text,
            own=ranges,
            alive=alive,
            judgement=judgement,
            judge=judge,
            candidate=candidate,
            spellings=self._spellings,
            config=self._config,
            backend=self._backend,
            prompt=self._prompt,
            read=self._deeper(opening),
            restated=self._restated(opening),
            pay=self._purse.pay,
        )

    def _deeper(self, opening: Opening) -> Callable[[str, str], Awaitable[RemoteReading]]:
        wanted, target = self._wanted(opening), opening.measurable_target

        async def read(answer: str, written: str) -> RemoteReading:
            return await self._reader.read(self._row, answer, written, wanted, target, sharply=True)

        return read

    def _restated(self, opening: Opening) -> Callable[[str], Awaitable[NextToken | None]]:
        async def read(answer: str) -> NextToken | None:
            target = opening.measurable_target
            return None if target is None else await self._reader.restated(self._row, answer, target)

        return read


def _is_own(reading: RemoteReading, key: object, text: str, written: str) -> bool:
    """Whether the likeliest token is what the model wrote, and surely the likeliest."""
    distribution = reading.full.distribution
    sure = distribution.whole or distribution.ranked or distribution.logprobs[key] >= distribution.ceiling
    return sure and (not written or (bool(text) and (written.startswith(text) or text.startswith(written))))
