"""Rows of tables that are no records: headings again, units, names of groups, and a cell too many."""

from __future__ import annotations

import pytest

from guardbind.extraction import extract

HEAD = "| cow | stall | tag |\n|---|---|---|\n"


def stalls(text: str) -> dict[str, str]:
    found = extract(text, language="english").items
    return {item.key: item.value for item in found if item.attribute == "stall"}


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        (f"{HEAD}| Ann | 12 | A7 |\n| cow | tag | stall |\n| Ida | 3 | 14 |", {"Ann.stall": "12", "Ida.stall": "14"}),
        (
            f"{HEAD}| Ann | 12 | A7 |\n| **cow** | **stall** | **tag** |\n| Ida | 14 | B3 |",
            {"Ann.stall": "12", "Ida.stall": "14"},
        ),
        ("cow,stall,tag\nAnn,12,A7\ncow,tag,stall\nIda,3,14", {"Ann.stall": "12", "Ida.stall": "14"}),
        ("cow,stall,tag\nAnn,12,A7\nstall,5,C1", {"Ann.stall": "12", "stall.stall": "5"}),
        (f"{HEAD}| Ann | 12 | A7 |\n| Ida | 14 |\n| Eva | 9 | C5 |", {"Ann.stall": "12", "Eva.stall": "9"}),
        (f"{HEAD}| Ann | 12 | A7 |\n| Ida | 2 | 3 | 14 |\n", {"Ann.stall": "12"}),
        ("cow | stall\n--- | ---\nAnn | 12\nIda | 14", {"Ann.stall": "12", "Ida.stall": "14"}),
        ("| cow | stall |\n|---|---|\n| a \\| b | 12 |\n| c | 14 |", {"a | b.stall": "12", "c.stall": "14"}),
        ("| cow | stall |\n|---|---|\n| | no. |\n| Ann | 12 |\n| Ida | 14 |", {"Ann.stall": "12", "Ida.stall": "14"}),
        (
            f"{HEAD}| **Hill** | | |\n| Ann | 12 | A7 |\n| **Lake** | | |\n| Ann | 14 | B3 |",
            {"Hill.Ann.stall": "12", "Lake.Ann.stall": "14"},
        ),
        # Bold names that say nothing else are no groups where all names are bold.
        (f"{HEAD}| **Ann** | 12 | A7 |\n| **Ida** | | |\n| **Eva** | 9 | C5 |", {"Ann.stall": "12", "Eva.stall": "9"}),
        (
            "<table><tr><th>cow</th><th>stall</th><th>tag</th></tr><tr><td>Ann</td><td>12</td><td>A7</td></tr>"
            "<tr><th>cow</th><th>tag</th><th>stall</th></tr><tr><td>Ida</td><td>3</td><td>14</td></tr></table>",
            {"Ann.stall": "12", "Ida.stall": "14"},
        ),
    ],
)
def test_whose_stall_it_is(text: str, bound: dict[str, str]) -> None:
    assert stalls(text) == bound


ROWS = "| cow | stall |\n|---|---|\n| Ann | {} |\n| Ida | 9 |"


def test_a_line_between_two_tables_may_be_that_of_either() -> None:
    above = f"Hill\n\n{ROWS.format(12)}\n\nLake\n\n{ROWS.format(14)}"
    below = f"{ROWS.format(12)}\n\nHill\n\n{ROWS.format(14)}\n\nLake"
    assert list(stalls(above))[::2] == ["Hill.Ann.stall", "Lake.Ann.stall"]
    assert all(key.startswith("Ann") or key.startswith("Ida") for key in stalls(below))
