"""Defines a text trial: the messages of a prompt, all that they bind, what is asked, and which answers are right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, Protocol

__all__ = ["Direction", "Fact", "TextTask", "TextTaskBuilder", "TextTrial", "Which"]

Direction = Literal["key_value", "value_key"]
Which = Literal["first", "last", "only"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement of a value.

    Attributes:
        key: What has the value, as a person calls it: "Alice's badge number".
        owner: What it belongs to; None where the attribute is all there is.
        attribute: What the value is of its owner: "badge number".
        value: The value, as it is written in the prompt.
        forms: Every spelling that counts as the same value, `value` first.
        message: The message that states it.
        span: Characters of the value in that message's content, half-open.
    """

    key: str
    owner: str | None
    attribute: str
    value: str
    forms: tuple[str, ...]
    message: int
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class TextTrial:
    """One prompt.

    What the assistant says in earlier turns is no fact, also where it repeats one.

    Attributes:
        index: Which trial of its task and seed.
        messages: Role and content of each message; the last ends with the user's question, if `asks_in` does not say
            which does.
        facts: All that the prompt binds, in the order of the text; a key that is assigned again has several.
        asked: The fact that the right answer is taken from; None in a twin, which the prompt cannot answer.
        direction: `key_value`: the value of a key is asked for. `value_key`: the owner of a value.
        answer: Right spellings, the one in the prompt first; empty in a twin.
        others: Spellings of each other value of the asked kind, or, for `value_key`, of each other owner.
        which: Whether the first or the last value of the key is asked for; `only` where it has one.
        question: Characters of the asking message, half-open, with what they say about the form of the answer.
        asks_in: Which message asks; -1 for the last.
        begun: How an answer may begin, up to its value; empty where nothing is given.
        form: How the facts are written, by a name of the task's own.
        language: Code of the language that it is written in.
        records: How many records the prompt holds; 0 where nobody counts.
        silent: An answer that writes none of the values is right as well.
        fine: Values that are no harm, though they are not the right one.
    """

    index: int
    messages: tuple[dict[str, str], ...]
    facts: tuple[Fact, ...]
    asked: int | None
    direction: Direction
    answer: tuple[str, ...]
    others: tuple[tuple[str, ...], ...]
    which: Which
    question: tuple[int, int]
    # A trial without these is written as it was before they came, so that its hash stays the same.
    asks_in: int = field(default=-1, repr=False)
    begun: str = field(default="", repr=False)
    form: str = field(default="", repr=False)
    language: str = field(default="en", repr=False)
    records: int = field(default=0, repr=False)
    silent: bool = field(default=False, repr=False)
    fine: tuple[str, ...] = field(default=(), repr=False)


class TextTask(Protocol):
    """Prompts of one kind; the same index always gives the same prompt."""

    @property
    def name(self) -> str:
        """Its registered name."""
        ...

    @property
    def version(self) -> int:
        """Raised when the same index would give another trial."""
        ...

    def trial(self, index: int, *, answerable: bool = True, renaming: int = 0) -> TextTrial:
        """Build one trial.

        Args:
            index: Which.
            answerable: False gives the twin: the same item, but what is asked for is not in the prompt.
            renaming: Each number gives the same item with other names and values.
        """
        ...


class TextTaskBuilder(Protocol):
    """What a registered text task is made by."""

    def __call__(self, *, k: int, seed: int) -> TextTask:
        """Make a task: at least `k` words of unrelated text before the question, drawn from the base seed `seed`.

        Raises:
            ConfigError: `k` is negative.
        """
        ...
