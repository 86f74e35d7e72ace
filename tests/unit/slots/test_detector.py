"""Slot rules carry their own properties, and the detector goes by them alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from moments import moment

from guardbind.config import GuardConfig
from guardbind.registry import SLOTS
from guardbind.slots import Moment, SlotRule, slot_rule
from guardbind.slots.detector import SlotDetector
from guardbind.slots.rule import as_slot_rule
from guardbind.targets import Place

HERE = Place("here", "here")


def found(*slots: Any, patterns: tuple[str, ...] = ()) -> str | None:
    """Return which rule finds a slot where all do."""
    detector = SlotDetector(GuardConfig(slots=slots, patterns=patterns))
    detected = detector.detect(moment("badge number:", step=0, stops_mid_line=True, token=7))
    return None if detected is None else detected.kind


def rule(name: str, **properties: Any) -> SlotRule:
    """Return a rule that finds a slot everywhere."""

    def anywhere(moment: Moment) -> Place | None:
        return HERE

    anywhere.__name__ = name
    return slot_rule(**properties)(anywhere)


def plain(moment: Moment) -> Place | None:
    """A callable that knows nothing of properties."""
    return HERE


class TestOrder:
    @pytest.mark.parametrize(
        ("first", "later"),
        [
            ("prompt_end", "field"),
            ("field", "cell"),
            ("cell", "line_end"),
            ("line_end", "passage"),
            ("passage", "key_phrase"),
            ("line_end", "key_phrase"),
            ("key_phrase", "automatic"),
        ],
    )
    def test_of_the_rules_that_are_there(self, first: str, later: str) -> None:
        """What the text says goes before what the model is about to write; rules of others stand anywhere between."""
        assert as_slot_rule(SLOTS.get(first)).order < as_slot_rule(SLOTS.get(later)).order

    def test_it_is_not_that_of_the_settings(self) -> None:
        assert found("automatic", "line_end", "prompt_end") == "prompt_end"
        assert found("automatic", "line_end") == "line_end"
        assert found(plain, "automatic") == found("automatic", plain) == "plain"
        assert found(plain, "automatic", patterns=("number:",)) == "pattern"

    def test_a_rule_of_ones_own_may_go_first_or_last(self) -> None:
        assert found("prompt_end", rule("early", order=5)) == "early"
        assert found("automatic", rule("late", order=95)) == "automatic"
        assert found(rule("one", order=5), rule("other", order=5)) == "one"


class TestProperties:
    @pytest.mark.parametrize(
        ("given", "expects_value", "sees_token"),
        [
            (plain, False, False),
            (rule("expecting", expects_value=True), True, False),
            (rule("seeing", sees_token=True), False, True),
        ],
    )
    def test_a_slot_says_what_its_rule_is(
        self, given: Callable[[Moment], Place | None], expects_value: bool, sees_token: bool
    ) -> None:
        detected = SlotDetector(GuardConfig(slots=(given,))).detect(moment("so"))
        assert detected is not None
        assert (detected.expects_value, detected.sees_token, detected.place) == (expects_value, sees_token, HERE)

    @pytest.mark.parametrize(
        ("name", "expects_value", "sees_token", "begins_answer"),
        [
            ("prompt_end", False, False, True),
            ("line_end", False, False, True),
            ("field", True, False, False),
            ("cell", True, False, False),
            ("key_phrase", True, False, False),
            ("automatic", False, True, False),
        ],
    )
    def test_those_of_the_rules_that_are_there(
        self, name: str, expects_value: bool, sees_token: bool, begins_answer: bool
    ) -> None:
        rule = as_slot_rule(SLOTS.get(name))
        properties = (rule.expects_value, rule.sees_token, rule.begins_answer)
        assert properties == (expects_value, sees_token, begins_answer)

    @pytest.mark.parametrize("name", SLOTS.names())
    def test_a_rule_that_begins_answers_finds_nothing_later(self, name: str) -> None:
        rule = as_slot_rule(SLOTS.get(name))
        texts = ("", "badge number:", "badge number: ", '{"badge number": ', "| badge number |\n| --- |\n| ")
        later = [rule(moment(text, step=9, stops_mid_line=True, token=7)) for text in texts]
        assert not rule.begins_answer or later == [None] * len(texts)

    def test_an_object_may_have_some_of_them(self) -> None:
        class Arrow:
            order = 5

            def __call__(self, moment: Moment) -> Place | None:
                return HERE

        arrow = as_slot_rule(Arrow())
        assert (arrow.order, arrow.expects_value, arrow.sees_token, arrow.begins_answer) == (5, False, False, False)
        assert found("prompt_end", Arrow()) == "Arrow"

    def test_a_rule_keeps_the_name_and_the_words_of_its_function(self) -> None:
        assert found(rule("mine", order=5)) == "mine"
        assert "starts a candidate" in str(SLOTS.get("automatic").__doc__)


class TestMomentsThatCostNothing:
    @pytest.mark.parametrize(
        ("slots", "candidates", "opens"),
        [
            (("prompt_end", "line_end"), True, False),
            (("automatic",), True, True),
            (("automatic",), False, False),
            (("automatic", "line_end"), False, False),
            (("automatic", "field"), False, True),
            ((plain,), False, True),
            ((rule("first", begins_answer=True),), True, False),
            ((rule("token", sees_token=True),), False, False),
            ((), True, False),
        ],
    )
    def test_later_in_the_answer(self, slots: tuple[Any, ...], candidates: bool, opens: bool) -> None:
        detector = SlotDetector(GuardConfig(slots=slots))
        assert detector.may_open(3, has_candidates=candidates) is opens
        assert detector.may_open(0, has_candidates=candidates)
