"""Slots in running text: which moments are one, and what stands before them."""

from __future__ import annotations

import pytest
from moments import moment

from guardbind import GuardConfig
from guardbind.errors import ConfigError
from guardbind.registry import SLOTS
from guardbind.slots import Moment
from guardbind.slots.detector import SlotDetector
from guardbind.targets import Place


class TestKeyPhrase:
    @pytest.mark.parametrize(
        "text",
        [
            "The badge number is",
            "The badge number is ",
            "Alice's badge number is **",
            "badge number:",
            "badge number: $",
            "Sure. The badge number of Bob was changed to",
            "Her badge number is the",
        ],
    )
    def test_a_value_follows(self, text: str) -> None:
        assert SLOTS.get("key_phrase")(moment(text)) is not None

    @pytest.mark.parametrize(
        "text", ["The badge number", "The badge number is a", "The locker code is", "Her name is", "badge number is 4"]
    )
    def test_no_value_follows(self, text: str) -> None:
        assert SLOTS.get("key_phrase")(moment(text)) is None

    def test_only_the_sentence_counts(self) -> None:
        assert SLOTS.get("key_phrase")(moment("I know the badge number. It is")) is None
        place = SLOTS.get("key_phrase")(moment("Of St. Mary. I know. The total is"))
        assert place == Place("The total is", "The total is")

    def test_the_text_is_read_only_where_a_value_may_follow(self) -> None:
        def refuse() -> str:
            raise AssertionError("decoded")

        assert SLOTS.get("key_phrase")(moment("The badge number", line=refuse)) is None


class TestPassage:
    def test_where_the_answer_comes_to_what_is_declared(self) -> None:
        place = SLOTS.get("passage")(moment("Sure. The locker code is", says_passage=lambda: True))
        assert place == Place("The locker code is", "The locker code is")

    @pytest.mark.parametrize("text", ["The locker code", "The locker code is a"])
    def test_not_where_no_value_follows(self, text: str) -> None:
        assert SLOTS.get("passage")(moment(text, says_passage=lambda: True)) is None

    def test_not_where_it_says_something_else(self) -> None:
        assert SLOTS.get("passage")(moment("The locker code is", says_passage=lambda: False)) is None

    def test_not_where_the_answer_begins(self) -> None:
        """What a prompt ends in is judged as such, whatever it asks."""
        assert SLOTS.get("passage")(moment("The locker code is", step=0, says_passage=lambda: True)) is None


class TestField:
    @pytest.mark.parametrize(
        "text",
        ['{"order_id": "', '{"order_id":', "{'order_id': '", '{"a": "1", "order_id" : ', '[{"x": 1}, {"order_id": "'],
    )
    def test_a_value_follows(self, text: str) -> None:
        found = SLOTS.get("field")(moment(text, last=text[-1]))
        assert found is not None
        assert found.asks == "order_id"

    @pytest.mark.parametrize(
        "text", ['{"order_id', '{"order_id"', '{"order_id": "A', '{"name": "', 'say "', "order_id: "]
    )
    def test_no_value_follows(self, text: str) -> None:
        assert SLOTS.get("field")(moment(text, last=text[-1])) is None

    def test_its_object_says_whose_it_is(self) -> None:
        text = '{"Bob": {"order_id": "A-1"}, "Alice": {"city": "Rome", "order_id": "'
        found = SLOTS.get("field")(moment(text, last='"'))
        assert found is not None
        assert "Alice" in found.about
        assert "Rome" in found.about
        assert "Bob" not in found.about


class TestCell:
    TABLE = "| name | badge number | total |\n| --- | --- | --- |\n| Bob | 8213 | $5 |\n"

    @pytest.mark.parametrize(
        ("row", "place"),
        [
            ("| Alice |", Place("badge number", "Alice")),
            ("| Alice | ", Place("badge number", "Alice")),
            ("| Alice | 4417 |", Place("total", "Alice ; 4417")),
            ("|", None),  # names are not bound
            ("| Alice | 4417 | $9 |", None),
            ("Alice |", None),
        ],
    )
    def test_heading_and_row(self, row: str, place: Place | None) -> None:
        assert SLOTS.get("cell")(moment(self.TABLE + row, last="|")) == place

    def test_the_prompt_may_end_in_the_row(self) -> None:
        begin = moment(self.TABLE + "| Alice |", last="|", step=0, stops_mid_line=True)
        detected = SlotDetector(GuardConfig()).detect(begin)
        assert detected is not None
        assert (detected.kind, detected.place.asks) == ("cell", "badge number")

    def test_needs_a_table(self) -> None:
        assert SLOTS.get("cell")(moment("| Alice |", last="|")) is None


class TestTheRulesTogether:
    def test_what_the_text_says_goes_before_what_begins(self) -> None:
        detected = SlotDetector(GuardConfig()).detect(moment("The badge number is", token=7))
        assert detected is not None
        assert (detected.kind, detected.expects_value) == ("key_phrase", True)

    def test_any_candidate_begins_one(self) -> None:
        detected = SlotDetector(GuardConfig()).detect(moment("Bob carries", token=7))
        assert detected is not None
        assert (detected.kind, detected.expects_value) == ("automatic", False)
        assert SlotDetector(GuardConfig()).detect(moment("Bob carries", token=8)) is None
        assert SlotDetector(GuardConfig()).detect(moment("Bob carries", token=7, inside_word=lambda: True)) is None

    def test_the_prompt_may_end_in_one(self) -> None:
        begin = moment("Answer: ", step=0, stops_mid_line=True)
        detected = SlotDetector(GuardConfig()).detect(begin)
        assert detected is not None
        assert detected.kind == "line_end"
        assert SlotDetector(GuardConfig(slots=("prompt_end",))).detect(moment("", step=0)) is not None
        assert SlotDetector(GuardConfig()).detect(moment("", step=0)) is None

    def test_a_rule_of_ones_own(self) -> None:
        def after_arrow(moment: Moment) -> Place | None:
            text = moment.generated()
            return Place(text, text) if text.endswith("=>") else None

        detector = SlotDetector(GuardConfig(slots=("automatic", after_arrow)))
        detected = detector.detect(moment("badge =>"))
        assert detected is not None
        assert (detected.kind, detected.expects_value) == ("after_arrow", False)
        assert detector.detect(moment("badge =")) is None

    def test_an_unknown_rule_is_refused(self) -> None:
        with pytest.raises(ConfigError, match="key_phrase"):
            GuardConfig(slots=("key_phrases",))

    @pytest.mark.parametrize(("slots", "opens"), [(("automatic",), False), (("field",), True), (("line_end",), False)])
    def test_without_candidates_moments_cost_nothing(self, slots: tuple[str, ...], opens: bool) -> None:
        assert SlotDetector(GuardConfig(slots=slots)).may_open(3, has_candidates=False) is opens


class TestTheSentence:
    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", ""),
            ("I know the badge number. It is", "It is"),
            ("first line\nThe total of Mr. Smith is", "The total of Mr. Smith is"),
            ("total: ", "total: "),
        ],
    )
    def test_up_to_the_slot_says_what_is_asked_and_of_whom(self, text: str, sentence: str) -> None:
        assert moment(text).sentence() == Place(sentence, sentence)

    def test_is_cut_where_it_is_very_long(self) -> None:
        said = "word " * 1000
        place = moment(said).sentence()
        assert 0 < len(place.asks) < 500
        assert said.endswith(place.asks)
