"""Says what a server was found to do, and what a backend can return that asks it."""

from __future__ import annotations

from dataclasses import dataclass

from guardbind.backends.protocol import Abilities, Constraint
from guardbind_adapters.openai_api.bodies import BeginStyle, ChoiceStyle, LengthField

__all__ = ["ServerTraits"]


@dataclass(frozen=True, slots=True)
class ServerTraits:
    """What probing found; every field says "no" until a request has shown otherwise.

    Attributes:
        completions: It has the interface of completions.
        chat: It has the interface of chats.
        completions_top: Tokens of a ranking that completions return.
        chat_top: Tokens of a ranking that chats return.
        words: Texts can be turned into tokens, by the server or here.
        ids: Completions say token ids when they are asked to.
        prompt_ids: Completions take a prompt of token ids.
        chosen: Tokens whose log-probabilities can be asked for by their ids.
        echo: Completions score their prompt; with so many new tokens at least.
        begun: How a chat goes on with a begun answer.
        choice: How an answer is held to some values.
        bias: It obeys `logit_bias`.
        length: How a chat is told its length.
        rounding: How far log-probabilities may be off, in nats.
        findings: What was found, in words.
    """

    completions: bool = False
    chat: bool = False
    completions_top: int = 0
    chat_top: int = 0
    words: bool = False
    ids: bool = False
    prompt_ids: bool = False
    chosen: int = 0
    echo: int | None = None
    begun: BeginStyle | None = None
    choice: ChoiceStyle | None = None
    bias: bool = False
    length: LengthField = "max_tokens"
    rounding: float = 1e-4
    findings: tuple[str, ...] = ()

    @property
    def renders(self) -> bool:
        """Chats become texts before they are sent, and go to the interface of completions."""
        return self.completions and self.words

    @property
    def abilities(self) -> Abilities:
        """What a backend of this server returns."""
        tops = [
            top
            for top, used in (
                (self.completions_top, self.completions),
                (self.chat_top, self.chat and not self.renders),
            )
            if used and top
        ]
        constraints: set[Constraint] = set()
        if self.choice is not None:
            constraints.add("choice")
        if self.bias:
            constraints.add("bias")
        return Abilities(
            top=min(tops, default=0),
            chosen=self.chosen,
            ids=self.ids,
            begun=self.renders or self.begun is not None,
            scores=self.echo is not None,
            constraints=frozenset(constraints),
            rounding=self.rounding,
            chats=bool(self.completions_top if self.renders else self.chat_top),
            texts=self.completions_top > 0,
            findings=self.findings,
        )
