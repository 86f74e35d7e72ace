"""Makes the trials of a text task: draws an item once, and writes it with or without what it is asked for."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from random import Random
from typing import ClassVar, NamedTuple

from guardbind.errors import ConfigError
from guardbind_bench.prompts.natural import sentences
from guardbind_bench.prompts.text_trial import Direction, Fact, TextTrial, Which
from guardbind_bench.prompts.texts.values import Draws, ValueSpelling
from guardbind_bench.prompts.trial import draw_seed

__all__ = ["Attribute", "DraftKey", "DraftTask", "Message", "TextDraft", "Unrelated", "mark"]

# Private-use characters, which no wording holds.
_MARK = re.compile("\ue000(\\d+)\\.(\\d+)\ue001")


class Attribute(NamedTuple):
    """What something has: its name, and the kind of its values."""

    name: str
    kind: str


class Message(NamedTuple):
    """A message of a prompt; its text may hold marks."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class DraftKey:
    """What has a value.

    Attributes:
        owner: What it belongs to.
        attribute: What it is of its owner.
        values: The values that it is given, one after the other.
        name: What a person calls it; None: made of owner and attribute.
    """

    owner: ValueSpelling | None
    attribute: Attribute
    values: tuple[ValueSpelling, ...]
    name: str | None = None

    @property
    def called(self) -> str:
        """What a person calls it."""
        if self.name is not None:
            return self.name
        return self.attribute.name if self.owner is None else f"{self.owner.text}'s {self.attribute.name}"


@dataclass(frozen=True, slots=True)
class TextDraft:
    """An item before it is written.

    Attributes:
        keys: All that the prompt may bind.
        asked: The key that is asked about.
        direction: What is asked of it.
        which: Which of its values.
        write: Writes the messages before the question without the keys that it is given; values stand as marks.
        named: What the question names: an owner, or a value.
        stranger: What it could name in its place that is not in the prompt; None where it names nothing.
        spare: Attributes of the same kind that nothing in the prompt has.
        question: Asks for an attribute of what is named, or for what has a value that is named. It ends the last
            message where that is the user's, and is one of its own otherwise.
    """

    keys: tuple[DraftKey, ...]
    asked: int
    direction: Direction
    which: Which
    write: Callable[[Collection[int]], list[Message]]
    named: str
    stranger: str | None
    spare: tuple[Attribute, ...]
    question: Callable[[str, Attribute], str]


def mark(key: int, statement: int = 0) -> str:
    """Stand for a value of a key in a text, until it is known where the text is written."""
    return f"\ue000{key}.{statement}\ue001"


class DraftTask(ABC):
    """A text task as it is registered; see `TextTaskBuilder`.

    Structure, wording and what is asked are drawn from the index; names and values from the index and the renaming;
    the unrelated text and the way of the twin each from the index. Neither changes what the others draw.

    Args:
        k: Words of unrelated text before the question, at least; whole sentences are written.
        seed: Base seed.

    Raises:
        ConfigError: `k` is negative.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1

    def __init__(self, *, k: int = 0, seed: int = 0) -> None:
        if k < 0:
            raise ConfigError(f"k is {k}; 0 or more are accepted.")
        self._k, self._seed = k, seed

    def trial(self, index: int, *, answerable: bool = True, renaming: int = 0) -> TextTrial:
        """Build one trial; index, base seed and renaming determine it."""
        draws = Draws(self._rng(index, "values", renaming))
        draft = self._draft(self._rng(index, "shape"), draws, self._sentences(index))
        named, attribute = draft.named, draft.keys[draft.asked].attribute
        if answerable:
            return _written(draft, index, named, attribute)
        omit: set[int] = set()
        ways = ["left out", *["attribute"] * bool(draft.spare), *["stranger"] * (draft.stranger is not None)]
        rng = self._rng(index, "twin")
        match rng.choice(ways):
            case "left out":
                omit.add(draft.asked)
            case "attribute":
                attribute = rng.choice(draft.spare)
            case _:
                assert draft.stranger is not None
                named = draft.stranger
        return _written(draft, index, named, attribute, omit, twin=True)

    @abstractmethod
    def _draft(self, shape: Random, draws: Draws, unrelated: Unrelated) -> TextDraft:
        """Draw an item; what is drawn from `shape` must not depend on what came out of `draws`."""

    def _rng(self, index: int, *drawn_for: object) -> Random:
        return Random(draw_seed(self.name, self._seed, index, *drawn_for))

    def _sentences(self, index: int) -> Unrelated:
        return Unrelated(self._rng(index, "unrelated"), self._rng(index, "far"), self._k)


class Unrelated:
    """Sentences that bind nothing.

    Args:
        near: Draws those among the facts.
        far: Draws those before the question.
        k: How many words stand before the question, at least.
    """

    def __init__(self, near: Random, far: Random, k: int) -> None:
        self._near = sentences(near)
        words, self.far = 0, list[str]()
        for sentence in sentences(far):
            if words >= k:
                break
            self.far.append(sentence.strip())
            words += len(sentence.split())

    def sentence(self) -> str:
        """Return the next sentence to stand among the facts."""
        return next(self._near).strip()


def _written(
    draft: TextDraft, index: int, named: str, attribute: Attribute, omit: Collection[int] = (), *, twin: bool = False
) -> TextTrial:
    asked, question = draft.keys[draft.asked], draft.question(named, attribute)
    written = draft.write(omit)
    if written[-1].role != "user":
        written.append(Message("user", question))
    else:
        written[-1] = Message("user", f"{written[-1].text}\n\n{question}")
    messages: list[dict[str, str]] = []
    facts: list[Fact] = []
    places: list[tuple[int, int]] = []
    for number, message in enumerate(written):
        content, reached = "", 0
        for match in _MARK.finditer(message.text):
            content += message.text[reached : match.start()]
            place = int(match[1]), int(match[2])
            key, value = draft.keys[place[0]], draft.keys[place[0]].values[place[1]]
            span = (len(content), len(content) + len(value.text))
            owner = key.owner.text if key.owner else None
            facts.append(Fact(key.called, owner, key.attribute.name, value.text, value.forms, number, span))
            places.append(place)
            content += value.text
            reached = match.end()
        messages.append({"role": message.role, "content": content + message.text[reached:]})
    statement = 0 if draft.which == "first" else len(asked.values) - 1
    kept = [key for i, key in enumerate(draft.keys) if i not in omit]
    right, others = _candidates(kept, asked, statement, draft.direction)
    end = len(messages[-1]["content"])
    return TextTrial(
        index=index,
        messages=tuple(messages),
        facts=tuple(facts),
        asked=None if twin else places.index((draft.asked, statement)),
        direction=draft.direction,
        answer=() if twin else right.forms,
        others=tuple(value.forms for value in others if twin or value != right),
        which=draft.which,
        question=(end - len(question), end),
    )


def _candidates(
    keys: Iterable[DraftKey], asked: DraftKey, statement: int, direction: Direction
) -> tuple[ValueSpelling, list[ValueSpelling]]:
    """Return the right answer and all that could be taken for it, itself included where the prompt holds it."""
    if direction == "key_value":
        kind = asked.attribute.kind
        return asked.values[statement], [v for key in keys if key.attribute.kind == kind for v in key.values]
    assert asked.owner is not None
    owners = dict.fromkeys(key.owner for key in keys if key.owner is not None and key.owner.kind == asked.owner.kind)
    return asked.owner, list(owners)
