"""Writes records as JSON and as tables."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from guardbind_bench.prompts.texts.draft import Attribute, mark
from guardbind_bench.prompts.texts.values import ValueSpelling

__all__ = ["FORMATS", "JSON_FORMATS", "NAMES_RECORD", "Sheet"]

JSON_FORMATS = ("json_list", "json_dict", "json_nested")
FORMATS = (*JSON_FORMATS, "markdown", "csv")
NAMES_RECORD = ("json_dict", "markdown", "csv")
"""The formats in which the name of a record is a key or names a row."""

_NUMBERS = ("number", "quantity")
_WITH_COMMA = ("date", "money", "number")


@dataclass(frozen=True, slots=True)
class Sheet:
    """Records before they are written.

    Attributes:
        identity: What names a record.
        groups: The other fields, by what they are about.
        records: Of each record, the keys of its fields.
        names: Name of each record.
        titled: Column names are written as titles.
    """

    identity: Attribute
    groups: tuple[tuple[str, tuple[Attribute, ...]], ...]
    records: tuple[dict[Attribute, int], ...]
    names: tuple[ValueSpelling, ...]
    titled: bool

    def write(self, form: str, omit: Collection[int]) -> str:
        """Write the records in one of `FORMATS`, without the keys in `omit`; their values stand as marks."""
        match form:
            case "json_list":
                return _listed([self._object(record, omit) for record in self.records])
            case "json_nested":
                return _listed([self._nested(record, omit) for record in self.records])
            case "json_dict":
                named = zip(self.names, self.records, strict=True)
                lines = [f"  {_quoted(name.text)}: {_dumped(self._object(record, omit))}" for name, record in named]
                return "{\n" + ",\n".join(lines) + "\n}"
            case "markdown":
                head, *rows = self._rows(omit)
                table = [head, ["---"] * len(head), *rows]
                return "\n".join(f"| {' | '.join(cells)} |" for cells in table)
        return self._csv(omit)

    def _object(self, record: dict[Attribute, int], omit: Collection[int]) -> dict[str, Any]:
        return {_name(field): _value(field, key) for field, key in record.items() if key not in omit}

    def _nested(self, record: dict[Attribute, int], omit: Collection[int]) -> dict[str, Any]:
        own: dict[str, Any] = {_name(self.identity): mark(record[self.identity])}
        for group, fields in self.groups:
            if fields:
                own[group] = self._object({field: record[field] for field in fields}, omit)
        return own

    def _rows(self, omit: Collection[int]) -> list[list[str]]:
        fields = [field for _, group in self.groups for field in group]
        rows = [[field.name.capitalize() if self.titled else field.name for field in (self.identity, *fields)]]
        for name, record in zip(self.names, self.records, strict=True):
            rows.append([name.text, *("" if record[field] in omit else mark(record[field]) for field in fields)])
        return rows

    def _csv(self, omit: Collection[int]) -> str:
        fields = [field for _, group in self.groups for field in group]
        head, *rows = self._rows(omit)
        lines = [head if self.titled else [_name(field) for field in (self.identity, *fields)]]
        for name, *cells in rows:
            # A column of which some values may hold a comma is quoted throughout, whatever was drawn.
            lines.append(
                [name, *(f'"{cell}"' if f.kind in _WITH_COMMA else cell for f, cell in zip(fields, cells, strict=True))]
            )
        return "\n".join(",".join(line) for line in lines)


def _name(field: Attribute) -> str:
    return field.name.replace(" ", "_")


def _value(field: Attribute, key: int) -> Any:
    return _Bare(mark(key)) if field.kind in _NUMBERS else mark(key)


class _Bare(str):
    """A number, which stands without quotes."""


def _listed(records: list[dict[str, Any]]) -> str:
    return "[\n" + ",\n".join(f"  {_dumped(record)}" for record in records) + "\n]"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _dumped(node: Any) -> str:
    if isinstance(node, dict):
        return "{" + ", ".join(f"{_quoted(name)}: {_dumped(inner)}" for name, inner in node.items()) + "}"
    return str(node) if isinstance(node, _Bare) else _quoted(node)
