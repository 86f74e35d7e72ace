"""What the README shows is what happens."""

from __future__ import annotations

import re
from typing import Any

import pytest
from paths import ROOT

README = ROOT / "README.md"


@pytest.mark.real_model
def test_the_examples_run_as_shown(capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(first, "README.md", "exec"), names)
    printed = capsys.readouterr().out
    assert printed.startswith(" 8213")
    assert "('binding_failure', 'contrast'" in printed
    exec(compile(second, "README.md", "exec"), names)
    assert names["out"].text[0].startswith(" 8213 ")
    assert " is 6641" in names["out"].text[0]
    exec(compile(third, "README.md", "exec"), names)
    assert names["handle"].report.slots


def test_it_opens_with_the_two_commands() -> None:
    block = README.read_text(encoding="utf-8").split("```")[1]
    assert [line.split("#")[0].strip() for line in block.strip().splitlines()] == ["make demo", "make test"]


def test_every_link_leads_to_a_file() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (README.parent / link).exists()] == []
