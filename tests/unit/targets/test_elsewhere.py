"""A record, an occasion or a correction that a text speaks of, and that is not the binding's: it stays open."""

from __future__ import annotations

import pytest
from aimed import value_asked

STAGES = """\
[stage.draft]
cache = "/tmp/fern"
seats = 2

[stage.final]
seats = 16

"""


def test_a_section_that_lacks_a_field_is_not_answered_from_its_neighbour() -> None:
    assert value_asked(f"{STAGES}What is the cache of stage.final?\n") is None
    assert value_asked(f"{STAGES}What is the cache of stage.draft?\n") == "/tmp/fern"
    assert value_asked(f"{STAGES}What are the seats of stage.final?\n") == "16"


TABLE = """\
| Boat | Hours | Next refit |
|---|---|---|
| Heron | 412 | 2027 |
| Tern | 96 | 2028 |

"""


@pytest.mark.parametrize(
    ("question", "value"),
    [
        ("What are the hours of the Heron?", "412"),
        ("What were the hours of the Heron at its last refit?", None),
        ("What is the next refit of the Heron?", "2027"),
    ],
)
def test_what_it_was_on_another_occasion_is_not_what_the_table_says(question: str, value: str | None) -> None:
    assert value_asked(f"{TABLE}{question}\n") == value


ROOMS = "- Ann: room 12\n- Ben: desk 9\n- Cleo: desk 7\n\n"


@pytest.mark.parametrize("question", ["Which desk does Ann have?", "What is the desk of Ann?", "Which room has Ben?"])
def test_a_number_of_another_kind_of_thing_is_not_what_is_asked_for(question: str) -> None:
    assert value_asked(f"{ROOMS}{question}\n") is None


def test_a_value_that_begins_with_its_field_is_not_written_as_a_whole() -> None:
    towns = "- Wren Abbot: town Ripon\n- Mona Farouk: town Wells\n\n"
    assert value_asked(f"{towns}What is the town for Mona Farouk?\n") is None
    assert value_asked("Meeting: room 12\nLunch: room 9\n\nWhich room is the meeting in?\n") != "room 9"


SPOKEN = {
    "What is the code of the cellar?": [
        "The code of the cellar is 2904, no wait, that is the one of the shed.",
        "The code of the cellar is 2904. Hang on, I mixed those up.",
        "The code of the cellar is 2904, er, scratch that.",
    ],
    "Wie lautet der Code für den Keller?": [
        "Der Code für den Keller ist 2904, nee warte, das ist der vom Schuppen.",
        "Der Code für den Keller ist 2904 – ach nein, Moment, den hat der Schuppen.",
        "Der Code für den Keller ist 2904. Da hab ich mich vertan.",
    ],
    "Quel est le code de la cave ?": [
        "Le code de la cave est 2904, euh non attends, ça c'est celui du vélo.",
        "Le code de la cave est 2904. Ah non, j'ai confondu.",
    ],
    "¿Cuál es el código del sótano?": [
        "El código del sótano es 2904, no, espera, ese es el de la bici.",
        "El código del sótano es 2904. Perdón, me he equivocado.",
    ],
    "地下室的密码是多少？": ["地下室的密码是2904，哦不对，那是车棚的。", "地下室的密码是2904。等等，我说错了。"],
}


@pytest.mark.parametrize("question", SPOKEN)
def test_who_speaks_may_correct_himself(question: str) -> None:
    for said in SPOKEN[question]:
        plain = said[: said.index("2904") + 4] + ("。" if "密码" in said else ".")
        assert value_asked(f"{said}\n\n{question}\n") is None, said
        assert value_asked(f"{plain}\n\n{question}\n") == "2904", plain
