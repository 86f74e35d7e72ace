"""Prepares the API reference: shows each object once, where it is defined, and examples in docstrings as code."""

from __future__ import annotations

from typing import Any

import griffe


class Reference(griffe.Extension):
    """Changes what griffe has read before it is rendered."""

    def on_package(self, *, pkg: griffe.Module, **_: Any) -> None:
        """Go through a package once all its modules are read."""
        _tidy(pkg)


def _tidy(found: griffe.Object) -> None:
    if found.docstring is not None:
        found.docstring.value = _fenced(found.docstring.value)
    for name, member in list(found.members.items()):
        if isinstance(member, griffe.Alias):
            # Imports that are not exported stay: they say, for one, that a class is a dataclass.
            if member.is_exported:
                del found.members[name]
        else:
            _tidy(member)


def _fenced(docstring: str) -> str:
    """Put each run of `>>>` lines and what they give, up to an empty line, into a fence: Markdown takes it for text."""
    lines: list[str] = []
    closing: str | None = None
    fenced = False
    for line in docstring.splitlines():
        if closing is not None and not line.strip():
            lines.append(closing)
            closing = None
        if closing is None and line.lstrip().startswith("```"):
            fenced = not fenced
        if closing is None and not fenced and line.lstrip().startswith(">>> "):
            closing = line[: len(line) - len(line.lstrip())] + "```"
            lines += ["", f"{closing}pycon"]
        lines.append(line)
    return "\n".join([*lines, *([] if closing is None else [closing])])
