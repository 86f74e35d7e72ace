"""A backend that judges claims by a rule, with as many tokens of its answer as it is told to return."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from guardbind.auditing.items import verifier_items
from guardbind.auditing.prompts import verifier_request
from guardbind.backends import Abilities, Completion, ContinuationScore, NextToken, PromptRequest, Spent
from guardbind.errors import BackendError, UnansweredPromptError
from guardbind.information.partial import PartialDistribution
from guardbind.registry import LANGUAGES

Rule = Callable[[str], str]


def known_items(count: int = 90, seed: int = 0) -> dict[str, str]:
    """The prompts of the calibration items in every language, with the right answers."""
    return {
        verifier_request(item.spans, item.claim).messages[0]["content"]: item.label
        for name in LANGUAGES
        if LANGUAGES.get(name).items
        for item in verifier_items(count, seed, LANGUAGES.get(name))
    }


def by_words(prompt: str) -> str:
    """YES where one line of the context has every word of the claim, NO where one has all but its number."""
    context, _, rest = prompt.partition("CONTEXT\n")[2].partition("\n\nCLAIM\n")
    claim = set(rest.split("\n\n")[0].strip("> ").rstrip(".").split())
    lines = [set(line.strip("> ").rstrip(".").split()) for line in context.split("\n") if line.startswith(">")]
    if any(claim <= line for line in lines):
        return "YES"
    words = {word for word in claim if not any(char.isdigit() for char in word)}
    return "NO" if words < claim and any(words <= line for line in lines) else "UNSURE"


_SPENT = Spent(1, 10, 1)


class FakeVerifier:
    """Answers by a rule; calibration items it knows, or answers by the rule too.

    Args:
        rule: Gives the answer to a prompt.
        knows: It knows the calibration items.
        p: Probability of its answers.
        chats: It takes chats.
        dies: After how many prompts it stops answering.
        refuses: It refuses prompts with this text in them.
    """

    name = "fake"
    model = "rule"
    abilities = Abilities(top=5)

    def __init__(
        self,
        rule: Rule = by_words,
        *,
        knows: bool = True,
        p: float = 0.98,
        chats: bool = True,
        dies: int | None = None,
        refuses: str | None = None,
    ) -> None:
        self.rule, self.p, self.chats, self.dies, self.refuses = rule, p, chats, dies, refuses
        self.calls = 0
        self.known = known_items() if knows else {}
        self.asked: list[str] = []

    async def next_tokens(
        self, asked: Sequence[PromptRequest], *, top: int | None = None, values: Sequence[str] = ()
    ) -> list[NextToken]:
        self.calls += 1
        return [self._answer(request) for request in asked]

    def _answer(self, request: PromptRequest) -> NextToken:
        if request.messages and not self.chats:
            raise UnansweredPromptError("the tokenizer has no chat template.")
        prompt = request.messages[0]["content"] if request.messages else request.text
        if self.dies is not None and len(self.asked) >= self.dies:
            raise BackendError("the server was not reached.")
        if self.refuses is not None and self.refuses in prompt:
            raise UnansweredPromptError("the prompt does not pass the filter.")
        self.asked.append(prompt)
        label = self.known.get(prompt) or self.rule(prompt)
        known = {label: math.log(self.p), "Hmm": math.log(0.9 * (1 - self.p))}
        return NextToken(
            PartialDistribution(known), {token: token for token in known}, Spent(1, len(prompt.split()), 1)
        )

    async def score(self, asked: PromptRequest, continuations: Sequence[str]) -> list[ContinuationScore]:
        raise BackendError("it scores nothing.")

    async def write(
        self,
        asked: PromptRequest,
        *,
        max_new_tokens: int,
        stop: Sequence[str] = (),
        among: Sequence[str] = (),
        top: int = 0,
    ) -> Completion:
        return Completion(" It is 4417.", spent=Spent(1, 10, 4))

    async def aclose(self) -> None:
        return None
