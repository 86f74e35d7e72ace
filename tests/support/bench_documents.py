"""Takes the examples out of the page of the bench."""

from __future__ import annotations

import re

from paths import ROOT

__all__ = ["block"]


def block(heading: str, language: str) -> str:
    """Return the first code block of a language under a heading of docs/bench.md."""
    page = (ROOT / "docs" / "bench.md").read_text(encoding="utf-8")
    _, heading_found, below = page.partition(f"# {heading}\n")
    section = re.split(r"^## ", below, maxsplit=1, flags=re.MULTILINE)[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert heading_found and found is not None, f"docs/bench.md has no {language} block under {heading!r}"
    return found.group(1)
