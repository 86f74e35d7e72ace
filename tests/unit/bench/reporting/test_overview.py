"""What a report opens with: findings from the rows, what was run, what falls short, in the order of the outline."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_summaries import MODEL, about, condition_of, hits, row_of, summary_of, table_of

from guardbind.information.intervals import wilson
from guardbind_bench.experiments.finding import FindingNumber, FindingRule
from guardbind_bench.experiments.table import Estimate, RowKey, Table, TableRow
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.registry import EXPERIMENTS
from guardbind_bench.reporting.findings import Finding, findings_of
from guardbind_bench.reporting.outline import MOST_FINDINGS, finding_rules, place_of
from guardbind_bench.reporting.overview import overviews_of
from guardbind_bench.reporting.page import sections_of
from guardbind_bench.reporting.report import write_report
from guardbind_bench.running.summary import Summary
from guardbind_bench.stats.statistics import count

REPAIR = table_of({"accuracy": "share", "right_to_wrong": "count"}, name="repair")
REPAIRED = FindingRule(
    "What is repaired?",
    "repair",
    (FindingNumber("before", "accuracy", {"arm": "none"}), FindingNumber("after", "accuracy", {"arm": "auto"})),
    apart=("told",),
)
SPOILED = FindingRule(
    "What is spoiled?", "repair", (FindingNumber("of all", "right_to_wrong", {"arm": "auto"}),), pooled=True
)


def repair_row(right: int, arm: str, n: int = 40, spoiled: int = 0, **keys: RowKey) -> TableRow:
    values = {"accuracy": hits(right, n), "right_to_wrong": count(spoiled, n)}
    return about(row_of(REPAIR, values, arm=arm, told="nothing" if arm == "none" else "target"), keys)


def repair_summary(*rows: TableRow, experiment: str = "repair") -> Summary:
    return summary_of([REPAIR], rows, experiment=experiment)


def numbers_of(finding: Finding) -> list[tuple[str, str, int]]:
    return [(number.label, number.value, number.n) for number in finding.numbers]


def test_numbers_of_one_condition_stand_together() -> None:
    rows = [repair_row(10, "none", k=8), repair_row(20, "none", k=9), repair_row(30, "auto", k=9)]
    (found,) = findings_of([repair_summary(*rows)], [REPAIRED])
    # There is no `auto` at k 8.
    assert numbers_of(found) == [("before", "0.500", 40), ("after", "0.750", 40)]
    assert found.numbers[0].interval == "[0.352, 0.648]"
    assert "k 9" in found.about
    assert found.spread == ""


def test_the_first_condition_is_told_and_the_spread_of_all() -> None:
    rows = [
        repair_row(right, arm, k=k)
        for k, before, after in ((8, 20, 30), (9, 4, 40), (10, 12, 16))
        for arm, right in (("none", before), ("auto", after))
    ]
    (found,) = findings_of([repair_summary(*rows)], [REPAIRED])
    assert [value for _, value, _ in numbers_of(found)] == ["0.500", "0.750"]
    assert found.spread == "3 conditions: before 0.100 to 0.500; after 0.400 to 1.000"


def test_conditions_are_pooled_and_repeated_trials_count_once() -> None:
    rows = [
        repair_row(20, "auto", n=40, spoiled=2, k=8),
        # The same condition again, over some of its trials.
        repair_row(5, "auto", n=10, spoiled=1, k=8),
        repair_row(20, "auto", n=60, spoiled=1, k=9),
    ]
    (found,) = findings_of([repair_summary(*rows)], [SPOILED])
    assert numbers_of(found) == [("of all", "0.030", 100)]
    bounds = wilson(3, 100)
    assert found.numbers[0].interval == f"[{bounds.low:.3f}, {bounds.high:.3f}]"
    assert found.about.startswith("2 conditions together")


def test_the_ends_of_a_key_are_two_rows() -> None:
    table = table_of({"acc": "share"}, name="distance")
    rule = FindingRule(
        "Distance?",
        "distance",
        (
            FindingNumber("near", "acc", end=("k", "smallest")),
            FindingNumber("far", "acc", end=("k", "largest")),
        ),
    )
    rows = [row_of(table, {"acc": hits(right, 40)}, k=k) for k, right in ((64, 8), (8, 30), (256, 2), (32, 20))]
    (found,) = findings_of([summary_of([table], rows)], [rule])
    assert numbers_of(found) == [("near, k 8", "0.750", 40), ("far, k 256", "0.050", 40)]
    assert findings_of([summary_of([table], rows[:1])], [rule]) == []


def test_what_is_not_in_the_run_is_not_told() -> None:
    undefined = row_of(REPAIR, {"accuracy": Estimate(value=None, n=0)}, arm="none")
    for rows in ([], [repair_row(1, "none")], [undefined, repair_row(3, "auto")]):
        assert findings_of([repair_summary(*rows)], [REPAIRED]) == []
    assert findings_of([summary_of([table_of({"other": "share"}, name="repair")], [])], [REPAIRED]) == []


def test_what_experiments_find_is_in_their_tables() -> None:
    tables: dict[str, Table] = {table.id: table for name in EXPERIMENTS for table in EXPERIMENTS.get(name).tables}
    rules = finding_rules(EXPERIMENTS)
    assert len(rules) > MOST_FINDINGS
    for rule in rules:
        columns = tables[rule.table].columns
        assert {number.column for number in rule.numbers} <= set(columns), rule.title
        if rule.pooled:
            assert {columns[number.column].unit for number in rule.numbers} <= {"share", "count"}, rule.title


def test_stages_come_first_and_strangers_last() -> None:
    names = ["zoo", "applications", "stages"]
    sections = sections_of([repair_summary(experiment=name) for name in names])
    assert [section.anchor for section in sections] == ["stages", "applications", "zoo"]


def test_experiments_stand_in_the_order_of_their_places() -> None:
    assert sorted(EXPERIMENTS, key=place_of)[:3] == ["stages", "distance", "repair"]
    assert len({place_of(name)[0] for name in EXPERIMENTS}) == len(EXPERIMENTS.names())


class Stranger:
    """An experiment of somebody else, with what a report cannot do without."""

    title, version, aliases, tables = "Is it as strange?", 1, (), (table_of({"odd": "share"}, name="strange"),)


class Telling(Stranger):
    """One that says where it stands, and what it finds."""

    place = 15
    findings = (FindingRule("Is it odd?", "strange", (FindingNumber("odd", "odd"),)),)


@pytest.mark.parametrize(("kind", "place", "found"), [(Stranger, 2, []), (Telling, 1, ["Is it odd?"])])
def test_an_experiment_from_outside_has_its_place(kind: type[Stranger], place: int, found: list[str]) -> None:
    [table] = kind.tables
    row = row_of(table, {"odd": hits(3, 4)})
    names = ["stages", "strange", "applications", "zoo"]
    runs = [repair_summary(experiment=name) for name in names]
    runs[1] = summary_of([table], [row], experiment="strange").model_copy(update={"title": kind.title})
    EXPERIMENTS.register("strange", kind())  # type: ignore[arg-type]
    try:
        sections = sections_of(runs)
        (overview,) = overviews_of(sections)
    finally:
        EXPERIMENTS.unregister("strange")
    anchors = [section.anchor for section in sections]
    assert (anchors.index("strange"), anchors[-1]) == (place, "zoo")
    assert [(one.finding.title, one.anchor) for one in overview.findings] == [(t, "strange-strange") for t in found]


def test_each_model_has_an_overview_of_its_own() -> None:
    rows = [repair_row(10, "none"), repair_row(30, "auto/evidence")]
    ours, theirs = repair_summary(*rows), repair_summary(*rows).called("other")
    found = overviews_of(sections_of([ours, theirs, ours.model_copy(update={"experiment": "stages"})]))
    assert [(one.model, len(one.sections)) for one in found] == [(MODEL, 2), ("other", 1)]
    anchors = {opening.anchor for one in found for opening in one.findings}
    assert anchors == {"stages-repair", "repair-2-repair"}


def test_what_falls_short_is_said() -> None:
    refused = [condition_of(PromptForm(), refused="too long.", k=k) for k in (1, 2)]
    failed = condition_of(PromptForm(asked="fixed")).model_copy(update={"failed": 3})
    rows = [repair_row(10, "none")]
    (one,) = overviews_of(sections_of([summary_of([REPAIR], rows, [*refused, failed], experiment="repair")]))
    assert one.short == ("2 cells refused: too long", "measuring failed in 3 trials: 3 in repair")
    (fine,) = overviews_of(sections_of([repair_summary(*rows)]))
    assert fine.short == ()


def test_an_empty_table_is_left_out_with_one_sentence(tmp_path: Path) -> None:
    empty, refused = table_of({"acc": "share"}, name="empty"), table_of({"acc": "share"}, name="refused")
    rows = [repair_row(10, "none"), row_of(refused, {}, notes=["the prompts are too long"])]
    files = write_report([summary_of([REPAIR, empty, refused], rows)], tmp_path)
    html, tables = (path.read_text(encoding="utf-8") for path in (files.html, files.tables))
    assert (
        "Left out, as they hold no number: Table empty (nothing that was run belongs to it); "
        "Table refused (the prompts are too long)." in html
    )
    assert "Left out, as it holds no number: Table empty (nothing that was run belongs to it)" in tables
    assert "<h3>Table empty" not in html and "### Table empty" not in tables


def test_the_page_opens_with_the_findings(tmp_path: Path) -> None:
    rows = [repair_row(10, "none"), repair_row(30, "auto/evidence")]
    files = write_report([repair_summary(*rows)], tmp_path, again="guardbind bench report RUN --out FOLDER")
    html = files.html.read_text(encoding="utf-8")
    opening = html[: html.index("<nav")]
    for text in (MODEL, "<b>0.250</b> <small>[0.142, 0.402] n 40</small>", "<b>0.750</b>", 'href="#repair-repair"'):
        assert text in opening
    short = files.markdown.read_text(encoding="utf-8")
    assert "right before **0.250** [0.142, 0.402] n 40; after **0.750**" in short
    assert "guardbind bench report RUN --out FOLDER" in short
    assert len(findings_of([repair_summary(*rows)])) <= MOST_FINDINGS


def test_the_short_page_cuts_long_tables_and_says_so(tmp_path: Path) -> None:
    rows = [repair_row(k % 40, "none", k=k) for k in range(60)]
    text = write_report([repair_summary(*rows)], tmp_path).markdown.read_text(encoding="utf-8")
    assert "The first 10 of 60 rows." in text
    assert len(text.splitlines()) < 60
