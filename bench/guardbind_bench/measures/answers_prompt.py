"""Writes a trial of texts as the prompt that a model is given, and finds where each fact stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.errors import ConfigError
from guardbind.text.decoded import PromptText
from guardbind_bench.prompts.text_trial import Fact, TextTrial

__all__ = ["AskedBy", "CharRange", "TextPrompt", "render"]

CharRange = tuple[int, int]
AskedBy = Literal["chat", "question"]
"""`chat`: the messages in the tokenizer's chat template. `question`: bare text that ends with `Question: ...` and
`Answer:`."""


@dataclass(frozen=True, slots=True)
class TextPrompt:
    """What a model reads.

    Attributes:
        ids: Token ids.
        text: The same as text.
        facts: Half-open character range of each fact's value in the text; None where the template wrote the message in
            another way.
        asked_by: How the model is asked.
    """

    ids: tuple[int, ...]
    text: PromptText
    facts: tuple[CharRange | None, ...]
    asked_by: AskedBy

    def tensor(self, device: torch.device) -> Tensor:
        """Return the ids as one row `[1, columns]`."""
        return torch.tensor([self.ids], device=device)

    def distance(self, fact: int | None) -> int | None:
        """Return the tokens behind a fact's value, up to and including the last of the prompt."""
        span = None if fact is None else self.facts[fact]
        return None if span is None else len(self.ids) - self.text.tokens(*span).stop


class _Passage(NamedTuple):
    """What a message says, or what it says from a character on."""

    message: int
    first: int
    text: str


def render(trial: TextTrial, tokenizer: PreTrainedTokenizerBase, *, begun: bool = False) -> TextPrompt:
    """Write a trial with the tokenizer's chat template, or without one as text that ends with `Answer:`.

    A model without a template was trained on no chat, and takes lines such as `user: ...` for a play to go on with; so
    the messages are written one below the other without their roles, and only the question is marked.

    Args:
        trial: What is asked.
        tokenizer: The model's.
        begun: Whether the answer is begun, as the trial has it, so that its value comes next.

    Raises:
        ConfigError: The chat template does not take the messages.
    """
    passages = [_Passage(place, 0, message["content"]) for place, message in enumerate(trial.messages)]
    if tokenizer.chat_template is None:
        last = passages.pop()
        asks = trial.question[0]
        lead = last.text[:asks].rstrip()
        passages += [_Passage(last.message, 0, lead)] if lead else []
        context = "\n\n".join(passage.text for passage in passages)
        passages.append(_Passage(last.message, asks, last.text[asks:]))
        question = f"Question: {last.text[asks:]}\nAnswer:"
        ids = tokenizer(f"{context}\n\n{question}" if context else question)["input_ids"]
    else:
        ids = tokenizer(_templated(trial, tokenizer), add_special_tokens=False)["input_ids"]
    if begun and trial.begun:
        # A chat template ends where the answer begins; `Answer:` wants a space.
        first = " " if tokenizer.chat_template is None else ""
        ids = [*ids, *tokenizer(first + trial.begun, add_special_tokens=False)["input_ids"]]
    text = PromptText.from_ids(tokenizer, ids)
    starts = _starts([passage.text for passage in passages], text.text)
    facts = tuple(_placed(fact, passages, starts) for fact in trial.facts)
    return TextPrompt(tuple(ids), text, facts, "question" if tokenizer.chat_template is None else "chat")


def _placed(fact: Fact, passages: Sequence[_Passage], starts: Sequence[int | None]) -> CharRange | None:
    """Return where a fact's value stands in the prompt, from where the passage stands that states it."""
    place = max(i for i, said in enumerate(passages) if said.message == fact.message and said.first <= fact.span[0])
    start, first = starts[place], passages[place].first
    return None if start is None else (start + fact.span[0] - first, start + fact.span[1] - first)


def _templated(trial: TextTrial, tokenizer: PreTrainedTokenizerBase) -> str:
    from jinja2 import TemplateError

    messages = [dict(message) for message in trial.messages]
    try:
        return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
    except TemplateError as error:
        roles = ", ".join(dict.fromkeys(message["role"] for message in messages))
        raise ConfigError(f"the chat template does not take messages of {roles}: {error}.") from error


def _starts(contents: Sequence[str], text: str) -> list[int | None]:
    """Return where each message's content begins in the prompt; a template may have stripped it."""
    starts: list[int | None] = []
    cursor = 0
    for content in contents:
        kept = content.strip()
        at = text.find(kept, cursor)
        starts.append(None if at < 0 else at - content.index(kept))
        cursor = cursor if at < 0 else at + len(kept)
    return starts
