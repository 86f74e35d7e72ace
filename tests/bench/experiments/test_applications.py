from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from bench_memory import MemoryData, SameRecords, frame_of
from bench_tiny import speaking_lab

from guardbind.errors import ConfigError, GuardbindError, UnknownNameError
from guardbind.information.intervals import wilson
from guardbind_bench.cli.choice import Choice, choose
from guardbind_bench.experiments.applications.experiment import EXPERIMENT
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.answers import MEASURE, AnswerRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.registry import MEASURES

SETTINGS = Settings(tasks=("records",), ks=(0,), trials=6)


def record(index: int, arm: str, stage: Any, **more: Any) -> AnswerRecord:
    what: dict[str, Any] = {
        "answerable": True,
        "direction": "key_value",
        "which": "only",
        "prompt_tokens": 100,
        "distance": 40,
        "facts": 4,
        "bound": 3,
        "bindings": 5,
        "extra": 2,
        "text": "",
        "tokens": 10,
        "exact": stage == "right",
        "form_equivalent": stage == "right",
        "written": () if stage == "2A" else ("17",),
        "changed": False,
        "extra_forwards": 0,
        "extra_tokens": 0,
        "seconds": 1.0,
    }
    return AnswerRecord(index=index, arm=arm, stage=stage, **what | more)


#                0        1     2     3     4        5
UNGUARDED = ("right", "2B", "2B", "2B", "2A", "right")
AUTO = ("right", "right", "2B", "2A", "2B", "2B")
RESOLVED = (True, True, True, False, None, True)
RIGHTLY = (True, True, False, None, None, True)


def trials(renaming: int = 0) -> list[AnswerRecord]:
    """Six trials: one repaired, two spoiled or moved, three 2B of which the guard knew the target of two."""
    records = []
    for i in range(6):
        asks: dict[str, Any] = {"direction": "key_value" if i < 3 else "value_key"}
        seen = {
            "covered": 0 if RESOLVED[i] is None else 1,
            "found": None if UNGUARDED[i] == "2A" else RESOLVED[i] is not None,
            "resolved": RESOLVED[i],
            "resolved_right": RIGHTLY[i],
        }
        records.append(record(i, "none", UNGUARDED[i], **asks))
        records.append(record(i, "observe", UNGUARDED[i], **asks, **seen, actions=("none",), seconds=2.0))
        acted = ("none",) if UNGUARDED[i] == AUTO[i] else ("none", "veto")
        cost = {"extra_forwards": i, "extra_tokens": 10 * i, "seconds": float(i + 1)}
        records.append(record(i, "auto", AUTO[i], **asks, **cost, changed=AUTO[i] != UNGUARDED[i], actions=acted))
    return records


def twins() -> list[AnswerRecord]:
    """Four twins: nothing written, the same value, another one in its place, two where there was none: one wrongly."""
    records = []
    before: list[tuple[str, ...]] = [(), ("17",), ("17",), ()]
    after: list[tuple[str, ...]] = [(), ("17",), ("42",), ("17", "42")]
    for i in range(4):
        for arm, written in (("none", before[i]), ("observe", before[i]), ("auto", after[i])):
            actions = ("abstain",) if arm == "auto" and i == 0 else ()
            records.append(
                record(
                    i,
                    arm,
                    "2B" if written else "right",
                    answerable=False,
                    distance=None,
                    written=written,
                    stated_wrongly=written[:1] if i == 3 else (),
                    changed=written != before[i],
                    actions=actions,
                )
            )
    return records


def rows_of(records: Sequence[AnswerRecord], settings: Settings = SETTINGS) -> list[TableRow]:
    return EXPERIMENT.summarise(SameRecords(list(records)), settings, lambda _: None)


def one(rows: Sequence[TableRow], table: str, **keys: Any) -> TableRow:
    [row] = [row for row in rows if row.table == f"applications_{table}" and keys.items() <= row.keys.items()]
    return row


def values(rows: Sequence[TableRow], table: str, **keys: Any) -> dict[str, float | None]:
    return {name: estimate.value for name, estimate in one(rows, table, **keys).values.items()}


def test_answers_are_compared_in_pairs() -> None:
    rows = rows_of(trials())
    before = values(rows, "answers", direction="both", arm="none")
    assert before == pytest.approx({"accuracy": 2 / 6, "exact": 2 / 6, "answers_2a": 1 / 6, "answers_2b": 3 / 6})
    after = values(rows, "answers", direction="both", arm="auto")
    assert after == pytest.approx(
        {
            "accuracy": 2 / 6,
            "exact": 2 / 6,
            "answers_2a": 1 / 6,
            "answers_2b": 3 / 6,
            "delta": 0.0,
            "wrong_to_right": 1,
            "right_to_wrong": 1,
            "mcnemar_p": 1.0,
        }
    )
    assert values(rows, "answers", direction="key_value", arm="auto")["accuracy"] == pytest.approx(2 / 3)
    assert values(rows, "answers", direction="value_key", arm="auto")["right_to_wrong"] == 1


def test_a_model_without_a_chat_template_is_told_from_the_others() -> None:
    by_question = [one.model_copy(update={"asked_by": "question"}) for one in trials()]
    by_chat = [one.model_copy(update={"asked_by": "chat"}) for one in trials()]
    said = [note for row in rows_of(by_question) if row.table == "applications_answers" for note in row.notes]
    assert said and all('asked as "Question: ..." and "Answer:"' in note for note in said if "2A" not in note)
    assert [row.notes for row in rows_of(by_chat)] == [row.notes for row in rows_of(trials())]
    [note] = one(rows_of(by_chat[:9] + by_question[9:]), "answers", direction="both", arm="auto").notes
    assert note.startswith("some prompts: asked as")


def test_a_right_answer_in_another_form_is_not_exact() -> None:
    records = [record(i, "none", "right", exact=i > 0) for i in range(4)]
    found = values(rows_of(records), "answers", arm="none")
    assert (found["accuracy"], found["exact"]) == (1.0, 0.75)


def test_what_is_removed_is_counted_where_the_guard_knew_the_target() -> None:
    rows = rows_of(trials())
    found = values(rows, "repair", direction="both", arm="auto")
    # Resolved are trials 0, 1, 2 and 5; of their 2B errors 1 and 2, the first is gone, and 5 is new.
    assert found == pytest.approx(
        {
            "removed_resolved": 0.0,
            # Rightly in 0, 1 and 5: the 2B error of 1 is gone, and 5 is new.
            "removed_asked": 0.0,
            "rate_2b_before": 2 / 4,
            "rate_2b_after": 2 / 4,
            "removed": 0.0,
            "spoiled": 1 / 2,
            "spoiled_of_all": 1 / 6,
            "stated_anew": 0.0,
            "acted": 4 / 6,
        }
    )
    assert values(rows, "repair", direction="key_value", arm="auto")["removed_resolved"] == pytest.approx(0.5)
    spoiled = one(rows, "repair", direction="both", arm="auto").values["spoiled"]
    assert (spoiled.low, spoiled.high, spoiled.n) == (wilson(1, 2).low, wilson(1, 2).high, 2)
    assert values(rows, "repair", direction="both", arm="observe")["removed_resolved"] == 0


def test_what_is_removed_is_also_counted_where_the_target_was_the_right_answer() -> None:
    rows = rows_of(trials())
    # Of the questions for values, the target was right in trials 0 and 1: the one 2B error is gone.
    asked = one(rows, "repair", direction="key_value", arm="auto").values["removed_asked"]
    assert (asked.value, asked.n) == (1, 2)
    assert one(rows, "repair", direction="both", arm="auto").values["removed_asked"].n == 3
    # Of those for names, trial 5 was right before.
    owners = one(rows, "repair", direction="value_key", arm="auto").values["removed_asked"]
    assert (owners.value, owners.n) == (None, 1)


def test_a_value_is_stated_wrongly_anew_where_the_unguarded_answer_does_not_write_it_wrongly() -> None:
    before: list[tuple[str, ...]] = [(), ("17",), ("17",), ("17", "42"), ()]
    after: list[tuple[str, ...]] = [("17",), ("17",), ("42",), ("42",), ()]
    records = [
        record(i, arm, "2B", written=("17", "42"), stated_wrongly=wrong[i])
        for i in range(5)
        for arm, wrong in (("none", before), ("observe", before), ("auto", after))
    ]
    rows = rows_of(records)
    anew = one(rows, "repair", arm="auto").values["stated_anew"]
    assert (anew.value, anew.n) == (2 / 5, 5)
    assert values(rows, "repair", arm="observe")["stated_anew"] == 0


def test_a_twin_that_newly_states_wrongly_what_it_wrote_before_is_counted() -> None:
    records = [
        record(0, arm, "2B", answerable=False, written=("17",), stated_wrongly=wrong)
        for arm, wrong in (("none", ()), ("observe", ()), ("auto", ("17",)))
    ]
    found = values(rows_of([*trials(), *records]), "twins", arm="auto")
    assert (found["inserted"], found["inserted_wrong"], found["inserted_anew"]) == (0, 1, 0)


def test_slots_are_those_of_the_unguarded_answers() -> None:
    rows = rows_of(trials())
    found = one(rows, "slots", direction="both").values
    assert {name: estimate.value for name, estimate in found.items()} == pytest.approx(
        {"written": 5 / 6, "covered": 5 / 5, "found": 5 / 5, "resolved": 4 / 5, "resolved_right": 3 / 4}
    )
    assert [found[name].n for name in ("found", "resolved", "resolved_right")] == [5, 5, 4]


def test_extraction_is_counted_once_per_prompt() -> None:
    records = [*trials(), *twins(), record(6, "none", "right", facts=6, bound=6, bindings=6, extra=0)]
    found = values(rows_of(records), "extraction")
    assert found["recall"] == pytest.approx((6 * 3 + 6) / (6 * 4 + 6))
    assert found["precision"] == pytest.approx((6 * 3 + 6) / (6 * 5 + 6))


def test_a_value_that_the_unguarded_twin_does_not_write_is_inserted() -> None:
    rows = rows_of([*trials(), *twins()])
    assert values(rows, "twins", arm="auto") == pytest.approx(
        {
            "wrote_before": 2 / 4,
            "wrote": 3 / 4,
            "inserted": 2 / 4,
            "inserted_wrong": 1 / 4,
            "inserted_anew": 1 / 4,
            "changed": 2 / 4,
            "abstained": 1 / 4,
        }
    )
    assert values(rows, "twins", arm="observe")["inserted"] == 0
    assert not any(row.keys["arm"] == "none" for row in rows if row.table == "applications_twins")


def test_costs_are_beside_the_unguarded_answer() -> None:
    found = values(rows_of(trials()), "cost", arm="auto")
    assert found == pytest.approx(
        {"tokens": 10, "extra_forwards": 2.5, "extra_tokens": 25, "seconds_ratio_median": 3.5}
    )
    # Trial 0 took 1 second unguarded and 2 observed.
    assert values(rows_of(trials()), "cost", arm="observe")["seconds_ratio_median"] == 2


def test_a_failure_leaves_out_one_answer_and_is_said() -> None:
    failed = AnswerRecord(index=0, arm="auto", answerable=True, direction="key_value", which="only", failed="too long")
    held = [r for r in trials() if (r.index, r.arm) != (0, "auto")]
    rows = rows_of([failed, *held])
    assert one(rows, "answers", direction="both", arm="auto").values["accuracy"].n == 5
    assert one(rows, "answers", direction="both", arm="none").values["accuracy"].n == 6
    assert any("auto 1" in note for note in one(rows, "answers", direction="both", arm="auto").notes)
    [row] = rows_of([failed.model_copy(update={"arm": arm}) for arm in ("none", "auto")])
    assert not row.values and "none 1, auto 1" in row.notes[0]


def test_where_the_model_writes_no_value_the_row_says_so() -> None:
    records = [record(i, "none", "2A" if i < 3 else "right") for i in range(4)]
    [note] = one(rows_of(records), "answers", arm="none").notes
    assert note.startswith("2A dominates")
    assert one(rows_of(trials()), "answers", direction="both", arm="none").notes == ()


def test_trials_that_were_passed_over_do_not_count() -> None:
    passed = AnswerRecord(index=9, arm="none", answerable=True, direction="value_key", which="only", counts=False)
    assert rows_of([*trials(), passed]) == rows_of(trials())


def test_renamings_are_further_trials_and_rows_of_their_own() -> None:
    settings = SETTINGS.model_copy(update={"options": {"renamings": 1}})
    requests = EXPERIMENT.plan(settings)
    assert [request.cell.options["renaming"] for request in requests] == [0, 1]
    other = [record(i, arm, "2B") for i in range(6) for arm in ("none", "auto")]
    frames = {r.model_dump_json(): frame_of(f) for r, f in zip(requests, (trials(), other), strict=True)}
    rows = EXPERIMENT.summarise(MemoryData(frames), settings, lambda _: None)
    assert one(rows, "answers", direction="both", arm="auto").values["accuracy"].n == 12
    assert values(rows, "renamings", renaming=0, arm="auto")["accuracy"] == pytest.approx(2 / 6)
    assert values(rows, "renamings", renaming=1, arm="auto") == {"accuracy": 0, "answers_2b": 1, "removed": 0}
    assert not [row for row in rows_of(trials()) if row.table == "applications_renamings"]


def test_one_direction_is_measured_until_there_are_enough() -> None:
    [request] = EXPERIMENT.plan(SETTINGS.model_copy(update={"options": {"directions": ["value_key"]}}))
    assert request.wanted == SETTINGS.trials < request.trials
    assert request.cell.options["directions"] == ["value_key"]


def test_the_rows_are_those_of_the_tables() -> None:
    settings = SETTINGS.model_copy(update={"options": {"renamings": 1}})
    rows = rows_of([*trials(), *twins()], settings)
    assert rows == rows_of([*trials(), *twins()], settings)
    for table in EXPERIMENT.tables:
        columns = [set(row.values) for row in rows if row.table == table.id]
        assert set().union(*columns) == set(table.columns), table.id
    assert len({(row.table, *row.keys.items()) for row in rows}) == len(rows)


def test_a_refused_cell_gives_a_row_without_values() -> None:
    [row] = EXPERIMENT.summarise(SameRecords([], "too long"), SETTINGS, lambda _: None)
    assert (dict(row.values), row.notes) == ({}, ("too long",))


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (Settings(tasks=("record",)), UnknownNameError),
        (Settings(tasks=("competing_vars",)), ConfigError),
        (SETTINGS.model_copy(update={"options": {"policies": ["vetoo"]}}), ConfigError),
        (SETTINGS.model_copy(update={"options": {"arms": ["veto"]}}), ConfigError),
        (SETTINGS.model_copy(update={"options": {"directions": []}}), ConfigError),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: Settings, error: type[GuardbindError]) -> None:
    with pytest.raises(error):
        EXPERIMENT.plan(settings)


def test_a_task_goes_to_the_experiments_that_take_it() -> None:
    taking = list(choose([], "quick", "any", Choice(tasks=("records",))))
    assert taking == ["applications", "api_agreement", "rivals", "assignment", "targets", "harm"]
    without = choose([], "quick", "any", Choice(tasks=("competing_vars",)))
    assert "applications" not in without and "repair" in without
    both = choose([], "quick", "any", Choice(tasks=("records", "competing_vars")))
    assert (both["applications"].tasks, both["repair"].tasks) == (("records",), ("competing_vars",))
    assert choose(["applications"], "quick", "any", Choice(tasks=("competing_vars",)))["applications"].tasks == (
        "competing_vars",
    )
    with pytest.raises(ConfigError, match="takes any of the tasks records"):
        choose([], "paper", "google/gemma-2-2b", Choice(tasks=("records",)))
    with pytest.raises(UnknownNameError, match="Did you mean 'records'"):
        choose([], "quick", "any", Choice(tasks=("record",)))


def test_the_measure_needs_a_text_task() -> None:
    lab = speaking_lab()
    with pytest.raises(ConfigError, match="is a task; here a text task is needed: agent_log"):
        MEASURE.prepare(lab, BenchCell(measure="answers", task="competing_vars"))
    for measure in ("reading", "repair"):
        with pytest.raises(ConfigError, match="is a text task; here a task is needed"):
            MEASURES.get(measure).prepare(lab, BenchCell(measure=measure, task="records"))
