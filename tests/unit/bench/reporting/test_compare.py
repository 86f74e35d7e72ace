"""Our numbers beside published ones: which are paired, what is computed, and which reasons are given."""

from __future__ import annotations

import io

import pytest
from bench_summaries import MODEL, about, condition_of, hits, row_of, summary_of, table_of
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from guardbind.errors import UnknownNameError
from guardbind_bench.experiments.table import Estimate, RowKey, Table, TableRow
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.reporting.compare import ComparedRow, compare
from guardbind_bench.reporting.published import read_published
from guardbind_bench.reporting.tables import show_comparisons, show_summaries
from guardbind_bench.stats.statistics import quantity

PUBLISHED = read_published()
STAGES = table_of({"acc": "share", "value_gap_mean": "logits"}, published="stage_decomposition")
FIXED = condition_of(PromptForm(asked="fixed"))


def compared(*rows: TableRow, table: Table = STAGES, form: PromptForm | None = None) -> list[ComparedRow]:
    conditions = [FIXED if form is None else condition_of(form)]
    return compare(summary_of([table], rows, conditions), PUBLISHED)


def test_numbers_equal_to_the_published_differ_by_nothing() -> None:
    for theirs in PUBLISHED.tables:
        columns = {name: column.unit for name, column in theirs.columns.items()}
        ours = table_of(columns, published=theirs.id)
        rows = []
        for row in theirs.rows:
            values = {name: quantity(value, row.n or 0) for name, value in row.values.items()}
            rows.append(TableRow(table=ours.id, keys=row.keys, values=values))
        found = compared(*rows, table=ours)
        pairs = [one for one in found if one.published_keys == one.keys]
        told = [row for row in theirs.rows if any(value is not None for value in row.values.values())]
        assert len(pairs) == len(told), theirs.id
        assert all(value.difference == 0 for one in pairs for value in one.values.values())
        assert {name for one in pairs for name in one.values} == set(columns)


def test_the_same_model_is_taken_where_it_is_published() -> None:
    (one,) = compared(row_of(STAGES, {"acc": hits(40, 200)}, model="qwen2.5-3b"))
    assert one.same_model
    assert one.published_keys is not None
    assert one.published_keys["model"] == MODEL
    assert not any("another model" in reason for reason in one.reasons)


def test_another_model_is_set_beside_every_published_one() -> None:
    found = compared(row_of(STAGES, {"acc": hits(40, 200)}, model="smollm2-135m"))
    assert [one.same_model for one in found] == [False] * 3
    for one in found:
        assert one.published_keys is not None
        assert f"another model: {one.published_keys['model']}" in one.reasons


@pytest.mark.parametrize(
    ("keys", "reason"),
    [
        ({"k": 96}, "k 96 is not published, only 256, 2048"),
        ({"filler": "natural"}, "filler natural is not published, only decoy_heavy"),
        ({"task": "strawberry_baseline"}, "task strawberry_baseline is not published, only competing_vars"),
    ],
)
def test_a_row_without_a_partner_says_why(keys: dict[str, RowKey], reason: str) -> None:
    (one,) = compared(about(row_of(STAGES, {"acc": hits(40, 200)}), keys))
    assert one.published_keys is None
    assert one.values == {}
    assert one.reasons[0].startswith(reason)


def test_a_row_pooled_over_k_has_no_partner() -> None:
    keys: dict[str, RowKey] = {"model": MODEL, "task": "competing_vars", "filler": "decoy_heavy"}
    (one,) = compared(TableRow(table=STAGES.id, keys=keys, values={"acc": hits(40, 200)}))
    assert one.published_keys is None
    assert one.reasons == ("the published rows are each for one k",)


def test_a_layer_of_another_model_is_another_layer() -> None:
    table = table_of({"delta_margin": "logits"}, published="patching_full")
    row = row_of(table, {"delta_margin": quantity(1.0, 40)}, model="smollm2-135m", layer=28, component="attn")
    (one,) = compared(row, table=table)
    assert one.published_keys is None
    assert "layer of another model" in one.reasons[0]


def test_a_refused_row_says_why_it_has_no_numbers() -> None:
    (one,) = compared(row_of(STAGES, {}, notes=["the context is too short"]))
    assert one.reasons == ("the context is too short",)


def test_notes_of_a_measured_row_are_no_reason() -> None:
    table = table_of({"ours": "share"}, published="stage_decomposition")
    (one,) = compared(row_of(table, {"ours": hits(1, 2)}, notes=["most frequent tokens"]), table=table)
    assert one.reasons == ("no number of this row is published with the same meaning",)


def test_only_numbers_of_one_unit_and_name_are_compared() -> None:
    table = table_of({"acc": "percent", "value_gap_mean": "logits", "ours": "share"}, published="stage_decomposition")
    values = {"acc": hits(40, 200), "value_gap_mean": quantity(-1.0, 200), "ours": hits(1, 2)}
    (one,) = compared(row_of(table, values), table=table)
    assert set(one.values) == {"value_gap_mean"}
    assert one.values["value_gap_mean"].difference == pytest.approx(0.81)
    assert one.values["value_gap_mean"].overlap is None


def test_a_table_that_names_no_published_one_is_left_out() -> None:
    table = table_of({"acc": "share"})
    assert compared(row_of(table, {"acc": hits(1, 2)}), table=table) == []


def test_an_unknown_published_table_is_an_error() -> None:
    table = table_of({"acc": "share"}, published="stage_decompositions")
    with pytest.raises(UnknownNameError, match="stage_decomposition'"):
        compared(row_of(table, {"acc": hits(1, 2)}), table=table)


@given(ends=st.tuples(st.integers(0, 1000), st.integers(0, 1000)))
def test_intervals_overlap_if_they_share_a_point(ends: tuple[int, int]) -> None:
    low, high = sorted(end / 1000 for end in ends)
    ours = Estimate(value=(low + high) / 2, low=low, high=high, n=50, method="wilson")
    (one,) = compared(row_of(STAGES, {"acc": ours}))
    found = one.values["acc"]
    assert found.published_low is not None
    assert found.published_high is not None
    points = [low, high, found.published_low, found.published_high]
    meeting = any(low <= x <= high and found.published_low <= x <= found.published_high for x in points)
    assert found.overlap == meeting


@pytest.mark.parametrize(("value", "within"), [(0.2, True), (0.01, True), (0.3, False), (0.0, False)])
def test_a_middling_share_may_differ_by_a_tenth(value: float, within: bool) -> None:
    (one,) = compared(row_of(STAGES, {"acc": quantity(value, 200)}))
    assert one.values["acc"].published == 0.107
    assert one.values["acc"].within_tolerance is within


def test_a_share_at_the_end_may_differ_by_a_fiftieth() -> None:
    table = table_of({"acc": "share"}, published="qwen_full")
    for value, within in ((0.985, True), (0.97, False)):
        (one,) = compared(row_of(table, {"acc": quantity(value, 200)}, k=128), table=table)
        assert one.values["acc"].published == 0.999
        assert one.values["acc"].within_tolerance is within


@pytest.mark.parametrize(
    ("form", "reason"),
    [
        (PromptForm(asked="random"), "the asked key is drawn at random here; the paper always asks for the first"),
        (PromptForm(asked="fixed", layout="C"), "layout C here, S in the released script"),
        (PromptForm(asked="fixed", style="eq"), "style eq here, bracket in the released script"),
        (PromptForm(asked="fixed", template="chat"), "template chat here, plain in the released script"),
    ],
)
def test_another_form_is_a_reason(form: PromptForm, reason: str) -> None:
    (one,) = compared(row_of(STAGES, {"acc": hits(40, 200)}), form=form)
    assert reason in one.reasons
    (same,) = compared(row_of(STAGES, {"acc": hits(40, 200)}))
    assert reason not in same.reasons


def test_only_the_forms_of_the_row_count() -> None:
    rows = [row_of(STAGES, {"acc": hits(40, 200)}, asked=asked) for asked in ("fixed", "random")]
    conditions = [FIXED, condition_of(PromptForm(asked="random")), condition_of(PromptForm(layout="C"), k=96)]
    fixed, random = compare(summary_of([STAGES], rows, conditions), PUBLISHED)
    assert not any("here" in reason for reason in fixed.reasons)
    assert [reason for reason in random.reasons if "here" in reason] == [
        "the asked key is drawn at random here; the paper always asks for the first"
    ]


def test_a_small_n_is_a_reason_on_either_side() -> None:
    table = table_of({"error_share_2b": "share"}, published="qwen_full")
    (one,) = compared(row_of(table, {"error_share_2b": hits(5, 9)}, k=128), table=table)
    reasons = one.values["error_share_2b"].reasons
    assert any(reason.startswith("our n of 9 is small") for reason in reasons)
    assert any("so few: 1 errors" in reason for reason in reasons)
    (large,) = compared(row_of(table, {"error_share_2b": hits(500, 900)}), table=table)
    assert not any("small" in reason or "few" in reason for reason in large.values["error_share_2b"].reasons)


def test_definitions_defects_and_inferred_fillers_are_reasons() -> None:
    table = table_of({"frac_2b": "share"}, published="probe_on_stage2b_errors")
    (one,) = compared(row_of(table, {"frac_2b": hits(60, 100)}), table=table)
    assert any("does not say of what it is a share" in reason for reason in one.values["frac_2b"].reasons)
    assert any("three values for the accuracy of this cell" in reason for reason in one.reasons)
    assert "the filler of the published row is inferred: decoy_heavy" in one.reasons


def test_what_only_the_draft_prints_says_so() -> None:
    table = table_of({"acc_baseline": "share", "delta_acc": "share"}, published="checkpoint")
    values = {"acc_baseline": hits(1, 400), "delta_acc": quantity(0.9, 400)}
    (one,) = compared(row_of(table, values, k=1024), table=table)
    said = {name: "seen only in the January 2026 draft" in value.reasons for name, value in one.values.items()}
    assert said == {"acc_baseline": False, "delta_acc": True}
    recipe = table_of({"eta": "ratio"}, published="routing_efficiency")
    (v1,) = compared(row_of(recipe, {"eta": quantity(0.2, 800)}), table=recipe)
    assert not any("draft" in reason for reason in v1.values["eta"].reasons)


def test_the_last_layer_is_set_beside_the_papers_last() -> None:
    table = table_of({"probe_acc_last": "share"}, published="routing_efficiency")
    (one,) = compared(row_of(table, {"probe_acc_last": hits(30, 100)}, model="smollm2-135m"), table=table)
    assert one.values["probe_acc_block_35"].difference == pytest.approx(0.3 - 0.739)
    assert one.values["probe_acc_block_35"].title == "title of probe_acc_last"
    assert any(reason.startswith("block 35 is the last") for reason in one.values["probe_acc_block_35"].reasons)
    # One of the same name is nearer.
    both = table_of({"probe_acc_last": "share", "probe_acc_block_35": "share"}, published="routing_efficiency")
    values = {"probe_acc_last": hits(30, 100), "probe_acc_block_35": hits(70, 100)}
    (one,) = compared(row_of(both, values), table=both)
    assert one.values["probe_acc_block_35"].ours.value == 0.7


def test_a_comparison_survives_json() -> None:
    for one in compared(row_of(STAGES, {"acc": hits(40, 200)}), row_of(STAGES, {"acc": hits(1, 2)}, k=1)):
        assert ComparedRow.model_validate_json(one.model_dump_json()) == one


def printed(show: object, *arguments: object) -> str:
    console = Console(file=io.StringIO(), width=200, markup=False)
    show(*arguments, console)  # type: ignore[operator]
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_terminal_shows_both_numbers_and_the_reasons() -> None:
    rows = [row_of(STAGES, {"acc": hits(40, 200)}), row_of(STAGES, {"acc": hits(1, 2)}, k=96)]
    text = printed(show_comparisons, compared(*rows))
    for part in ("0.200 [0.150, 0.261] n 200", "0.107 [0.088, 0.131] n 800", "+0.093", "apart", "within"):
        assert part in text
    assert "three values for the accuracy" in text
    assert "k 96 is not published, only 256, 2048" in text


def test_how_prompts_are_written_is_named_only_where_it_differs() -> None:
    rows = [row_of(STAGES, {"acc": hits(40, 200)}, asked=asked, layout="S") for asked in ("fixed", "random")]
    text = printed(show_comparisons, compared(*rows))
    assert "asked fixed" in text
    assert "asked random" in text
    assert "layout S," not in text
    assert "asked" not in printed(show_comparisons, compared(rows[0]))


def test_the_terminal_shows_tables_and_refusals() -> None:
    summary = summary_of(
        [STAGES],
        [row_of(STAGES, {"acc": hits(40, 200)}, notes=["[a note]"])],
        [condition_of(PromptForm(), refused="too long"), FIXED],
    )
    text = printed(show_summaries, [summary])
    for part in ("Title of stages", "0.200 [0.150, 0.261]", "[a note]", "too long", "1 cell refused"):
        assert part in text
