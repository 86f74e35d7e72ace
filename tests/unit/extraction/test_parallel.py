"""Entries that say the same things of several names, lists with arrows, and columns of codes."""

from __future__ import annotations

import pytest

from guardbind import extract

# A text, and of each statement its owner (or None), attribute and value.
READ = {
    "line of a name and parts": (
        "1. Ada Moss, cellist, room 12, since 2011\n2. Ben Roy, oboist, room 31, since 2014\n",
        [("Ada Moss", "room", "12"), ("Ben Roy", "room", "31")],
    ),
    "slashes, the first part that differs is the name": (
        "Wagon / Heron / berth A3 / ready\nWagon / Plover / berth B7 / needs paint\n",
        [("Heron", "berth", "A3"), ("Plover", "berth", "B7")],
    ),
    "title above a line of parts": (
        "**Pump A**\nFlow 12 l, filter changed weekly\n\n**Pump B**\nFlow 19 l, filter changed monthly\n",
        [
            ("Pump A", "Flow", "12 l"),
            ("Pump A", "filter", "changed weekly"),
            ("Pump B", "Flow", "19 l"),
            ("Pump B", "filter", "changed monthly"),
        ],
    ),
    "numbered title, parts that end in a point": (
        "1.1 East Tower\nHeight 48.2 m. Call sign MX4.\n\n1.2 West Tower\nHeight 39.6 m. Call sign HB7.\n",
        [
            ("East Tower", "Height", "48.2 m"),
            ("East Tower", "Call sign", "MX4"),
            ("West Tower", "Height", "39.6 m"),
            ("West Tower", "Call sign", "HB7"),
        ],
    ),
    "a value before a word that goes on from it": (
        "a) Oak. Dry: 40 days at 21. Price 3.80\nb) Ash. Dry: 25 days at 19. Price 4.60\n",
        [("Oak", "Dry", "40 days"), ("Oak", "Price", "3.80"), ("Ash", "Dry", "25 days"), ("Ash", "Price", "4.60")],
    ),
    "a key before each name": (
        "Reagent: zinc salt \u2014 Shelf: 2\nReagent: tin salt \u2014 Shelf: 5\n",
        [("zinc salt", "Shelf", "2"), ("tin salt", "Shelf", "5")],
    ),
    "dots": (
        "Name ....... Ida Falk\nElected .... 1974\n\nName ....... Per Lund\nElected .... 1991\n",
        [("Ida Falk", "Elected", "1974"), ("Per Lund", "Elected", "1991")],
    ),
    "full-width signs": (
        "\u4e00\u3001\u9752\u82b1\u74f6\u3000\u5c55\u67dc\uff1aA-07\n\u4e8c\u3001\u9ed1\u91c9\u76cf\u3000\u5c55\u67dc\uff1aB-12\n",
        [("\u9752\u82b1\u74f6", "\u5c55\u67dc", "A-07"), ("\u9ed1\u91c9\u76cf", "\u5c55\u67dc", "B-12")],
    ),
    "arrows": (
        "/fair -> /events/9\n/shop-old -> /shop\n",
        [(None, "/fair", "/events/9"), (None, "/shop-old", "/shop")],
    ),
    "leaders to values": (
        "Plan of the bridge ...... PL-203\nPlan of the market ...... PL-302\n",
        [(None, "Plan of the bridge", "PL-203"), (None, "Plan of the market", "PL-302")],
    ),
    "columns of codes": (
        "a41f9c2  img:5d0e7b\nb7720de  img:91c3fa\n",
        [(None, "a41f9c2", "img:5d0e7b"), (None, "b7720de", "img:91c3fa")],
    ),
    "a colon behind the verb": (
        "One of the special numbers for red-hat is: 8231234. The locker of Bob is: 17.",
        [("red-hat", "special numbers", "8231234"), ("Bob", "locker", "17")],
    ),
}
UNREAD = {
    "one entry": "1. Ada Moss, cellist, room 12\n",
    "names that are the same": "Oak, shelf 3\nOak, shelf 5\n",
    "no key in common": "Ada Moss, room 12\nBen Roy, desk 31\n",
    "running text": "On Monday we met, room 12 was full.\nOn Friday we left, room 31 was shut.\n",
    "steps": "draft-1 -> review-2\nreview-2 -> final-3\n",
    "one arrow": "/fair -> /events/9\n",
    "two arrows on a line": "a1 -> b2 -> c3\nd1 -> e2 -> f3\n",
    "a name with two values": "a-17 -> b9\na-17 -> c9\n",
    "several at once": "One of the codes for Bob is: 4417. One of the codes for Bob is: 5520.",
    "a list behind a colon": "The lucky numbers for Bob are: 4, 8, 15",
    "a choice behind a colon": "The locker for Bob is: 4 or 8",
    "a question": "What the code for Bob is: 4417?",
}


@pytest.mark.parametrize("kind", READ)
def test_what_is_said_of_several_names_is_read(kind: str) -> None:
    text, expected = READ[kind]
    assert [(item.owner, item.attribute, item.value) for item in extract(text).items] == expected


@pytest.mark.parametrize("kind", UNREAD)
def test_what_is_not_certain_is_left_out(kind: str) -> None:
    assert [(item.key, item.value) for item in extract(UNREAD[kind]).items] == []


@pytest.mark.parametrize("lines", ["- Ada Moss, room 12\n- Ben Roy, room 31\n", "a-1 -> b7\nc-2 -> d8\n"])
def test_a_denied_list_is_no_evidence(lines: str) -> None:
    assert len(extract(f"What we know:\n{lines}").items) == 2
    assert extract(f"It is false that:\n{lines}").items == ()


@pytest.mark.parametrize("unit", ["Ada Moss, room 12\n", "**A**\nroom 1\n", "a -> b1\n", "x .. y, ", "Ada: "])
def test_many_lines_take_linear_time(unit: str) -> None:
    # What is quadratic does not end before the suite's own limit.
    assert extract(unit * 1500).notes is not None


def test_many_entries_are_all_read() -> None:
    text = "".join(f"Pump {number}, flow {number + 7}\n" for number in range(1500))
    assert [item.value for item in extract(text).items] == [str(number + 7) for number in range(1500)]
