"""`records`: the records of a table or of JSON, and a question about a field of one of them."""

from __future__ import annotations

from collections.abc import Collection
from random import Random
from typing import NamedTuple

from guardbind_bench.prompts.texts.draft import Attribute, DraftKey, DraftTask, Message, TextDraft, Unrelated
from guardbind_bench.prompts.texts.questions import system, wording
from guardbind_bench.prompts.texts.record_formats import FORMATS, JSON_FORMATS, NAMES_RECORD, Sheet
from guardbind_bench.prompts.texts.values import Draws, WrittenValue, styles

__all__ = ["Records"]


class _Domain(NamedTuple):
    noun: str
    identity: Attribute
    groups: tuple[tuple[str, tuple[Attribute, ...]], ...]

    @property
    def fields(self) -> list[Attribute]:
        return [field for _, fields in self.groups for field in fields]


_DOMAINS = (
    _Domain(
        "order",
        Attribute("order number", "order"),
        (
            ("customer", (Attribute("customer", "person"), Attribute("email", "email"), Attribute("city", "city"))),
            ("payment", (Attribute("total", "money"), Attribute("discount", "money"))),
            (
                "shipping",
                (
                    Attribute("status", "status"),
                    Attribute("tracking number", "tracking"),
                    Attribute("order date", "date"),
                    Attribute("delivery date", "date"),
                ),
            ),
        ),
    ),
    _Domain(
        "employee",
        Attribute("name", "person"),
        (
            ("contact", (Attribute("email", "email"), Attribute("phone", "phone"), Attribute("room", "room"))),
            ("job", (Attribute("badge number", "code"), Attribute("city", "city"), Attribute("start date", "date"))),
            ("pay", (Attribute("salary", "money"), Attribute("bonus", "money"))),
        ),
    ),
    _Domain(
        "ticket",
        Attribute("ticket number", "ticket"),
        (
            ("people", (Attribute("reporter", "person"), Attribute("assignee", "person"), Attribute("email", "email"))),
            ("state", (Attribute("status", "status"), Attribute("opened", "date"), Attribute("due date", "date"))),
            ("fix", (Attribute("version", "version"), Attribute("commit", "hash"), Attribute("target", "version"))),
        ),
    ),
    _Domain(
        "server",
        Attribute("host", "host"),
        (
            ("site", (Attribute("region", "region"), Attribute("city", "city"), Attribute("contact", "email"))),
            ("software", (Attribute("version", "version"), Attribute("commit", "hash"), Attribute("status", "status"))),
            ("size", (Attribute("memory", "number"), Attribute("disk", "number"), Attribute("port", "code"))),
        ),
    ),
)
# Of the same kinds, and in no record.
_SPARE = (
    Attribute("billing contact", "person"),
    Attribute("backup email", "email"),
    Attribute("birthplace", "city"),
    Attribute("deposit", "money"),
    Attribute("refund status", "status"),
    Attribute("return number", "tracking"),
    Attribute("review date", "date"),
    Attribute("fax", "phone"),
    Attribute("meeting room", "room"),
    Attribute("locker code", "code"),
    Attribute("previous version", "version"),
    Attribute("base commit", "hash"),
    Attribute("backup region", "region"),
    Attribute("swap size", "number"),
)
_INTRO = {
    "order": ("Here are the orders:", "These are today's orders.", "Export of the orders:"),
    "employee": ("Here is the staff list:", "These are our employees.", "Export of the employees:"),
    "ticket": ("Here are the tickets:", "These are the tickets in the queue.", "Export of the tickets:"),
    "server": ("Here are the servers:", "This is our inventory of servers.", "Export of the servers:"),
}
_KEY_VALUE = (
    "What is the {attribute} of %s?",
    "Please tell me the {attribute} of %s.",
    "Look up the {attribute} of %s.",
    "Which {attribute} does %s have?",
    "For %s, what is the {attribute}?",
)
_VALUE_KEY = (
    "Which %s has the {attribute} {named}?",
    "Please tell me which %s has the {attribute} {named}.",
    "What is the %i of the %s with the {attribute} {named}?",
    "To which %s does the {attribute} {named} belong?",
)
# Records and fields, so that a prompt stays within some 350 tokens.
_SIZES = ((3, 3), (3, 4), (3, 5), (4, 3), (4, 4), (5, 3))
_TABLE_SIZES = (*_SIZES, (5, 4), (6, 3), (6, 4), (7, 3), (8, 3))


class Records(DraftTask):
    """Three to eight records of three to five fields, as JSON (a list, by name, nested), Markdown or CSV.

    A field of a record is asked for by the record's name, or by another of its fields; or which record has a value.
    Any field but the name is asked for as often as any other. A name is a fact of its own where a field states it, and
    none where it names a row or stands as a key.
    """

    name = "records"

    def _draft(self, shape: Random, draws: Draws, unrelated: Unrelated) -> TextDraft:
        domain, form = shape.choice(_DOMAINS), shape.choice(FORMATS)
        rows, columns = shape.choice(_SIZES if form in JSON_FORMATS else _TABLE_SIZES)
        fields = sorted(shape.sample(domain.fields, columns - 1), key=domain.fields.index)
        how = {
            a: 0 if a.kind == "number" and form in JSON_FORMATS else shape.randrange(styles(a.kind))
            for a in (domain.identity, *fields)
        }
        keys: list[DraftKey] = []
        records: list[dict[Attribute, int]] = []
        names: list[WrittenValue] = []
        for _ in range(rows):
            identity = draws.value(domain.identity.kind, how[domain.identity])
            record = {}
            if form not in NAMES_RECORD:
                record[domain.identity] = len(keys)
                keys.append(DraftKey(None, domain.identity, (identity,), f"{domain.noun}'s {domain.identity.name}"))
            for a in fields:
                record[a] = len(keys)
                called = f"{identity.text}'s {a.name}"
                keys.append(DraftKey(identity, a, (draws.value(a.kind, how[a]),), called))
            records.append(record)
            names.append(identity)
        asked_record, asked_field = shape.choice(records), shape.choice(fields)
        asked = asked_record[asked_field]
        key = keys[asked]
        assert key.owner is not None
        forward = shape.random() < 0.5
        if forward:
            by = shape.choice(fields) if shape.random() < 0.3 else asked_field
            if by != asked_field:
                noun = f"the {domain.noun} with {by.name} "
                name, stranger = keys[asked_record[by]].values[0], draws.value(by.kind, how[by])
            else:
                noun = "" if domain.identity.kind == "person" else f"{domain.noun} "
                name, stranger = key.owner, draws.value(domain.identity.kind, how[domain.identity])
            named, other = noun + name.text, noun + stranger.text
            question = wording(shape, [t.replace("%s", "{named}") for t in _KEY_VALUE], answers=asked_field.kind)
        else:
            named = key.values[0].text
            other = draws.value(asked_field.kind, how[asked_field]).text
            templates = [t.replace("%s", domain.noun).replace("%i", domain.identity.name) for t in _VALUE_KEY]
            question = wording(shape, templates, answers=domain.identity.kind, field=domain.identity.name)
        intro, tell = shape.choice(_INTRO[domain.noun]), system(shape)
        sheet = Sheet(
            domain.identity,
            tuple((group, tuple(f for f in own if f in fields)) for group, own in domain.groups),
            tuple(records),
            tuple(names),
            shape.random() < 0.5,
        )

        def write(omit: Collection[int]) -> list[Message]:
            parts = [f"{intro}\n\n{sheet.write(form, omit)}", *([" ".join(unrelated.far)] if unrelated.far else [])]
            return [*([Message("system", tell)] if tell else []), Message("user", "\n\n".join(parts))]

        return TextDraft(
            keys=tuple(keys),
            asked=asked,
            direction="key_value" if forward else "value_key",
            which="only",
            write=write,
            named=named,
            stranger=other,
            spare=tuple(a for a in _SPARE if a.kind == asked_field.kind),
            question=question,
        )
