"""The report: one page that needs nothing else, a short one, and Markdown that holds every number."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from bench_summaries import MODEL, about, condition_of, hits, row_of, summary_of, table_of

from guardbind_bench.experiments.table import Estimate, RowKey, Table, TableRow
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.reporting.figures import FIGURES, draw
from guardbind_bench.reporting.grid import grid_of
from guardbind_bench.reporting.numbers import interval, number
from guardbind_bench.reporting.report import write_report
from guardbind_bench.reporting.svg import inline_svg
from guardbind_bench.running.summary import Summary
from guardbind_bench.stats.statistics import mean, quantity

STAGES = table_of(
    {"acc": "share", "rate_2a": "share", "rate_2b": "share", "value_gap_mean": "logits"},
    published="stage_decomposition",
    figure="stages",
)


def stage_row(right: int, **keys: RowKey) -> TableRow:
    values = {"acc": hits(right, 40), "rate_2a": hits(3, 40), "rate_2b": hits(37 - right, 40)}
    return about(row_of(STAGES, {**values, "value_gap_mean": mean([-1.0, 0.25, right / 7])}), keys)


def stages(model: str = MODEL) -> Summary:
    rows = [stage_row(5 + i, k=k, filler=filler) for i, k in enumerate((96, 256)) for filler in ("natural", "repeat")]
    return summary_of([STAGES], rows, [condition_of(PromptForm(asked="fixed"))], model)


class Page(HTMLParser):
    """Collects what a browser would fetch, the ids and links, the texts of table rows, and unclosed tags."""

    VOID = frozenset({"meta", "br", "img", "link", "hr", "input"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.fetched: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.rows: list[list[str]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = {name: value or "" for name, value in attrs}
        self.fetched += [given[name] for name in ("src", "srcset", "data", "poster") if name in given]
        if tag == "link":
            self.fetched.append(given.get("href", ""))
        self.links += [value for name, value in given.items() if name in ("href", "xlink:href")]
        self.ids += [given["id"]] if "id" in given else []
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in self.VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data


def written(tmp_path: Path, *summaries: Summary) -> tuple[str, str]:
    files = write_report(summaries, tmp_path / "report")
    return files.html.read_text(encoding="utf-8"), files.tables.read_text(encoding="utf-8")


def short_page(tmp_path: Path, *summaries: Summary) -> str:
    return write_report(summaries, tmp_path / "report").markdown.read_text(encoding="utf-8")


def pipe_rows(markdown: str) -> list[list[str]]:
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in markdown.splitlines()
        if line.startswith("| ")
    ]


def numbers_of(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?(?:e-?\d+)?", text)]


def test_the_page_fetches_nothing(tmp_path: Path) -> None:
    html, _ = written(tmp_path, stages())
    page = Page(html)
    assert page.fetched == []
    assert page.open == []
    assert not re.search(r"https?://|@import|url\((?!#)", html)
    assert "script" not in page.tags
    assert all(link.startswith(("#", "data:")) for link in page.links)


def test_every_link_leads_to_one_place(tmp_path: Path) -> None:
    html, _ = written(tmp_path, stages(), stages("other"))
    page = Page(html)
    assert len(page.ids) == len(set(page.ids))
    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)


def test_names_are_text(tmp_path: Path) -> None:
    model = "<script>alert('$x_1$')</script>|`*"
    summary = stages(model)
    rows = [row.model_copy(update={"keys": {**row.keys, "model": f"{model}{i}"}}) for i, row in enumerate(summary.rows)]
    html, markdown = written(tmp_path, summary.model_copy(update={"rows": tuple(rows)}))
    page = Page(html)
    assert "script" not in page.tags
    assert "&lt;script&gt;alert" in html
    assert "<script>" not in re.sub(r"```.*?```|`[^`\n]*`", "", markdown, flags=re.DOTALL)
    cells = {len(row) for row in pipe_rows(markdown.split("### Beside")[0])}
    assert len(cells) == 1


def test_the_page_holds_every_row(tmp_path: Path) -> None:
    summary = stages()
    html, _ = written(tmp_path, summary)
    texts = [" ".join(" ".join(row).split()) for row in Page(html).rows]
    for row in summary.rows:
        shown = [f"{number(row.values[name].value, STAGES.columns[name].unit)} [" for name in row.values]
        assert any(
            str(row.keys["k"]) in text and str(row.keys["filler"]) in text and all(part in text for part in shown)
            for text in texts
        ), row.keys


def test_markdown_keeps_the_numbers(tmp_path: Path) -> None:
    summary = stages()
    _, markdown = written(tmp_path, summary)
    head, *lines = pipe_rows(markdown)
    assert head == ["filler", "k", "n", *(f"title of {name}".replace("_", "\\_") for name in STAGES.columns)]
    found = {(line[0], line[1]): line[2:] for line in lines if len(line) == len(head)}
    for row in summary.rows:
        n, *cells = found[str(row.keys["filler"]), str(row.keys["k"])]
        assert n == "40"
        for cell, estimate in zip(cells, row.values.values(), strict=True):
            told = numbers_of(cell)
            expected = [estimate.value, estimate.low, estimate.high, *([estimate.n] if estimate.n != 40 else [])]
            assert told == pytest.approx(expected, abs=0.005)


def test_markdown_has_command_and_origin_before_the_numbers(tmp_path: Path) -> None:
    summary = stages()
    _, markdown = written(tmp_path, summary)
    before = markdown[: markdown.index("|")]
    assert summary.command in before
    assert all(value in before for _, value in summary.origin)


def test_the_same_results_give_the_same_report(tmp_path: Path) -> None:
    assert written(tmp_path, stages()) == written(tmp_path / "again", stages())


def test_without_results_there_is_a_page(tmp_path: Path) -> None:
    for text in written(tmp_path):
        assert "No experiment has been run" in text


def test_a_refused_experiment_says_why(tmp_path: Path) -> None:
    refused = condition_of(PromptForm(), refused="the prompts have 9000 tokens")
    row = row_of(STAGES, {}, notes=["the prompts have 9000 tokens"])
    for rows in ((), (row,)):
        html, markdown = written(tmp_path, summary_of([STAGES], rows, [refused]))
        assert "Refused" in html
        for text in (html, markdown):
            assert "the prompts have 9000 tokens" in text
            assert "1 cell refused" in text
        assert "svg" not in Page(html).tags


def test_published_numbers_stand_beside_ours(tmp_path: Path) -> None:
    row = stage_row(8)
    for text in written(tmp_path, summary_of([STAGES], [row], [condition_of(PromptForm(asked="fixed"))])):
        assert "0.107 [0.088, 0.131] n 800" in text
        assert "+0.093" in text
        assert "three values for the accuracy of this cell" in text


def test_long_tables_are_grouped_and_folded(tmp_path: Path) -> None:
    table = table_of({f"column_{i}": "share" for i in range(9)}, name="long")
    rows = [
        row_of(table, {name: hits(i, 40) for name in table.columns}, task=task, k=i)
        for task in ("competing_vars", "primacy_recency")
        for i in range(10)
    ]
    grid = grid_of(table, rows)
    assert [group.title for group in grid.groups] == ["task competing_vars", "task primacy_recency"]
    assert (len(grid.first), len(grid.further)) == (6, 3)
    html, markdown = written(tmp_path, summary_of([table], rows))
    assert "All 20 rows" in html
    assert "3 further columns" in html
    assert all(f"title of column_{i}" in html and f"title of column\\_{i}" in markdown for i in range(9))


def test_columns_that_say_nothing_are_left_out_or_last() -> None:
    table = table_of({"n": "count", "failed": "count", "acc": "share", "rate_2a": "share"})
    values = {"n": quantity(40, 40), "failed": quantity(0, 40), "acc": hits(3, 40)}
    assert [column.title for column in grid_of(table, [row_of(table, values)]).first] == [
        "title of acc",
        "title of failed",
    ]
    values = {**values, "n": quantity(39, 40), "failed": quantity(1, 40)}
    assert len(grid_of(table, [row_of(table, values)]).first) == 3


def test_an_interval_may_be_open() -> None:
    assert interval(Estimate(value=2.0, low=1.0, n=3), "tokens") == "[1, –]"
    assert interval(Estimate(value=2.0, n=3), "tokens") == ""


def test_an_n_of_its_own_stands_with_the_number() -> None:
    table = table_of({"acc": "share", "rate_2a": "share", "error_share_2a": "share"})
    row = row_of(table, {"acc": hits(3, 40), "rate_2a": hits(4, 40), "error_share_2a": hits(2, 7)})
    (group,) = grid_of(table, [row]).groups
    assert group.lines[0].n == 40
    assert [cell.n for cell in group.lines[0].first if cell] == [None, None, 7]


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "share", "–"),
        (0.12345, "share", "0.123"),
        (-0.00001, "share", "0.000"),
        (12.0, "count", "12"),
        (1.5, "count", "1.5"),
        (0.00002, "p", "2e-05"),
        (0.0412, "p", "0.041"),
        (212.0, "tokens", "212"),
        (-1.005, "logits", "-1.00"),
    ],
)
def test_numbers_are_written_by_their_unit(value: float | None, unit: str, text: str) -> None:
    assert number(value, unit) == text


def drawn(table: Table, rows: list[TableRow]) -> str | None:
    drawing = draw(table, rows)
    return None if drawing is None else inline_svg(drawing, "name")


def figure_rows(kind: str) -> tuple[Table, list[TableRow]]:
    """Rows that a kind of figure can be drawn from."""
    if kind == "stages":
        return STAGES, [stage_row(4), stage_row(9, k=512)]
    if kind == "reliability":
        table = table_of({"predicted": "share", "observed": "share"}, figure="reliability")
        return table, [
            row_of(table, {"predicted": quantity(i / 10, 20), "observed": hits(2 * i, 20)}, bin=f"bin {i}")
            for i in range(10)
        ]
    if kind == "sieve":
        table = table_of({"decided": "share", "held": "share"}, figure="sieve")
        return table, [row_of(table, {"decided": hits(i, 20), "held": hits(20, 20)}, top=i) for i in range(1, 20)]
    table = table_of({"acc": "share", "distance": "tokens"}, figure=kind)  # type: ignore[arg-type]
    keys: list[dict[str, RowKey]] = [
        {"layer": layer, "component": part, "arm": f"arm {layer}"} for layer in range(4) for part in ("attn", "mlp")
    ]
    return table, [
        about(row_of(table, {"acc": hits(3 * i, 40), "distance": quantity(100 * i + 9, 40)}, k=50 * i), key)
        for i, key in enumerate(keys, start=1)
    ]


@pytest.mark.parametrize("kind", sorted(FIGURES))
def test_each_figure_is_drawn_in_the_colours_of_the_page(kind: str) -> None:
    svg = drawn(*figure_rows(kind))
    assert svg is not None
    assert svg.startswith("<svg")
    assert "currentColor" in svg
    assert "http" not in svg
    assert "<metadata" not in svg
    assert all(found.startswith("name-") for found in re.findall(r'\bid="([^"]*)"', svg))


@pytest.mark.parametrize("kind", sorted(FIGURES))
def test_without_what_a_figure_needs_there_is_none(kind: str) -> None:
    full, _ = figure_rows(kind)
    nothing = Table(id="none", title="None", columns={"p": full.columns["acc"]} if "acc" in full.columns else {})
    table = nothing.model_copy(update={"figure": kind})
    assert drawn(table, []) is None
    assert drawn(table, [row_of(table, {}, notes=["refused"])]) is None
    assert drawn(table, [row_of(table, {"p": Estimate(value=None, n=0)})]) is None
    assert drawn(table, [TableRow(table="none", keys={}, values={"other": quantity(1.0, 3)})]) is None


def test_a_fitted_curve_of_another_table_is_drawn() -> None:
    table, rows = figure_rows("decay")
    rows = [
        row.model_copy(update={"keys": {"model": MODEL, "filler": "natural", "k": i}}) for i, row in enumerate(rows)
    ]
    values = {"half_distance": quantity(300.0, 40), "slope": quantity(2.0, 40)}
    fit = TableRow(table="decay", keys={"model": MODEL, "filler": "natural"}, values=values)
    other = fit.model_copy(update={"keys": {"model": MODEL, "filler": "repeat"}})
    assert len(lines_drawn(table, [*rows, fit])) == len(lines_drawn(table, rows)) + 1
    assert len(lines_drawn(table, [*rows, other])) == len(lines_drawn(table, rows))
    curve = lines_drawn(table, [*rows, fit])[-1]
    x, y = (np.asarray(data, dtype=float) for data in curve)
    assert y == pytest.approx(1 / (1 + (x / 300) ** 2))


def lines_drawn(table: Table, rows: list[TableRow]) -> list[tuple[object, object]]:
    drawing = draw(table, rows)
    assert drawing is not None
    return [(line.get_xdata(), line.get_ydata()) for ax in drawing.axes for line in ax.lines]


def test_a_plot_names_each_line_once() -> None:
    table, rows = figure_rows("layers")
    svg = drawn(table, [row.model_copy(update={"keys": {**row.keys, "k": 1, "arm": "one"}}) for row in rows])
    assert svg is not None
    assert svg.count(">attn<") == svg.count(">mlp<") == 1


def test_more_lines_than_can_be_told_apart_are_counted() -> None:
    table, _ = figure_rows("decay")
    rows = [
        row_of(table, {"acc": hits(i, 40), "distance": quantity(10.0 * k, 40)}, arm=f"arm {i}", k=k)
        for i in range(14)
        for k in (1, 2)
    ]
    svg = drawn(table, rows)
    assert svg is not None
    assert "12 of 14 lines" in svg
    assert ">arm 11<" in svg
    assert ">arm 12<" not in svg
