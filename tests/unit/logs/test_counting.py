"""Counts of a log: each record in its groups, the slots to look at, and memory that does not grow."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Iterable

import pytest
from log_records import BEGAN, a_generation, a_slot, a_source, an_intervention

from guardbind.errors import ConfigError
from guardbind.events.records import BudgetRecord, Event
from guardbind.logs import Unread
from guardbind.logs.counting import LogCounter
from guardbind.logs.page import render_log
from guardbind.logs.shown import headline, notes, readable, tables
from guardbind.logs.summary import GROUPINGS, LogSummary

EARLY = a_source("early")
LATE = a_source("late", started=BEGAN + 7200, model="other", policy="observe")
UNSAID = a_source("unsaid", started=None, policy=None)
RECORDS: list[Event] = [
    a_slot(EARLY, verdict="binding_failure", final_verdict="repaired", action="contrast", evidence_bits=-2.0),
    an_intervention(EARLY, kept=False),
    an_intervention(EARLY),
    a_slot(EARLY, row=1, kind="continued", null_forwards=3),
    a_generation(EARLY, unfinished=(1,), sink_failures=2),
    a_slot(LATE, resolved_by="unresolved", grounds="", verdict="unresolved", final_verdict="unresolved", target=None),
    a_slot(LATE, step=4, verdict="gate_failure", final_verdict="gate_failure"),
    a_generation(LATE, seconds=6.0, guard_seconds=1.5, error="NumericsError"),
    a_slot(UNSAID, kind="json_field"),
    an_intervention(a_source("never seen"), kept=False),
]


def summed(records: Iterable[Event | Unread], **asked: object) -> LogSummary:
    counter = LogCounter(**asked)  # type: ignore[arg-type]
    for record in records:
        counter.add(record)
    return counter.summary()


def test_the_whole_is_counted() -> None:
    found = summed(RECORDS)
    total = found.total
    assert (found.records, found.left_out, found.first, found.last) == (10, 0, BEGAN, BEGAN + 7200)
    assert (total.slots, total.passed, total.tried, total.kept, total.kept_share) == (5, 3, 3, 1, 1 / 3)
    assert total.verdicts == {"ok": 2, "binding_failure": 1, "unresolved": 1, "gate_failure": 1}
    assert total.final_verdicts == {"ok": 2, "repaired": 1, "unresolved": 1, "gate_failure": 1}
    assert total.actions == {"none": 4, "contrast": 1}
    assert (total.generations, total.new_tokens, total.unfinished, total.sink_failures) == (2, 10, 1, 2)
    assert (total.seconds, total.guard_seconds, total.guard_share, total.null_forwards) == (8.0, 2.0, 0.25, 7)
    assert total.errors == {"NumericsError": 1}


@pytest.mark.parametrize(
    ("by", "slots", "kept"),
    [
        ("hour", {"2026-11-28 21:00": 2, "2026-11-28 23:00": 2, "unknown": 1}, "2026-11-28 21:00"),
        ("day", {"2026-11-28": 4, "unknown": 1}, "2026-11-28"),
        ("model", {"tiny": 3, "other": 2}, "tiny"),
        ("policy", {"auto": 2, "observe": 2, "unknown": 1}, "auto"),
        ("rule", {"query (words)": 4, "unresolved": 1, "unknown": 0}, "query (words)"),
        ("slot", {"line_end": 3, "continued": 1, "json_field": 1, "unknown": 0}, "line_end"),
    ],
)
def test_each_group_has_its_own_records(by: str, slots: dict[str, int], kept: str) -> None:
    groups = {group.label: group for group in summed(RECORDS, by=[by]).groups[by]}  # type: ignore[index]
    assert {label: group.slots for label, group in groups.items()} == slots
    assert {label: group.kept for label, group in groups.items() if group.kept} == {kept: 1}
    generations = sum(group.generations for group in groups.values())
    assert generations == (0 if by in ("rule", "slot") else 2)
    assert sum(group.tried for group in groups.values()) == 3


@pytest.mark.parametrize(
    ("asked", "records"),
    [
        ({"since": BEGAN}, 9),
        ({"since": BEGAN + 1}, 3),
        ({"until": BEGAN + 1}, 6),
        ({"since": BEGAN, "until": BEGAN}, 0),
        ({"model": "other"}, 3),
        ({"model": "none"}, 0),
    ],
)
def test_only_what_is_asked_for_is_counted(asked: dict[str, object], records: int) -> None:
    found = summed(RECORDS, **asked)
    assert (found.records, found.left_out) == (records, len(RECORDS) - records)
    assert headline(found)
    assert not records or tables(found)


def test_the_worst_slots_are_kept_failures_first() -> None:
    def budget(margin: float) -> BudgetRecord:
        return BudgetRecord(
            null="mask", p1=0.5, p0=0.1, tau=0.9, observed_bits=1.0, required_bits=1.0 - margin, margin_bits=margin
        )

    failing: list[Event] = [
        a_slot(step=0, final_verdict="unresolved", evidence_bits=-9.0),
        a_slot(step=1, final_verdict="gate_failure", evidence_bits=-9.0),
        a_slot(step=2, final_verdict="binding_failure", evidence_bits=None),
        a_slot(step=3, final_verdict="binding_failure", evidence_bits=2.0),
        a_slot(step=4, final_verdict="binding_failure", evidence_bits=-2.0, budget=budget(1.0)),
        a_slot(step=5, final_verdict="absent"),
    ]
    passing: list[Event] = [
        a_slot(step=6, evidence_bits=1.0),
        a_slot(step=7, evidence_bits=-3.0, final_verdict="repaired", budget=budget(-9.0), final_budget=budget(3.0)),
        a_slot(step=8, evidence_bits=9.0, budget=budget(-1.0)),
        a_slot(step=9, evidence_bits=9.0, budget=budget(math.nan)),
    ]
    found = summed([*failing, *passing], noted=4)
    assert [slot.step for slot in found.failed] == [4, 3, 2, 1]
    assert [slot.step for slot in found.weakest] == [8, 7, 6, 9]
    assert [slot.margin_bits for slot in found.weakest] == [-1.0, 3.0, None, None]
    assert {slot.generation for slot in found.failed} == {"g0"}
    assert summed(passing, noted=0).weakest == ()


def test_text_is_shown_only_where_it_is_asked_for_and_there() -> None:
    told = a_slot(key="SECRET", token_text="SECRET", final_text="SECRET")
    assert "SECRET" not in summed([told]).model_dump_json()
    assert "SECRET" in summed([told], text=True).model_dump_json()
    assert "SECRET" not in render_log(summed([told]))
    assert render_log(summed([told], text=True)).count("SECRET") == 3
    assert 'own token</th><th class="words">written' not in render_log(summed([told.without_text()], text=True))


def test_what_was_not_read_is_told_with_its_first_places() -> None:
    bad = [Unread("a.jsonl", line, "damaged", "it is no JSON") for line in range(1, 9)]
    found = summed([*bad, Unread("b.jsonl", 3, "older format", "version 1"), *RECORDS], model="tiny")
    assert [(unread.problem, unread.lines, len(unread.first)) for unread in found.unread] == [
        ("damaged", 8, 3),
        ("older format", 1, 1),
    ]
    first, second, third, fourth = notes(found, others=2)
    assert "8 lines not read, damaged: a.jsonl, line 1: it is no JSON; a.jsonl, line 2" in first
    assert first.endswith("and more.")
    assert "1 line not read, older format: b.jsonl, line 3" in second
    assert third.startswith("3 records left out")
    assert fourth.startswith("2 slots not compared")


def test_a_long_log_is_shown_by_day_and_a_short_one_by_hour() -> None:
    assert "day" not in readable(summed(RECORDS)).groups
    long = summed([*RECORDS, a_slot(a_source(started=BEGAN + 86400 * 3))])
    assert set(readable(long).groups) == set(GROUPINGS) - {"hour"}
    assert 'title="2026-12-01: 1 ok"' in render_log(readable(long))


def test_the_page_shows_text_as_text_and_fetches_nothing() -> None:
    nasty = a_source(model="<script>alert(1)</script>", started=float("1e300"))
    page = render_log(summed([a_slot(nasty), a_generation(nasty, error='"><b>')]))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "http" not in page.replace("http-equiv", "")


def test_an_empty_log_has_a_summary_and_a_page() -> None:
    assert headline(summed([])) == "0 generations · 0 slots"
    assert tables(summed([])) == []
    assert "0 slots" in render_log(summed([]))


def test_memory_does_not_grow_with_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guardbind.logs.counting._MOST_GROUPS", 50)
    monkeypatch.setattr("guardbind.logs.counting._REMEMBERED", 50)

    def peak(count: int) -> int:
        tracemalloc.start()
        counter = LogCounter(noted=5)
        for number in range(count):
            source = a_source(f"g{number}", model=f"model {number}")
            counter.add(a_slot(source, resolved_by=f"rule {number}"))
            counter.add(a_generation(source, error=f"Error{number}"))
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        summary = counter.summary()
        assert summary.total.slots == sum(group.slots for group in summary.groups["model"]) == count
        return most

    assert peak(800) < 1.2 * peak(200)


@pytest.mark.parametrize("asked", [{"by": ["week"]}, {"noted": -1}])
def test_what_cannot_be_counted_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="accepted"):
        LogCounter(**asked)  # type: ignore[arg-type]
