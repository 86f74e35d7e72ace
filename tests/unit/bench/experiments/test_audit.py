"""The experiments of audits: rules on known readings, and what is said of a verifier that cannot judge."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bench_memory import SameRecords
from bench_summaries import summary_of

from guardbind.errors import ConfigError, UnknownNameError
from guardbind.information.budget import published_rule
from guardbind_bench.experiments.audit.experiment import EXPERIMENT
from guardbind_bench.experiments.audit.rows import bindings_rows
from guardbind_bench.experiments.audit_null_family.experiment import EXPERIMENT as NULLS
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.shared.audited import (
    AuditReadings,
    published_margins,
    share_difference,
    signed_margins,
    worst_flags,
)
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.audit_bindings import BoundClaimRecord
from guardbind_bench.measures.audits import AuditReadingRecord
from guardbind_bench.reporting.compare import compare
from guardbind_bench.reporting.published import read_published


def read(p1: float, p0: list[float], right: bool = True) -> AuditReadings:
    flags, one = np.array([right]), np.array([p1])
    return AuditReadings(flags, flags, one, np.array([p0]), one, one, one > 0.5)


@pytest.mark.parametrize(
    ("p1", "p0", "tau", "published", "signed"),
    [
        (0.01, 0.5, 0.95, False, True),  # the evidence refutes, and the published rule passes
        (0.995, 0.99, 0.95, True, False),  # well supported, and the published rule flags
        (0.05, 0.5, 0.75, False, True),
        (0.9, 0.05, 0.75, False, False),
        (0.6, 0.05, 0.75, True, True),
    ],
)
def test_the_two_rules_differ_where_the_published_one_has_its_defects(
    p1: float, p0: float, tau: float, published: bool, signed: bool
) -> None:
    readings = read(p1, [p0])
    assert bool(worst_flags(published_margins(readings, tau))[0]) is published is not published_rule(p1, p0, tau)
    assert bool(worst_flags(signed_margins(readings, tau))[0]) is signed


def test_the_worst_null_decides() -> None:
    readings = read(0.9, [0.05, 0.97])
    assert not worst_flags(signed_margins(readings, 0.75)[:, :1])[0]
    assert worst_flags(signed_margins(readings, 0.75))[0]


def test_a_difference_of_shares_has_newcombes_interval() -> None:
    # Newcombe (1998), method 10, his example of 56/70 and 48/80.
    first, second = np.arange(70) < 56, np.arange(80) < 48
    seen = share_difference(first, second)
    assert (seen.value, seen.low, seen.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    assert share_difference(first, second[:0]).value is None


def records(skill: float, n: int = 200) -> list[AuditReadingRecord]:
    rng = np.random.default_rng(5)
    made = []
    for index in range(n):
        right = index % 2 == 0
        p1 = float(np.clip(0.5 + (0.45 if right else -0.45) * skill + rng.normal(0, 0.05), 0.01, 0.98))
        about: dict[str, Any] = {
            "kind": "true" if right else "swapped",
            "language": "en",
            "form": "prose",
            "domain": "x",
        }
        made.append(
            AuditReadingRecord(
                index=index,
                claim=0,
                right=right,
                carried=right,
                p1=p1,
                no=(1 - p1) * 0.8,
                unsure=(1 - p1) * 0.2,
                p0=[0.05, 0.06, 0.04, 0.05],
                own=float(rng.random()),
                prompt_tokens=100,
                **about,
            )
        )
    return made


def rows_of(made: list[AuditReadingRecord], task: str = "documents") -> list[TableRow]:
    settings = Settings(tasks=(task,), ks=(0,), trials=len(made), options={"bound_trials": 0, "taus": [0.75]})
    return EXPERIMENT.summarise(SameRecords(made), settings, lambda _: None)


def one(rows: list[TableRow], table: str, **keys: Any) -> TableRow:
    [row] = [row for row in rows if row.table == table and keys.items() <= row.keys.items()]
    return row


def test_a_verifier_that_can_judge_finds_the_errors_and_a_random_flag_does_not() -> None:
    rows = rows_of(records(1.0))
    assert (one(rows, "audit_verifier").values["verifier_accuracy"].low or 0) > 0.9
    assert not one(rows, "audit_verifier").notes
    signed, lots = (one(rows, "audit_rules", rule=rule).values for rule in ("signed_budget", "random"))
    assert signed["precision"].value == signed["recall"].value == 1.0
    assert lots["flagged"].value == pytest.approx(signed["flagged"].value, abs=0.01)
    assert (lots["precision"].value or 1) < 0.65
    assert one(rows, "audit_rates", rule="p1", rate=0.4).values["recall"].value == pytest.approx(0.8)
    assert one(rows, "audit_kinds", kind="swapped").values["flagged_signed"].value == 1.0


def test_a_verifier_that_cannot_judge_is_said_to_be_none_beside_every_figure() -> None:
    rows = rows_of(records(0.0))
    low, high = (getattr(one(rows, "audit_verifier").values["verifier_accuracy"], end) for end in ("low", "high"))
    assert low < 0.5 < high
    assert all(any("not shown to be better than chance" in note for note in row.notes) for row in rows)
    assert all("verifier_accuracy" in row.values for row in rows)


def test_answers_without_an_option_count_as_wrong_and_are_not_audited() -> None:
    made = records(1.0, 20)
    made.append(made[0].model_copy(update={"index": 20, "right": False, "audited": False, "p1": None, "p0": []}))
    row = one(rows_of(made, "synthetic_binding"), "audit_binding", tau=0.75)
    assert row.values["acc_pct"].value == pytest.approx(100 * 10 / 21) and row.values["acc_pct"].n == 21
    assert row.values["audited"].value == 20 and "1 of 21 answers" in row.notes[0]
    assert row.values["lift_pp"].value == pytest.approx(100.0)


def test_the_null_family_has_a_row_for_each_tau_and_each_null_of_the_paper() -> None:
    settings = Settings(tasks=("documents",), ks=(0,), trials=40)
    rows = NULLS.summarise(SameRecords(records(0.5, 40)), settings, lambda _: None)
    assert [row.keys["tau"] for row in rows if row.table == "audit_taus"] == [0.65, 0.7, 0.75, 0.8]
    nulls = {row.keys["null"] for row in rows if row.table == "audit_nulls"}
    assert nulls == {row.keys["null"] for row in read_published().table("quality_null_family").rows}
    passed = {row.keys["null"]: row.values["pass_pct"].value or 0.0 for row in rows if row.table == "audit_nulls"}
    assert all(passed["envelope"] <= share for share in passed.values())


def test_trivial_rules_stand_beside_every_figure_of_the_null_family() -> None:
    settings = Settings(tasks=("documents",), ks=(0,), trials=200)
    made = records(1.0)
    for place, record in enumerate(made):  # the answer's own probability tells the wrong half apart, chance does not
        made[place] = record.model_copy(update={"own": 0.9 if record.right else 0.1})
    rows = NULLS.summarise(SameRecords(made), settings, lambda _: None)
    figures = [row for row in rows if row.table in ("audit_answers", "audit_taus", "audit_nulls")]
    assert len(figures) == 1 + 4 + 5
    for row in figures:
        flagged = 1 - (row.values["pass_pct"].value or 0.0) / 100
        for rule in ("published", "signed", "trivial", "own", "random"):
            precision, recall = row.values[f"precision_{rule}"], row.values[f"recall_{rule}"]
            assert precision.low is not None and recall.low is not None and recall.n == 100
        for rule in ("own", "random"):  # as many as the published rule
            assert row.values[f"precision_{rule}"].n == round(flagged * 200)
        assert row.values["recall_own"].value == pytest.approx(row.values["recall_published"].value, abs=0.02)
        assert abs((row.values["precision_random"].value or 0.0) - 0.5) < 0.15
        assert abs(row.values["lift_pp_random"].value or 0.0) < 25 < (row.values["lift_pp_own"].value or 0.0)
    rates = [row for row in rows if row.table == "audit_null_rates"]
    assert len(rates) == 4 * (5 + 4 * 2)
    at = one(rates, "audit_null_rates", null="envelope", rule="own_probability", rate=0.4).values
    assert (at["precision"].value, at["precision"].n) == (1.0, 80) and at["recall"].value == pytest.approx(0.8)


def test_tasks_of_another_kind_and_unknown_ones_are_refused() -> None:
    with pytest.raises(ConfigError, match="no task of audits"):
        EXPERIMENT.plan(Settings(tasks=("records",)))
    with pytest.raises(UnknownNameError):
        NULLS.plan(Settings(tasks=("document",)))
    with pytest.raises(ConfigError, match=r"0\.5 to 0\.999"):
        EXPERIMENT.plan(Settings(tasks=("documents",), options={"taus": [0.2]}))


def test_claims_have_one_condition_and_answers_one_for_each_variant() -> None:
    settings = Settings(
        tasks=("documents", "synthetic_binding"), ks=(0, 8), trials=3, options={"variants": ["baseline", "rag"]}
    )
    cells = [request.cell for request in EXPERIMENT.plan(settings)]
    assert [(cell.task, cell.k, cell.options.get("variant")) for cell in cells if cell.measure == "audits"] == [
        ("documents", 0, "baseline"),
        ("documents", 8, "baseline"),
        *(("synthetic_binding", k, variant) for k in (0, 8) for variant in ("baseline", "rag")),
    ]
    assert sum(cell.measure == "audit_bindings" for cell in cells) == 2


def test_bindings_are_counted_by_kind_and_a_wrong_citation_is_a_flag() -> None:
    def bound(kind: str, right: bool, state: str, cited: bool | None) -> BoundClaimRecord:
        about: dict[str, Any] = {"language": "en", "form": "prose", "domain": "x"}
        return BoundClaimRecord(
            index=0, claim=0, kind=kind, right=right, stated=right, state=state, cited=cited, **about
        )

    made = [
        bound("true", True, "agrees", True),
        bound("true", True, "unresolved", None),
        bound("swapped", False, "differs", True),
        bound("miscited", False, "agrees", False),
        bound("stale", False, "agrees", True),
    ]
    rows = list(bindings_rows({}, SameRecords(made).frame(None)))  # type: ignore[arg-type]
    whole = one(rows, "audit_bound", of="all").values
    assert whole["precision"].value == 1.0 and whole["recall"].value == pytest.approx(2 / 3)
    assert whole["wrong_certified"].value == pytest.approx(1 / 3) and whole["right_flagged"].value == 0.0
    assert one(rows, "audit_bound", of="miscited").values["cited_wrongly"].value == 1.0


def test_answers_about_documents_are_set_beside_the_papers_and_said_to_be_others() -> None:
    settings = Settings(tasks=("documents",), ks=(0,), trials=60)
    made = [record.model_copy(update={"p1": 0.9 if record.index % 3 else 0.2}) for record in records(0.5, 60)]
    rows = NULLS.summarise(SameRecords(made), settings, lambda _: None)
    compared = [row for row in compare(summary_of(NULLS.tables, rows, model="tiny")) if row.published_keys]
    assert {row.reference for row in compared} == {f"Table {number} of the draft" for number in (8, 11, 12)}
    assert all({"pass_pct", "lift_pp"} <= row.values.keys() for row in compared)
    assert all(any("generated and not those of QuALITY" in why for why in row.reasons) for row in compared)
    for row in compared:
        assert row.published_keys is not None
        assert (row.published_keys["tau"], row.published_keys["null"]) == (row.keys["tau"], row.keys["null"])
