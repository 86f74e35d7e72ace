"""What no rule has read counts: a question that rests on it has no target, and a token that rests on it is named.

`tests/data/unread_prompts.jsonl` has 24 scenes in five languages: statements that are bound, and beside them one told
in prose that no rule reads. Each is asked for the one in prose (`unread`), for one that is bound (`bound`), and for
either of them without it (`twin`). They were written by the author of what they test.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from paths import ROOT
from transformers import PreTrainedTokenizerBase

from guardbind import Guard, GuardConfig
from guardbind.events import SlotRecord
from guardbind.targets import UnreadStatements

LINES = [json.loads(line) for line in (ROOT / "tests/data/unread_prompts.jsonl").read_text("utf-8").splitlines()]
BY_ID = {line["id"]: line for line in LINES}
# Prompts, first slots with a target, slots where a value that no binding holds is named.
COUNTS = {"unread": (24, 0, 6), "unread twin": (24, 0, 0), "bound": (24, 19, 8), "bound twin": (23, 0, 9)}
# It begins as the value of the prompt that it rests on, and then goes on as none: "5228" for "5528".
GOES_ON = {"puerta-bound-twin"}

Demo = tuple[Any, PreTrainedTokenizerBase]


def answered(demo: Demo, line: dict[str, Any], **settings: Any) -> tuple[str, tuple[SlotRecord, ...]]:
    model, tokenizer = demo
    asked = tokenizer(line["prompt"], return_tensors="pt")
    output = Guard(model, tokenizer, GuardConfig(**settings)).generate(**asked, max_new_tokens=5)
    return output.text[0].strip(), output.report.slots


@pytest.mark.real_model
def test_a_wrong_value_was_certified_and_is_left(demo_model: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    line = BY_ID["gate-unread"]
    text, (now, *_) = answered(demo_model, line)
    assert (now.target, now.verdict, now.action) == (None, "unresolved", "none")
    assert now.question_statement is not None
    assert line["target"] in line["prompt"][slice(*now.question_statement)]
    assert "a statement that no rule has read" in now.reason
    monkeypatch.setattr(UnreadStatements, "every", ())
    before, (then, *_) = answered(demo_model, line)
    assert before == text == "4417"
    assert (then.target, then.verdict, then.resolved_by) == (0, "ok", "reading")


@pytest.mark.real_model
def test_a_right_value_that_no_binding_holds_is_named(demo_model: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    line = BY_ID["berlin-unread"]
    _, (now, *_) = answered(demo_model, line)
    assert now.unbound_value is not None
    assert now.unbound_value.value == line["target"] == line["prompt"][slice(*now.unbound_value.span)]
    assert (now.target, now.verdict) == (None, "unresolved")
    monkeypatch.setattr(UnreadStatements, "every", ())
    _, (then, *_) = answered(demo_model, line)
    assert (then.target, then.unbound_value) == (0, None)


@pytest.mark.real_model
def test_nothing_is_read_for_words_alone(demo_model: Demo) -> None:
    _, (slot, *_) = answered(demo_model, BY_ID["gate-unread"], resolver="words")
    assert (slot.question_statement, slot.question_bits) == (None, None)


@pytest.mark.counted
@pytest.mark.real_model
@pytest.mark.parametrize("kind", COUNTS)
def test_no_wrong_value_is_aimed_at_and_no_right_one_is_lost(kind: str, demo_model: Demo) -> None:
    counted: Counter[str] = Counter()
    wrong: list[str] = []
    for line in (line for line in LINES if line["kind"] == kind):
        text, slots = answered(demo_model, line)
        aimed = bool(slots) and slots[0].target is not None
        if aimed and kind != "bound":
            wrong.append(f"{line['id']}: aimed at")
        named = next((slot.unbound_value for slot in slots if slot.unbound_value is not None), None)
        counted.update(prompts=1, aimed=aimed, named=named is not None)
        if (
            named is not None
            and line["id"] not in GOES_ON
            and not (str(named.value).startswith(text) or text.startswith(str(named.value)))
        ):
            wrong.append(f"{line['id']}: {named.value!r} named where {text!r} is written")
    assert wrong == []
    assert tuple(counted[what] for what in ("prompts", "aimed", "named")) == COUNTS[kind]
