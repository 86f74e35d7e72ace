"""Builds the `Slot` that policies see: from an opening and what was read there, with a verdict on the model's token."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from guardbind.candidates.gaps import NodeReadout, read_node
from guardbind.candidates.trie import Node
from guardbind.config import GuardConfig
from guardbind.evidence import Located
from guardbind.model.branch import Branch
from guardbind.model.tail import Tail
from guardbind.policies.slot import Restatement, Slot, bits_of
from guardbind.policies.verdict import Judgement, bits_needed, judge_known, judge_unknown
from guardbind.session.meter import NullReadings
from guardbind.session.opener import Opening
from guardbind.session.row import Row
from guardbind.text.decoded import PromptText

__all__ = ["Judge", "Restater", "RowReadout", "build_slot", "is_false_alarm"]

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
class Judge:
    """Judges tokens at one slot.

    Attributes:
        config: The guard's settings.
        target: What the slot should take its value from; None when that is unresolved.
        candidate: Index of the target's value in the trie; None when it is not known.
        node: Where the value stands in the trie; None when it is not known.
        token: The model's own token.
        prior: log p0 `[vocabulary]` (nats) with the target's evidence taken away; None when it was not read.
        begun: The slot continues a value.
        certain: The words say whose value it is, surely enough to outvote the reading.
        unresolved: Why nothing can be judged by the nulls, or why there is no target.
    """

    config: GuardConfig
    target: Located | None
    candidate: int | None
    node: Node | None
    token: int
    prior: Tensor | None
    begun: bool = False
    certain: bool = False
    unresolved: str | None = None

    @classmethod
    def at(cls, opening: Opening, readings: NullReadings, config: GuardConfig) -> Judge:
        """Return the judge of an opening.

        Args:
            opening: Where.
            readings: Its nulls.
            config: The guard's settings.
        """
        bound, target = opening.row.bound, opening.target
        return cls(
            config=config,
            target=target,
            candidate=None if target is None else bound.candidate(target.index),
            node=opening.node,
            token=opening.token,
            prior=None if target is None else readings.nulls.get(target.index),
            begun=opening.begun,
            certain=bound.addressed and opening.resolution.score >= config.trusted_score,
            unresolved=readings.refusal or (opening.resolution.reason if target is None else None),
        )

    def own(self, logprobs: Tensor, risk: float) -> Judgement:
        """Judge the model's own token.

        Args:
            logprobs: log p1 `[vocabulary]`, nats.
            risk: Share of the candidates' probability that is not the target's; 0 where nothing is drawn.
        """
        return self._judge(self.token, logprobs, risk=risk, outvoted=False)

    def proposed(self, token: int, support: Tensor) -> Judgement:
        """Judge a token that would take the place of the model's own; nothing is drawn then.

        Args:
            token: The token.
            support: Log-probabilities `[vocabulary]` (nats) by which its evidence bits are counted.
        """
        # Where the words say whose value it is, and another one's is coming, the evidence only has to speak for it.
        coming = self._alive(self.token)
        outvoted = self.certain and bool(coming) and self.candidate not in coming
        return self._judge(token, support, risk=0.0, outvoted=outvoted)

    def _alive(self, token: int) -> frozenset[int]:
        return frozenset() if self.node is None else self.node.kept_by(token)

    def _judge(self, token: int, support: Tensor, *, risk: float, outvoted: bool) -> Judgement:
        if self.target is None or self.unresolved is not None:
            return Judgement("unresolved", self.unresolved or "there is no target")
        if self.target.absent:
            return Judgement("absent", "the target's value does not stand in the prompt")
        bits = None if self.prior is None else bits_of(token, support, self.prior)
        needed = _needed(token, self.prior, self.config, narrowed=self.candidate is not None or self.begun)
        if self.candidate is None:
            if bits is None or self.prior is None:
                return Judgement("unresolved", "the span was not read")
            return judge_unknown(bits=bits, needed=needed, alternative=self._alternative(support, self.prior))
        alive = self._alive(token)
        return judge_known(
            token_is_candidate=bool(alive),
            token_is_target=self.candidate in alive,
            bits=bits,
            needed=0.0 if outvoted else needed,
            risk=risk,
            allowed=1.0 - self.config.tau,
        )

    def _alternative(self, logprobs: Tensor, prior: Tensor) -> bool:
        """Whether a plausible token rests on the target's evidence, all compared where they lie."""
        plausible = logprobs >= logprobs.max() + math.log(self.config.plausibility)
        return bool(((logprobs - prior)[plausible] / math.log(2) >= self.config.min_evidence_bits).any())


@dataclass(frozen=True, slots=True)
class Restater:
    """Reads a slot with the target's evidence restated before it.

    Attributes:
        tail: The interrupted generation.
        row: The row.
        target: Index of the target's binding, or None.
        config: The guard's settings.
        max_positions: Tokens that the model's context holds, or None.
    """

    tail: Tail
    row: Row
    target: int | None
    config: GuardConfig
    max_positions: int | None

    def restate(self) -> Restatement | None:
        """Read the slot; None when the target is not in the prompt or the model's context has no room."""
        row, bound = self.row, self.row.bound
        if self.target is None or bound.table.items[self.target].absent:
            return None
        settings = self.config.checkpoint
        mention = bound.table.items[self.target].stated[-1]
        evidence = bound.prompt.text[slice(*mention.chars)].strip()
        text = settings.template.replace("{evidence}", evidence)
        prefix = self._begun_line()
        cut = len(prefix)
        if settings.placement == "slot":
            cut, text = 0, "\n" + text
        stated = list(self.tail.tokenizer(text, add_special_tokens=False)["input_ids"])
        tokens = stated + prefix
        needed = len(row.ids) - cut + len(tokens) + bound.longest_value
        if not tokens or (self.max_positions is not None and needed > self.max_positions):
            return None
        branch = Branch(self.tail, row=row.index, pad=bound.pad, ids=row.ids, cut=cut, tokens=tokens)
        return Restatement(branch, tuple(tokens), len(stated))

    def _begun_line(self) -> list[int]:
        row = self.row
        text = row.bound.prompt if row.step == 0 else PromptText.from_ids(self.tail.tokenizer, row.ids)
        start = text.text.rfind("\n") + 1
        if start >= len(text.text):
            return []
        first = text.tokens(start, len(text.text)).start
        return row.ids[max(first, len(row.ids) - _LONGEST_PREFIX) :]


def build_slot(
    opening: Opening,
    readout: RowReadout,
    readings: NullReadings,
    restater: Restater,
    config: GuardConfig,
    *,
    sampling: bool,
) -> Slot:
    """Read a node, judge the model's token and return the slot.

    Args:
        opening: Where.
        readout: What the last forward left there.
        readings: The nulls.
        restater: Reads the slot with the evidence restated.
        config: The guard's settings.
        sampling: Tokens are drawn.
    """
    judge = Judge.at(opening, readings, config)
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
        begun=opening.begun,
        target=opening.target,
        target_candidate=candidate,
        trie=row.bound.trie,
        node=node,
        glued=opening.glued,
        logits=readout.logits,
        logprobs=logprobs,
        scores=readout.scores,
        nulls=readings.nulls,
        residual=readout.residual,
        readout=at_node,
        token=opening.token,
        judgement=judge.own(logprobs, _risk(at_node, candidate) if sampling else 0.0),
        config=config,
        judge=judge.proposed,
        restate=restater.restate,
    )


def is_false_alarm(opening: Opening, slot: Slot) -> bool:
    """Whether there is no slot here after all.

    A token that begins a candidate by coincidence rests on no binding's evidence; and a value that is not known in
    advance ends where nothing rests on its span any more.

    Args:
        opening: Where.
        slot: What was read there.
    """
    if opening.node is None:
        return opening.begun and slot.judgement.verdict == "unsupported"
    if not opening.by_token or not slot.nulls:
        return False
    owners = [item for item in opening.owners if item in slot.nulls]
    target = opening.resolution.index
    if opening.tells and target is not None and opening.row.bound.expects(target, owners):
        return False
    return not any(_rests(slot, slot.nulls[item]) for item in owners)


def _rests(slot: Slot, prior: Tensor) -> bool:
    needed = _needed(slot.token, prior, slot.config, narrowed=True)
    return bits_of(slot.token, slot.logprobs, prior) >= needed


def _needed(token: int, prior: Tensor | None, config: GuardConfig, *, narrowed: bool) -> float:
    if prior is None:
        return config.min_evidence_bits
    return bits_needed(float(prior[token].exp()), config.min_evidence_bits, narrowed=narrowed)


def _risk(readout: NodeReadout | None, target: int | None) -> float:
    share = None if readout is None or target is None else readout.posterior[target]
    return 0.0 if share is None else max(0.0, 1.0 - share)
