"""Tells whether statements that name nobody can be of one thing, so that who is believed more decides."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence

from guardbind.evidence import EvidenceTable, Located
from guardbind.targets.aliases import attribute_stems
from guardbind.targets.query import Query

__all__ = ["may_be_one_thing"]

_MOST = 64  # bindings that are compared
_REACH = 400  # characters above a statement in which a heading is looked for
_NEAR = 16  # statements that may begin in one line
_ENDS = (".", "!", "?", "\u3002", "\uff01", "\uff1f", ",", ";")


def may_be_one_thing(table: EvidenceTable, query: Query, items: Sequence[Located]) -> bool:
    """Whether nothing says that bindings are of several things: "# Order A-1" above one, "# Order A-2" above another.

    Args:
        table: What the prompt binds.
        query: What it asks; it knows the turns.
        items: Bindings of one attribute.
    """
    if len(items) > _MOST or any(map(_is_named, items)):
        return False
    if len({attribute_stems(item.key, query.language) for item in items}) > 1:
        return False
    stated = sorted(mention.chars for item in table.items for mention in item.mentions)
    above = {_headings(query, mention.chars[0], stated) for item in items for mention in item.mentions}
    return len(above) <= 1


def _is_named(item: Located) -> bool:
    """Whether anything says whose value it is, so that another one of its key may be somebody else's."""
    record = item.record
    names = item.owners if record is None else (*item.owners, *record.names)
    return not set(names).issubset(item.surfaces) or (record is not None and record.outer is not None)


def _headings(query: Query, start: int, stated: Sequence[tuple[int, int]]) -> tuple[str, ...]:
    """Return the lines above a statement that state nothing and are no sentences, up to the end of a sentence."""
    text = query.prompt
    turn = max((turn.start for turn in query.turns if turn.start <= start), default=0)
    first = max(turn, start - _REACH)
    found = []
    end = max(text.rfind("\n", first, start), first)
    while end > first:
        begin = max(text.rfind("\n", first, end) + 1, first)
        line = text[begin:end].strip()
        if line.endswith(_ENDS):
            break
        before = bisect_left(stated, (end, end))
        if line and not any(begin < high for _, high in stated[max(0, before - _NEAR) : before]):
            found.append(" ".join(line.casefold().split()))
        end = begin - 1
    return tuple(found)
