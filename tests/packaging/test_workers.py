"""The processes that share the tests stay out of each other's way."""

from __future__ import annotations

import os

import pytest
import torch


def test_processes_that_share_the_tests_have_one_thread_each() -> None:
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("one process runs the tests")
    assert (os.environ["OMP_NUM_THREADS"], torch.get_num_threads()) == ("1", 1)
