"""Skips tests of a framework where it is not installed, unless all of them have to be there."""

from __future__ import annotations

import importlib.util
import os

import pytest

__all__ = ["needs"]


def needs(module: str) -> None:
    """Skip the test file that calls this at its top if a framework is missing; fail under `make test-frameworks`."""
    if importlib.util.find_spec(module) is None:
        if os.environ.get("GUARDBIND_FRAMEWORKS") == "all":
            raise RuntimeError(f"{module} is not installed, and GUARDBIND_FRAMEWORKS=all asks for it.")
        pytest.skip(f"{module} is not installed; make test-frameworks runs this", allow_module_level=True)
