"""Builds the `Slot` that policies see: from an opening and what was read there, with a verdict on the model's token."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from guardbind.candidates.gaps import NodeReadout, read_node
from guardbind.candidates.trie import Node
from guardbind.config import GuardConfig
from guardbind.errors import NullUnavailableError
from guardbind.model.branches import BranchRequest
from guardbind.model.tail import Tail
from guardbind.policies.judge import Judge, rests
from guardbind.policies.slot import Restatement, Slot
from guardbind.session.copying import copies_at, said_at
from guardbind.session.limits import Limits
from guardbind.session.meter import NullReadings
from guardbind.session.opener import Opening
from guardbind.session.overrun import going_on, likeliest
from guardbind.session.row import Row
from guardbind.session.sharing import SharedReading
from guardbind.session.standing import UNCALIBRATED, Standing
from guardbind.session.unbound import UNBOUND, is_told
from guardbind.session.writable import refusal
from guardbind.targets.trust import precision
from guardbind.text.decoded import PromptText

__all__ = ["Restater", "RowReadout", "build_slot", "is_certain", "is_false_alarm", "judge_at"]

logger = logging.getLogger("guardbind")

# A line is begun again after a restatement; of a paragraph, only its end is.
_LONGEST_PREFIX = 32


@dataclass(frozen=True, slots=True)
class RowReadout:
    """What the last forward left for one row.

    Attributes:
        logits: Raw fp32 logits `[vocabulary]`.
        scores: Processed scores `[vocabulary]`.
        residual: What fed the output head `[hidden]`.
    """

    logits: Tensor
    scores: Tensor
    residual: Tensor


@dataclass(frozen=True, slots=True)
class Restater:
    """Reads a slot with the target's evidence restated before it.

    Attributes:
        tail: The interrupted generation.
        row: The row.
        target: Index of the target's binding, or None.
        config: The guard's settings.
        limits: What this generation allows.
        shared: Reads the branches of all rows of the step; by default one for this row alone.
    """

    tail: Tail
    row: Row
    target: int | None
    config: GuardConfig
    limits: Limits
    shared: SharedReading | None = None

    def restate(self) -> Restatement | None:
        """Read the slot; None when the target is not in the prompt, has no room, or the model cannot be run so."""
        row, bound = self.row, self.row.bound
        if self.target is None or bound.table.items[self.target].absent:
            return None
        settings = self.config.checkpoint
        mention = bound.table.items[self.target].stated[-1]
        evidence = bound.prompt.text[slice(*mention.chars)].strip()
        text = settings.template.replace("{evidence}", evidence)
        prefix = self._unfinished_line()
        cut = len(prefix)
        if settings.placement == "slot":
            cut, text = 0, "\n" + text
        stated = list(self.tail.tokenizer(text, add_special_tokens=False)["input_ids"])
        tokens = stated + prefix
        # Nothing of a branch stands in the answer or in the live cache, so that only the context bounds it.
        kept = len(row.ids) - cut
        if not tokens or not self.limits.context_holds(kept, len(tokens), following=bound.longest_value):
            return None
        try:
            reading = self.shared or SharedReading(self.tail)
            branch = reading.read(BranchRequest(row.index, bound.pad, row.ids, cut, tokens))
        except NullUnavailableError as error:
            logger.warning("nothing is restated: %s", error)
            return None
        return Restatement(branch, tuple(tokens), len(stated))

    def _unfinished_line(self) -> list[int]:
        row = self.row
        text = row.bound.prompt if row.step == 0 else PromptText.from_ids(self.tail.tokenizer, row.ids)
        start = text.text.rfind("\n") + 1
        if start >= len(text.text):
            return []
        first = text.tokens(start, len(text.text)).start
        return row.ids[max(first, len(row.ids) - _LONGEST_PREFIX) :]


def is_certain(opening: Opening, config: GuardConfig, standing: Standing = UNCALIBRATED) -> bool:
    """Whether it is told, not guessed, whose value is meant.

    The caller says so; or the calibration has a rule for targets that are found in this way. Without a calibration: the
    caller's key stands right before the slot; or the target was found in a way that was right often enough where it was
    measured.

    Args:
        opening: Where.
        config: Its `risk` and `trust` are used.
        standing: How the guard stands to its calibration.
    """
    resolution = opening.resolution
    if resolution.index is None:
        return False
    if resolution.how == "declared":
        return True
    if standing.calibration is not None:
        return standing.has_rule(resolution)
    if resolution.how == "slot_prefix" or config.trust == "every":
        return True
    share = precision(resolution) if opening.row.bound.addressed else None
    return share is not None and share.low >= 1 - config.risk


def judge_at(
    opening: Opening,
    readings: NullReadings,
    config: GuardConfig,
    overrun: frozenset[int] = frozenset(),
    standing: Standing = UNCALIBRATED,
    copies: frozenset[int] = frozenset(),
    said: frozenset[int] = frozenset(),
    refuses: Callable[[int], str] = lambda _: "",
) -> Judge:
    """Return the judge of an opening.

    Args:
        opening: Where.
        readings: Its nulls.
        config: The guard's settings.
        overrun: Tokens that would go on with a value which is whole here.
        standing: How the guard stands to its calibration.
        copies: See `Judge`.
        said: See `Judge`.
        refuses: See `Judge`.
    """
    bound, target = opening.row.bound, opening.target
    return Judge(
        config=config,
        target=target,
        candidate=None if target is None else bound.candidate(target.index),
        node=opening.node,
        token=opening.token,
        prior=None if target is None else readings.nulls.get(target.index),
        continues=opening.continues,
        certain=is_certain(opening, config, standing),
        overrun=overrun,
        copies=copies,
        said=said,
        refuses=refuses,
        unresolved=_unresolved(opening, readings),
    )


def _unresolved(opening: Opening, readings: NullReadings) -> str | None:
    """Return why nothing can be judged; None where it can."""
    if readings.refusal is not None:
        return readings.refusal
    if readings.unbound is not None and not is_told(opening):
        return UNBOUND
    return opening.resolution.reason if opening.target is None else None


def build_slot(
    opening: Opening,
    readout: RowReadout,
    readings: NullReadings,
    tail: Tail,
    config: GuardConfig,
    limits: Limits,
    *,
    shared: SharedReading | None = None,
    standing: Standing = UNCALIBRATED,
    availability: Callable[[Node | None, int], float | None] | None = None,
    available_from: float | None = None,
    attend: Callable[[], Tensor | str] = lambda: "it is not offered here",
) -> Slot:
    """Read a node, judge the model's token and return the slot.

    Args:
        opening: Where.
        readout: What the last forward left there.
        readings: The nulls.
        tail: The interrupted generation.
        config: The guard's settings.
        limits: What this generation allows.
        shared: Reads the branches of all rows of the step.
        standing: How the guard stands to its calibration.
        availability: Says of a node and a candidate how far the residual names it; None without a probe.
        available_from: See `Slot`.
        attend: See `Slot`.
    """
    overrun = _overrun(opening, readout.scores, tail)
    copies = copies_at(opening, tail.tokenizer)
    said = said_at(opening, tail.tokenizer)
    refuses = partial(refusal, opening, tail.tokenizer)
    judge = judge_at(opening, readings, config, overrun, standing, copies, said, refuses)
    restater = Restater(tail, opening.row, opening.resolution.index, config, limits, shared)
    row, node, candidate = opening.row, opening.node, judge.candidate
    at_node = None
    if node is not None and row.bound.trie is not None:
        target = candidate if candidate in node.values else None
        at_node = read_node(readout.logits, row.bound.trie, node, target=target)
    logprobs = torch.log_softmax(readout.logits, -1)
    return Slot(
        row=row.index,
        step=row.step,
        kind=opening.kind,
        continues=opening.continues,
        target=opening.target,
        target_candidate=candidate,
        trie=row.bound.trie,
        node=node,
        glued=opening.glued | overrun,
        logits=readout.logits,
        logprobs=logprobs,
        scores=readout.scores,
        nulls=readings.nulls,
        residual=readout.residual,
        readout=at_node,
        token=opening.token,
        certain=judge.certain,
        judgement=judge.own(logprobs, _risk(at_node, candidate) if limits.sampling else 0.0),
        config=config,
        judge=judge.proposed,
        restate=restater.restate,
        available=None if availability is None or candidate is None else availability(node, candidate),
        available_from=available_from,
        declared=opening.resolution.how == "declared",
        copies=copies,
        attend=attend,
    )


def _overrun(opening: Opening, scores: Tensor, tail: Tail) -> frozenset[int]:
    """Return the likely tokens that would go on with a value which is whole here, and are no part of a candidate."""
    node = opening.node
    if node is None or not node.ends:
        return frozenset()
    likely = [opening.token, *likeliest(scores)]
    return frozenset(going_on(opening.row, [token for token in likely if token not in node.children], tail.tokenizer))


def is_false_alarm(opening: Opening, slot: Slot) -> bool:
    """Whether there is no slot here after all.

    A token that begins a candidate by coincidence rests on no binding's evidence; and a value that is not known in
    advance ends where nothing rests on its span any more.

    Args:
        opening: Where.
        slot: What was read there.
    """
    if opening.node is None:
        return opening.continues and slot.judgement.verdict == "unsupported" and not slot.copies
    if not opening.sees_token or not slot.nulls:
        return False
    items = opening.row.bound.table.items
    stated = [item for item in opening.owners if not items[item].absent]
    owners = [item for item in stated if item in slot.nulls]
    if stated and not owners:
        return False  # `max_nulls` left them out, so that nothing speaks for a coincidence
    target = opening.resolution.index
    if opening.tells and target is not None and (opening.asked or opening.row.bound.expects(target, owners)):
        return False
    return not any(rests(slot.token, slot.logprobs, slot.nulls[item], slot.config) for item in owners)


def _risk(readout: NodeReadout | None, target: int | None) -> float:
    share = None if readout is None or target is None else readout.posterior[target]
    return 0.0 if share is None else max(0.0, 1.0 - share)
