"""One decoding step of a guarded generation: find the slots, read them, judge them, act, record."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.errors import BindingFailureError, NumericsError
from guardbind.model.forward import Module
from guardbind.model.lens import Lens
from guardbind.model.tail import Tail
from guardbind.model.tap import ModelTap, Reading
from guardbind.policies import Policy, Proposal, Slot, Verification, verify
from guardbind.session.limits import Limits
from guardbind.session.meter import Measured, Meter
from guardbind.session.opener import Opener
from guardbind.session.recorder import Recorder
from guardbind.session.restate import insertion_fits, restater
from guardbind.session.row import Row, Value
from guardbind.session.slot import Opening, build_slot

__all__ = ["Engine"]

_NAN = -1


class Engine:
    """The state of one generation.

    Args:
        model: The module whose forward the generation loop calls.
        tokenizer: Its tokenizer.
        config: The guard's settings.
        policy: What to do about a verdict.
        rows: One per row of the batch.
        tap: Hooks on the model.
        meter: Runs the nulls.
        recorder: Takes the records.
        limits: What this generation allows.
        lens: Residual lens, if asked for.
    """

    def __init__(
        self,
        model: Module,
        tokenizer: PreTrainedTokenizerBase,
        config: GuardConfig,
        policy: Policy,
        rows: Sequence[Row],
        tap: ModelTap,
        meter: Meter,
        recorder: Recorder,
        limits: Limits,
        lens: Lens | None,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._config = config
        self._policy = policy
        self._rows = rows
        self._tap = tap
        self._meter = meter
        self._recorder = recorder
        self._limits = limits
        self._lens = lens
        self._opener = Opener(config, tokenizer)

    def observe(self, last_tokens: Sequence[int]) -> None:
        """Take note of the token that each row was given at the step before."""
        for row, token in zip(self._rows, last_tokens, strict=True):
            if row.finished:
                continue
            row.ids.append(token)
            row.finished = row.stopped or token in self._limits.eos
            if row.value is not None and not row.queue:
                self._follow(row, row.value, token)

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
        for row in self._rows:
            if row.finished:
                continue
            if row.reopens is not None and row.queue and _ruled_out(scores, row.index, row.queue[0]):
                # The restatement cannot be written to its end, so the value is not begun again.
                row.queue.clear()
                row.reopens = None
            if row.queue:
                scores = _forced(scores, row.index, row.queue.popleft())
                continue
            if not self._opener.may_open(row):
                continue
            if tops is None:
                best = scores.max(-1)
                tops = best.indices.masked_fill(best.values.isnan(), _NAN).tolist()
            if tops[row.index] == _NAN:
                raise _not_numbers(row)
            way = self._way_on(row, tops[row.index], scores)
            if way is not None:
                scores = _forced(scores, row.index, way)
                continue
            opening = self._opener.open(row, tops[row.index])
            if opening is not None:
                openings.append(opening)
        if openings:
            with self._tap.suspended():
                scores = self._judge_and_act(openings, reading, scores, columns)
        return scores

    def _way_on(self, row: Row, top: int, scores: Tensor) -> int | None:
        """Return the token that a repaired value has to go on with, where the model's own would leave it half written.

        A draw could leave it too, so under sampling nothing is left to it.
        """
        value = row.value
        if value is None or not value.intervened or value.branch is not None or value.may_be_over:
            return None
        on = [token for token in row.on_target(value) if not _ruled_out(scores, row.index, token)]
        if not on or (top in on and not self._limits.sampling):
            return None
        return on[int(scores[row.index, on].argmax())]

    def _follow(self, row: Row, value: Value, token: int) -> None:
        value.tokens += 1
        if value.node is None:
            if row.finished:
                row.value = None
            return
        node = value.node.children.get(token)
        if node is None or not node.children:
            # It ends with its last token, or with one that closes it.
            ends = value.node.ends if node is None else node.ends
            for item in row.owners(tuple(ends)):
                row.restated.setdefault(item, []).append(range(value.start, len(row.ids)))
            row.value = None
            return
        value.ended |= value.node.ends
        value.node = node
        if value.branch is not None:
            with self._tap.suspended():
                value.branch.advance(token)

    def _judge_and_act(self, openings: list[Opening], reading: Reading, scores: Tensor, columns: int) -> Tensor:
        tail = Tail(self._model, self._tokenizer, reading.cache, columns, self._config.tail_tokens)
        branched = [o for o in openings if o.row.value is not None and o.row.value.branch is not None]
        for opening in branched:
            scores = self._from_branch(opening, scores)
        openings = [o for o in openings if o not in branched]
        main = [reading.logits[o.row.index].float() for o in openings]
        for opening, logits in zip(openings, main, strict=True):
            if not bool(logits.logsumexp(0).isfinite()):
                raise _not_numbers(opening.row)
        wanted = [o.wanted(self._config.max_nulls) for o in openings]
        targets = [o.measurable_target for o in openings]
        measured = self._meter.read(tail, [o.row for o in openings], main, wanted, targets) if openings else []
        for opening, logits, m in zip(openings, main, measured, strict=True):
            scores = self._one(opening, reading, logits, m, scores, tail)
        return scores

    def _from_branch(self, opening: Opening, scores: Tensor) -> Tensor:
        value = opening.row.value
        assert value is not None and value.branch is not None and value.node is not None
        row = opening.row
        going = row.on_target(value) or value.node.children
        live = [token for token in going if not _ruled_out(scores, row.index, token)]
        if not live:
            value.branch = None
            return scores
        if value.node.ends and int(value.branch.logits.argmax()) not in value.node.children:
            # The value ends here: what follows is the model's own, as long as it is no other value.
            scores = scores.clone()
            scores[opening.row.index, live] = -torch.inf
            return scores
        return _forced(scores, opening.row.index, live[int(value.branch.logits[live].argmax())])

    def _one(
        self, opening: Opening, reading: Reading, logits: Tensor, measured: Measured, scores: Tensor, tail: Tail
    ) -> Tensor:
        row = opening.row
        slot = build_slot(
            opening,
            logits=logits,
            scores=scores[row.index],
            residual=reading.residual[row.index],
            measured=measured,
            config=self._config,
            sampling=self._limits.sampling,
            restate=restater(tail, row, opening.resolution, self._config, self._limits.max_positions),
        )
        if opening.is_false_alarm(slot):
            row.value = None
            return scores
        tried, kept = self._try(slot, row)
        lens = self._lens_scores(slot, reading)
        self._recorder.slot(opening, slot, measured, tried, kept, lens, self._limits.sampling)
        if kept is None:
            return scores
        return self._carry_out(row, kept, scores)

    def _try(self, slot: Slot, row: Row) -> tuple[list[tuple[Proposal, Verification]], Proposal | None]:
        tried: list[tuple[Proposal, Verification]] = []
        if slot.judgement.verdict == "ok":
            return tried, None
        unresolved = slot.judgement.verdict == "unresolved"
        proposals = self._unresolved(slot) if unresolved else self._policy(slot)
        begun = row.value is not None and row.value.intervened
        for proposal in proposals:
            verification = verify(slot, proposal)
            if verification.kept and not begun and row.interventions >= self._config.max_interventions:
                verification = _refused(verification, "the bound on interventions is reached")
            elif verification.kept and not insertion_fits(proposal, row, self._limits):
                verification = _refused(verification, "no room is left for the insertion")
            elif verification.kept and proposal.stops and not self._limits.eos:
                verification = _refused(verification, "there is no end-of-sequence token to end the row with")
            tried.append((proposal, verification))
            if verification.kept:
                return tried, proposal
        return tried, None

    def _unresolved(self, slot: Slot) -> list[Proposal]:
        if self._config.on_unresolved == "abstain":
            return [Proposal("abstain", stops=True)]
        if self._config.on_unresolved == "raise":
            error = BindingFailureError(
                f"row {slot.row}, step {slot.step}: the target is unresolved: {slot.judgement.reason}.",
                hint="Declare target=..., or set on_unresolved='leave'.",
            )
            return [Proposal("raise", error=error)]
        return []

    def _carry_out(self, row: Row, kept: Proposal, scores: Tensor) -> Tensor:
        if kept.error is not None:
            raise kept.error
        value = row.value
        if value is not None and not value.intervened:
            value.intervened = True
            row.interventions += 1
        if kept.stops:
            row.value = None
            row.queue.extend(self._abstention())
            return _forced(scores, row.index, row.queue.popleft()) if row.queue else scores
        if kept.inserted:
            if value is not None:
                row.reopens = value
                if value.resolution.index is not None:
                    stated = range(len(row.ids), len(row.ids) + kept.stated)
                    row.restated.setdefault(value.resolution.index, []).append(stated)
            row.value = None
            row.queue.extend(kept.inserted)
            return _forced(scores, row.index, row.queue.popleft())
        if value is not None:
            value.branch = kept.branch if value.node is not None else None
        assert kept.token is not None
        return _forced(scores, row.index, kept.token)

    def _abstention(self) -> list[int]:
        text = self._config.abstain_text
        ids = [] if text is None else list(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        return ids + sorted(self._limits.eos)[:1]

    def _lens_scores(self, slot: Slot, reading: Reading) -> dict[int, tuple[float | None, ...]]:
        if self._lens is None or slot.trie is None or slot.node is None:
            return {}
        from guardbind.candidates.gaps import lens_scores

        residuals = {layer: residual[slot.row] for layer, residual in reading.layers.items()}
        scores = lens_scores(self._lens.logits, residuals, slot.trie, slot.node)
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


def _refused(verification: Verification, reason: str) -> Verification:
    return Verification(False, reason, verification.verdict, verification.bits, verification.budget)
