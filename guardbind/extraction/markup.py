"""Finds elements of markup in a text: those whose tags are well formed and closed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import NamedTuple

__all__ = ["TAG", "Element", "elements", "without_comments"]

TAG = re.compile(
    r"<(?P<close>/?)(?P<name>[A-Za-z_][\w.:-]{0,60})(?P<rest>(?:[^<>\"'/]++|/(?!>)|\"[^\"<>]*+\"|'[^'<>]*+')*+)(?P<empty>/?)>"
)
"""A tag; no `<` stands within one, so that looking for them takes linear time."""


class Element(NamedTuple):
    """An element: where it begins and ends, and how many of the elements looked for it stands in."""

    name: str
    start: int
    end: int
    depth: int


def elements(text: str, wanted: Callable[[str], bool]) -> Iterator[Element]:
    """Yield the closed elements of wanted names, each when it closes; what stands open in one is passed over."""
    opened: list[tuple[str, int]] = []
    names: Counter[str] = Counter()
    for tag in TAG.finditer(text):
        name = tag["name"]
        if not wanted(name):
            continue
        if not tag["close"]:
            if tag["empty"]:
                yield Element(name, tag.start(), tag.end(), len(opened))
            else:
                opened.append((name, tag.start()))
                names[name] += 1
        elif names[name]:
            while True:
                other, start = opened.pop()
                names[other] -= 1
                if other == name:
                    break
            yield Element(name, start, tag.end(), len(opened))


def without_comments(written: str) -> str:
    """Return markup with blanks in the place of its comments."""
    parts: list[str] = []
    at = 0
    while (start := written.find("<!--", at)) >= 0 and (end := written.find("-->", start + 4)) >= 0:
        parts += [written[at:start], " " * (end + 3 - start)]
        at = end + 3
    return "".join([*parts, written[at:]])
