"""Defines a labelled prompt: what is asked, which answers are right, what the guard is told; and reads files of them.

A file holds one JSON object per line:

```
{"prompt": "Ann has badge 4821, Bo has badge 9370. Whose is it? Bo's badge is", "begun": "", "answers": ["9370"]}
{"prompt": [{"role": "user", "content": "..."}], "begun": "The badge is", "answers": ["9370"], "others": ["4821"]}
{"prompt": "What is the badge of Cy?", "answers": []}
```
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

from pydantic import Field, ValidationError, field_validator, model_validator
from transformers import PreTrainedTokenizerBase

from guardbind.errors import ConfigError
from guardbind.frozen import Frozen

__all__ = ["ChatMessage", "LabelledPrompt", "LabelledTask", "StatedBinding", "read_labelled"]


class ChatMessage(Frozen):
    """One message of a chat."""

    role: str = Field(min_length=1)
    """Who speaks: `system`, `user`, `assistant` or `tool`."""
    content: str
    """What is said."""


class StatedBinding(Frozen):
    """A key and the value that the prompt binds to it, as the guard is told it."""

    key: str = Field(min_length=1)
    """What the value is called."""
    value: str = Field(min_length=1)
    """The value as it is written in the prompt."""
    aliases: tuple[str, ...] = ()
    """Other forms of it."""


class LabelledPrompt(Frozen):
    """A prompt of which it is known what should be answered."""

    prompt: str | tuple[int, ...] | tuple[ChatMessage, ...]
    """The text, the messages of a chat, or token ids."""
    answers: tuple[str, ...]
    """Right answers, each a form of the same value; empty where the prompt has no answer, so that nothing is due."""
    others: tuple[str, ...] = ()
    """Values that could be taken for the right one; those of `bindings` are among them anyway."""
    begun: str = ""
    """How the answer begins, up to its value."""
    bindings: tuple[StatedBinding, ...] = ()
    """What the guard is told that the prompt binds; empty to have it read out of the prompt."""
    target: str | None = None
    """Key that the guard is told is meant; None to leave it to the guard."""
    which: Literal["first", "last"] = "last"
    """Which value of a target that is bound several times."""
    task: str = ""
    """Name of the task that it belongs to."""
    group: str = ""
    """What trials of a task are told apart by: distance, filler, template."""
    tokens: int | None = Field(default=None, ge=1)
    """How many tokens of the answer decide, where the value is due at once. None: as many as the longest known value
    needs behind what is begun, and some more where the answer is free."""

    @field_validator("answers", "others")
    @classmethod
    def _visible(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        if blank := [value for value in values if not value.strip()]:
            raise ValueError(f"{blank[0]!r} is blank; a value has a visible character")
        return values

    @model_validator(mode="after")
    def _consistent(self) -> LabelledPrompt:
        if not self.prompt:
            raise ValueError("the prompt is empty; a text, messages or token ids are needed")
        if self.target is not None and self.target not in [binding.key for binding in self.bindings]:
            raise ValueError(f"the target {self.target!r} is no key of `bindings`")
        return self

    @property
    def due(self) -> bool:
        """Whether the prompt has an answer."""
        return bool(self.answers)

    @property
    def at_value(self) -> bool:
        """Whether the value is due right behind the prompt, and not somewhere in a free answer."""
        return bool(self.begun) or self.tokens is not None

    @property
    def wrong(self) -> tuple[str, ...]:
        """Known values that are not right."""
        known = (*self.others, *(form for b in self.bindings for form in (b.value, *b.aliases)))
        return tuple(dict.fromkeys(value for value in known if value not in self.answers))


class LabelledTask(Protocol):
    """What is registered in `guardbind.registry.LABELLED`: labelled prompts of one kind, without an end."""

    def __call__(self, tokenizer: PreTrainedTokenizerBase, *, seed: int) -> Iterator[LabelledPrompt]:
        """Yield prompts that are drawn one by one; another seed gives others.

        Args:
            tokenizer: The model's tokenizer.
            seed: Of all that is drawn.
        """
        ...


def read_labelled(path: str | Path) -> list[tuple[int, LabelledPrompt]]:
    """Read labelled prompts of a JSONL file; blank lines are passed over.

    Returns:
        Line number, from 1, and prompt of each line.

    Raises:
        ConfigError: The file cannot be read or has no prompt, or a line is none; line and field are named.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read: {error}.", hint="Give a JSONL file in UTF-8.") from error
    found = [(number, _prompt(path, number, line)) for number, line in enumerate(lines, start=1) if line.strip()]
    if not found:
        raise ConfigError(f"{path} holds no labelled prompt; one JSON object per line is needed.")
    return found


def _prompt(path: Path, number: int, line: str) -> LabelledPrompt:
    where = f"{path}, line {number}"
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{where} is not JSON: {error}.", hint="Write one object per line.") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{where} is a JSON {type(data).__name__}; an object is needed.")
    try:
        return LabelledPrompt.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(dict.fromkeys(_fault(e["loc"], e["msg"]) for e in error.errors()))
        raise ConfigError(
            f"{where}: {faults}.", hint=f"The fields are {', '.join(LabelledPrompt.model_fields)}."
        ) from error


def _fault(place: tuple[int | str, ...], message: str) -> str:
    # Of a field that takes several types each says its own; what they have in common is the field.
    return f"{'.'.join(str(part) for part in place) or 'prompt'}: {message.removeprefix('Value error, ')}"
