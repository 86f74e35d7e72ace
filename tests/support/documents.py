"""Runs the code that documents show, and compares what it prints with the block behind it."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import SkipTest

from paths import ROOT
from sybil import Document, Example, Region
from sybil.document import PythonDocStringDocument
from sybil.evaluators.skip import Skipper
from sybil.parsers.doctest import DocTestParser
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

__all__ = ["Outcome", "documents", "needs_model", "run_docstrings", "run_document"]

_OUTPUT = re.compile(
    r"^```python\n.*?^```\n(?:\s*|prints:?\s*)^```text\n(?P<output>.*?)^```$", re.DOTALL | re.MULTILINE
)


@dataclass
class Outcome:
    """What running a document gave.

    Attributes:
        ran: How many examples ran.
        compared: How many blocks of output were compared.
        skipped: The reasons of those that were marked as not to run.
        namespace: The names that the examples left.
    """

    ran: int = 0
    compared: int = 0
    skipped: list[str] = field(default_factory=list)
    namespace: dict[str, Any] = field(default_factory=dict)


def documents() -> list[Path]:
    """Return every Markdown page with Python in it, the reference excepted, which is made of docstrings."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    return sorted(page for page in pages if "```python" in page.read_text(encoding="utf-8"))


def needs_model(page: Path) -> bool:
    """Whether the code of a page runs the demo weights."""
    text = page.read_text(encoding="utf-8")
    return "demo_model" in text or 'load("smollm2-135m")' in text


def _outputs(document: Document) -> Iterator[Region]:
    """Find the blocks of output: ` ```text ` right behind ` ```python `."""
    for match in _OUTPUT.finditer(document.text):
        start, end = match.span("output")
        yield Region(start, end, match["output"], _compare)


def _compare(example: Example) -> str | None:
    printed: str = example.namespace["_printed"]
    shown: str = example.parsed
    if printed.rstrip("\n") == shown.rstrip("\n"):
        return None
    return f"shown:\n{shown}\nprinted:\n{printed}"


def run_document(page: Path, **names: Any) -> Outcome:
    """Run the examples of a page in their order, all in one namespace.

    Args:
        page: A Markdown file.
        **names: What the namespace holds at the beginning.

    Raises:
        SybilFailure: An example failed, or printed something else than is shown.
    """
    document = Document.parse(str(page), PythonCodeBlockParser(), SkipParser(), _outputs)
    document.namespace.update(names)
    outcome = Outcome(namespace=document.namespace)
    for example in document.examples():
        is_output = example.region.evaluator is _compare
        is_skip = isinstance(example.region.evaluator, Skipper)
        printed = io.StringIO()
        try:
            with contextlib.nullcontext() if is_output else contextlib.redirect_stdout(printed):
                example.evaluate()
        except SkipTest as skipped:
            outcome.skipped.append(str(skipped))
            continue
        if is_output:
            outcome.compared += 1
        elif not is_skip:
            document.namespace["_printed"] = printed.getvalue()
            outcome.ran += 1
    return outcome


def run_docstrings(files: Iterable[Path]) -> int:
    """Run the doctests of some modules and return how many examples there were.

    Raises:
        SybilFailure: An example gave something else than is shown.
    """
    ran = 0
    for path in files:
        for example in PythonDocStringDocument.parse(str(path), DocTestParser()).examples():
            example.evaluate()
            ran += 1
    return ran
