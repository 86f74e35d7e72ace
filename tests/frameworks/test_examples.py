"""The examples run against the real frameworks and the demo weights."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from frameworks_installed import needs
from paths import ROOT

for _module in ("langchain_huggingface", "llama_index", "haystack_integrations", "smolagents"):
    needs(_module)

pytestmark = pytest.mark.real_model

EXAMPLES = ROOT / "examples" / "frameworks"
LINE = re.compile(r"right (?P<right>\d+) \| unguarded (?P<unguarded>.*) \| guarded (?P<guarded>.*)")


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_a_framework_writes_the_right_values_while_the_guard_is_attached(path: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "HAYSTACK_TELEMETRY_ENABLED": "False"}
    done = subprocess.run([sys.executable, str(path)], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = [match for line in done.stdout.splitlines() if (match := LINE.fullmatch(line))]
    assert len(found) >= 5
    assert any(match["right"] not in match["unguarded"] for match in found)
    assert all(match["right"] in match["guarded"] for match in found)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 30
