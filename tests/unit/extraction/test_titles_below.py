"""Titles that stand below their fields, and those of which nobody can tell."""

from __future__ import annotations

import pytest

from guardbind.extraction import extract


def found(text: str) -> dict[str, str]:
    return {item.key: item.value for item in extract(text, language="english").items}


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("fee: 12\n**A**\n\nfee: 40\n**B**\n", {"A.fee": "12", "B.fee": "40"}),
        ("fee: 12\n### A\nfee: 40\n### B\nfee: 9\n### C\n", {"A.fee": "12", "B.fee": "40", "C.fee": "9"}),
        (
            "fee: 12, hall: 1\n**A**\n\nfee: 40, hall: 2\n**B**",
            {"A.fee": "12", "A.hall": "1", "B.fee": "40", "B.hall": "2"},
        ),
        ("fee: 12\n**A**\n\nfee: 40\n**A**", {"A[0].fee": "12", "A[1].fee": "40"}),
        # Two titles, and nothing that tells: the first fee may be of something else, and that of B missing.
        ("fee: 12\n**A**\nfee: 40\n**B**\n", {}),
        ("12 kg\n**A**\nfee: 40\n**B**\nfee: 9\n**C**\n", {}),
        # Titles above.
        ("**A**\nfee: 12\n**B**\nfee: 40\n", {"A.fee": "12", "B.fee": "40"}),
        ("day: 2 May\n### A\nfee: 12\n### B\nfee: 40\n", {"A.fee": "12", "B.fee": "40", "day": "2 May"}),
        ("fee: 5\n\n**A**\nfee: 12\n\n**B**\nfee: 40\n", {"A.fee": "12", "B.fee": "40", "fee": "5"}),
    ],
)
def test_whose_fields_they_are(text: str, bound: dict[str, str]) -> None:
    assert found(text) == bound


def test_what_stands_deeper_in_a_card_is_of_something_in_it() -> None:
    text = "**Daisy**\nTag: B3\n  Calf: Pip\n  Stall: 9\nStall: 14\n\n**Bella**\nTag: A7\nStall: 12\n"
    bound = found(text)
    assert (bound["Daisy.Stall"], bound["Bella.Stall"], bound["Daisy[0].Stall"]) == ("14", "12", "9")
