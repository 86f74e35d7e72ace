"""Origins: which part of a prompt is whose, and what cannot be one."""

from __future__ import annotations

from typing import Any

import pytest

from guardbind.errors import BindingError
from guardbind.evidence import Origin, place_origins
from guardbind.text.decoded import PromptText

TEXT = "<|user|>See: a b c. See: a b c.<|tool|>x = 1<|assistant|>"
PROMPT = PromptText(TEXT, tuple((i, i + 1) for i in range(len(TEXT))), ((0, 8), (31, 39), (44, 57)))


def test_it_is_found_by_passage_turn_and_span() -> None:
    def spans(*origins: Origin, source: str | None = None) -> list[str]:
        return [TEXT[slice(*span)] for span, _ in place_origins(origins, PROMPT, source=source)]

    assert spans(Origin("web", text=" a b c\n")) == ["a b c", "a b c"]
    assert spans(Origin("web", turn=0)) == ["See: a b c. See: a b c."]
    assert spans(Origin("crm", turn=-1), Origin("web", (8, 11))) == ["See", "x = 1"]
    assert spans(Origin("web", (4, 5)), source="x = 1") == ["1"]
    assert spans() == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"label": " ", "turn": 0}, "label of an origin is ' '"),
        ({"label": "web"}, "no place"),
        ({"label": "web", "turn": 0, "text": "a"}, "has text and turn"),
        ({"label": "web", "span": (3, 3)}, r"span of the origin 'web' is \(3, 3\)"),
        ({"label": "web", "span": (3, 300)}, "ends at 300, behind the text of 57"),
        ({"label": "web", "text": "A b c"}, "not in the prompt verbatim.*give its turn"),
        ({"label": "web", "text": " "}, "not in the prompt verbatim"),
        ({"label": "web", "turn": 2}, "is turn 2; the prompt has 2"),
        ({"label": "web", "turn": -3}, "is turn -3"),
        ({"label": "web", "span": (12, 40)}, "'crm' .* overlap"),
    ],
)
def test_what_is_no_origin_is_told(given: dict[str, Any], message: str) -> None:
    with pytest.raises(BindingError, match=message):
        place_origins([Origin("crm", turn=0), Origin(**given)], PROMPT)
