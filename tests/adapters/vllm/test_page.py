"""The command that docs/vllm.md starts an engine with is the one that the tests start theirs with."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

from engine_process import Engine
from paths import ROOT


def flags(words: list[str]) -> dict[str, str]:
    """Return the flags of a command, each with what follows it."""
    found: dict[str, str] = {}
    for word, after in zip(words, [*words[1:], ""], strict=True):
        if word.startswith("--"):
            found[word] = "" if after.startswith("--") else after
    return found


def test_the_page_starts_the_engine_that_the_tests_start() -> None:
    page = (ROOT / "docs" / "vllm.md").read_text(encoding="utf-8").replace("\\\n", " ")
    (line,) = re.findall(r"^\S*python -m vllm\.entrypoints\.openai\.api_server .*$", page, re.M)
    shown, run = flags(shlex.split(line)), flags(Engine.command("$MODEL", 8000, Path("records.jsonl")))
    settings = "--additional-config"
    assert json.loads(shown.pop(settings)) == json.loads(run.pop(settings))
    assert shown == run
