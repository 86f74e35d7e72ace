"""Starts one vLLM engine for all tests of this folder; where vLLM is not installed they are skipped."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import pytest
from engine_process import Engine, running


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine that listens, with the guard inside."""
    if importlib.util.find_spec("vllm") is None:
        pytest.skip("vLLM is not installed here; `make test-vllm` makes an environment that has it")
    yield from running(tmp_path_factory.mktemp("engine"))
