"""Loads the model that GUARDBIND_MODEL names, by its folder or registered name; without it these tests are skipped."""

from __future__ import annotations

import os
from typing import Any

import pytest

VARIABLE = "GUARDBIND_MODEL"


@pytest.fixture(scope="session")
def any_model() -> tuple[Any, Any]:
    """The model in float32 and its tokenizer, loaded once; a test that changes it must undo that."""
    name = os.environ.get(VARIABLE)
    if not name:
        pytest.skip(f"{VARIABLE} names no model")
    from guardbind import load

    return load(name)
