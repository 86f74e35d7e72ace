"""Takes one decoding step of a guarded generation: finds the slots, reads them, judges them, acts, and records."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import assert_never

import torch
from torch import Tensor

from guardbind.candidates.gaps import lens_scores
from guardbind.candidates.trie import Node
from guardbind.config import GuardConfig
from guardbind.errors import NumericsError
from guardbind.events import begins_value
from guardbind.model import LanguageModel, ModelTap, Reading
from guardbind.model.branch import Branch
from guardbind.model.tail import Tail
from guardbind.nulls import Null
from guardbind.policies import (
    Attempt,
    Follow,
    Policy,
    Proposal,
    Raise,
    Restate,
    Slot,
    Stop,
    Verification,
    Write,
)
from guardbind.session.asking import Asking
from guardbind.session.available import SlotProbe
from guardbind.session.copying import told_at
from guardbind.session.ending import Endings
from guardbind.session.limits import Limits
from guardbind.session.meter import NullMeter, NullReadings
from guardbind.session.opener import Opener, Opening
from guardbind.session.recorder import LensScores, Recorder
from guardbind.session.row import Row
from guardbind.session.sharing import SharedReading
from guardbind.session.slot import RowReadout, build_slot, is_false_alarm
from guardbind.session.standing import UNCALIBRATED, SlotStanding, Standing, facts_of
from guardbind.session.taking_away import TakingAway
from guardbind.session.trying import Trying
from guardbind.session.value import Phase, Value, ValueEvent

__all__ = ["Engine", "Protection"]

_NAN = -1


@dataclass(frozen=True, slots=True)
class Protection:
    """What a guard does in every generation.

    Attributes:
        config: Its settings.
        policy: What to do about a verdict.
        nulls: The nulls to read, the best first; the next one is taken where one is not available.
        probe: Says how far the residual names the target's value; None where that is not read.
        standing: How it stands to its calibration.
    """

    config: GuardConfig
    policy: Policy
    nulls: Sequence[Null]
    probe: SlotProbe | None = None
    standing: Standing = UNCALIBRATED


@dataclass(eq=False)
class _JudgedSlot:
    """A slot of this step, what was tried at it, and what holds; `error` is what trying ended by."""

    opening: Opening
    slot: Slot
    readings: NullReadings
    stand: SlotStanding
    tried: Sequence[tuple[Attempt, Verification]] = ()
    kept: Proposal | None = None
    error: Exception | None = None


class Engine:
    """The state of one generation.

    Args:
        model: The model whose forward the generation loop calls.
        protection: What the guard does.
        rows: One per row of the batch.
        tap: Hooks on the model.
        recorder: Takes the records.
        limits: What this generation allows.
    """

    def __init__(
        self,
        model: LanguageModel,
        protection: Protection,
        rows: Sequence[Row],
        tap: ModelTap,
        recorder: Recorder,
        limits: Limits,
    ) -> None:
        self._model = model
        self._config = protection.config
        self._probe = protection.probe
        self._standing = protection.standing
        self._trying = Trying(protection.config, protection.policy, limits)
        self._rows = rows
        self._tap = tap
        self._recorder = recorder
        self._limits = limits
        self._asking = Asking(protection.config, protection.nulls, model.tokenizer, tap.suspended)
        self._opener = Opener(protection.config, model.tokenizer, self._asking)
        self._meter = NullMeter(protection.config, protection.nulls)
        self._taking_away = TakingAway(
            protection.config, self._meter, model.tokenizer, protection.policy, protection.standing
        )
        self._endings = Endings(model.tokenizer, recorder, limits)

    def observe(self, last_tokens: Sequence[int]) -> None:
        """Take note of the token that each row was given at the step before."""
        for row, token in zip(self._rows, last_tokens, strict=True):
            if row.finished:
                continue
            row.read(token, ends=token in self._limits.eos)
            if row.value is not None and row.value.branch is not None:
                with self._tap.suspended():
                    row.value.branch.advance(token)
            self._endings.observe(row)

    def finish(self, unread: Sequence[Sequence[int]]) -> None:
        """Take note of the last tokens of the rows, behind which there was no step.

        Args:
            unread: For each row, the tokens of its answer that it has not read.
        """
        for row, tokens in zip(self._rows, unread, strict=True):
            for token in tokens:
                if not row.finished:
                    row.read(token, ends=token in self._limits.eos)
                    self._endings.observe(row)
            self._endings.close(row)

    def step(self, reading: Reading, scores: Tensor, columns: int) -> Tensor:
        """Return the scores `[rows, vocabulary]` of the next tokens; rows between slots keep theirs.

        Args:
            reading: What the last forward left.
            scores: Processed scores `[rows, vocabulary]`.
            columns: Columns of the live cache, padding included.

        Raises:
            NumericsError: Logits are NaN where a slot may begin, or infinite at a slot.
            BindingFailureError: Policy `raise`, or `on_unresolved="raise"`.
        """
        tops: list[int] | None = None
        openings: list[Opening] = []
        self._read_questions(reading, columns)
        for row in self._rows:
            scores = self._endings.apart(row, scores)
        for row in self._rows:
            if row.finished:
                continue
            if row.phase is Phase.RESTATING and row.queue and _ruled_out(scores, row.index, row.queue[0]):
                row.abandon()
            if row.queue:
                scores = _forced(scores, row.index, row.next_forced())
                continue
            if not self._opener.may_open(row):
                continue
            if tops is None:
                best = scores.max(-1)
                tops = best.indices.masked_fill(best.values.isnan(), _NAN).tolist()
            top = tops[row.index]
            if top == _NAN:
                raise _not_numbers(row)
            way = self._way_on(row, top, scores)
            if way is not None:
                scores = _forced(scores, row.index, way)
                continue
            with self._recorder.standing_still():  # it may read a sentence
                opening = self._opener.open(row, top)
            if opening is not None:
                openings.append(opening)
            elif row.value is not None and row.value.branch is not None:
                scores = self._from_branch(row, row.value, row.value.branch, scores)
            else:
                # It may just have been found to be whole.
                scores = self._endings.apart(row, scores)
        if openings:
            with self._recorder.standing_still(), self._tap.suspended():
                scores = self._judge_and_act(openings, reading, scores, columns)
        return scores

    def _read_questions(self, reading: Reading, columns: int) -> None:
        """Read what the prompts ask, of the rows that may come to a slot here for the first time."""
        asking, opener = self._asking, self._opener
        due = [row for row in self._rows if not row.finished and asking.wants(row) and opener.may_open(row)]
        tail = self._model.tail(reading.cache, columns, self._config.tail_tokens)
        with self._recorder.standing_still() if due else nullcontext():
            asking.read(tail, due)

    def _way_on(self, row: Row, top: int, scores: Tensor) -> int | None:
        """Return the token that a repaired value has to go on with, where the model's own would leave it half written.

        A draw could leave it too, so under sampling nothing is left to it.
        """
        value = row.value
        if value is None or value.phase is not Phase.FORCED or value.may_be_over:
            return None
        going = row.bound.going_on(value.node, value.resolution.index)
        on = [token for token in going if not _ruled_out(scores, row.index, token)]
        if not on or (top in on and not self._limits.sampling):
            return None
        return on[int(scores[row.index, on].argmax())]

    def _from_branch(self, row: Row, value: Value, branch: Branch, scores: Tensor) -> Tensor:
        """Let the branch choose the next token of a value, or its end."""
        if value.node is None:
            return scores
        going = row.bound.going_on(value.node, value.resolution.index) or value.node.children
        live = [token for token in going if not _ruled_out(scores, row.index, token)]
        if not live:
            row.advance(ValueEvent.LOST)
            return scores
        if value.node.ends and int(branch.logits.argmax()) not in value.node.children:
            # The value ends here: what follows is the model's own, as long as it is no other value.
            scores = scores.clone()
            scores[row.index, live] = -torch.inf
            return self._endings.end_here(row, scores)
        return _forced(scores, row.index, live[int(branch.logits[live].argmax())])

    def _judge_and_act(self, openings: list[Opening], reading: Reading, scores: Tensor, columns: int) -> Tensor:
        tail = self._model.tail(reading.cache, columns, self._config.tail_tokens)
        main = [reading.logits[o.row.index].float() for o in openings]
        finite: list[bool] = torch.stack([logits.logsumexp(0) for logits in main]).isfinite().tolist()
        if not all(finite):
            raise _not_numbers(openings[finite.index(False)].row)
        nulls = self._taking_away.at(tail, openings, main)
        shared = SharedReading(tail)
        every = [
            self._judged(opening, reading, logits, readings, scores, tail, shared)
            for opening, logits, readings in zip(openings, main, nulls, strict=True)
        ]
        judged = [one for one in every if one is not None]
        shared.run([partial(self._try, one) for one in judged])
        for one in judged:
            scores = self._settle(one, reading, scores)
        return scores

    def _attend(self, opening: Opening, logits: Tensor, readings: NullReadings, tail: Tail) -> Tensor | str:
        target = opening.measurable_target
        if target is None:
            return "there is no evidence of a target"
        return self._meter.attend(tail, opening.row, logits, target) if readings.biased is None else readings.biased

    def _judged(
        self,
        opening: Opening,
        reading: Reading,
        logits: Tensor,
        readings: NullReadings,
        scores: Tensor,
        tail: Tail,
        shared: SharedReading,
    ) -> _JudgedSlot | None:
        """Judge the model's token; None where the slot was none."""
        row = opening.row
        slot = build_slot(
            opening,
            RowReadout(logits, scores[row.index], reading.residual[row.index]),
            readings,
            tail,
            self._config,
            self._limits,
            shared=shared,
            standing=self._standing,
            availability=self._availability(row, reading),
            available_from=None if self._probe is None else self._probe.available_from,
            attend=lambda: self._attend(opening, logits, readings, tail),
        )
        row.advance(ValueEvent.VERDICT)
        if is_false_alarm(opening, slot):
            row.advance(ValueEvent.DISMISS)
            return None
        row.judged += begins_value(slot.kind)
        return _JudgedSlot(opening, slot, readings, self._standing.at(opening.resolution, facts_of(row, slot)))

    def _try(self, judged: _JudgedSlot) -> None:
        try:
            judged.tried, judged.kept = self._trying.at(judged.slot, judged.opening.row, judged.stand)
        except Exception as error:
            judged.error = error  # told when the rows before it are settled

    def _settle(self, judged: _JudgedSlot, reading: Reading, scores: Tensor) -> Tensor:
        """Record what was tried at a slot, and carry out what was kept."""
        if judged.error is not None:
            raise judged.error
        opening, slot = judged.opening, judged.slot
        lens = self._lens_scores(slot, reading)
        probed = None if self._probe is None else self._probe.layer
        place = self._recorder.slot(
            opening,
            slot,
            judged.readings,
            judged.tried,
            stand=judged.stand,
            lens=lens,
            probed=probed,
            sampling=self._limits.sampling,
        )
        if opening.row.value is not None:
            opening.row.value.records.append(place)
            opening.row.value.told = frozenset() if opening.continues else told_at(opening, self._model.tokenizer)
        return scores if judged.kept is None else self._carry_out(opening, judged.kept, scores)

    def _carry_out(self, opening: Opening, kept: Proposal, scores: Tensor) -> Tensor:
        row = opening.row
        match kept:
            case Follow(token=token, branch=branch) if opening.node is not None:
                row.follow(branch)
                return _forced(scores, row.index, token)
            case Write(token=token) | Follow(token=token):
                # Of a value that is not known it cannot be told where it ends, so a branch would have no end either.
                row.write()
                return _forced(scores, row.index, token)
            case Restate(inserted=inserted, stated=stated):
                row.restate(inserted, stated)
                return _forced(scores, row.index, row.next_forced())
            case Stop():
                row.stop(self._abstention())
                return _forced(scores, row.index, row.next_forced())
            case Raise(error=error):
                raise error
            case _:
                assert_never(kept)

    def _abstention(self) -> list[int]:
        """Return the tokens that end a row: there is an end-of-sequence token, or no proposal to stop is kept."""
        text = self._config.abstain_text
        ids = [] if text is None else list(self._model.tokenizer(text, add_special_tokens=False)["input_ids"])
        return ids + sorted(self._limits.eos)[:1]

    def _availability(self, row: Row, reading: Reading) -> Callable[[Node | None, int], float | None] | None:
        probe, lens = self._probe, self._tap.lens
        if probe is None or lens is None:
            return None
        residuals = {layer: residual[row.index] for layer, residual in reading.layers.items()}
        return lambda node, target: probe.available(lens, residuals, node, target)

    def _lens_scores(self, slot: Slot, reading: Reading) -> LensScores:
        if self._tap.lens is None or slot.trie is None or slot.node is None:
            return {}
        shown = self._config.lens_layers
        residuals = {
            layer: residual[slot.row] for layer, residual in reading.layers.items() if shown == "all" or layer in shown
        }
        scores = lens_scores(self._tap.lens.logits, residuals, slot.trie, slot.node)
        return {layer: tuple(v if math.isfinite(v) else None for v in values) for layer, values in scores.items()}


def _not_numbers(row: Row) -> NumericsError:
    return NumericsError(
        f"row {row.index}, step {row.step}: the model's logits are NaN or infinite.",
        hint="Load the model in float32 or bfloat16, or check its weights.",
    )


def _ruled_out(scores: Tensor, row: int, token: int) -> bool:
    return float(scores[row, token]) == -math.inf


def _forced(scores: Tensor, row: int, token: int) -> Tensor:
    scores = scores.clone()
    scores[row] = -torch.inf
    scores[row, token] = 0.0
    return scores
