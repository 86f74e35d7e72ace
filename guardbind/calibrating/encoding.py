"""Writes a labelled prompt as token ids, and says what a guard is told of it and how many tokens its answer needs."""

from __future__ import annotations

from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase

from guardbind.calibrating.labelled import ChatMessage, LabelledPrompt
from guardbind.errors import ConfigError
from guardbind.evidence import Binding, Evidence, Target

__all__ = ["EncodedPrompt", "encode_labelled", "in_plain_text"]

_FREE_TOKENS = 32
_MOST_TOKENS = 64
# Behind a whole value it takes a sign or two to see that it ends.
_BEHIND = 2


@dataclass(frozen=True, slots=True)
class EncodedPrompt:
    """A labelled prompt as a model reads it.

    Attributes:
        ids: Token ids, with what is begun of the answer.
        new_tokens: Tokens of the answer, at most.
        bindings: What the guard is told that the prompt binds; None to have it read out.
        target: What the guard is told is meant.
    """

    ids: tuple[int, ...]
    new_tokens: int
    bindings: list[Binding | Evidence] | None
    target: Target | None


def encode_labelled(prompt: LabelledPrompt, tokenizer: PreTrainedTokenizerBase) -> EncodedPrompt:
    """Write a prompt, messages with the tokenizer's chat template; without one as texts that end with `Answer:`.

    Raises:
        ConfigError: The chat template does not take the messages, or nothing is left of the prompt.
    """
    ids = _ids(prompt, tokenizer)
    if prompt.begun:
        ids += _encoded(tokenizer, prompt.begun)
    if not ids:
        raise ConfigError("the prompt has no token; at least one is needed.")
    return EncodedPrompt(
        tuple(ids),
        _new_tokens(prompt, tokenizer),
        [Binding(b.key, b.value, b.aliases) for b in prompt.bindings] or None,
        None if prompt.target is None else Target(prompt.target, prompt.which),
    )


def _ids(prompt: LabelledPrompt, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    if isinstance(prompt.prompt, str):
        return list(tokenizer(prompt.prompt)["input_ids"])
    messages = [message for message in prompt.prompt if isinstance(message, ChatMessage)]
    if not messages:
        return [token for token in prompt.prompt if isinstance(token, int)]
    if not tokenizer.chat_template:
        return list(tokenizer(_plain(messages, begun=bool(prompt.begun)))["input_ids"])
    return _encoded(tokenizer, _templated(messages, tokenizer))


def in_plain_text(prompt: LabelledPrompt) -> LabelledPrompt:
    r"""Return a prompt with its messages as one text that ends with `Answer:`, as without a chat template.

    One that is a text, or token ids, stays as it is.

    Example:
        >>> asked = [{"role": "user", "content": "What is the badge of Bo?"}]
        >>> in_plain_text(LabelledPrompt(prompt=asked, answers=("9370",))).prompt
        'What is the badge of Bo?\nAnswer:'
    """
    if isinstance(prompt.prompt, str):
        return prompt
    messages = [message for message in prompt.prompt if isinstance(message, ChatMessage)]
    if not messages:
        return prompt
    return prompt.model_copy(update={"prompt": _plain(messages, begun=bool(prompt.begun))})


def _plain(messages: list[ChatMessage], *, begun: bool) -> str:
    # What is begun needs the blank that a model would write.
    return "\n\n".join(message.content for message in messages) + f"\nAnswer:{' ' if begun else ''}"


def _templated(messages: list[ChatMessage], tokenizer: PreTrainedTokenizerBase) -> str:
    from jinja2 import TemplateError

    given = [message.model_dump() for message in messages]
    try:
        return str(tokenizer.apply_chat_template(given, tokenize=False, add_generation_prompt=True))
    except TemplateError as error:
        roles = ", ".join(dict.fromkeys(message.role for message in messages))
        raise ConfigError(f"the chat template does not take messages of {roles}: {error}.") from error


def _new_tokens(prompt: LabelledPrompt, tokenizer: PreTrainedTokenizerBase) -> int:
    if prompt.tokens is not None:
        return prompt.tokens
    if not prompt.begun:
        return _FREE_TOKENS
    values = (*prompt.answers, *prompt.wrong)
    longest = max((len(_encoded(tokenizer, f" {value}")) for value in values), default=_MOST_TOKENS // 4)
    return min(_MOST_TOKENS, longest + _BEHIND)


def _encoded(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    return list(tokenizer.encode(text, add_special_tokens=False))
