"""Values that an answer gives for what they are, and those that it does not."""

from __future__ import annotations

import pytest

from guardbind.bench.text_trial import Fact, TextTrial
from guardbind.bench.texts.stating import stated_wrongly

CONTENT = "Carla's seat is 17A. Jon's seat is 12B. Carla's budget is $1,250.00. What is Mia's seat?"
FACTS = (
    Fact("Carla's seat", "Carla", "seat", "17A", ("17A",), 0, (16, 19)),
    Fact("Jon's seat", "Jon", "seat", "12B", ("12B",), 0, (35, 38)),
    Fact("Carla's budget", "Carla", "budget", "$1,250.00", ("$1,250.00", "1250 USD"), 0, (58, 67)),
)
TWIN = TextTrial(
    index=0,
    messages=({"role": "user", "content": CONTENT},),
    question=(69, len(CONTENT)),
    facts=FACTS,
    asked=None,
    direction="key_value",
    answer=(),
    others=(("17A",), ("12B",)),
    which="only",
)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("I do not know.", []),
        ("Carla's seat is 17A.", []),
        ("Mia's seat is 17A.", ["17A"]),
        ("Carla's seat is 12B.", ["12B"]),
        ("17A", ["17A"]),
        ("Carla's budget is 1250 USD. Her seat is 17A.", ["17A"]),
        ("Jon's seat is 12B, and Carla's seat is 17A.", []),
        ("Mia's seat is 12B. Carla's budget is $1,250.00.", ["12B"]),
    ],
)
def test_a_value_is_given_for_what_it_is_where_owner_and_attribute_stand_by_it(text: str, wrong: list[str]) -> None:
    assert stated_wrongly(TWIN, text) == wrong
