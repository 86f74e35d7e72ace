from __future__ import annotations

import pytest
import torch

from guardbind.errors import ConfigError
from guardbind_bench.cost.peak_memory import METHODS, peak_bytes

MIB = 2**20
CPU = torch.device("cpu")


def block(mib: int) -> torch.Tensor:
    return torch.empty(mib * MIB, dtype=torch.uint8)


def test_peak_is_the_most_that_is_held_at_once() -> None:
    def one_after_the_other() -> None:
        for mib in (3, 5, 2):
            block(mib)

    def together() -> None:
        _held = [block(mib) for mib in (3, 5, 2)]

    def nothing() -> None: ...

    peaks = peak_bytes([one_after_the_other, nothing, together], CPU)
    assert [round(peak / MIB, 2) for peak in peaks] == [5, 0, 10]


def test_what_an_earlier_piece_left_is_no_cost_and_freeing_it_makes_room() -> None:
    held: list[torch.Tensor] = []

    def fill() -> None:
        held.append(block(8))

    def replace() -> None:
        held.clear()
        held.append(block(8))

    def add() -> None:
        held.append(block(3))

    peaks = peak_bytes([fill, replace, add], CPU)
    assert [round(peak / MIB, 2) for peak in peaks] == [8, 0, 3]


def test_other_devices_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"meta.*cpu and cuda"):
        peak_bytes([], torch.device("meta"))
    assert set(METHODS) == {"cpu", "cuda"}
