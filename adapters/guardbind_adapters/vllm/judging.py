"""Judges a token inside an engine, where no null can be read, and says which tokens a veto leaves.

Which candidate a token begins is seen; whether it rests on the evidence is not. So no verdict here is ever `ok`: a
token of the target's own value is `unresolved`, with the reason that no null was read.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import torch
from torch import Tensor

from guardbind.candidates.gaps import Confidence, NodeReadout, read_confidence, read_node
from guardbind.policies.verdict import Judgement, judge_known
from guardbind.session.opener import Opening

__all__ = ["UNREAD", "LogitEdit", "SlotSight", "see", "veto_at"]

UNREAD = "the token is the target's; no null was read, so that it is not known whether it rests on the evidence"


@dataclass(frozen=True, slots=True)
class LogitEdit:
    """What is done to one row of logits.

    Attributes:
        allowed: The only tokens that stay possible; None where all do.
        banned: Tokens that do not.
    """

    allowed: tuple[int, ...] | None = None
    banned: tuple[int, ...] = ()

    def carry_out(self, logits: Tensor) -> bool:
        """Change a row of logits in place, if that leaves a token that can be written.

        Args:
            logits: Shape [V].

        Returns:
            Whether it was changed.
        """
        kept = torch.full_like(logits, -math.inf) if self.allowed is not None else logits.clone()
        if self.allowed is not None:
            kept[list(self.allowed)] = logits[list(self.allowed)]
        kept[list(self.banned)] = -math.inf
        if not bool(kept.isfinite().any()):
            return False
        logits.copy_(kept)
        return True


@dataclass(frozen=True, slots=True)
class SlotSight:
    """One slot as it is seen inside an engine.

    Attributes:
        opening: Where.
        candidate: Index of the target's value in the trie; None when it is not known.
        readout: The candidates at the node; None where none is known.
        confidence: How sure the next token looks.
        judgement: The verdict on the model's own token.
    """

    opening: Opening
    candidate: int | None
    readout: NodeReadout | None
    confidence: Confidence
    judgement: Judgement

    @property
    def own(self) -> bool:
        """Whether the model's token is the target's, so that only a null could say more."""
        return self.judgement.reason == UNREAD


def see(
    opening: Opening, logits: Tensor, overrun: Collection[int] = (), *, most_risk: float | None = None
) -> SlotSight:
    """Read a slot from one row of logits and judge the model's own token.

    Args:
        opening: Where.
        logits: Logits `[vocabulary]` as the processor is given them.
        overrun: Tokens that would go on with a value which is whole here; they keep none alive.
        most_risk: How much of the candidates' probability may be others', where tokens are drawn; None where not.

    Raises:
        NumericsError: A logit is NaN or +inf, or all are -inf.
        CandidateError: A candidate's token id lies outside the vocabulary.
    """
    bound, target, node = opening.row.bound, opening.target, opening.node
    candidate = None if target is None else bound.candidate(target.index)
    readout = None
    if node is not None and bound.trie is not None:
        readout = read_node(logits, bound.trie, node, target=candidate if candidate in node.values else None)
    share = None if readout is None or candidate is None else readout.posterior[candidate]
    risk = 0.0 if share is None or most_risk is None else max(0.0, 1 - share)
    judgement = _judge(opening, candidate, overrun, risk, 1.0 if most_risk is None else most_risk)
    return SlotSight(opening, candidate, readout, read_confidence(logits), judgement)


def _judge(opening: Opening, candidate: int | None, overrun: Collection[int], risk: float, allowed: float) -> Judgement:
    target, node = opening.target, opening.node
    if target is None:
        return Judgement("unresolved", opening.resolution.reason)
    if target.absent:
        return Judgement("absent", "the target's value does not stand in the prompt")
    if candidate is None or node is None:
        return Judgement("unresolved", "the target's value is not known, and no null was read")
    alive = frozenset[int]() if opening.token in overrun else node.kept_by(opening.token)
    judged = judge_known(
        token_is_candidate=bool(alive),
        token_is_target=candidate in alive,
        bits=None,
        needed=0.0,
        risk=risk,
        allowed=allowed,
    )
    return Judgement("unresolved", UNREAD) if judged.verdict == "ok" else judged


def veto_at(
    sight: SlotSight, logits: Tensor, overrun: Collection[int] = (), *, drawn: bool = False
) -> tuple[LogitEdit, int, int] | None:
    """Return what a veto leaves at a slot; None where there is nothing to veto, or nothing would be left.

    Args:
        sight: The slot.
        logits: Logits `[vocabulary]`.
        overrun: Tokens that would go on with a value which is whole here.
        drawn: The next token is drawn, so that the likeliest one being the target's is not enough.

    Returns:
        The edit, the likeliest token that it leaves, and how many likelier ones it forbids.
    """
    opening, node, candidate = sight.opening, sight.opening.node, sight.candidate
    failed = sight.judgement.verdict in ("binding_failure", "gate_failure")
    if node is None or candidate is None or not (failed or (drawn and sight.own)):
        return None
    if candidate not in node.values:
        return None
    if candidate in node.ends:
        # The value is whole: whatever does not go on with it may follow.
        others = [token for token, child in node.children.items() if candidate not in child.values]
        edit = LogitEdit(banned=tuple(sorted({*others, *overrun})))
        rest = logits.clone()
        rest[list(edit.banned)] = -math.inf
        best = int(rest.argmax())
        return (edit, best, int((logits > logits[best]).sum())) if bool(rest[best].isfinite()) else None
    left = [token for token, child in node.children.items() if candidate in child.values]
    left = [t for t in left if t not in opening.glued and bool(logits[t].isfinite())]
    if not left:
        return None
    best = max(sorted(left), key=lambda token: float(logits[token]))
    return LogitEdit(allowed=tuple(sorted(left))), best, int((logits > logits[best]).sum())
