"""Makes the prompts of `chat`: turns in which the user told values, the last of which asks for one of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from guardbind_bench.prompts.texts.draft import Attribute, DraftKey, DraftTask, Message, TextDraft, Unrelated, mark
from guardbind_bench.prompts.texts.questions import OWNED, WHOSE, system, wording
from guardbind_bench.prompts.texts.values import Draws, styles

__all__ = ["Chat"]

_ATTRIBUTES = (
    Attribute("booking code", "booking"),
    Attribute("ticket code", "booking"),
    Attribute("member code", "booking"),
    Attribute("phone number", "phone"),
    Attribute("office number", "phone"),
    Attribute("emergency number", "phone"),
    Attribute("room number", "room"),
    Attribute("gate", "room"),
    Attribute("seat", "room"),
    Attribute("e-mail address", "email"),
    Attribute("work e-mail", "email"),
    Attribute("second e-mail", "email"),
    Attribute("arrival date", "date"),
    Attribute("departure date", "date"),
    Attribute("date of birth", "date"),
    Attribute("destination", "city"),
    Attribute("home town", "city"),
    Attribute("stopover", "city"),
    Attribute("travel allowance", "money"),
    Attribute("hotel budget", "money"),
    Attribute("ticket price", "money"),
)
_OWNED = (
    "{owner}'s {attribute} is {value}.",
    "The {attribute} of {owner} is {value}.",
    "Please remember that {owner}'s {attribute} is {value}.",
    "By the way, {owner}'s {attribute} is {value}.",
    "{owner} has the {attribute} {value}.",
    "For {owner}, the {attribute} is {value}.",
)
_MINE = (
    "My {attribute} is {value}.",
    "Please remember that my {attribute} is {value}.",
    "By the way, my {attribute} is {value}.",
    "I just looked it up: my {attribute} is {value}.",
)
_CHANGED = (
    "Sorry, {whose} {attribute} has been changed to {value}.",
    "I have to correct myself: {whose} {attribute} is now {value}.",
    "An update: {whose} {attribute} is now {value}.",
)
_ASK_MINE = (
    "What is my {attribute}?",
    "Can you tell me my {attribute}?",
    "What did I say my {attribute} was?",
    "Please remind me of my {attribute}.",
)
_LEAD = (
    "I am getting ready for the trip.",
    "There is a lot to keep in mind.",
    "Let me go on.",
    "I am still sorting my papers.",
    "I hope that you can keep track.",
    "Here is some more.",
    "This trip needs a lot of planning.",
)
_NOTED = ("Got it.", "Thanks, noted.", "OK, I will keep that in mind.", "Sure.", "All right, I have that.")
_TALK = (
    ("How are you today?", "I am fine, thank you. How can I help?"),
    ("Do you like traveling?", "I do not travel, but I like to help people who do."),
    ("Any tips for long flights?", "Drink enough, and get up from time to time."),
    ("What should I pack?", "Take comfortable shoes and a warm sweater."),
)


class _Exchange(NamedTuple):
    """What the user says in one turn, first and of facts, and what is answered, with an echo of a fact or without."""

    lead: str
    facts: list[tuple[int, str]]
    noted: str
    echo: tuple[int, str] | None


@dataclass(frozen=True, slots=True)
class _Conversation:
    """All that is said before the question; `talk` is small talk, and the exchange that it stands before."""

    tell: str | None
    exchanges: Sequence[_Exchange]
    talk: tuple[int, tuple[str, str]] | None
    far: Sequence[str]

    def write(self, omit: Collection[int]) -> list[Message]:
        told: list[list[Message]] = []
        for lead, facts, noted, echo in self.exchanges:
            text = " ".join([lead, *(line for i, line in facts if i not in omit)])
            answer = f"{noted} {echo[1]}" if echo and echo[0] not in omit else noted
            told.append([Message("user", text), Message("assistant", answer)])
        if self.talk:
            place, (asked, answered) = self.talk
            told.insert(place, [Message("user", asked), Message("assistant", answered)])
        if self.far:
            told.append([Message("user", " ".join(self.far)), Message("assistant", "I see.")])
        return [*([Message("system", self.tell)] if self.tell else []), *(m for turn in told for m in turn)]


class Chat(DraftTask):
    """Facts of the user's and of others, one to three in each of the user's turns; the assistant acknowledges them.

    In some trials the assistant repeats a value, there is small talk, or the user corrects a value, and the latest is
    asked for. Any key is asked for as often as any other; whose a value is is asked of those with a name.
    """

    name = "chat"

    def _draft(self, shape: Random, draws: Draws, unrelated: Unrelated) -> TextDraft:
        attributes = shape.sample(_ATTRIBUTES, 2)
        style = {a: shape.randrange(styles(a.kind)) for a in attributes}
        keys = _keys(shape, draws, style)
        exchanges = _exchanges(shape, keys, _statements(shape, keys))
        talk = (shape.randrange(len(exchanges) + 1), shape.choice(_TALK)) if shape.random() < 0.4 else None
        conversation = _Conversation(system(shape), exchanges, talk, unrelated.far)
        forward = shape.random() < 0.5
        asked = shape.randrange(len(keys) if forward else sum(key.owner is not None for key in keys))
        key = keys[asked]
        value = key.values[-1]
        if forward:
            named, stranger = (key.owner.text, draws.value("name").text) if key.owner else ("", None)
            question = wording(shape, OWNED if key.owner else _ASK_MINE, answers=value.kind)
        else:
            named, stranger = value.text, draws.value(value.kind, style[key.attribute]).text
            question = wording(shape, WHOSE, answers="name", field="name")
        return TextDraft(
            keys=tuple(keys),
            asked=asked,
            direction="key_value" if forward else "value_key",
            which="last" if len(key.values) > 1 else "only",
            write=conversation.write,
            named=named,
            stranger=stranger,
            spare=tuple(a for a in _ATTRIBUTES if a.kind == value.kind and a not in attributes),
            question=question,
        )


def _keys(shape: Random, draws: Draws, style: dict[Attribute, int]) -> list[DraftKey]:
    """Draw what has a value: attributes of two or three people, the user among them or not, who stands last."""
    mine = shape.random() < 0.4
    people = [draws.value("name") for _ in range(shape.randrange(2, 3 if mine else 4))]
    keys = []
    for owner in [*people, *([None] if mine else [])]:
        for a in style:
            times = 2 if shape.random() < 0.12 else 1
            values = tuple(draws.value(a.kind, style[a]) for _ in range(times))
            keys.append(DraftKey(owner, a, values, None if owner else f"my {a.name}"))
    return keys


def _statements(shape: Random, keys: Sequence[DraftKey]) -> list[tuple[int, str]]:
    """Draw the order and the wording of all statements; a key that is stated again is corrected."""
    spots = [i for i, key in enumerate(keys) for _ in key.values]
    shape.shuffle(spots)
    seen = [0] * len(keys)
    lines = []
    for i in spots:
        lines.append((i, _statement(shape, keys[i], mark(i, seen[i]), again=seen[i] > 0)))
        seen[i] += 1
    return lines


def _exchanges(shape: Random, keys: Sequence[DraftKey], lines: list[tuple[int, str]]) -> list[_Exchange]:
    """Spread the statements over turns of the user; an answer may repeat the last fact of its turn."""
    exchanges: list[_Exchange] = []
    said = [0] * len(keys)
    leads = shape.sample(_LEAD, len(_LEAD))
    while lines:
        size = min(len(lines), shape.randrange(1, 4))
        facts, lines = lines[:size], lines[size:]
        for i, _ in facts:
            said[i] += 1
        last = facts[-1][0]
        key = keys[last]
        whose = f"{key.owner.text}'s" if key.owner else "your"
        echo = f"So {whose} {key.attribute.name} is {key.values[said[last] - 1].text}."
        lead, noted = leads[len(exchanges) % len(leads)], shape.choice(_NOTED)
        exchanges.append(_Exchange(lead, facts, noted, (last, echo) if shape.random() < 0.2 else None))
    return exchanges


def _statement(shape: Random, key: DraftKey, value: str, *, again: bool) -> str:
    attribute = key.attribute.name
    if again:
        whose = f"{key.owner.text}'s" if key.owner else "my"
        return shape.choice(_CHANGED).format(whose=whose, attribute=attribute, value=value)
    if key.owner is None:
        return shape.choice(_MINE).format(attribute=attribute, value=value)
    return shape.choice(_OWNED).format(owner=key.owner.text, attribute=attribute, value=value)
