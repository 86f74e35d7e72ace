"""What a replay is held against: the bits that both sides read, and everything else."""

from __future__ import annotations

from typing import Any

import pytest
from log_records import a_slot

from guardbind.replaying.compared import compare


def differing(recorded: dict[str, Any], replayed: dict[str, Any]) -> list[str]:
    found = compare(([a_slot(**recorded)], []), ([a_slot(**replayed)], []), 0.01)
    return [difference.field for difference in found]


@pytest.mark.parametrize(
    ("recorded", "replayed", "fields"),
    [
        ({}, {}, []),
        ({"bits_by_binding": (0.5, 4.0)}, {"bits_by_binding": (None, 4.0)}, []),
        ({"bits_by_binding": (None, 4.0)}, {"bits_by_binding": (0.5, 4.0)}, []),
        ({"bits_by_binding": (0.5, 4.0)}, {"bits_by_binding": (None, 3.0)}, ["bits_by_binding.1"]),
        ({"bits_by_binding": (0.5, 4.0)}, {"bits_by_binding": (0.1, 4.0)}, ["bits_by_binding.0"]),
        # What gives most bits is another where it was not read, and is compared where both read it.
        ({"bits_by_binding": (9.0, 4.0), "rests_on": 0}, {"bits_by_binding": (None, 4.0), "rests_on": 1}, []),
        ({"bits_by_binding": (9.0, 4.0), "rests_on": 0}, {"bits_by_binding": (9.0, 4.0), "rests_on": 1}, ["rests_on"]),
        ({"bits_by_binding": (9.0, 4.0)}, {"bits_by_binding": (9.0,)}, ["bits_by_binding"]),
        # A verdict is compared whatever was read.
        ({}, {"bits_by_binding": (None, 4.0), "verdict": "unsupported"}, ["verdict"]),
        ({"evidence_bits": 4.0}, {"evidence_bits": None}, ["evidence_bits"]),
    ],
)
def test_bits_that_one_side_did_not_read_are_left_out(
    recorded: dict[str, Any], replayed: dict[str, Any], fields: list[str]
) -> None:
    assert differing(recorded, replayed) == fields
