"""What sentences bind: names with dots in them, values with a word behind them, and what is denied."""

from __future__ import annotations

import pytest

from guardbind.extraction import extract


def bound(text: str, language: str = "english") -> list[tuple[str, str]]:
    return [(item.key, item.value) for item in extract(text, language=language).items]


class TestDots:
    @pytest.mark.parametrize(
        "value",
        ["R. Oake", "Dr. Eve Stone", "St. Gallen", "M. A. Fisk", "St. Anne's Lane", "Mt. Airy", "Moor & Co. Ltd"],
    )
    def test_of_names_end_no_value(self, value: str) -> None:
        assert bound(f"Otto's choice is {value}. Eve's choice is Lima.") == [
            ("Otto's choice", value),
            ("Eve's choice", "Lima"),
        ]

    @pytest.mark.parametrize("value", ["Dr. Eve Stein", "Gartenstr. 8", "3. OG rechts", "Prof. Kern"])
    def test_of_german_names_end_no_value(self, value: str) -> None:
        assert bound(f"Ottos Wahl ist {value}. Evas Wahl ist Lima.", "german") == [
            ("Wahl von Otto", value),
            ("Wahl von Eva", "Lima"),
        ]

    @pytest.mark.parametrize("value", ["max. 30 mg", "v. 2.1 alpha", "avg. 7.5", "rm. 18, bldg. 4", "Moor & Co. Ltd"])
    def test_end_no_field(self, value: str) -> None:
        assert bound(f"Limit: {value}") == [("Limit", value)]

    def test_initials_part_two_people(self) -> None:
        text = "C. A. Lowe's desk is 31. D. A. Lowe's desk is 57. C. I. Lowe's desk is 64."
        assert bound(text) == [("C. A. Lowe's desk", "31"), ("D. A. Lowe's desk", "57"), ("C. I. Lowe's desk", "64")]


class TestAdverbs:
    @pytest.mark.parametrize("adverb", ["only", "already", "still"])
    def test_are_no_unit(self, adverb: str) -> None:
        assert bound(f"Otto's year is 1998 {adverb}.") == [("Otto's year", "1998")]

    @pytest.mark.parametrize("adverb", ["noch", "erst", "schon", "nur"])
    def test_are_no_german_unit(self, adverb: str) -> None:
        assert bound(f"Ottos Jahr ist 1998 {adverb}.", "german") == [("Jahr von Otto", "1998")]
        assert bound(f"Ottos Beitrag war 1998 {adverb} 30 \u20ac.", "german") == []


class TestDenials:
    @pytest.mark.parametrize(
        "text",
        [
            "It is false that {}.",
            "It isn't true that {}.",
            "It is not the case that {}.",
            "I doubt that {}.",
            "Nobody ever claimed that {}.",
            "Untrue: {}.",
            "Some people think that {}.",
            "We don't believe that {}.",
            "{}, which is wrong.",
            "{}. That was not true.",
        ],
    )
    def test_bind_nothing(self, text: str) -> None:
        assert bound(text.format("Otto's pin is 4410")) == []
        assert bound(text.format("4410 is Otto's pin")) == []
        # the last of two values is taken, so a denied one must be none of them
        denied = text.format("Otto's pin is 4410")
        assert bound(f"Otto's pin is 7035. {denied}") == [("Otto's pin", "7035")]

    @pytest.mark.parametrize(
        "text",
        [
            "Es stimmt nicht: {}.",
            "Niemand hat gesagt, {}.",
            "Keiner glaubt, {}.",
            "Unwahr ist: {}.",
            "Viele meinen irrt\u00fcmlich, {}.",
            "Wir bezweifeln, {}.",
            "{}, was nicht stimmt.",
            "{}. Das ist falsch.",
        ],
    )
    def test_bind_nothing_in_german(self, text: str) -> None:
        assert bound(text.format("Ottos PIN ist 4410"), "german") == []
        assert bound(text.format("der PIN von Otto ist 4410"), "german") == []

    @pytest.mark.parametrize(
        "text",
        [
            "Nobody is here; {}.",
            "Nobody was late. {}.",
            "It was denied that he paid, but {}.",
            "The wrong key is red, and {}.",
            "{}. It is false that she left.",
            "{}. That is all.",
        ],
    )
    def test_reach_no_further(self, text: str) -> None:
        assert bound(text.format("Otto's pin is 4410")) == [("Otto's pin", "4410")]
