"""A model of a few rules behind the backend protocol: it binds what it is shown, rightly or wrongly as it is told."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from guardbind.backends import Abilities, Completion, ContinuationScore, NextToken, PromptRequest, Spent
from guardbind.errors import BackendError
from guardbind.information.partial import PartialDistribution

__all__ = ["BADGES", "PROMPT", "ToyBackend"]

BADGES = {"Anna": "4821", "Boris": "9370", "Carla": "5504"}
FACTS = " ".join(f"The badge number of {name} is {badge}." for name, badge in BADGES.items())
PROMPT = f"{FACTS} What is the badge number of Boris?"
_JUNK = tuple(f"w{i}" for i in range(40))
_STATED = re.compile(r"badge number of (\w+) is ([^.\s]+)")
_ASKED = re.compile(r"What is the badge number of ([\w\[\]]+)\?")


@dataclass
class ToyBackend:
    """Answers "The badge number of NAME is VALUE." with one token for each word.

    Attributes:
        own: Probability of the asked value where it is shown.
        rival: Probability of the first other value that is shown.
        top: Tokens of the ranking that are returned; None for all.
        abilities: What it says that it returns, `top` and `whole` left out.
        fails: Calls of `next_tokens` before the backend fails; None for never.
        holds: Whether a restatement makes it bind.
    """

    own: float = 0.9
    rival: float = 0.05
    top: int | None = None
    abilities: Abilities = field(default_factory=lambda: Abilities(top=100, constraints=frozenset({"choice"})))
    fails: int | None = None
    holds: bool = True
    name: str = "toy"
    model: str = "toy"
    asked: list[PromptRequest] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.abilities = replace(self.abilities, top=self.top or 100, whole=self.top is None)

    async def next_tokens(
        self, asked: Sequence[PromptRequest], *, top: int | None = None, values: Sequence[str] = ()
    ) -> list[NextToken]:
        if self.fails is not None:
            self.fails -= 1
            if self.fails < 0:
                raise BackendError("the toy is broken.")
        self.asked += asked
        return [self._token(one, top or self.top) for one in asked]

    async def score(self, asked: PromptRequest, continuations: Sequence[str]) -> list[ContinuationScore]:
        raise BackendError("the toy scores nothing.")

    async def write(
        self,
        asked: PromptRequest,
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        among: Sequence[str] = (),
        top: int = 0,
    ) -> Completion:
        if among:
            exact = self._chances(asked)
            best = max(among, key=lambda text: exact.get(text, 0.0))
            return Completion(best, constrained=True, spent=Spent(1, 10, 1))
        text = ""
        steps: list[NextToken] = []
        for _ in range(max_new_tokens):
            here = replace(asked, begun=asked.begun + text)
            exact = self._chances(here)
            best = max(exact, key=lambda one: exact[one])
            if best == "<end>":
                return Completion(text, tuple(steps), "stop", spent=Spent(1, 10, len(steps)))
            text += best
            if top:
                steps.append(self._token(here, top))
        return Completion(text, tuple(steps), "length", spent=Spent(1, 10, max_new_tokens))

    async def aclose(self) -> None:
        return None

    def exact(self, asked: PromptRequest) -> dict[str, float]:
        """Return the probabilities of all tokens."""
        return self._chances(asked)

    def _token(self, asked: PromptRequest, top: int | None) -> NextToken:
        exact = self._chances(asked)
        kept = sorted(exact, key=lambda one: -exact[one])[: top or len(exact)]
        logprobs = {one: math.log(exact[one]) for one in kept}
        distribution = PartialDistribution(logprobs, whole=len(kept) == len(exact), rounding=1e-9)
        return NextToken(distribution, {one: one for one in kept}, Spent(1, 10, 1))

    def _chances(self, asked: PromptRequest) -> dict[str, float]:
        shown = asked.text or asked.messages[-1]["content"]
        stated = dict(_STATED.findall(shown))
        restated = dict(_STATED.findall(asked.begun.rpartition("\n")[0]))
        question = _ASKED.search(shown)
        name = question[1] if question else ""
        line = asked.begun.rpartition("\n")[2]
        lead = ["The", " badge", " number", " of", f" {name}", " is"]
        written = [word for word in re.findall(r" ?[\w\[\]]+|[^\w\s]", line)]
        weights = dict.fromkeys((*_JUNK, ".", "<end>", *lead, *(f" {badge}" for badge in BADGES.values())), 1e-4)
        if len(written) < len(lead):
            weights[lead[len(written)]] = 1.0
        elif len(written) == len(lead):
            weights |= self._values(name, stated, restated)
        else:
            weights["." if len(written) == len(lead) + 1 else "<end>"] = 1.0
        total = math.fsum(weights.values())
        return {one: weight / total for one, weight in weights.items()}

    def _values(self, name: str, stated: dict[str, str], restated: dict[str, str]) -> dict[str, float]:
        others = [value for who, value in stated.items() if who != name and value in BADGES.values()]
        found = {f" {others[0]}": self.rival} if others else {}
        meant = stated.get(name, "")
        if meant in BADGES.values():
            found[f" {meant}"] = 0.99 if self.holds and restated.get(name) == meant else self.own
        return found
