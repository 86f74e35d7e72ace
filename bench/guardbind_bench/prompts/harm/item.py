"""Makes trials of harm tasks: draws an item with its twin until the right answer stands in one and not in the other."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar, Literal, NamedTuple

from guardbind.errors import CandidateError, ConfigError
from guardbind_bench.prompts.harm.filler import filler
from guardbind_bench.prompts.harm.values import HarmDraws, HarmValue
from guardbind_bench.prompts.harm.wordings import LANGUAGE_CODES, Wordings, WordingSet, wordings_of
from guardbind_bench.prompts.text_trial import Fact, TextTrial
from guardbind_bench.prompts.trial import draw_seed
from guardbind_bench.scoring.words import standing

__all__ = ["DraftFact", "HarmItem", "HarmTask", "Said"]

# Private-use characters, which no wording holds.
_MARK = re.compile("\ue000(\\d+)\ue001")
_FILLER = "\ue002"
_ATTEMPTS = 60

SaidBy = Literal["system", "user", "assistant", "tool"]


class Said(NamedTuple):
    """A message; its text may hold marks."""

    role: SaidBy
    text: str


@dataclass(frozen=True, slots=True)
class DraftFact:
    """A statement before it is written.

    Attributes:
        owner: What has the value, as the prompt calls it; None where nothing is named.
        attribute: What it is of its owner.
        value: The value.
    """

    owner: str | None
    attribute: str
    value: HarmValue


@dataclass(slots=True)
class HarmItem:
    """An item, or its twin.

    Attributes:
        language: What it is written in.
        form: How the facts are written.
        records: How many records there are.
        messages: What is said; values stand as marks.
        facts: What the marks stand for.
        asked: The fact that the right answer is taken from; None in a twin.
        missing: In a twin, spellings that must not stand in the prompt.
        rivals: Facts whose values could be taken for the right one, the likeliest first.
        begun: How an answer begins.
        question: Which message asks, and what of it is the question.
        silent: An answer without any value is right as well.
        fine: Facts whose values are no harm, though they are not the right one.
    """

    language: str
    form: str
    records: int
    messages: list[Said] = field(default_factory=list)
    facts: list[DraftFact] = field(default_factory=list)
    asked: int | None = None
    missing: tuple[str, ...] = ()
    rivals: list[int] = field(default_factory=list)
    begun: str = ""
    question: tuple[int, str] = (-1, "")
    silent: bool = False
    fine: list[int] = field(default_factory=list)

    def state(self, owner: str | None, attribute: str, value: HarmValue) -> str:
        """Add a fact and return the mark that stands for its value in a text."""
        self.facts.append(DraftFact(owner, attribute, value))
        return f"\ue000{len(self.facts) - 1}\ue001"

    def shown(self, text: str) -> str:
        """Return a text with values in place of their marks."""
        return _MARK.sub(lambda match: self.facts[int(match[1])].value.text, text)

    @property
    def filler(self) -> str:
        """What stands for the unrelated text before the question."""
        return _FILLER


class HarmTask(ABC):
    """A text task with two disjoint sets of wordings, for work and for reports; see `TextTaskBuilder`.

    Args:
        k: Words of unrelated text between facts and question, at least; whole sentences are written.
        seed: Base seed.
        wordings: `dev` to look at while rules are written, `held` only to report on.

    Raises:
        ConfigError: `k` is negative, or there is no such set.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    languages: ClassVar[Sequence[str]] = LANGUAGE_CODES
    """What it is written in; English half of the time, if there are several."""

    def __init__(self, *, k: int = 0, seed: int = 0, wordings: WordingSet = "dev") -> None:
        if k < 0:
            raise ConfigError(f"k is {k}; 0 or more are accepted.")
        self._k, self._seed, self._set = k, seed, wordings
        self._wordings = wordings_of(wordings)

    def trial(self, index: int, *, answerable: bool = True, renaming: int = 0) -> TextTrial:
        """Build one trial; set, index, base seed and renaming determine it.

        Raises:
            CandidateError: No item could be drawn whose right answer stands in it once.
        """
        for attempt in range(_ATTEMPTS):
            try:
                item, twin = (self._written(index, renaming, attempt, answerable=a) for a in (True, False))
            except LookupError:
                continue
            if _fits(item, twin[1]):
                return item[0] if answerable else twin[0]
        raise CandidateError(f"{self.name} has no item {index} that fits.")

    @abstractmethod
    def item(self, shape: Random, values: HarmDraws, words: Wordings, *, answerable: bool) -> HarmItem:
        """Draw an item or its twin, which must not differ in what is drawn before they part.

        Args:
            shape: Draws structure, wording and what is asked.
            values: Draws names and values.
            words: Wordings of the item's language.
            answerable: False for the twin.
        """

    def _written(self, index: int, renaming: int, attempt: int, *, answerable: bool) -> tuple[TextTrial, HarmItem]:
        def rng(*drawn_for: object) -> Random:
            return Random(draw_seed(self.name, self._seed, index, self._set, attempt, *drawn_for))

        shape = rng("shape")
        # The index alone decides the language, so that the shares are exact.
        others = [language for language in self.languages if language != "en"]
        language = "en" if not others or index % 2 == 0 else others[index // 2 % len(others)]
        words = self._wordings[language]
        item = self.item(shape, HarmDraws(rng("values", renaming), words.pools, language), words, answerable=answerable)
        far = filler(rng("far"), words, self._k)
        return _trial(index, item, far), item


def _trial(index: int, item: HarmItem, far: str) -> TextTrial:
    messages: list[dict[str, str]] = []
    facts: list[Fact] = []
    places: list[int] = []
    for number, (role, text) in enumerate(item.messages):
        text = text.replace(_FILLER, f"{far}\n\n" if far else "").strip()
        content, reached = "", 0
        for match in _MARK.finditer(text):
            content += text[reached : match.start()]
            said = item.facts[int(match[1])]
            span = (len(content), len(content) + len(said.value.text))
            key = said.attribute if said.owner is None else f"{said.owner}: {said.attribute}"
            facts.append(Fact(key, said.owner, said.attribute, said.value.text, said.value.forms, number, span))
            places.append(int(match[1]))
            content += said.value.text
            reached = match.end()
        messages.append({"role": role, "content": content + text[reached:]})
    asks, question = item.question
    start = messages[asks]["content"].rindex(question)
    right = () if item.asked is None else item.facts[item.asked].value.forms
    others = [item.facts[i].value.forms for i in item.rivals if i in places]
    return TextTrial(
        index=index,
        messages=tuple(messages),
        facts=tuple(facts),
        asked=None if item.asked is None else places.index(item.asked),
        direction="key_value",
        answer=right,
        others=tuple(dict.fromkeys(forms for forms in others if set(forms).isdisjoint(right))),
        which="only",
        question=(start, start + len(question)),
        asks_in=asks % len(messages),
        begun=item.begun,
        form=item.form,
        language=item.language,
        records=item.records,
        silent=item.silent,
        fine=tuple(item.facts[i].value.text for i in item.fine),
    )


def _fits(pair: tuple[TextTrial, HarmItem], twin: HarmItem) -> bool:
    """Whether the right answer stands once in the item, in no spelling in its twin, and is no other value."""
    trial, item = pair
    assert item.asked is not None
    text = "\n".join(message["content"] for message in trial.messages)
    right = item.facts[item.asked].value
    shared = any(set(fact.value.forms) & set(right.forms) for i, fact in enumerate(item.facts) if i != item.asked)
    once = len({span[0] for span, _ in standing(text, [right.text])}) == 1
    gone = twin.shown("\n".join(said.text for said in twin.messages))
    return once and not shared and bool(trial.others) and not standing(gone, twin.missing)
