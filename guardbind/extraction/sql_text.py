"""Reads SQL: rows that are inserted and updated, and tuples below the statement that selected them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from guardbind.extraction.prose import LONGEST_VALUE
from guardbind.extraction.rule import Block, Found, Path, WordedRule
from guardbind.extraction.sql_tuples import LONGEST_ROWS, read_tuples
from guardbind.extraction.tables import TableCell, read_table
from guardbind.text.language import Language
from guardbind.text.layout import Span

__all__ = ["read"]

_NAME = r"[\"`\[]?[A-Za-z_][\w$]{0,80}[\"`\]]?"
_TABLE = rf"(?P<table>{_NAME}(?:\.{_NAME}){{0,3}})"
_SELECT = re.compile(
    rf"\bSELECT\s{{1,9}}(?:DISTINCT\s{{1,9}})?(?P<columns>[^;]{{1,600}}?)\s{{1,9}}FROM\s{{1,9}}{_TABLE}", re.IGNORECASE
)
_SELECTING = re.compile(r"\bSELECT\b", re.IGNORECASE)
_ROWS = re.compile(r"\[\s{0,20}[(\[]|(?<=\n)[ \t]{0,20}\(|(?:\n[ \t]*){3}")
_FARTHEST = 500  # characters between the beginning of a statement and its rows
_WIDEST = 60  # columns
_INSERT = re.compile(
    rf"INSERT\s{{1,9}}INTO\s{{1,9}}{_TABLE}\s{{0,9}}\((?P<columns>[^()]{{1,2000}})\)\s{{0,9}}VALUES\s{{0,9}}(?=\()",
    re.IGNORECASE,
)
_UPDATE = re.compile(rf"UPDATE\s{{1,9}}{_TABLE}\s{{1,9}}SET\s{{1,9}}", re.IGNORECASE)
_OTHER = re.compile(
    rf"(?:DELETE\s{{1,9}}FROM|TRUNCATE(?:\s{{1,9}}TABLE)?|REPLACE\s{{1,9}}INTO|DROP\s{{1,9}}TABLE)\s{{1,9}}{_TABLE}[^;]{{0,2000}};?",
    re.IGNORECASE,
)
_BEGINNING = re.compile(r"\b(?:INSERT\s{1,9}INTO|UPDATE)\b", re.IGNORECASE)
_BETWEEN = re.compile(r"(?:\s|;|--[^\n]*\n)*+")
_STRING = r"'(?:[^'\\\n]|''|\\.)*+'"
_VALUE = re.compile(
    rf"\s*(?:(?P<string>{_STRING})|(?P<bare>[-+]?\d[\w.]*|TRUE|FALSE)|NULL|(?P<other>[A-Za-z_][\w.]*(?:\([^()]*\))?))\s*(?P<sign>[,)])",
    re.IGNORECASE,
)
_SETS = re.compile(
    rf"\s*(?P<column>{_NAME})\s*=\s*(?:(?P<string>{_STRING})|(?P<bare>[-+]?\d[\w.]*|TRUE|FALSE)(?![\w\s]*[-+*/]))\s*(?P<comma>,?)",
    re.IGNORECASE,
)
_WHERE = re.compile(
    rf"\s*WHERE\s+(?P<column>{_NAME})\s*=\s*(?:(?P<string>{_STRING})|(?P<bare>[\w.-]+))\s*(?:;|\Z|(?=\n\s*\n))",
    re.IGNORECASE,
)
_REST = re.compile(r"[^;]{0,2000};?")


def _sql(text: str, language: Language) -> Iterator[Block]:
    """Find rows with the statement that names their columns.

    Statements that insert and update rows of tables one behind the other are one document; what is updated where
    another column than the first is given, or deleted, is not known, and not bound.
    """
    at = 0
    while begins := _BEGINNING.search(text, at):
        script = _Script(text)
        end = script.take(begins.start())
        at = max(end, begins.end())
        if end > begins.start():
            yield Block((begins.start(), end), tuple(script.found(language)))
    yield from _selections(text, language)


def _selections(text: str, language: Language) -> Iterator[Block]:
    at = 0
    left = 3 * len(text)  # characters that may be looked through for the end of rows that have none
    while left > 0 and (begins := _SELECTING.search(text, at)):
        at = begins.end()
        if select := _SELECT.match(text, begins.start()):
            block = _selected(text, select, language)
            if block is not None:
                yield block
                at = block.region[1]
            else:
                left -= min(len(text) - at, LONGEST_ROWS) // 8


def _selected(text: str, select: re.Match[str], language: Language) -> Block | None:
    head = _columns(select["columns"])
    limit = min(len(text), select.end() + _FARTHEST)
    rows_at = _ROWS.search(text, select.end(), limit)
    following = _SELECTING.search(text, select.end(), limit)
    if rows_at is None or not rows_at[0].strip() or not 1 < len(head) <= _WIDEST or len(set(head)) < len(head):
        return None
    if following is not None and following.start() < rows_at.start():
        return None
    read = read_tuples(text, rows_at.end() - len(rows_at[0].lstrip()), len(head))
    if read is None:
        return None
    rows, end = read
    caption = TableCell(select.span("table"), _bare(select["table"]))
    found = tuple(read_table(text, head, rows, language, caption))
    return Block((select.start(), end), found) if found else None


def _columns(written: str) -> list[str]:
    """Return the names of what is selected; none if all columns are."""
    parts, depth, start = [], 0, 0
    for at, sign in enumerate(written):
        depth += (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            parts.append(written[start:at])
            start = at + 1
    parts.append(written[start:])
    names = []
    for part in parts:
        named = re.search(rf"(?:\bAS\s+|\s)({_NAME})\s*\Z", part, re.IGNORECASE)
        name = named[1] if named else part.strip()
        names.append(_bare(name) if "(" not in name else name)
    return [] if any(not name or name == "*" for name in names) else names


def _bare(name: str) -> str:
    return name.strip().rpartition(".")[2].strip('"`[] \n')


@dataclass(slots=True)
class _SqlRows:
    """The rows of a table that were inserted, and what was set in them later."""

    head: list[str]
    name: TableCell
    rows: list[list[TableCell | None]] = field(default_factory=list)
    updates: list[Found] = field(default_factory=list)


class _Script:
    """Reads statements that stand one behind the other."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tables: dict[str, _SqlRows] = {}
        self._lost: set[str] = set()  # tables of which it is not known what they hold

    def take(self, start: int) -> int:
        """Read statements from a place on, and return where the last one ends."""
        at = end = start
        while True:
            if insert := _INSERT.match(self._text, at):
                reached = self._inserts(insert)
            elif update := _UPDATE.match(self._text, at):
                reached = self._updates(update)
            elif other := _OTHER.match(self._text, at):
                self._lost.add(_bare(other["table"]))
                reached = other.end()
            else:
                return end
            if reached is None:
                return end
            end = reached
            between = _BETWEEN.match(self._text, end)
            at = between.end() if between else end

    def _inserts(self, insert: re.Match[str]) -> int | None:
        table, head = _bare(insert["table"]), [_bare(name) for name in insert["columns"].split(",")]
        known = self._tables.setdefault(table, _SqlRows(head, TableCell(insert.span("table"), table)))
        if known.head != head or len(head) > _WIDEST:
            self._lost.add(table)
        at: int = insert.end()
        end: int | None = None
        while self._text.startswith("(", at):
            row: list[TableCell | None] = []
            at += 1
            while value := _VALUE.match(self._text, at):
                row.append(_cell(self._text, value))
                at = value.end()
                if value["sign"] == ")":
                    break
            else:
                self._lost.add(table)
                return end
            if len(row) != len(head):
                self._lost.add(table)
            known.rows.append(row)
            end = at
            following = re.compile(r"\s*,\s*(?=\()").match(self._text, at)
            at = following.end() if following else len(self._text)
        return end

    def _updates(self, update: re.Match[str]) -> int | None:
        table = _bare(update["table"])
        at = update.end()
        sets = []
        while one := _SETS.match(self._text, at):
            sets.append(one)
            at = one.end()
            if not one["comma"]:
                break
        where = _WHERE.match(self._text, at)
        rest = _REST.match(self._text, at)
        known = self._tables.get(table)
        if not sets or sets[-1]["comma"] or where is None or (known and known.head[:1] != [_bare(where["column"])]):
            self._lost.add(table)
            return rest.end() if rest else None
        key = _said(where)
        if known is None:
            known = _SqlRows([_bare(where["column"])], TableCell(update.span("table"), table))
            self._tables[table] = known
        for one in sets:
            value = _span(one)
            written = self._text[slice(*value)]
            path: Path = (known.name.content, key, _bare(one["column"]))
            statement = (one.start("column"), value[1] + (one["string"] is not None))
            if written.strip() and len(written) <= LONGEST_VALUE:
                said = _said(one)
                decoded = said if said != written else None
                places = (update.span("table"), _span(where), one.span("column"))
                known.updates.append(Found(path, value, statement, decoded, places=places))
        return where.end()

    def found(self, language: Language) -> Iterator[Found]:
        """Yield what the tables hold, in the order of the text."""
        found: list[Found] = []
        for table, known in self._tables.items():
            keys = {row[0].content if row[0] else "" for row in known.rows}
            told = len(keys) == len(known.rows) and "" not in keys
            if table not in self._lost and (told or not known.updates):
                found += read_table(self._text, known.head, known.rows, language, known.name)
                found += known.updates
        yield from sorted(found, key=lambda item: item.value)


def _cell(text: str, value: re.Match[str]) -> TableCell | None:
    if value["string"] is None and value["bare"] is None:
        return None
    return TableCell(_span(value), _said(value)) if text[slice(*_span(value))].strip() else None


def _span(value: re.Match[str]) -> Span:
    if value["string"] is not None:
        start, end = value.span("string")
        return start + 1, end - 1
    return value.span("bare")


def _said(value: re.Match[str]) -> str:
    return value["bare"] if value["string"] is None else value["string"][1:-1].replace("''", "'")


read = WordedRule(_sql, order=28, default=True)
"""The rule `sql`."""
