"""What the README shows is what happens."""

from __future__ import annotations

import re
import shlex
import tomllib

import pytest
from click.testing import CliRunner
from documents import run_document
from paths import ROOT

from guardbind.cli import main

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
    assert (names["slot"].verdict, names["slot"].final_verdict) == ("binding_failure", "repaired")
    assert names["handle"].report.slots


@pytest.mark.real_model
def test_the_command_prints_what_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = re.search(
        r"^```\n(?P<command>guardbind generate .*?)^```\n\s*^```text\n(?P<output>.*?)^```$",
        README.read_text(encoding="utf-8"),
        re.DOTALL | re.MULTILINE,
    )
    assert shown is not None
    monkeypatch.setenv("COLUMNS", "114")
    program, *arguments = shlex.split(shown["command"].replace("\\\n", ""))
    result = CliRunner().invoke(main, arguments)
    assert (program, result.exit_code) == ("guardbind", 0), result.output
    printed = [line.rstrip() for line in result.stdout.splitlines() if line.strip()]
    lines = shown["output"].splitlines()
    # The reasons and the legend below the table are left out.
    assert printed[: len(lines)] == lines
    assert printed[len(lines)].startswith("1: ")


def test_every_extra_of_a_user_is_installed_in_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"dev", "docs", "frameworks"}
    asked_for = re.findall(r"'\.\[([\w,-]+)\]'", README.read_text(encoding="utf-8"))
    assert {extra for extras_of in asked_for for extra in extras_of.split(",")} == extras


def test_it_opens_with_the_two_commands() -> None:
    block = README.read_text(encoding="utf-8").split("```")[1]
    assert [line.split("#")[0].strip() for line in block.strip().splitlines()] == ["make demo", "make test"]


def test_the_first_example_is_short_and_says_what_it_prints() -> None:
    _, _, behind = README.read_text(encoding="utf-8").partition("```python\n")
    code, _, behind = behind.partition("```\n")
    assert len([line for line in code.splitlines() if line and not line.startswith("from ")]) <= 10
    assert behind.startswith("\n```text\n")
