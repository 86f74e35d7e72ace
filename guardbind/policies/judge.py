"""Judges the tokens of one slot: the model's own, and those that policies would write in its place."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from guardbind.candidates.trie import Node
from guardbind.config import GuardConfig
from guardbind.evidence import Located
from guardbind.policies.slot import bits_of
from guardbind.policies.verdict import Judgement, bits_needed, judge_known, judge_unknown

__all__ = ["Judge", "rests"]

_ROUNDING = 1e-5  # bits; evidence that says nothing may give or take so much by the order of a sum


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
        continues: The slot continues a value.
        certain: Whose value is meant was told, not guessed: by the caller, or by words that can outvote the evidence.
        overrun: Tokens that would go on with a value which is whole here; they keep none alive.
        copies: Tokens that copy the value of a declared passage whose value is not known; see `Slot`.
        said: Tokens with which words of that passage begin, or go on with one that is begun: of these half of the bits
            that are left are enough.
        refuses: Returns why a token may not take the place of the model's own where the value is not known, or nothing.
        unresolved: Why nothing can be judged by the nulls, or why there is no target.
    """

    config: GuardConfig
    target: Located | None
    candidate: int | None
    node: Node | None
    token: int
    prior: Tensor | None
    continues: bool = False
    certain: bool = False
    overrun: frozenset[int] = frozenset()
    copies: frozenset[int] = frozenset()
    said: frozenset[int] = frozenset()
    refuses: Callable[[int], str] = lambda _: ""
    unresolved: str | None = None

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
        # A span that is read less, or more, makes many words likelier; what it does not say can be checked by nothing.
        unknown = self.candidate is None and self.target is not None
        refused = self.refuses(token) if unknown and token not in self.copies | self.said else ""
        if refused:
            return Judgement("unsupported", refused)
        # Where it was told whose value is meant, and another one's is coming, the evidence only has to speak for it.
        coming = self._alive(self.token)
        outvoted = self.certain and bool(coming) and self.candidate not in coming
        return self._judge(token, support, risk=0.0, outvoted=outvoted)

    def _alive(self, token: int) -> frozenset[int]:
        return frozenset() if self.node is None or token in self.overrun else self.node.kept_by(token)

    def _judge(self, token: int, support: Tensor, *, risk: float, outvoted: bool) -> Judgement:
        if self.target is None or self.unresolved is not None:
            return Judgement("unresolved", self.unresolved or "there is no target")
        if self.target.absent:
            return Judgement("absent", "the target's value does not stand in the prompt")
        bits = None if self.prior is None else bits_of(token, support, self.prior)
        narrowed = self.candidate is not None or self.continues or token in self.said
        needed = _needed(token, self.prior, self.config, narrowed=narrowed)
        if self.candidate is None:
            if bits is None or self.prior is None:
                return Judgement("unresolved", "the span was not read")
            if token in self.copies:
                # What it copies stands there; the evidence has to speak for it, and more than for the model's own.
                needed = min(needed, max(_ROUNDING, _ROUNDING + bits_of(self.token, support, self.prior)))
            found = judge_unknown(bits=bits, needed=needed, alternative=self._alternative(support, self.prior))
            if self.copies and token not in self.copies and found.verdict == "ok":
                return Judgement("unsupported", "the passage says another value behind the words before the slot")
            return found
        alive = self._alive(token)
        return judge_known(
            token_is_candidate=bool(alive),
            token_is_target=self.candidate in alive,
            bits=bits,
            needed=_ROUNDING if outvoted else needed,
            risk=risk,
            allowed=1.0 - self.config.tau,
        )

    def _alternative(self, logprobs: Tensor, prior: Tensor) -> bool:
        """Whether a plausible token rests on the target's evidence, all compared where they lie."""
        plausible = logprobs >= logprobs.max() + math.log(self.config.plausibility)
        # Bits of a whole vocabulary, on its device and in its precision, which `evidence_bits_from_logprobs` leaves. A
        # threshold in nats would decide otherwise, by a last bit, at thresholds that are no round number of bits.
        if bool(((logprobs - prior)[plausible] / math.log(2) >= self.config.min_evidence_bits).any()):
            return True
        said = list(self.said)
        likely = [token for token, kept in zip(said, plausible[said].tolist(), strict=True) if kept] if said else []
        return any(rests(token, logprobs, prior, self.config) for token in likely)


def rests(token: int, logprobs: Tensor, prior: Tensor, config: GuardConfig) -> bool:
    """Whether a token of a known value rests on the evidence that a null takes away.

    Args:
        token: The token.
        logprobs: log p1 `[vocabulary]`, nats.
        prior: log p0 `[vocabulary]`, nats.
        config: Its `min_evidence_bits` is used.
    """
    return bits_of(token, logprobs, prior) >= _needed(token, prior, config, narrowed=True)


def _needed(token: int, prior: Tensor | None, config: GuardConfig, *, narrowed: bool) -> float:
    if prior is None:
        return config.min_evidence_bits
    return bits_needed(float(prior[token].exp()), config.min_evidence_bits, narrowed=narrowed)
