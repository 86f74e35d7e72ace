"""Loading a model onto a place that other libraries name in their own way."""

from __future__ import annotations

import pytest

from guardbind import load

pytestmark = pytest.mark.real_model


@pytest.mark.parametrize("device", ["cpu", "cpu:0"])
def test_the_cpu_may_be_numbered_as_in_a_group_of_processes(device: str) -> None:
    model, _ = load("smollm2-135m", device=device)
    assert {parameter.device.type for parameter in model.parameters()} == {"cpu"}
