"""The engine of a generation, step by step: plain rows, a model that says what it is told, and a null of no model."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from plain_engine import (
    ALIKE,
    END,
    INSERTED,
    ITEMS,
    PROMPT,
    Generation,
    PlainNull,
    branch,
    follow,
    forced,
    limits,
    peaked,
    restate,
    write,
)
from plain_slots import LETTERS, letters_row

from guardbind.errors import BindingFailureError, NumericsError
from guardbind.evidence import Binding, Evidence
from guardbind.policies import NoToken, Raise, Stop
from guardbind.session.row import Row
from guardbind.session.value import Phase


@pytest.fixture
def row() -> Row:
    return letters_row(PROMPT, ITEMS, "beta")


class TestAVerdict:
    def test_is_given_behind_the_measurement(self, row: Row) -> None:
        null = PlainNull()
        null.watched = row
        before, after = Generation(row, null=null).step("4")
        assert null.phases == [Phase.BEGUN]
        assert row.phase is Phase.JUDGED
        assert after is before

    def test_ok_is_recorded_and_asks_no_policy(self, row: Row) -> None:
        generation = Generation(row)
        assert generation.write("42") == "42"
        assert [(slot.verdict, slot.action) for slot in generation.recorder.slots] == [("ok", "none")]
        assert (generation.asked, row.phase) == ([], Phase.CLOSED)

    def test_another_one_asks_it_once(self, row: Row) -> None:
        generation = Generation(row, [NoToken("mine", "no idea")])
        assert generation.write("x") == "x"
        assert [slot.judgement.verdict for slot in generation.asked] == ["gate_failure"]
        assert generation.tried() == [("mine", False, "no idea")]
        assert row.phase is Phase.CLOSED  # what was written begins no candidate

    @pytest.mark.parametrize(("top", "replaced"), [("1", 0), ("x", None), ("4", None)])
    def test_ends_as_repaired_and_tells_what_was_replaced(self, top: str, replaced: int | None, row: Row) -> None:
        # Without the evidence it would say the same: its own token rests on nothing.
        generation = Generation(row, [write("4")], null=PlainNull(peaked(top)))
        generation.write(top)
        (slot,) = generation.recorder.slots
        assert (slot.final_verdict, slot.replaced, slot.grounds) == ("repaired", replaced, "declared")
        assert slot.passed

    def test_on_a_closed_gate_is_acted_upon_only_where_it_was_told_whose_value_is_meant(self) -> None:
        guessed = letters_row("beta=42\nIt is [", {"beta": "42"})
        generation = Generation(guessed, [write("4")])
        assert generation.write("x") == "x"
        (slot,) = generation.recorder.slots
        assert (slot.resolved_by, slot.verdict, slot.final_verdict) == ("only", "gate_failure", "gate_failure")
        assert generation.asked == []
        told = letters_row("beta=42\nIt is [", {"beta": "42"}, "beta")
        assert Generation(told, [write("4")]).write("x") == "4"

    def test_is_none_where_there_was_no_slot(self) -> None:
        row = letters_row("alpha=17\nbeta=42\nWhat is beta?\n", ITEMS)
        generation = Generation(row, null=PlainNull(peaked("4")), slots=("automatic",))
        before, after = generation.step("4")
        assert after is before
        assert (row.phase, generation.recorder.slots) == (Phase.CLOSED, [])

    @pytest.mark.parametrize("wrong", [{"score": math.nan}, {"logit": math.nan}, {"logit": math.inf}])
    def test_needs_numbers(self, wrong: dict[str, float | None], row: Row) -> None:
        with pytest.raises(NumericsError, match="row 0, step 0"):
            Generation(row).step("4", score=wrong.get("score"), logit=wrong.get("logit"))


class TestAWrittenToken:
    def test_is_the_only_one_that_may_come(self, row: Row) -> None:
        generation = Generation(row, [write("4")])
        _, after = generation.step("1")
        assert forced(after) == "4"
        assert (row.phase, row.interventions) == (Phase.FORCED, 1)
        assert generation.tried()[0][:2] == ("mine", True)

    def test_is_gone_on_with_where_the_model_would_leave_it(self, row: Row) -> None:
        generation = Generation(row, [write("4")])
        assert generation.write("19") == "42"
        assert (row.phase, row.restated) == (Phase.CLOSED, {1: [range(len(PROMPT), len(PROMPT) + 2)]})

    @pytest.mark.parametrize("sampling", [False, True])
    def test_is_left_to_the_model_where_it_goes_on_itself_unless_a_draw_could_miss(
        self, sampling: bool, row: Row
    ) -> None:
        generation = Generation(row, [write("4")], allowed=limits(sampling=sampling))
        generation.write("1")
        before, after = generation.step("2")
        assert (after is before) is not sampling
        assert forced(after) == ("2" if sampling else None)

    def test_cannot_be_gone_on_with_by_a_token_that_is_ruled_out(self, row: Row) -> None:
        generation = Generation(row, [write("4")])
        assert generation.write("1") == "4"
        assert generation.write("9", banned="2") == "9"
        assert [slot.kind for slot in generation.recorder.slots] == ["line_end", "continued"]

    def test_the_likelier_way_is_taken_where_there_are_several(self) -> None:
        items = [Binding("alpha", "17"), Binding("beta", "42", aliases=("43",))]
        generation = Generation(letters_row(PROMPT, items, "beta"), [write("4")])
        assert generation.write("1") == "4"
        _, after = generation.step("9", score=1.0)
        assert forced(after) == "3"

    def test_leaves_a_value_that_may_be_over_to_the_model(self) -> None:
        items = [Binding("beta", "5 EUR", aliases=("5",)), Binding("alpha", "7")]
        row = letters_row("beta=5 EUR\nalpha=7\nbeta=", items, "beta")
        generation = Generation(row, [write("5")])
        assert generation.write("x x") == "5 x"
        assert row.phase is Phase.CLOSED


class TestAFollowedBranch:
    def test_reads_what_is_written_and_chooses_the_rest(self, row: Row) -> None:
        said = branch("2")
        generation = Generation(row, [follow("4", said)])
        assert generation.write("1") == "4"
        assert (row.phase, said.read) == (Phase.FOLLOWED, [ord("4")])
        assert generation.write("9") == "2"
        assert (row.phase, said.read) == (Phase.CLOSED, [ord("4")])
        assert len(generation.recorder.slots) == 1  # a branch is not judged again

    def test_ends_a_value_that_another_one_begins_with(self) -> None:
        """`19` is whole, and `1950` is not what the branch says."""
        row = letters_row(ALIKE, {"alpha": "1950", "beta": "19"}, "beta")
        generation = Generation(row, [follow("1", branch("9"))])
        assert generation.write("xx") == "19"
        before, after = generation.step("5")
        changed = (before != after).nonzero()[:, 1].tolist()
        assert ord("5") in changed
        assert all(chr(letter).isalnum() for letter in changed)  # with any of them `19` would go on
        assert float(after[0, ord("5")]) == -math.inf

    def test_goes_on_where_the_branch_does(self) -> None:
        row = letters_row(ALIKE, {"alpha": "1950", "beta": "19"}, "alpha")
        generation = Generation(row, [follow("1", branch("5"))])
        assert generation.write("xxxx") == "1950"

    @pytest.mark.parametrize("last", ["2", "3"])
    def test_chooses_among_the_ways_of_the_target(self, last: str) -> None:
        items = [Binding("alpha", "17"), Binding("beta", "42", aliases=("43",))]
        generation = Generation(letters_row(PROMPT, items, "beta"), [follow("4", branch(last))])
        assert generation.write("xx") == "4" + last

    def test_is_let_go_of_where_none_of_its_tokens_may_be_written(self, row: Row) -> None:
        generation = Generation(row, [follow("4", branch("2"))])
        generation.write("1")
        before, after = generation.step("9", banned="2")
        assert after is before
        assert row.value is not None
        assert (row.phase, row.value.branch) == (Phase.FORCED, None)

    def test_has_no_end_in_a_value_that_is_not_known_so_only_its_token_is_written(self) -> None:
        row = letters_row("see: nothing\nbeta=", [Evidence("beta", text="nothing")])
        said = branch("o")
        generation = Generation(row, [follow("n", said)], null=PlainNull(peaked("x")))
        assert generation.write("x") == "n"
        assert row.value is not None
        assert (row.phase, row.value.branch, said.read) == (Phase.FORCED, None, [])


class TestTheEndOfAValue:
    @pytest.mark.parametrize(
        ("value", "written", "verdict"),
        [
            ("2", "2010 x", "binding_failure"),
            ("2", "2. x", "ok"),
            ("2", "2.5 x", "binding_failure"),
            ("2", "2 x", "ok"),
            ("05:47", "05:47:15", "binding_failure"),
            ("05:47", "05:47: x", "ok"),
            ("42", "43 x", "binding_failure"),  # drawn against the model's own token
        ],
    )
    def test_one_that_goes_on_is_not_the_targets(self, value: str, written: str, verdict: str) -> None:
        row = letters_row(f"alpha=17\nbeta={value}\nbeta=", {"alpha": "17", "beta": value}, "beta")
        generation = Generation(row)
        seen: list[str] = []
        generation.sinks.append(lambda record: seen.append(getattr(record, "final_verdict", "")))
        generation.step(value[0])
        assert seen == []  # not before it is known where it ends
        for letter, after in pairwise(written):
            generation.observe(letter)
            generation.step(after)
        generation.recorder.release_all()
        assert seen == [slot.final_verdict for slot in generation.recorder.slots]
        assert seen[0] == verdict
        assert generation.recorder.slots[0].verdict == "ok"

    @pytest.mark.parametrize("sampling", [False, True])
    @pytest.mark.parametrize(
        ("value", "model", "mark"), [("2", "1010", ""), ("05:47", "xxxxx:15", ":"), ("5", "9.5", ".")]
    )
    def test_a_repaired_one_is_kept_apart(self, value: str, model: str, mark: str, sampling: bool) -> None:
        row = letters_row(f"alpha=17\nbeta={value}\nbeta=", {"alpha": "17", "beta": value}, "beta")
        generation = Generation(row, [write(value[0])], allowed=limits(sampling=sampling))
        written = generation.write(model)
        assert written.startswith(value + mark)
        following = written[len(value + mark) :][:1]
        assert not (following.isdecimal() if mark else following.isalnum())
        assert generation.recorder.slots[0].final_verdict == "repaired"


class TestARestatement:
    def test_is_written_and_then_the_value_begins_again(self, row: Row) -> None:
        generation = Generation(row, [restate("4")])
        assert generation.write("z" * len(INSERTED)) == INSERTED
        assert row.phase is Phase.RESTATING
        assert generation.write("42") == "42"
        assert [(slot.kind, slot.verdict) for slot in generation.recorder.slots] == [
            ("line_end", "gate_failure"),
            ("reopened", "ok"),
        ]
        assert (row.phase, row.value) == (Phase.CLOSED, None)

    def test_is_given_up_where_its_next_token_is_ruled_out(self, row: Row) -> None:
        generation = Generation(row, [restate("4")])
        assert generation.write("zz") == INSERTED[:2]
        before, after = generation.step("z", banned=INSERTED[2])
        assert after is before
        assert (row.value, list(row.queue)) == (None, [])


class TestTheEnd:
    def test_of_a_row_without_its_value(self, row: Row) -> None:
        generation = Generation(row, [Stop("mine")], abstain_text="no")
        assert generation.write("xyz") == "no" + END
        assert (row.finished, row.value, row.interventions) == (True, None, 1)

    def test_a_row_that_has_ended_is_left_alone(self, row: Row) -> None:
        generation = Generation(row, [Stop("mine")])
        assert generation.write("x") == END
        before, after = generation.step("4")
        assert after is before
        assert generation.write("4") == "4"
        assert row.answer(LETTERS) == END

    def test_by_an_error_that_is_recorded_first(self, row: Row) -> None:
        error = BindingFailureError("it rests on nothing.")
        generation = Generation(row, [Raise("mine", error)])
        with pytest.raises(BindingFailureError, match="rests on nothing"):
            generation.step("x")
        assert generation.tried()[0][:2] == ("mine", True)


class TestLimits:
    """A proposal that holds is refused where this generation has no room for it, and the next one is tried."""

    def refused(self, generation: Generation) -> str:
        before, after = generation.step("x")
        assert after is before
        ((action, kept, reason),) = generation.tried()
        assert (action, kept) == ("mine", False)
        return reason

    def test_there_is_no_token_to_end_the_row_with(self, row: Row) -> None:
        generation = Generation(row, [Stop("mine")], allowed=limits(eos=frozenset()))
        assert "no end-of-sequence token" in self.refused(generation)

    def test_there_were_enough_interventions(self, row: Row) -> None:
        row.interventions = 2
        assert "bound on interventions" in self.refused(Generation(row, [write("4")], max_interventions=2))

    def test_but_all_that_is_done_in_one_value_is_one(self) -> None:
        row = letters_row("alpha=47\nbeta=42\nbeta=", {"alpha": "47", "beta": "42"}, "beta")
        null = PlainNull(peaked("2"))
        generation = Generation(row, [write("4")], [Stop("mine")], null=null, max_interventions=1)
        assert generation.write("x") + generation.write("x", banned="2") == "4" + END
        assert [slot.verdict for slot in generation.recorder.slots] == ["gate_failure", "gate_failure"]
        assert row.interventions == 1

    @pytest.mark.parametrize("bound", ["max_positions", "max_columns"])
    def test_there_is_no_room_for_an_insertion(self, bound: str, row: Row) -> None:
        room = len(PROMPT) + len(INSERTED)
        assert "no room" in self.refused(Generation(row, [restate("4")], allowed=limits(**{bound: room})))

    def test_there_are_too_few_tokens_left_for_one(self, row: Row) -> None:
        allowed = limits(max_new_tokens=len(INSERTED))
        assert "no room" in self.refused(Generation(row, [restate("4")], allowed=allowed))

    def test_what_is_refused_leaves_its_place_to_the_next(self, row: Row) -> None:
        allowed = limits(max_new_tokens=len(INSERTED))
        generation = Generation(row, [restate("4"), write("4"), Stop("mine")], allowed=allowed)
        assert generation.write("x") == "4"
        assert [kept for _, kept, _ in generation.tried()] == [False, True]


class TestAnUnresolvedTarget:
    def row(self) -> Row:
        row = letters_row("alpha=17\nbeta=42\nWhich one is it? [", ITEMS)
        assert row.bound.stops_mid_line
        return row

    def test_is_left_alone(self) -> None:
        generation = Generation(self.row(), [write("4")])
        assert generation.write("1") == "1"
        assert ([slot.verdict for slot in generation.recorder.slots], generation.asked) == (["unresolved"], [])

    def test_or_ends_the_row(self) -> None:
        assert Generation(self.row(), on_unresolved="abstain", abstain_text="?").write("11") == "?" + END

    def test_or_raises(self) -> None:
        with pytest.raises(BindingFailureError, match="row 0, step 0: the target is unresolved"):
            Generation(self.row(), on_unresolved="raise").step("1")
