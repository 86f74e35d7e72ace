"""Defines a trial: one prompt as token ids, what it binds, what it asks, and where everything stands."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from guardbind_bench.prompts.pool import Pool, PoolValue

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from guardbind_bench.prompts.cell import PromptForm

__all__ = ["SCHEMA_VERSION", "Bound", "Task", "TaskBuilder", "Trial", "TrialStage", "draw_seed"]

# Part of every seed: trials of another version are other trials.
SCHEMA_VERSION = 1

TrialStage = Literal["right", "2A", "2B"]


def draw_seed(task: str, seed: int, index: int, *drawn_for: object) -> int:
    """Return the first 8 bytes of SHA-256 of (schema version, task, base seed, trial index, ...).

    Args:
        task: Name of the task.
        seed: Base seed of the run.
        index: Which trial.
        *drawn_for: What else the draw depends on: filler and block size for the filler, nothing for the values, so
            that a trial binds the same values under every model, policy, filler and size.
    """
    text = "|".join(map(str, (SCHEMA_VERSION, task, seed, index, *drawn_for)))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


@dataclass(frozen=True, slots=True)
class Bound:
    """A key and its value, as they stand in a prompt.

    Attributes:
        key: The key.
        value: The value.
        statement: Tokens of the prompt that state the binding; part of the question where an option states it.
        position: Token of the prompt that is the value, or the last of what stands for it, such as the place whose
            letter is the value.
        written: Tokens of the prompt that write the value, where they are more than `position`.
        name: What has the value, in full, where the question calls something else that has one by the same key.
    """

    key: str
    value: PoolValue
    statement: range
    position: int
    written: range | None = field(default=None, repr=False)
    name: str | None = field(default=None, repr=False)

    @property
    def value_tokens(self) -> range:
        """Tokens of the prompt that write the value."""
        return range(self.position, self.position + 1) if self.written is None else self.written


@dataclass(frozen=True, slots=True)
class Trial:
    """One prompt.

    Attributes:
        index: Which trial of its task and seed.
        ids: Token ids of the prompt.
        bound: What it binds, in the order of the text.
        asked: Which of them the question asks for.
        question: Tokens of the prompt that ask, up to where the answer begins.
        competitor: The value that is most easily taken for the target.
        candidates: The candidate set, by which 2A and 2B are told apart.
        abstain: The candidate that says that the prompt does not tell; None where there is none.
    """

    index: int
    ids: tuple[int, ...]
    bound: tuple[Bound, ...]
    asked: int
    question: range
    competitor: PoolValue
    candidates: tuple[PoolValue, ...]
    abstain: PoolValue | None = None

    @property
    def target(self) -> Bound:
        """The binding that is asked for."""
        return self.bound[self.asked]

    @property
    def distance(self) -> int:
        """Tokens after the target's value, up to and including the last of the prompt."""
        return len(self.ids) - 1 - self.target.position

    def stage(self, token: int | None) -> TrialStage:
        """Say what an answer that starts with `token` is.

        Args:
            token: First token of the answer; None where nothing was written, which is no candidate.

        Returns:
            `right`: the target's value. `2A`: no candidate at all. `2B`: another candidate, bound or not.
        """
        if token == self.target.value.token:
            return "right"
        return "2B" if any(token == value.token for value in self.candidates) else "2A"


class Task(Protocol):
    """Prompts of one kind; the same index always gives the same prompt."""

    @property
    def name(self) -> str:
        """Its registered name."""
        ...

    @property
    def pool(self) -> Pool:
        """The values that its bindings are drawn from."""
        ...

    def trial(self, index: int) -> Trial:
        """Build one trial."""
        ...


class TaskBuilder(Protocol):
    """What a registered task is made by."""

    version: int
    """Raised when the same index would give another trial."""
    lettered: bool
    """Whether the answer is the letter of an option, so that what is written tells of the right one only by letter."""
    uniform: bool
    """Whether every candidate is as often the right one as any other, as bounds on information need."""

    def __call__(
        self, tokenizer: PreTrainedTokenizerBase, *, filler: str, k: int, seed: int, form: PromptForm = ...
    ) -> Task:
        """Make a task: `k` tokens of `filler` per block, drawn from the base seed `seed`, written as `form` says.

        Raises:
            CandidateError: The tokenizer writes too few values as one token.
            ConfigError: The task does not come in that form, and in which it does.
            UnknownNameError: There is no such filler or arm.
        """
        ...
