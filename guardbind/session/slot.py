"""From an opening and what was measured at it to a slot with a verdict."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from guardbind.candidates.gaps import NodeReadout, read_node
from guardbind.candidates.trie import Node
from guardbind.config import GuardConfig
from guardbind.evidence import Located
from guardbind.policies.proposal import Restatement, Slot
from guardbind.policies.verdict import Judgement, bits_needed, judge_known, judge_unknown
from guardbind.session.meter import Measured
from guardbind.session.row import Row
from guardbind.targets.by_key import Resolution

__all__ = ["Opening", "build_slot"]


@dataclass(frozen=True, slots=True)
class Opening:
    """A row that is about to write a value, before anything is measured.

    Attributes:
        row: The row.
        kind: What opened the slot.
        resolution: Where it should take its value from.
        node: Where the value stands in the trie; None when it is not known.
        token: The model's own token.
        begun: It continues a value.
        glued: Tokens that would go on with the word that the text ends in, and begin no value.
        tells: The token is no word that stands in any sentence ("a"), so that it can hardly begin a value by chance.
    """

    row: Row
    kind: str
    resolution: Resolution
    node: Node | None
    token: int
    begun: bool
    glued: frozenset[int] = frozenset()
    tells: bool = True

    @property
    def target(self) -> Located | None:
        """The binding that the slot should take its value from."""
        index = self.resolution.index
        return None if index is None else self.row.table.items[index]

    @property
    def measurable_target(self) -> int | None:
        """Index of the target, if it stands in the prompt."""
        target = self.target
        return None if target is None or target.absent else target.index

    def alive(self, token: int) -> frozenset[int]:
        """Return the candidates that a token begins, continues or ends."""
        if self.node is None:
            return frozenset()
        child = self.node.children.get(token)
        return self.node.ends if child is None else child.values

    def wanted(self, most: int) -> list[int]:
        """Return the bindings to take away one by one: the target, those about to be written, then the others."""
        target = self.measurable_target
        first = [] if target is None else [target]
        first += self.row.owners(tuple(self.alive(self.token)))
        order = dict.fromkeys([*first, *(item.index for item in self.row.table.items)])
        return [index for index in order if not self.row.table.items[index].absent][:most]

    def is_false_alarm(self, slot: Slot) -> bool:
        """Whether there is no slot here after all.

        A token that begins a candidate by coincidence rests on no binding's evidence; and a value that is not known
        in advance ends where nothing rests on its span any more.
        """
        if self.node is None:
            return self.begun and slot.judgement.verdict == "unsupported"
        if self.kind != "automatic" or not slot.nulls:
            return False
        owners = [item for item in self.row.owners(tuple(self.alive(self.token))) if item in slot.nulls]
        if self.tells and self.resolution.index is not None and self.row.expects(self.resolution.index, owners):
            return False
        pairs = [_bits(self.token, slot.logprobs, slot.nulls[item], slot.config, narrowed=True) for item in owners]
        return not any(bits is not None and bits >= needed for bits, needed in pairs)


def build_slot(
    opening: Opening,
    *,
    logits: Tensor,
    scores: Tensor,
    residual: Tensor,
    measured: Measured,
    config: GuardConfig,
    sampling: bool,
    restate: Callable[[], Restatement | None],
) -> Slot:
    """Read a node, judge the model's token and return the slot.

    Args:
        opening: Where.
        logits: Raw fp32 logits `[vocabulary]`.
        scores: Processed scores `[vocabulary]`.
        residual: What fed the output head `[hidden]`.
        measured: The nulls.
        config: The guard's settings.
        sampling: Tokens are drawn.
        restate: Reads the slot with the evidence restated.
    """
    row, target = opening.row, opening.target
    target_candidate = None if target is None else row.candidate(target.index)
    readout = None
    if opening.node is not None and row.trie is not None:
        at_node = target_candidate if target_candidate in opening.node.values else None
        readout = read_node(logits, row.trie, opening.node, target=at_node)
    logprobs = torch.log_softmax(logits, -1)
    prior = None if target is None else measured.nulls.get(target.index)
    own_alive = opening.alive(opening.token)

    certain = row.addressed and opening.resolution.score >= config.trusted_score

    # Only the model's own token is drawn; what a policy proposes is written as it is.
    def judge(token: int, support: Tensor, *, own: bool = False) -> Judgement:
        if measured.refusal is not None:
            return Judgement("unresolved", measured.refusal)
        if target is None:
            return Judgement("unresolved", opening.resolution.reason)
        if target.absent:
            return Judgement("absent", "the target's value does not stand in the prompt")
        narrowed = target_candidate is not None or opening.begun
        bits, needed = _bits(token, support, prior, config, narrowed)
        if target_candidate is None:
            if bits is None or prior is None:
                return Judgement("unresolved", "the span was not read")
            return judge_unknown(bits=bits, needed=needed, alternative=_alternative(support, prior, config))
        alive = opening.alive(token)
        # Where the words say whose value it is, and another one's is coming, the evidence only has to speak for it.
        outvoted = certain and not own and bool(own_alive) and target_candidate not in own_alive
        return judge_known(
            token_is_candidate=bool(alive),
            token_is_target=target_candidate in alive,
            bits=bits,
            needed=0.0 if outvoted else needed,
            risk=_risk(readout, target_candidate) if own and sampling else 0.0,
            allowed=1.0 - config.tau,
        )

    return Slot(
        row=row.index,
        step=row.step,
        kind=opening.kind,
        begun=opening.begun,
        target=target,
        target_candidate=target_candidate,
        trie=row.trie,
        node=opening.node,
        glued=opening.glued,
        logits=logits,
        logprobs=logprobs,
        scores=scores,
        nulls=measured.nulls,
        residual=residual,
        readout=readout,
        token=opening.token,
        judgement=judge(opening.token, logprobs, own=True),
        config=config,
        judge=judge,
        restate=restate,
    )


def _bits(
    token: int, support: Tensor, prior: Tensor | None, config: GuardConfig, narrowed: bool
) -> tuple[float | None, float]:
    if prior is None:
        return None, config.min_evidence_bits
    bits = (float(support[token]) - float(prior[token])) / math.log(2)
    return bits, bits_needed(float(prior[token].exp()), config.min_evidence_bits, narrowed=narrowed)


def _alternative(logprobs: Tensor, prior: Tensor, config: GuardConfig) -> bool:
    plausible = logprobs >= logprobs.max() + math.log(config.plausibility)
    return bool(((logprobs - prior)[plausible] / math.log(2) >= config.min_evidence_bits).any())


def _risk(readout: NodeReadout | None, target: int) -> float:
    share = None if readout is None else readout.posterior[target]
    return 0.0 if share is None else max(0.0, 1.0 - share)
