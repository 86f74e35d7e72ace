"""Reads the JSON schemas of tools: what their parameters are called, and where a prompt defines tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from guardbind.extraction import Extracted

__all__ = ["defining", "titles"]

_SCHEMA = frozenset({"parameters", "input_schema"})
_DEEPEST = 8
_MOST = 2000  # parameters that are looked at


def titles(tools: Sequence[Any]) -> dict[str, str]:
    """Return the titles of parameters, by their names.

    A title is what the author of a schema calls the parameter. A description is a sentence about it, out of which no
    name can be told for certain; so it is not read. A name of which two parameters have different titles, or one has
    none, says nothing by itself.

    Args:
        tools: JSON schemas, as a chat template takes them; functions have no titles.
    """
    found: dict[str, set[str | None]] = {}
    for count, (name, title) in enumerate(pair for tool in tools for pair in _parameters(_schema(tool), 0)):
        if count == _MOST:
            return {}
        found.setdefault(name, set()).add(title)
    return {name: title for name, held in found.items() if len(held) == 1 and (title := held.pop()) is not None}


def _schema(tool: Any) -> Any:
    if not isinstance(tool, Mapping):
        return None
    function = tool.get("function", tool)
    return function.get("parameters", function.get("input_schema")) if isinstance(function, Mapping) else None


def _parameters(schema: Any, depth: int) -> Iterator[tuple[str, str | None]]:
    if not isinstance(schema, Mapping) or depth > _DEEPEST:
        return
    properties = schema.get("properties")
    for name, inner in properties.items() if isinstance(properties, Mapping) else ():
        title = inner.get("title") if isinstance(inner, Mapping) else None
        if isinstance(name, str) and name.strip():
            yield name, title if isinstance(title, str) and title.strip() else None
        yield from _parameters(inner, depth + 1)
    yield from _parameters(schema.get("items"), depth + 1)


def defining(items: Sequence[Extracted]) -> frozenset[str]:
    """Return the records that define tools; what stands in them is said of calls to come, and is no fact.

    A definition is an object with a name and a schema, as chat templates write it for each tool.

    Args:
        items: What was read in a prompt.
    """
    outer = {item.record.id: item.record.outer for item in items if item.record is not None}
    named = {item.record.id for item in items if item.record is not None and item.path[-1:] == ("name",)}
    found: set[str] = set()
    for item in items:
        place, inner = item.path[-3:-1], item.path[-1:]
        if item.record is None or inner != ("type",) or item.said != "object" or not _SCHEMA.intersection(place[-1:]):
            continue
        if (tool := item.record.outer) in named and tool is not None:
            found.add(tool)
            if place[:1] == ("function",) and (around := outer.get(tool)) is not None:
                found.add(around)
    others: set[str] = set()
    for record in outer if found else ():
        chain, at = dict.fromkeys([record]), outer[record]
        while at is not None and at not in found and at not in others and at not in chain:
            chain[at] = None
            at = outer.get(at)
        if record not in found:
            (found if at in found else others).update(chain)
    return frozenset(found)
