"""Frames the text of a prompt: with a BOS token, or with the turns of a chat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from guardbind.errors import ConfigError
from guardbind.text.chat import around_user
from guardbind_bench.prompts.pool import encode

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from guardbind_bench.prompts.cell import Template

__all__ = ["Frame"]

_PLACEHOLDER = "guardbind:text"
# Some templates write today's date into the system's turn; a cell must give the same prompts on any day.
_FIXED_DATE = "{% macro strftime_now(format) %}26 Jul 2024{% endmacro %}\n"


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around the text of a prompt.

    Attributes:
        tokenizer: The model's tokenizer.
        start: Tokens before the text: BOS if the tokenizer has one, or all that a chat puts before the user's words.
        turn: Tokens from the end of the user's words to the assistant's; None in plain text.
    """

    tokenizer: PreTrainedTokenizerBase
    start: tuple[int, ...]
    turn: tuple[int, ...] | None

    @classmethod
    def build(cls, tokenizer: PreTrainedTokenizerBase, template: Template) -> Frame:
        """Make the frame of plain text, or of a user's turn in the model's own chat template.

        Raises:
            ConfigError: A chat is asked for, and the tokenizer has no chat template or one that changes the text.
        """
        if template == "plain":
            return cls(tokenizer, () if tokenizer.bos_token_id is None else (int(tokenizer.bos_token_id),), None)
        if not tokenizer.chat_template:
            raise ConfigError(
                "the tokenizer has no chat template; template 'plain' is accepted.",
                hint="Use an instruction-tuned model for template 'chat'.",
            )
        parts = around_user(tokenizer, _PLACEHOLDER, chat_template=_FIXED_DATE + tokenizer.get_chat_template())
        if len(parts) != 2:
            raise ConfigError(
                f"the chat template shows the user's text {len(parts) - 1} times; templates that show it once are "
                "accepted.",
                hint="Use template 'plain'.",
            )
        # The template writes BOS itself where the model wants one.
        start, turn = (tuple(encode(tokenizer, part)) for part in parts)
        return cls(tokenizer, start, turn)

    def encode(self, text: str) -> tuple[int, ...]:
        """Tokenise a piece of text alone."""
        return tuple(encode(self.tokenizer, text))

    def ask(self, question: str, answer: str) -> tuple[int, ...]:
        """Return the end of a prompt: the question and the words that the answer begins with.

        Args:
            question: The question, with its line end.
            answer: What stands before the answer; in a chat the assistant's turn starts with it.
        """
        if self.turn is None:
            return self.encode(question + answer)
        return (*self.encode(question.removesuffix("\n")), *self.turn, *self.encode(answer))
