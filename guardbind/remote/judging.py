"""Judges a token of which only ranges are known: a verdict stands where nothing that was not returned upsets it."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass

from guardbind.config import GuardConfig
from guardbind.events import Verdict
from guardbind.evidence import Located
from guardbind.information.partial import Decision, decide
from guardbind.policies.verdict import Judgement, judge_known, judge_unknown
from guardbind.remote.ranges import TokenRange
from guardbind.remote.reading import RemoteReading, probability

__all__ = ["BoxJudge", "BoxJudgement", "rests_surely"]


@dataclass(frozen=True, slots=True)
class BoxJudgement:
    """A verdict on a token, why, and whether what was returned decides it.

    Attributes:
        verdict: The verdict; `unresolved` where it is not decided, and where there is no target.
        reason: Why; holds no prompt text.
        decided: Whether the token is surely `ok`, surely not, or that cannot be told; None without a target.
        needed: Evidence bits that it needed, the most that may be; None where they were not asked for.
    """

    verdict: Verdict
    reason: str
    decided: Decision | None
    needed: float | None = None


@dataclass(frozen=True, slots=True)
class BoxJudge:
    """Judges tokens at one slot; the counterpart of `guardbind.policies.judge.Judge` over ranges.

    Attributes:
        config: The guard's settings.
        target: What the slot should take its value from; None when that is unresolved.
        candidate: Index of the target's value among the candidates; None when it is not known.
        certain: Whose value is meant was told, not guessed.
        continues: The slot continues a value.
        unresolved: Why nothing can be judged.
    """

    config: GuardConfig
    target: Located | None
    candidate: int | None
    certain: bool
    continues: bool
    unresolved: str | None = None

    def own(self, alive: frozenset[int], token: TokenRange, reading: RemoteReading) -> BoxJudgement:
        """Judge the model's own token.

        Args:
            alive: Candidates that it keeps alive.
            token: Its ranges.
            reading: What was read there.
        """
        return self._judge(alive, token, reading, outvoted=False)

    def proposed(
        self, alive: frozenset[int], token: TokenRange, reading: RemoteReading, coming: frozenset[int]
    ) -> BoxJudgement:
        """Judge a token that would take the place of the model's own.

        Args:
            alive: Candidates that it keeps alive.
            token: Its ranges.
            reading: What was read there.
            coming: Candidates that the model's own token keeps alive.
        """
        # Where it was told whose value is meant, and another one's is coming, the evidence only has to speak for it.
        outvoted = self.certain and bool(coming) and self.candidate not in coming
        return self._judge(alive, token, reading, outvoted=outvoted)

    def _judge(
        self, alive: frozenset[int], token: TokenRange, reading: RemoteReading, *, outvoted: bool
    ) -> BoxJudgement:
        if self.target is None or self.unresolved is not None:
            return BoxJudgement("unresolved", self.unresolved or "there is no target", None)
        if self.target.absent:
            return BoxJudgement("absent", "the target's value does not stand in the prompt", "no")
        narrowed = self.candidate is not None or self.continues
        corners = token.corners(self.config.min_evidence_bits, narrowed=narrowed)
        if self.candidate is None:
            return self._unknown(corners, reading)
        if corners is None and self.candidate in alive:
            return BoxJudgement("unresolved", self._unread(reading), "undecided")
        found = [
            judge_known(
                token_is_candidate=bool(alive),
                token_is_target=self.candidate in alive,
                bits=bits,
                needed=0.0 if outvoted else needed,
                risk=0.0,
                allowed=1.0,
            )
            for bits, needed in corners or ((None, 0.0),)
        ]
        return _agreed(found, corners)

    def _unknown(
        self, corners: tuple[tuple[float, float], tuple[float, float]] | None, reading: RemoteReading
    ) -> BoxJudgement:
        if corners is None or self.target is None:
            return BoxJudgement("unresolved", self._unread(reading), "undecided")
        sure, possible = self._alternatives(reading, self.target.index)
        found = [
            judge_unknown(bits=bits, needed=needed, alternative=alternative)
            for bits, needed in corners
            for alternative in {sure, possible}
        ]
        return _agreed(found, corners)

    def _unread(self, reading: RemoteReading) -> str:
        """Return why there is no token without the target's evidence."""
        if self.target is not None and self.target.index in reading.unmet:
            return (
                "the backend goes on with no begun answer, and without the target's evidence the model does not give "
                "the same answer so far: what it rests on could not be read"
            )
        return "no null takes the target's evidence away"

    def _alternatives(self, reading: RemoteReading, target: int) -> tuple[bool, bool]:
        """Whether a plausible token surely rests on the target's evidence, and whether one may."""
        full, null = reading.full.distribution, reading.nulls[target]
        best = max(full.logprobs.values())
        least = best + math.log(self.config.plausibility)
        plausible = [key for key, logprob in full.logprobs.items() if logprob >= least]
        found = [self._rests(reading, null_of=target, key=key) for key in plausible]
        unseen = not full.whole and full.ceiling >= least
        return "yes" in found, unseen or any(one != "no" for one in found) or not null.distribution.logprobs

    def _rests(self, reading: RemoteReading, *, null_of: int, key: Hashable) -> Decision:
        token = TokenRange(probability(reading.full, key), probability(reading.nulls[null_of], key))
        bits = token.bits
        return "undecided" if bits is None else decide(bits, self.config.min_evidence_bits)


def rests_surely(token: TokenRange, config: GuardConfig) -> Decision:
    """Whether a token of a known value rests on the evidence that a null takes away.

    Args:
        token: Its ranges with and without that evidence.
        config: Its `min_evidence_bits` is used.
    """
    corners = token.corners(config.min_evidence_bits, narrowed=True)
    if corners is None:
        return "undecided"
    (low, most), (high, least) = corners
    if low >= most:
        return "yes"
    return "no" if high < least else "undecided"


def _agreed(found: list[Judgement], corners: tuple[tuple[float, float], tuple[float, float]] | None) -> BoxJudgement:
    verdicts = {judgement.verdict for judgement in found}
    needed = None if found[0].needed is None else max(one.needed for one in found if one.needed is not None)
    if len(verdicts) == 1:
        verdict = found[0].verdict
        return BoxJudgement(verdict, found[0].reason, "yes" if verdict == "ok" else "no", needed)
    (low, most), (high, _) = corners or ((0.0, 0.0), (0.0, 0.0))
    why = f"what was returned leaves {low:.2f} to {high:.2f} bits, of {most:.2f} needed: undecided"
    return BoxJudgement("unresolved", why, "no" if "ok" not in verdicts else "undecided", needed)
