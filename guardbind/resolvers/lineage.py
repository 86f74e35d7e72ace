"""Tells which records stand in which, and which fields of a record a question about it may mean."""

from __future__ import annotations

from collections.abc import Collection

from guardbind.evidence import EvidenceTable, Located

__all__ = ["has_rivals", "within"]


def within(table: EvidenceTable, target: int, items: Collection[int]) -> bool:
    """Whether a binding belongs to a record, or is the only one of its attribute in what that record holds.

    Args:
        table: The bindings of the row.
        target: Index of the binding.
        items: Indices of the bindings of the record itself.
    """
    if target in items:
        return True
    asked = table.items[target]
    around = {_record(table.items[item]) for item in items}
    if not around & _outer(table, asked):
        return False
    alike = [item for item in table.items if _attribute(item) == _attribute(asked) and around & _outer(table, item)]
    return len({_record(item) for item in alike}) == 1


def has_rivals(table: EvidenceTable, target: int) -> bool:
    """Whether another record has the attribute of a binding, so that a question may mean that one.

    Args:
        table: The bindings of the row.
        target: Index of the binding.
    """
    asked = table.items[target]
    return any(
        _attribute(item) == _attribute(asked) and _record(item) != _record(asked)
        for item in table.items
        if item.value is not None
    )


def _attribute(item: Located) -> str:
    return " ".join((item.attribute or item.key).lower().split())


def _record(item: Located) -> str:
    return f"key {item.key}" if item.record is None else item.record.id


def _outer(table: EvidenceTable, item: Located) -> set[str]:
    """Return the records that a binding's record stands in."""
    outer = {other.record.id: other.record.outer for other in table.items if other.record is not None}
    found: set[str] = set()
    at = None if item.record is None else item.record.outer
    while at is not None and at not in found:
        found.add(at)
        at = outer.get(at)
    return found
