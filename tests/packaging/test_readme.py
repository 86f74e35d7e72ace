"""What the README shows is what happens."""

from __future__ import annotations

import pytest
from documents import run_document
from paths import ROOT

README = ROOT / "README.md"


@pytest.mark.real_model
def test_the_examples_run_as_shown() -> None:
    outcome = run_document(README)
    assert (outcome.ran, outcome.compared, outcome.skipped) == (3, 3, [])
    names = outcome.namespace
    # A failure, its measurement and its repair are what the page is about, whatever the digits are.
    assert names["badges"]["Bob"] == "8213"
    assert not names["tokenizer"].decode(names["unguarded"][0]).strip().startswith("8213")
    assert names["out"].text[0].strip().startswith("8213")
    assert (names["slot"].verdict, names["slot"].final_verdict) == ("binding_failure", "ok")
    assert names["handle"].report.slots


def test_it_opens_with_the_two_commands() -> None:
    block = README.read_text(encoding="utf-8").split("```")[1]
    assert [line.split("#")[0].strip() for line in block.strip().splitlines()] == ["make demo", "make test"]


def test_the_first_example_is_short_and_says_what_it_prints() -> None:
    _, _, behind = README.read_text(encoding="utf-8").partition("```python\n")
    code, _, behind = behind.partition("```\n")
    assert len([line for line in code.splitlines() if line and not line.startswith("from ")]) <= 10
    assert behind.startswith("\n```text\n")
