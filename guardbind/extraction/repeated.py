"""Parts lines of fields into records: each begins where the first key comes again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby

from guardbind.extraction.outline import FieldLine

__all__ = ["repeated"]

_CANDIDATES = 6  # keys that are tried as the one that a record begins with


def repeated(text: str, lines: Sequence[FieldLine]) -> Iterator[list[FieldLine]]:
    """Yield the records in lines of fields; lines that belong to none are left out.

    Lines of a log are records each, where they say several things. Others are where the same key comes again, and with
    it at least one more: below each other, on a line each, or with blank lines between. In a list one key is enough.
    """
    for _, group in groupby(lines, key=lambda line: line.stretch):
        stretch = list(group)
        stamped = [line for line in stretch if line.line.stamp is not None]
        if stamped:
            rows = [line for line in stamped if len(line.keys) > 1]
            counts = Counter(key for line in rows for key in set(line.keys))
            if len(rows) > 1 and max(counts.values()) > 1:
                yield from ([line] for line in rows)
        yield from _parted(text, [line for line in stretch if line.line.stamp is None])


def _parted(text: str, stretch: Sequence[FieldLine]) -> list[list[FieldLine]]:
    if titled := _titled(stretch):
        return titled
    firsts = [line.keys[0] for line in stretch]
    counts = Counter(firsts)
    for key in list(dict.fromkeys(firsts))[:_CANDIDATES]:
        if counts[key] > 1:
            begins = [place for place, first in enumerate(firsts) if first == key]
            records = [
                _together(stretch[low:high]) for low, high in zip(begins, [*begins[1:], len(stretch)], strict=True)
            ]
            if all(len(record) == 1 for record in records[:-1]):
                records[-1] = records[-1][:1]
            if _are_records(text, key, records):
                return records
    return _paragraphs(stretch)


def _titled(stretch: Sequence[FieldLine]) -> list[list[FieldLine]]:
    """Return the paragraphs, if they say the same things but for their first lines, which say whose these are.

    `Patient: Bruno` above one card and `Patientin: Bruna` above the other is a key in two forms.
    """
    parts = [list(part) for _, part in groupby(stretch, key=lambda line: line.paragraph)]
    keys = [[key for line in part for key in line.keys] for part in parts]
    if len({each[0] for each in keys if each}) < 2 or len({tuple(each[1:]) for each in keys}) > 1:
        return []
    return _paragraphs(stretch) if len(keys[0]) > 2 else []


def _paragraphs(stretch: Sequence[FieldLine]) -> list[list[FieldLine]]:
    """Return the paragraphs, if each says several things, none of them twice, and something is said in two of them."""
    parts = [list(part) for _, part in groupby(stretch, key=lambda line: line.paragraph)]
    keys = [[key for line in part for key in line.keys] for part in parts]
    if len(parts) < 2 or any(len(each) < 2 or len(set(each)) < len(each) for each in keys):
        return []
    shared = max(Counter(key for each in keys for key in each).values()) > 1
    assigned = any(field.assigned for line in stretch for field in line.line.fields)
    return parts if shared and not assigned else []


def _together(lines: Sequence[FieldLine]) -> list[FieldLine]:
    """Return what no blank line parts from the first line."""
    return [line for line in lines if line.paragraph == lines[0].paragraph]


def _are_records(text: str, key: str, records: Sequence[Sequence[FieldLine]]) -> bool:
    first = [record[0].line.fields[0] for record in records]
    if all(len(record) == 1 and len(record[0].keys) == 1 for record in records):
        # "1. Reservation ID: 5BGGWZ", "2. Reservation ID: HTR26G"
        return all(record[0].line.bullet for record in records)
    inner = Counter(name for record in records for name in {k for line in record for k in line.keys} - {key})
    if not inner or max(inner.values()) < max(2, len(records) / 2):
        return False
    # What is assigned again has a history, unless it is a name each time.
    names = [text[slice(*field.value)] for field in first if field.assigned]
    return len(set(names)) == len(names) and all(any(map(str.isalpha, name)) for name in names)
