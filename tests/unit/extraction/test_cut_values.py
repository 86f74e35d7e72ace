"""What is struck through is no value, none ends at the dot of an abbreviation, and names keep their underscores."""

from __future__ import annotations

import pytest

from guardbind.evidence import locate
from guardbind.extraction import extract
from guardbind.text.decoded import PromptText

Pairs = list[tuple[str, str]]


def read(text: str) -> Pairs:
    return [(item.key, item.value) for item in extract(text).items]


STRUCK: dict[str, Pairs] = {
    "Ann's badge: ~~4417~~ 5520\nBob's badge: 9370\n": [("Ann's badge", "5520"), ("Bob's badge", "9370")],
    "Ann's badge: 5520 ~~4417~~\n": [("Ann's badge", "5520")],
    "Ann's badge: <s>4417</s> 5520\n": [("Ann's badge", "5520")],
    "Ann's badge: <del>4417</del> <ins>5520</ins>\n": [],
    "Ann's badge: 5 ~~44~~ 20\n": [],
    "- Ann: ~~4417~~\n- Bob: 5520\n": [("Bob", "5520")],
    "~~Ann's badge: 4417~~\nBob's badge: 5520\n": [("Bob's badge", "5520")],
    "badge: ~~4417~~ 5520\nname: Ann\n": [("badge", "5520"), ("name", "Ann")],
    "Ann .... ~~4417~~ 5520\nBob .... 9370\n": [("Ann", "5520"), ("Bob", "9370")],
    "| name | badge |\n|---|---|\n| Ann | ~~4417~~ 5520 |\n| ~~Bo~~ | 9370 |\n": [
        ("Ann.name", "Ann"),
        ("Ann.badge", "5520"),
    ],
    "name,badge\nAnn,~~4417~~ 5520\n": [("Ann.name", "Ann"), ("Ann.badge", "5520")],
    # Nothing is struck here.
    "dir: ~/a~~b\n": [("dir", "~/a~~b")],
    "dirs: ~~ old ~~\n": [("dirs", "~~ old ~~")],
}


@pytest.mark.parametrize("text", STRUCK)
def test_what_is_struck_through_is_no_value(text: str) -> None:
    assert read(text) == STRUCK[text]


SHORTENED: dict[str, Pairs] = {
    "Ann's address is 9 Mt. Vernon Road.": [("Ann's address", "9 Mt. Vernon Road")],
    "The address of Ann is 9 St. James Street and Bo lives elsewhere.": [("Ann's address", "9 St. James Street")],
    "Ann's address is 9 St. James Street, Cork.": [],
    "Address of Ann: 9 Mt. Vernon Road\n": [("Address of Ann", "9 Mt. Vernon Road")],
    # No list has these: where they end is not known.
    "Ann's address is 12 Pk. Lane.": [],
    "Address of Ann: 12 Pk. Lane\n": [],
    # The same marks, where the value ends.
    "Address of Ann: 12 Pk.\n": [("Address of Ann", "12 Pk")],
    "Ann's limit is 5 GB. Bob's limit is 7 GB.": [("Ann's limit", "5 GB"), ("Bob's limit", "7 GB")],
    "Ann's height is 5 ft. Bob is here.": [("Ann's height", "5 ft")],
    "Ann's height is 6 ft. 2 in.": [],
    "Der Preis ist 5 Mio. Annas Nummer ist 7.": [("Preis", "5 Mio"), ("Nummer von Anna", "7")],
}


@pytest.mark.parametrize("text", SHORTENED)
def test_no_value_ends_at_the_dot_of_an_abbreviation(text: str) -> None:
    assert read(text) == SHORTENED[text]


UNDERSCORED: dict[str, Pairs] = {
    "class_ = 4\nid_: 5\n": [("class_", "4"), ("id_", "5")],
    "_Ann_: 4417\n": [("Ann", "4417")],
}


@pytest.mark.parametrize("text", UNDERSCORED)
def test_an_underscore_is_part_of_a_name_unless_it_marks_it(text: str) -> None:
    table = extract(text)
    assert [(item.key, item.value) for item in table.items] == UNDERSCORED[text]
    prompt = PromptText(text, tuple((i, i + 1) for i in range(len(text))))
    for turned in locate(table.inverse, prompt, source=text).items:
        assert [text[slice(*mention.value_chars)] for mention in turned.mentions] == [turned.value]
