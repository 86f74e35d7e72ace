"""Words of change bind a newer value to the statement that they speak of, or nothing where that is not clear."""

from __future__ import annotations

from itertools import pairwise

import pytest

from guardbind.extraction import extract
from guardbind.extraction.kinds import alike

PIN, DESK = "Otto's pin", "Otto's desk"
CHANGED = {
    "Her": ("Rosa's address is 14 Elm Road. Her address is now 9 Birch Lane.", "Rosa's address", "9 Birch Lane"),
    "a longer name": ("Eva's delivery fee is $5. The fee was raised to $6.", "Eva's delivery fee", "$6"),
    "It": ("Otto's pin is 4410. It is now 7035.", PIN, "7035"),
    "It was changed from": ("Otto's pin is 4410. It was changed from 4410 to 7035 after the leak.", PIN, "7035"),
    "I meant": ("Otto's pin is 4410. I meant 7035.", PIN, "7035"),
    "Sorry": ("Otto's pin is 4410. Sorry, it is 7035.", PIN, "7035"),
    "in the sentence": ("Otto's pin is 4410, sorry, 7035.", PIN, "7035"),
    "in brackets": ("Otto's fee is $30 (now $35).", "Otto's fee", "$35"),
    "Wait, no": ("Otto's pin is 4410. Wait, no. It is 7035.", PIN, "7035"),
    "no longer": ("Otto's pin is no longer 4410 but 7035.", PIN, "7035"),
    "Update": ("Gig with Eva: 14:00 in hall 2. Update: moved to 16:30, hall 3.", "Gig with Eva", "16:30"),
    "Correction": ("The meeting is in January. Correction, February.", "meeting's month", "February"),
    "a state": ("Otto's status is pending. Update: shipped.", "Otto's status", "shipped"),
    "a kind": ("Otto's pin is 4410 and Otto's fee is $5. Correction: $6.", "Otto's fee", "$6"),
    "from and to": ("The valve of line 4 was changed from 307 to 512 after the leak.", "line 4's valve", "512"),
}
GERMAN = {
    "Annas Adresse ist Elmweg 14. Ihre Adresse ist jetzt Birkenweg 9.": "Birkenweg 9",
    "Annas Raum ist 204. Entschuldigung, es ist 311.": "311",
    "Annas Raum ist nicht mehr 204, sondern 311.": "311",
    "Das Treffen ist im Januar. Korrektur, Februar.": "Februar",
    "Annas Raum wurde von 204 auf 311 geändert.": "311",
}
UNCLEAR = [
    "Rosa's pin is 4410. Tom's pin is 7035. Her pin is now 2222.",
    "Rosa's pin is 4410. Tom's pin is 7035. The pin is now 2222.",
    "Rosa's pin is 4410 and Tom's pin is 7035. It is now 2222.",
    "Rosa's pin is 4410. The office is closed. It is now 12 km away.",
    "Rosa's pin is 4410. Actually, I like tea.",
    "Rosa's pin is 4410. It is now 5 or 6.",
    "Rosa's pin is 4410. Maybe it is now 2222.",
]


@pytest.mark.parametrize("kind", CHANGED)
def test_a_newer_value_has_the_key_of_the_older_one(kind: str) -> None:
    text, key, value = CHANGED[kind]
    items = extract(text).items
    places = sorted(item.statement for item in items if item.statement)
    assert all(left[1] <= right[0] for left, right in pairwise(places))
    last = items[-1]
    assert (last.key, last.value) == (key, value)
    assert last.statement is not None
    assert last.span is not None
    assert text[slice(*last.span)] == value


def test_a_newer_value_in_german() -> None:
    assert {text: extract(text, language="german").items[-1].value for text in GERMAN} == GERMAN
    assert all(len({item.key for item in extract(text, language="german").items}) == 1 for text in GERMAN)


def test_where_it_is_not_clear_nothing_is_bound() -> None:
    for text in UNCLEAR:
        assert all(item.value in ("4410", "7035") for item in extract(text).items), text


def test_keys_of_data_differ_in_their_case() -> None:
    items = extract("A;a;b\n1;2;3\n4;5;6").items
    assert [item.path for item in items] == [("1", "A"), ("1", "a"), ("1", "b"), ("4", "A"), ("4", "a"), ("4", "b")]


def test_a_field_of_a_record_is_no_change() -> None:
    items = extract("Name: Otto\nCreated: 2024-05-03\nUpdated: 2024-05-04").items
    assert [(item.key, item.value) for item in items][1:] == [("Created", "2024-05-03"), ("Updated", "2024-05-04")]


def test_a_later_turn_corrects_an_earlier_one() -> None:
    messages = [
        {"role": "user", "content": "My order number is 48213."},
        {"role": "assistant", "content": "Thanks."},
        {"role": "user", "content": "Sorry, I looked at the wrong mail. It is 48231."},
    ]
    assert [(item.key, item.value) for item in extract(messages).items] == [
        ("order number", "48213"),
        ("order number", "48231"),
    ]


def test_kinds_of_values() -> None:
    same = [("16:30", "14:00 in room 204"), ("$5", "$6.20"), ("40 mg", "15 mg"), ("A-17", "4410"), ("Lima", "Oslo")]
    other = [("12 km", "4410"), ("$5", "5"), ("16:30", "4410"), ("Lima", "pending"), ("40 mg", "40 ml"), ("x", "5")]
    assert all(alike(*pair) and alike(*pair[::-1]) for pair in same)
    assert not [pair for pair in other if alike(*pair)]


def test_many_statements_take_linear_time() -> None:
    text = "\n".join(f"Otto {n}'s pin is {n}. It is now {n + 1}." for n in range(2000))
    assert len(extract(text).items) == 4000
