"""Gives processes of their own a record to write, without what the kits import."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from guardbind.events import GenerationRecord

__all__ = ["ended", "program", "run_program"]

_SETUP = """
import sys
sys.path.insert(0, {support!r})
from plain_records import ended
"""


def ended(number: int = 0, **changes: Any) -> GenerationRecord:
    """Return the record of a generation; it is told by its number of tokens."""
    fields: dict[str, Any] = {
        "rows": 1,
        "prompt_tokens": 20,
        "new_tokens": number,
        "slots": 0,
        "interventions": 0,
        "seconds": 1.0,
        "guard_seconds": 0.0,
        "longest_hold_back": None,
        "unfinished": (),
        "error": None,
        "sink_failures": 0,
    }
    return GenerationRecord(**{**fields, **changes})


def program(text: str) -> list[str]:
    """Return the command that runs a program, which finds `ended`."""
    setup = _SETUP.format(support=str(Path(__file__).parent))
    return [sys.executable, "-c", setup + textwrap.dedent(text)]


def run_program(text: str) -> subprocess.CompletedProcess[str]:
    """Run a program that must end well within a minute."""
    done = subprocess.run(program(text), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done
