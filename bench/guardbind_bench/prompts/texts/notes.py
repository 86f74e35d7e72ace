"""Makes the prompts of `notes`: prose on several people or things, and a question about one of them."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import NamedTuple

from guardbind_bench.prompts.texts.draft import Attribute, DraftKey, DraftTask, Message, TextDraft, Unrelated, mark
from guardbind_bench.prompts.texts.questions import OWNED, WHOSE, system, wording
from guardbind_bench.prompts.texts.values import Draws, styles

__all__ = ["STATEMENTS", "Notes"]

STATEMENTS = (
    "{owner}'s {attribute} is {value}.",
    "The {attribute} of {owner} is {value}.",
    "{owner} has the {attribute} {value}.",
    "{owner}'s {attribute} was changed to {value}.",
    "The {attribute} of {owner} has been updated to {value}.",
    "For {owner}, the {attribute} is {value}.",
    "Please note that {owner}'s {attribute} is now {value}.",
    "According to the list, the {attribute} of {owner} is {value}.",
    "We wrote down {value} as {owner}'s {attribute}.",
)


class _NoteSubject(NamedTuple):
    owners: str
    noun: str
    attributes: tuple[Attribute, ...]
    intro: tuple[str, ...]


_STAFF = _NoteSubject(
    "name",
    "person",
    (
        Attribute("badge number", "code"),
        Attribute("locker code", "code"),
        Attribute("extension", "code"),
        Attribute("parking permit", "code"),
        Attribute("home city", "city"),
        Attribute("place of birth", "city"),
        Attribute("e-mail address", "email"),
        Attribute("backup e-mail", "email"),
        Attribute("start date", "date"),
        Attribute("review date", "date"),
        Attribute("manager", "person"),
        Attribute("mentor", "person"),
        Attribute("phone number", "phone"),
        Attribute("emergency contact", "phone"),
        Attribute("office", "room"),
        Attribute("meeting room", "room"),
    ),
    ("Here are my notes from this week.", "These are the notes on the new colleagues.", "Notes for the front desk:"),
)
_PROJECTS = _NoteSubject(
    "project",
    "project",
    (
        Attribute("budget", "money"),
        Attribute("reserve", "money"),
        Attribute("deadline", "date"),
        Attribute("kickoff date", "date"),
        Attribute("project lead", "person"),
        Attribute("sponsor", "person"),
        Attribute("current release", "version"),
        Attribute("previous release", "version"),
        Attribute("latest commit", "hash"),
        Attribute("base commit", "hash"),
        Attribute("contact e-mail", "email"),
        Attribute("billing e-mail", "email"),
        Attribute("cost center", "code"),
        Attribute("account number", "code"),
    ),
    ("Notes from the project meeting:", "Here is what we know about our projects.", "A summary of the projects."),
)
_DOMAINS = (_STAFF, _STAFF, _PROJECTS)
_WHICH = (
    "Which project has the {attribute} {named}?",
    "Which project's {attribute} is {named}?",
    "To which project does the {attribute} {named} belong?",
    "Please tell me which project has the {attribute} {named}.",
)
_SIZES = ((2, 3), (3, 2), (3, 3), (4, 2), (5, 2))


class Notes(DraftTask):
    """Sentences such as `Alice's badge number is 4417.`, in an order drawn for each trial, and unrelated ones between.

    Two to five people or projects have two or three attributes each. Any sentence is asked for as often as any other.
    """

    name = "notes"

    def _draft(self, shape: Random, draws: Draws, unrelated: Unrelated) -> TextDraft:
        domain = shape.choice(_DOMAINS)
        people, each = shape.choice(_SIZES)
        attributes = shape.sample(domain.attributes, each)
        written = {a.kind: shape.randrange(styles(a.kind)) for a in attributes}
        owners = [draws.value(domain.owners) for _ in range(people)]
        keys = [DraftKey(o, a, (draws.value(a.kind, written[a.kind]),)) for o in owners for a in attributes]
        by_owner = shape.random() < 0.5
        order = list(range(len(keys)))
        if by_owner:
            order = [i * each + j for i in shape.sample(range(people), people) for j in shape.sample(range(each), each)]
        else:
            shape.shuffle(order)
        lines: list[tuple[int | None, str]] = []
        for i in order:
            owner, attribute = keys[i].owner, keys[i].attribute.name
            assert owner is not None
            lines.append((i, shape.choice(STATEMENTS).format(owner=owner.text, attribute=attribute, value=mark(i))))
        for _ in range(shape.randrange(4)):
            lines.insert(shape.randrange(1, len(lines)), (None, unrelated.sentence()))
        asked = shape.choice(order)
        intro, tell = shape.choice(domain.intro), system(shape)
        gap = shape.choice((" ", "\n", "\n- "))

        def write(omit: Collection[int]) -> list[Message]:
            told = [line for key, line in lines if key not in omit]
            body = (gap if "-" in gap else "\n") + gap.join(told)
            far = f"\n\n{' '.join(unrelated.far)}" if unrelated.far else ""
            return [*([Message("system", tell)] if tell else []), Message("user", intro + body + far)]

        key = keys[asked]
        assert key.owner is not None
        spare = tuple(a for a in domain.attributes if a.kind == key.attribute.kind and a not in attributes)
        if shape.random() < 0.5:
            return TextDraft(
                keys=tuple(keys),
                asked=asked,
                direction="key_value",
                which="only",
                write=write,
                named=key.owner.text,
                stranger=draws.value(domain.owners).text,
                spare=spare,
                question=wording(shape, OWNED, answers=key.attribute.kind),
            )
        return TextDraft(
            keys=tuple(keys),
            asked=asked,
            direction="value_key",
            which="only",
            write=write,
            named=key.values[0].text,
            stranger=draws.value(key.attribute.kind, written[key.attribute.kind]).text,
            spare=spare,
            question=wording(shape, WHOSE if domain is _STAFF else _WHICH, answers=domain.owners, field=domain.noun),
        )
