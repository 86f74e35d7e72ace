"""Follows one request of an engine from token to token: where a value begins, which one, and what a veto does about it.

An engine may show the same step several times: logits in the middle of a prompt that is read in chunks, whose token is
thrown away, and all steps of a request that it had to give up and read again. So nothing is final when it is seen. Each
sight is taken of a copy of the row; the next one of the same step takes its place, and only when the answer has grown
is the last of them believed.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field

from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.errors import NumericsError
from guardbind.session.asking import Asking
from guardbind.session.bound_prompt import BoundPrompt
from guardbind.session.ending import fault_of
from guardbind.session.opener import Opener, Opening
from guardbind.session.overrun import going_on, likeliest
from guardbind.session.row import Row
from guardbind.session.value import Phase, ValueEvent
from guardbind.targets import Resolution, resolve
from guardbind_adapters.vllm.judging import LogitEdit, SlotSight, see, veto_at
from guardbind_adapters.vllm.recording import RequestRecorder, VetoMade

__all__ = ["Arrival", "RequestWatch", "tops_of"]

_NAN = -1


def tops_of(logits: Tensor, rows: Sequence[int]) -> list[int]:
    """Return the likeliest token of some rows, by one transfer from the device; -1 where a logit is NaN.

    Args:
        logits: Logits `[rows, vocabulary]`.
        rows: The rows.
    """
    best = logits[list(rows)].max(-1)
    tops: list[int] = best.indices.masked_fill(best.values.isnan(), _NAN).tolist()
    return tops


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request that has come into the batch, as far as the guard looks at it.

    Attributes:
        settings: What stands in its `extra_args` under `guardbind`; None where nothing does.
        stops: Tokens that end it.
        sampling: Its tokens are drawn.
        most: Tokens that it may write, at most; None where that is not bounded.
        arguments: How it is sampled, by name.
    """

    settings: object = None
    stops: frozenset[int] = frozenset()
    sampling: bool = False
    most: int | None = None
    arguments: Mapping[str, bool | int | float | str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Sight:
    row: Row
    """The row as it is if a token follows here."""
    slot: SlotSight | None
    veto: VetoMade | None
    at: float
    seconds: float


class RequestWatch:
    """One request.

    Args:
        bound: Its prompt.
        config: Slot rules and targets.
        tokenizer: The model's tokenizer.
        recorder: Takes its records.
        arrival: How it was sent.
        vetoes: Other values than the declared target's are forbidden.
    """

    def __init__(
        self,
        bound: BoundPrompt,
        config: GuardConfig,
        tokenizer: PreTrainedTokenizerBase,
        recorder: RequestRecorder,
        arrival: Arrival,
        *,
        vetoes: bool,
    ) -> None:
        self.recorder = recorder
        self.arrival = arrival
        self._config = config
        self._tokenizer = tokenizer
        self._vetoes = vetoes
        # Words that say the same as the caller leave it the caller's word.
        self._enforced = _declared(bound) if vetoes else None
        self._row = Row(bound)
        self._next: _Sight | None = None
        self._opener = Opener(config, tokenizer, Asking(config, (), tokenizer, nullcontext))
        self._began = time.perf_counter()
        self._spent = 0.0
        self.error: str | None = None

    @property
    def row(self) -> Row:
        """What is certain of it so far."""
        return self._row

    @property
    def over(self) -> bool:
        """Whether it has surely ended, and did not only leave the batch for a while."""
        return self._row.finished or (self.arrival.most is not None and self._row.step >= self.arrival.most)

    def look(self, written: Sequence[int], logits: Tensor, top: int) -> None:
        """Look at the logits of the next token; a veto changes them in place, as the last thing that is done.

        Args:
            written: Tokens of the answer so far.
            logits: Logits `[vocabulary]`, fp32.
            top: The likeliest token, as `tops_of` says it.

        Raises:
            GuardbindError: They cannot be read; nothing was changed.
        """
        began = time.perf_counter()
        self.catch_up(written)
        if self._row.finished:
            return
        row = _copied(self._row)
        slot, veto, edit = self._step(row, logits, top)
        now = time.perf_counter()
        self._spent += now - began
        self._next = _Sight(row, slot, veto, now - self._began, now - began)
        if edit is not None:
            edit.carry_out(logits)

    def catch_up(self, written: Sequence[int]) -> None:
        """Take note of tokens that were written; what was seen before the first of them is believed now.

        Args:
            written: Tokens of the answer so far; a negative one and what follows it are not known yet.
        """
        if len(written) < self._row.step:
            # The engine has thrown tokens away; what was recorded of them stays recorded.
            self.recorder.release()
            self._row, self._next = Row(self._row.bound), None
        for token in written[self._row.step :]:
            if token < 0:
                return
            self._read(token)

    def leave(self, written: Sequence[int]) -> None:
        """Hand on all records: the request has left the batch."""
        self.catch_up(written)
        row = self._row
        value = row.value
        if value is not None:
            self.recorder.settle(value.records, None, whole=False)
        elif row.written is not None:
            self.recorder.settle(row.written.records, None, whole=_target_whole(row))
        self.recorder.end(
            row,
            seconds=time.perf_counter() - self._began,
            guard_seconds=self._spent,
            unfinished=row.breaks_off(()),
            error=self.error,
            settings={"policy": "veto" if self._vetoes else "observe", "resolver": "words"},
            arguments=self.arrival.arguments,
        )

    def count(self, seconds: float) -> None:
        """Add to what it cost the engine to watch it."""
        self._spent += seconds

    def _read(self, token: int) -> None:
        seen, self._next = self._next, None
        if seen is not None and seen.row.step == self._row.step:
            self._row = seen.row
            if seen.slot is not None:
                place = self.recorder.slot(seen.slot, seen.veto, token, at=seen.at, seconds=seen.seconds)
                if self._row.value is not None:
                    self._row.value.records.append(place)
        elif self._row.value is not None:
            # A token that was not seen coming: what it does to a value cannot be told.
            self.recorder.settle(self._row.value.records, None, whole=False)
            self._row.value = None
        self._row.read(token, ends=token in self.arrival.stops)
        self._settle()

    def _settle(self) -> None:
        row = self._row
        if row.written is not None:
            fault = fault_of(row, row.written, self._tokenizer)
            if fault is not None or row.finished:
                self.recorder.settle(row.written.records, fault or None, whole=_target_whole(row))
                row.written = None
        held = [] if row.written is None else [*row.written.records]
        self.recorder.release(held if row.value is None else [*held, *row.value.records])

    def _step(self, row: Row, logits: Tensor, top: int) -> tuple[SlotSight | None, VetoMade | None, LogitEdit | None]:
        if not self._opener.may_open(row):
            return None, None, self._apart(row, logits)
        if top == _NAN:
            raise NumericsError("the logits of a request are NaN.", hint="Check the weights, or use another dtype.")
        way = self._way_on(row, top, logits)
        if way is not None:
            return None, None, way
        opening = self._opener.open(row, top)
        if opening is None:
            return None, None, self._held_open(row, logits) or self._apart(row, logits)
        overrun = self._overrun(opening, logits)
        sampling = self.arrival.sampling
        sight = see(opening, logits, overrun, most_risk=1 - self._config.tau if sampling else None)
        row.advance(ValueEvent.VERDICT)
        found = None
        if self._may_veto(row, opening.resolution):
            found = veto_at(sight, logits, overrun, drawn=sampling)
        if found is None:
            return sight, None, None
        edit, token, forbidden = found
        row.write()
        return sight, VetoMade(token, forbidden), edit

    def _may_veto(self, row: Row, resolution: Resolution) -> bool:
        """Whether the caller's word is to be kept here.

        What the words alone say is watched and not enforced; once the target's value is written, others may be named.
        """
        target = resolution.index
        if target is None or target != self._enforced or row.restated.get(target):
            return False
        return row.chosen or row.interventions < self._config.max_interventions

    def _held_open(self, row: Row, logits: Tensor) -> LogitEdit | None:
        """Return what keeps a draw from leaving the target where the likeliest token does not."""
        value = row.value
        if (
            not self.arrival.sampling
            or value is None
            or not value.undecided
            or not self._may_veto(row, value.resolution)
        ):
            return None
        going = row.bound.going_on(value.node, value.resolution.index)
        on = [token for token in going if bool(logits[token].isfinite())]
        return LogitEdit(allowed=tuple(sorted(on))) if on else None

    def _way_on(self, row: Row, top: int, logits: Tensor) -> LogitEdit | None:
        """Return what keeps a value that a veto began on the target's way."""
        value = row.value
        if value is None or value.phase is not Phase.FORCED or value.may_be_over:
            return None
        going = row.bound.going_on(value.node, value.resolution.index)
        on = [token for token in going if bool(logits[token].isfinite())]
        if not on or (top in on and not self.arrival.sampling):
            return None
        return LogitEdit(allowed=tuple(sorted(on)))

    def _overrun(self, opening: Opening, logits: Tensor) -> frozenset[int]:
        node = opening.node
        if node is None or not node.ends:
            return frozenset()
        likely = [token for token in (opening.token, *likeliest(logits)) if token not in node.children]
        return frozenset(going_on(opening.row, likely, self._tokenizer))

    def _apart(self, row: Row, logits: Tensor) -> LogitEdit | None:
        """Return what keeps a vetoed value, which is whole, from going on as a longer word or number."""
        written = row.written
        if written is None or not written.repaired or not _target_whole(row):
            return None
        order = likeliest(logits)
        unwanted = going_on(row, (t for t in order if t not in self.arrival.stops), self._tokenizer, written.end)
        apart = [token for token in order if token not in unwanted]
        if not apart or not unwanted:
            return None
        return LogitEdit(allowed=(apart[0],)) if self.arrival.sampling else LogitEdit(banned=tuple(sorted(unwanted)))


def _declared(bound: BoundPrompt) -> int | None:
    told = resolve(bound.table, bound.prompt, declared=bound.declared, language=bound.language, fields=bound.fields)
    return told.index if told.how == "declared" else None


def _target_whole(row: Row) -> bool:
    written = row.written
    return written is not None and row.bound.candidate(written.target) in written.candidates


def _copied(row: Row) -> Row:
    """Return a row that may be led on without the other; what is bound is shared."""
    twin = copy.copy(row)
    twin.ids, twin.queue = list(row.ids), row.queue.copy()
    twin.restated = {item: list(ranges) for item, ranges in row.restated.items()}
    if row.value is not None:
        twin.value = copy.copy(row.value)
        twin.value.records = list(row.value.records)
    return twin
