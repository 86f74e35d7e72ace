"""`chat`: turns in which the user told values; the last one asks for one of them."""

from __future__ import annotations

from collections.abc import Collection
from random import Random

from guardbind_bench.prompts.text_trial import Which
from guardbind_bench.prompts.texts.draft import Attribute, Draft, DraftTask, Key, Message, Unrelated, mark
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


class Chat(DraftTask):
    """Facts of the user's and of others, one to three in each of the user's turns; the assistant acknowledges them.

    In some trials the assistant repeats a value, there is small talk, or the user corrects a value, and the latest is
    asked for. Any key is asked for as often as any other; whose a value is is asked of those with a name.
    """

    name = "chat"

    def _draft(self, shape: Random, draws: Draws, unrelated: Unrelated) -> Draft:
        attributes = shape.sample(_ATTRIBUTES, 2)
        style = {a: shape.randrange(styles(a.kind)) for a in attributes}
        mine = shape.random() < 0.4
        people = [draws.value("name") for _ in range(shape.randrange(2, 3 if mine else 4))]
        keys: list[Key] = []
        for owner in [*people, *([None] if mine else [])]:
            for a in attributes:
                times = 2 if shape.random() < 0.12 else 1
                values = tuple(draws.value(a.kind, style[a]) for _ in range(times))
                keys.append(Key(owner, a, values, None if owner else f"my {a.name}"))
        spots = [i for i, key in enumerate(keys) for _ in key.values]
        shape.shuffle(spots)
        seen = [0] * len(keys)
        lines: list[tuple[int, str]] = []
        for i in spots:
            lines.append((i, _statement(shape, keys[i], mark(i, seen[i]), again=seen[i] > 0)))
            seen[i] += 1
        # Each of the user's turns: what it says first, its facts, and the answer, which may repeat the last of them.
        turns: list[tuple[str, list[tuple[int, str]], str, tuple[int, str] | None]] = []
        said = [0] * len(keys)
        leads = shape.sample(_LEAD, len(_LEAD))
        while lines:
            size = min(len(lines), shape.randrange(1, 4))
            facts, lines = lines[:size], lines[size:]
            for i, _ in facts:
                said[i] += 1
            key = keys[last := facts[-1][0]]
            whose = f"{key.owner.text}'s" if key.owner else "your"
            echo = f"So {whose} {key.attribute.name} is {key.values[said[last] - 1].text}."
            turns.append(
                (
                    leads[len(turns) % len(leads)],
                    facts,
                    shape.choice(_NOTED),
                    (last, echo) if shape.random() < 0.2 else None,
                )
            )
        talk = (shape.randrange(len(turns) + 1), shape.choice(_TALK)) if shape.random() < 0.4 else None
        tell = system(shape)

        def write(omit: Collection[int]) -> list[Message]:
            told: list[list[Message]] = []
            for lead, facts, noted, echo in turns:
                text = " ".join([lead, *(line for i, line in facts if i not in omit)])
                answer = f"{noted} {echo[1]}" if echo and echo[0] not in omit else noted
                told.append([Message("user", text), Message("assistant", answer)])
            if talk:
                told.insert(talk[0], [Message("user", talk[1][0]), Message("assistant", talk[1][1])])
            if unrelated.far:
                told.append([Message("user", " ".join(unrelated.far)), Message("assistant", "I see.")])
            return [*([Message("system", tell)] if tell else []), *(m for turn in told for m in turn)]

        forward = shape.random() < 0.5
        asked = shape.randrange(len(keys) if forward else len(people) * len(attributes))
        key = keys[asked]
        value = key.values[-1]
        which: Which = "last" if len(key.values) > 1 else "only"
        spare = tuple(a for a in _ATTRIBUTES if a.kind == value.kind and a not in attributes)
        if forward:
            named, stranger = (key.owner.text, draws.value("name").text) if key.owner else ("", None)
            question = wording(shape, OWNED if key.owner else _ASK_MINE, answers=value.kind)
        else:
            named, stranger = value.text, draws.value(value.kind, style[key.attribute]).text
            question = wording(shape, WHOSE, answers="name", field="name")
        return Draft(
            keys=tuple(keys),
            asked=asked,
            direction="key_value" if forward else "value_key",
            which=which,
            write=write,
            named=named,
            stranger=stranger,
            spare=spare,
            question=question,
        )


def _statement(shape: Random, key: Key, value: str, *, again: bool) -> str:
    attribute = key.attribute.name
    if again:
        whose = f"{key.owner.text}'s" if key.owner else "my"
        return shape.choice(_CHANGED).format(whose=whose, attribute=attribute, value=value)
    if key.owner is None:
        return shape.choice(_MINE).format(attribute=attribute, value=value)
    return shape.choice(_OWNED).format(owner=key.owner.text, attribute=attribute, value=value)
