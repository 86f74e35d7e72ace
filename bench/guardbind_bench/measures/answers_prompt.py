"""A trial of texts as the prompt that a model is given, and where each fact stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.errors import ConfigError
from guardbind.text.decoded import PromptText
from guardbind_bench.prompts.text_trial import TextTrial

__all__ = ["Prompt", "Span", "render"]

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a model reads.

    Attributes:
        ids: Token ids.
        text: The same as text.
        facts: Half-open character range of each fact's value in the text; None where the template wrote the message in
            another way.
    """

    ids: tuple[int, ...]
    text: PromptText
    facts: tuple[Span | None, ...]

    def tensor(self, device: torch.device) -> Tensor:
        """Return the ids as one row `[1, columns]`."""
        return torch.tensor([self.ids], device=device)

    def distance(self, fact: int | None) -> int | None:
        """Return the tokens behind a fact's value, up to and including the last of the prompt."""
        span = None if fact is None else self.facts[fact]
        return None if span is None else len(self.ids) - self.text.tokens(*span).stop


def render(trial: TextTrial, tokenizer: PreTrainedTokenizerBase) -> Prompt:
    """Write a trial with the tokenizer's chat template, or without one as lines `role: content`.

    Raises:
        ConfigError: The chat template does not take the messages.
    """
    if tokenizer.chat_template is None:
        lines = [f"{message['role']}: {message['content']}" for message in trial.messages]
        ids = tokenizer("\n".join([*lines, "assistant:"]))["input_ids"]
    else:
        ids = tokenizer(_templated(trial, tokenizer), add_special_tokens=False)["input_ids"]
    text = PromptText.from_ids(tokenizer, ids)
    starts = _starts([message["content"] for message in trial.messages], text.text)
    places = [(starts[fact.message], fact.span) for fact in trial.facts]
    spans = (None if start is None else (start + span[0], start + span[1]) for start, span in places)
    return Prompt(tuple(ids), text, tuple(spans))


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
