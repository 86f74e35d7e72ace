"""Serves what adapters of evaluation harnesses share: settings among a model's arguments, told statements, counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from guardbind import Binding, GuardConfig
from guardbind.errors import BindingError, ConfigError
from guardbind.events import SlotRecord
from guardbind.model.loading import ModelSource
from guardbind.registry import MODELS
from guardbind.text.decoded import PromptText

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["SlotCounts", "StatementForm", "folder_of", "split_settings"]


def folder_of(name: str) -> str:
    """Return the folder of a model that guardbind knows by name; any other name as it is.

    Raises:
        WeightsError: The weights of a registered model are missing or damaged.
    """
    if name not in MODELS:
        return name
    source: ModelSource = MODELS.get(name)
    return str(source.folder())


def split_settings(arguments: Mapping[str, Any]) -> tuple[GuardConfig, dict[str, Any]]:
    """Split the arguments of a model into the guard's settings and what is left for the model.

    Whatever is called as a field of `GuardConfig` is the guard's. A harness's command line knows no tuples: where a
    setting holds several names, one text is one of them and a list is all.

    Raises:
        ConfigError: A setting is of the wrong type or outside its range.
    """
    settings: dict[str, Any] = {}
    rest: dict[str, Any] = {}
    for name, value in arguments.items():
        if name not in GuardConfig.model_fields:
            rest[name] = value
        elif isinstance(GuardConfig.model_fields[name].default, tuple) and isinstance(value, (str, list)):
            settings[name] = (value,) if isinstance(value, str) and value != "all" else value
        else:
            settings[name] = value
    return GuardConfig(**settings), rest


@dataclass(frozen=True, slots=True)
class StatementForm:
    r"""How the prompts of a task state what they bind, where extraction does not read it.

    >>> form = StatementForm.of(r"(?P<key>[\w-]+) is: (?P<value>\d+)")
    >>> [(binding.key, binding.value, binding.span) for binding in form.found_in("The code for long-book is: 123.")]
    [('long-book', '123', (13, 30))]
    """

    pattern: re.Pattern[str]
    """Has the groups `key` and `value`; all of a match is the evidence."""

    @classmethod
    def of(cls, expression: str) -> StatementForm:
        """Compile a regular expression.

        Raises:
            ConfigError: It is none, or lacks one of the groups.
        """
        try:
            pattern = re.compile(expression)
        except (re.error, TypeError) as error:
            raise ConfigError(f"statements is {expression!r}, which is no regular expression: {error}.") from error
        if not {"key", "value"} <= pattern.groupindex.keys():
            raise ConfigError(
                f"statements is {expression!r}; it needs the groups key and value.",
                hint=r"Write for example: (?P<key>[\w-]+) is: (?P<value>\d+)",
            )
        return cls(pattern)

    def bindings(self, tokenizer: PreTrainedTokenizerBase, ids: Sequence[int]) -> list[Binding]:
        """Return what a prompt states in this form, in its order.

        Args:
            tokenizer: The tokenizer of the prompt.
            ids: The tokens of the prompt, without padding.

        Raises:
            BindingError: The prompt states nothing in this form, so that it would be answered unguarded.
        """
        found = self.found_in(PromptText.from_ids(tokenizer, ids).text)
        if not found:
            raise BindingError(
                f"a prompt of {len(ids)} tokens has nothing that matches statements={self.pattern.pattern!r}.",
                hint="Run tasks that state nothing in this form by themselves, without statements.",
            )
        return found

    def found_in(self, text: str) -> list[Binding]:
        """Return what a text states in this form; spans are characters of the text."""
        return [Binding(found["key"], found["value"], span=found.span()) for found in self.pattern.finditer(text)]


@dataclass
class SlotCounts:
    """How many slots there were, and what came of them.

    Attributes:
        slots: Slots that were met.
        verdicts: Slots by the verdict on the model's own token.
        final_verdicts: Slots by the verdict when the value was written.
        actions: Slots by what was done.
    """

    slots: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)
    final_verdicts: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, slots: Iterable[SlotRecord]) -> SlotCounts:
        """Count the records of slots."""
        counts = cls()
        for slot in slots:
            counts.slots += 1
            counts.verdicts[slot.verdict] += 1
            counts.final_verdicts[slot.final_verdict] += 1
            counts.actions[slot.action] += 1
        return counts

    def __add__(self, other: SlotCounts) -> SlotCounts:
        return SlotCounts(
            self.slots + other.slots,
            self.verdicts + other.verdicts,
            self.final_verdicts + other.final_verdicts,
            self.actions + other.actions,
        )

    def as_json(self) -> dict[str, Any]:
        """Return the counts as plain objects, names in alphabetical order."""
        return {
            "slots": self.slots,
            "verdicts": dict(sorted(self.verdicts.items())),
            "final_verdicts": dict(sorted(self.final_verdicts.items())),
            "actions": dict(sorted(self.actions.items())),
        }
