"""Makes the prompts of `records`: a table or JSON, and a question about a field of one of its records."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from guardbind_bench.prompts.texts.draft import Attribute, DraftKey, DraftTask, Message, TextDraft, Unrelated
from guardbind_bench.prompts.texts.questions import system, wording
from guardbind_bench.prompts.texts.record_formats import FORMATS, JSON_FORMATS, NAMES_RECORD, Sheet
from guardbind_bench.prompts.texts.values import Draws, ValueSpelling, styles

__all__ = ["Records"]


class _RecordKind(NamedTuple):
    noun: str
    identity: Attribute
    groups: tuple[tuple[str, tuple[Attribute, ...]], ...]

    @property
    def fields(self) -> list[Attribute]:
        return [field for _, fields in self.groups for field in fields]


_DOMAINS = (
    _RecordKind(
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
    _RecordKind(
        "employee",
        Attribute("name", "person"),
        (
            ("contact", (Attribute("email", "email"), Attribute("phone", "phone"), Attribute("room", "room"))),
            ("job", (Attribute("badge number", "code"), Attribute("city", "city"), Attribute("start date", "date"))),
            ("pay", (Attribute("salary", "money"), Attribute("bonus", "money"))),
        ),
    ),
    _RecordKind(
        "ticket",
        Attribute("ticket number", "ticket"),
        (
            ("people", (Attribute("reporter", "person"), Attribute("assignee", "person"), Attribute("email", "email"))),
            ("state", (Attribute("status", "status"), Attribute("opened", "date"), Attribute("due date", "date"))),
            ("fix", (Attribute("version", "version"), Attribute("commit", "hash"), Attribute("target", "version"))),
        ),
    ),
    _RecordKind(
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


class _RecordTable(NamedTuple):
    """What is drawn for the records: all that has a value, and of each record the keys of its fields and its name."""

    kind: _RecordKind
    form: str
    fields: Sequence[Attribute]
    how: dict[Attribute, int]
    """The way in which the values of an attribute are written."""
    keys: list[DraftKey]
    records: list[dict[Attribute, int]]
    names: list[ValueSpelling]


@dataclass(frozen=True, slots=True)
class _Sheets:
    """The records before they are written."""

    sheet: Sheet
    form: str
    intro: str
    tell: str | None
    far: Sequence[str]

    def write(self, omit: Collection[int]) -> list[Message]:
        parts = [f"{self.intro}\n\n{self.sheet.write(self.form, omit)}", *([" ".join(self.far)] if self.far else [])]
        return [*([Message("system", self.tell)] if self.tell else []), Message("user", "\n\n".join(parts))]


class _Question(NamedTuple):
    """What the question names, what it could name that is in no record, and its wording."""

    named: str
    stranger: str
    question: Callable[[str, Attribute], str]


class Records(DraftTask):
    """Three to eight records of three to five fields, as JSON (a list, by name, nested), Markdown or CSV.

    A field of a record is asked for by the record's name, or by another of its fields; or which record has a value.
    Any field but the name is asked for as often as any other. A name is a fact of its own where a field states it, and
    none where it names a row or stands as a key.
    """

    name = "records"

    def _draft(self, shape: Random, draws: Draws, unrelated: Unrelated) -> TextDraft:
        table = _table(shape, draws)
        record, field = shape.choice(table.records), shape.choice(table.fields)
        forward = shape.random() < 0.5
        ask = _asking_value if forward else _asking_record
        asking = ask(shape, draws, table, record, field)
        kind = table.kind
        intro, tell = shape.choice(_INTRO[kind.noun]), system(shape)
        sheet = Sheet(
            kind.identity,
            tuple((group, tuple(f for f in own if f in table.fields)) for group, own in kind.groups),
            tuple(table.records),
            tuple(table.names),
            shape.random() < 0.5,
        )
        return TextDraft(
            keys=tuple(table.keys),
            asked=record[field],
            direction="key_value" if forward else "value_key",
            which="only",
            write=_Sheets(sheet, table.form, intro, tell, unrelated.far).write,
            named=asking.named,
            stranger=asking.stranger,
            spare=tuple(a for a in _SPARE if a.kind == field.kind),
            question=asking.question,
        )


def _table(shape: Random, draws: Draws) -> _RecordTable:
    """Draw the records; their name is a fact of its own unless the format names them."""
    kind, form = shape.choice(_DOMAINS), shape.choice(FORMATS)
    rows, columns = shape.choice(_SIZES if form in JSON_FORMATS else _TABLE_SIZES)
    fields = sorted(shape.sample(kind.fields, columns - 1), key=kind.fields.index)
    how = {
        a: 0 if a.kind == "number" and form in JSON_FORMATS else shape.randrange(styles(a.kind))
        for a in (kind.identity, *fields)
    }
    table = _RecordTable(kind, form, fields, how, [], [], [])
    for _ in range(rows):
        identity = draws.value(kind.identity.kind, how[kind.identity])
        record = {}
        if form not in NAMES_RECORD:
            record[kind.identity] = len(table.keys)
            table.keys.append(DraftKey(None, kind.identity, (identity,), f"{kind.noun}'s {kind.identity.name}"))
        for a in fields:
            record[a] = len(table.keys)
            called = f"{identity.text}'s {a.name}"
            table.keys.append(DraftKey(identity, a, (draws.value(a.kind, how[a]),), called))
        table.records.append(record)
        table.names.append(identity)
    return table


def _asking_value(
    shape: Random, draws: Draws, table: _RecordTable, record: dict[Attribute, int], field: Attribute
) -> _Question:
    """Ask for a field of a record by the record's name, or by another of its fields."""
    kind = table.kind
    by = shape.choice(table.fields) if shape.random() < 0.3 else field
    if by != field:
        noun = f"the {kind.noun} with {by.name} "
        name, stranger = table.keys[record[by]].values[0], draws.value(by.kind, table.how[by])
    else:
        noun = "" if kind.identity.kind == "person" else f"{kind.noun} "
        owner = table.keys[record[field]].owner
        assert owner is not None
        name, stranger = owner, draws.value(kind.identity.kind, table.how[kind.identity])
    question = wording(shape, [t.replace("%s", "{named}") for t in _KEY_VALUE], answers=field.kind)
    return _Question(noun + name.text, noun + stranger.text, question)


def _asking_record(
    shape: Random, draws: Draws, table: _RecordTable, record: dict[Attribute, int], field: Attribute
) -> _Question:
    """Ask which record has a value."""
    noun, identity = table.kind.noun, table.kind.identity
    stranger = draws.value(field.kind, table.how[field])
    templates = [t.replace("%s", noun).replace("%i", identity.name) for t in _VALUE_KEY]
    question = wording(shape, templates, answers=identity.kind, field=identity.name)
    return _Question(table.keys[record[field]].values[0].text, stranger.text, question)
