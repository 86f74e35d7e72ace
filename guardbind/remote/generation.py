"""Guards one answer of a model that is asked from outside: has it written, reads its slots, repairs what fails."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from guardbind.backends import Backend, Completion, Spent
from guardbind.errors import BindingFailureError
from guardbind.policies import NoToken, Raise, Stop
from guardbind.remote.asking import question_bits
from guardbind.remote.boundaries import Boundaries
from guardbind.remote.edits import RemotePrompt
from guardbind.remote.looking import Looking
from guardbind.remote.pieces import PieceTokenizer
from guardbind.remote.proposals import BoxVerification, RemoteAttempt, RemotePolicy, WriteValue, policy_of, verified
from guardbind.remote.reading import Purse, SlotReader
from guardbind.remote.recorder import RemoteRecorder
from guardbind.remote.settings import ApiGuardConfig
from guardbind.remote.slot import RemoteSlot
from guardbind.remote.spelling import Spellings
from guardbind.session.asking import Asking
from guardbind.session.ending import Endings
from guardbind.session.limits import Limits
from guardbind.session.opener import Opener, Opening
from guardbind.session.row import Row
from guardbind.session.value import ValueEvent
from guardbind.text.word_end import goes_on

__all__ = ["RemoteGeneration"]

_STEPS = 1  # tokens of the ranking that are returned while an answer is written: enough to tell which was chosen
_PLAIN = frozenset(" \n\t.,;:!?)]}\"'")
_WRITES_NOTHING = frozenset({"abstain", "observe", "raise"})
_CHARACTERS = 3  # of a token, where nobody says how many tokens a text has


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a repair writes in place of the rest of what the model wrote; nothing more follows where it ends."""

    text: str
    ends: bool


class RemoteGeneration:
    """One guarded answer.

    Args:
        backend: Whom to ask.
        prompt: What is asked of it.
        row: The prompt as it is bound, and the answer as it grows; its tokens are pieces.
        pieces: Cuts texts.
        config: The guard's settings.
        recorder: Takes the records.
    """

    def __init__(
        self,
        backend: Backend,
        prompt: RemotePrompt,
        row: Row,
        pieces: PieceTokenizer,
        config: ApiGuardConfig,
        recorder: RemoteRecorder,
    ) -> None:
        self._backend = backend
        self._prompt = prompt
        self._row = row
        self._pieces = pieces
        self._config = config
        self._recorder = recorder
        self.purse = Purse()
        spellings = Spellings.of(row.bound.trie, pieces.decode)
        reader = SlotReader(backend, prompt, pieces, config, spellings, self.purse)
        self._looking = Looking(reader, row, backend, prompt, config, spellings, self.purse)
        limits = Limits(None, None, None, frozenset({pieces.end}), None, sampling=False)
        self._asking = Asking(config, (), pieces, nullcontext)  # type: ignore[arg-type]  # it takes pieces for tokens
        self._opener = Opener(config, pieces, self._asking, begins_in_prompt=False)  # type: ignore[arg-type]  # likewise
        self._endings = Endings(pieces, recorder, limits)  # type: ignore[arg-type]  # likewise
        self._policy: RemotePolicy = policy_of(str(config.policy))
        self.answer = ""

    async def run(self, max_new_tokens: int, stop: Sequence[str]) -> None:
        """Write the answer; `answer` holds as much of it as there is, also where an error ends it.

        Args:
            max_new_tokens: Tokens of the answer, at most, as far as the backend tells how many it wrote.
            stop: Texts that end it.

        Raises:
            BackendError: The backend failed; what was recorded before stands.
            BindingFailureError: Policy `raise`, or `on_unresolved="raise"`.
        """
        if self._asking.wants(self._row):
            parts = (self._backend, self._prompt, self._row, self._pieces, self._config, self.purse)
            self._asking.know(self._row, await question_bits(*parts))
        left = max_new_tokens
        self._looking.longest(max_new_tokens)
        while left > 0 and not self._row.finished:
            completion = await self._write(left, stop)
            text, before = completion.text, len(self.answer)
            if self._runs_on(text):
                apart = await self._apart()
                if apart is None:
                    # Nothing that was returned parts the value from what follows, so that the answer ends with it.
                    return self._end()
                self._take_all(apart)
                left -= 1
                continue
            boundaries = Boundaries.of(completion, before, whole=not stop)
            kept = await self._walk(text, boundaries, ended=completion.finished == "stop")
            left -= boundaries.tokens_up_to(len(self.answer), completion, before)
            if kept is None:
                if completion.finished == "stop" and not self._row.finished:
                    self._end()
                return None
            self._take_all(kept.text)
            left -= 1 + len(kept.text) // _CHARACTERS
            if kept.ends:
                return self._end()
        return None

    async def _write(self, left: int, stop: Sequence[str]) -> Completion:
        able = self._backend.abilities
        # Where nobody goes on with a begun answer, what is written is all that is read in full context.
        top = min(able.top, _STEPS) if self._looking.goes_on else self._config.top or able.top
        asked = self._prompt.asked(self.answer)
        completion = await self._backend.write(asked, max_new_tokens=left, stop=stop, top=top)
        self.purse.pay(completion.spent)
        return completion

    async def _walk(self, text: str, boundaries: Boundaries, *, ended: bool) -> _Kept | None:
        """Take over what the model wrote, piece by piece, up to a slot where another text is written."""
        following = [*self._pieces.encode(text), *([self._pieces.end] if ended else [])]
        own = self.answer + text
        judged = 0
        for piece in following:
            if len(self.answer) >= judged and self._opener.may_open(self._row):
                opening = self._opener.open(self._row, piece)
                if opening is not None:
                    judged, kept = await self._judge(opening, own, boundaries)
                    if kept is not None:
                        return kept
            self._take(piece)
        return None

    async def _judge(self, opening: Opening, own: str, boundaries: Boundaries) -> tuple[int, _Kept | None]:
        """Judge what the model wrote at a slot; returns up to where that is judged, and what is written instead."""
        began, before = time.perf_counter(), self.purse.spent
        slot = await self._looking.at(opening, self.answer, own, boundaries)
        until = len(slot.answer) + len(slot.text)
        self._row.advance(ValueEvent.VERDICT)
        if self._looking.is_false_alarm(slot):
            self._row.advance(ValueEvent.DISMISS)
            return until, None
        tried, kept = await self._try(slot)
        place = self._recorder.slot(
            slot,
            tried,
            self.purse.since(before),
            seconds=time.perf_counter() - began,
            prompt_tokens=self._row.bound.prompt_length,
        )
        if self._row.value is not None:
            self._row.value.records.append(place)
        if kept is None:
            if slot.opening.node is None:
                # Of a value that is not known only its first token is judged.
                self._row.advance(ValueEvent.DISMISS)
            return until, None
        return until, self._carry_out(*kept)

    async def _try(
        self, slot: RemoteSlot
    ) -> tuple[list[tuple[RemoteAttempt, BoxVerification, Spent]], tuple[RemoteAttempt, BoxVerification] | None]:
        """Return what was attempted, in order, and the first proposal that holds."""
        tried: list[tuple[RemoteAttempt, BoxVerification, Spent]] = []
        before = self.purse.spent
        async for attempt in self._attempts(slot):
            outcome = verified(slot, attempt)
            if outcome.kept and not self._row.chosen and self._row.interventions >= self._config.max_interventions:
                reason = "the bound on interventions is reached"
                outcome = BoxVerification(False, reason, outcome.verdict, outcome.bits, outcome.gain_bits)
            tried.append((attempt, outcome, self.purse.since(before)))
            before = self.purse.spent
            if outcome.kept and not isinstance(attempt, NoToken):
                return tried, (attempt, outcome)
        return tried, None

    async def _attempts(self, slot: RemoteSlot) -> AsyncIterator[RemoteAttempt]:
        verdict = slot.judgement.verdict
        if verdict == "ok" or (verdict == "gate_failure" and not slot.judge.certain):
            # It says something else than a value, and which one it should say instead was only guessed.
            return
        if verdict != "unresolved":
            if not self._looking.goes_on and self._config.policy not in _WRITES_NOTHING:
                yield NoToken(str(self._config.policy), "the backend does not go on with an answer that was repaired")
                if self._config.abstain_text is not None:
                    yield Stop("abstain")
                return
            async for attempt in self._policy(slot):
                yield attempt
        elif self._config.on_unresolved == "abstain":
            yield Stop("abstain")
        elif self._config.on_unresolved == "raise":
            error = BindingFailureError(
                f"row {self._row.index}, step {self._row.step}: {slot.judgement.reason}.",
                hint="Declare target=..., ask for more tokens of the ranking, or set on_unresolved='leave'.",
            )
            yield Raise("raise", error)

    def _carry_out(self, kept: RemoteAttempt, outcome: BoxVerification) -> _Kept | None:
        match kept:
            case WriteValue():
                self._row.write()
                return _Kept(outcome.text or "", ends=False)
            case Stop():
                self._row.stop([])
                return _Kept(self._config.abstain_text or "", ends=True)
            case Raise(error=error):
                raise error
            case NoToken():
                return None

    def _take(self, piece: int) -> None:
        self._row.read(piece, ends=piece == self._pieces.end)
        self.answer += self._pieces.decode([piece])
        self._endings.observe(self._row)

    def _take_all(self, text: str) -> None:
        for piece in self._pieces.encode(text):
            self._take(piece)

    def _end(self) -> None:
        self._take(self._pieces.end)

    def _runs_on(self, text: str) -> bool:
        """Whether a text would go on with a repaired value that the answer ends in."""
        written = self._row.written
        if written is None or not written.repaired or written.end != len(self._row.ids):
            return False
        return goes_on(self.answer, text) is True

    async def _apart(self) -> str | None:
        """Return the likeliest next token that parts a repaired value from what follows; None where there is none."""
        read = await self._looking.next_token(self.answer)
        logprobs = read.distribution.logprobs
        for key in sorted(logprobs, key=lambda one: -logprobs[one])[:64]:
            text = read.texts.get(key, "")
            if text and text[0] in _PLAIN and goes_on(self.answer, text) is not True:
                return text
        return None
