"""The package as a whole: what it exports and what it costs to import."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

import guardbind.information as information
from guardbind.errors import ConfigError


def test_exports_are_sorted_and_exist() -> None:
    assert information.__all__ == sorted(information.__all__)
    for name in information.__all__:
        assert getattr(information, name) is not None


def test_mathematics_imports_neither_torch_nor_transformers() -> None:
    code = "import sys, guardbind.information.budget; print({'torch', 'transformers'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"


@pytest.mark.parametrize("bad", [float("nan"), -0.1, 1.1, float("inf")])
def test_a_number_that_is_no_probability_is_refused_with_its_value(bad: float) -> None:
    calls: tuple[Callable[[], object], ...] = (
        lambda: information.binary_entropy(bad),
        lambda: information.bernoulli_kl(bad, 0.5),
        lambda: information.bernoulli_kl(0.5, bad),
        lambda: information.nats_to_trust(bad, 0.5),
        lambda: information.fano_information(bad, 4),
        lambda: information.p_max(1.0, bad),
        lambda: information.b2t(bad),
    )
    for call in calls:
        with pytest.raises(ConfigError, match=f"holds {bad}") as caught:
            call()
        assert caught.value.hint


def test_a_float32_sum_that_exceeds_one_by_rounding_is_taken_as_one() -> None:
    assert information.binary_entropy(1.0 + 1e-7) == 0.0
    assert information.bernoulli_kl(1.0 + 1e-7, 0.5) == information.bernoulli_kl(1.0, 0.5)
