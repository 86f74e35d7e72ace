"""The table that docs/results.md opens with says what the stored results say."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

import pytest
from paths import ROOT

from guardbind.information.intervals import wilson
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.running.summary import Summary

RowsAt = tuple[str, str, Mapping[str, RowKey]]
TWO = {"task": "competing_vars"}
STAGES: RowsAt = "stages", "stages", {**TWO, "filler": "natural", "k": 32, "style": "bracket", "asked": "random"}
REPAIR: RowsAt = "repair", "repair", {**TWO, "filler": "natural", "k": 32}
RULES: RowsAt = "pseudo-prior", "budget_rules", {"k": 32, "over": "vocabulary"}
RESTATED: RowsAt = "checkpoint", "checkpoint_controls", {"filler": "decoy_heavy", "k": 256}
PROBE: RowsAt = "probe", "probe_layers", {"filler": "natural", "k": 32, "asked": "random"}
FREE = {"direction": "both"}


@cache
def stored(experiment: str) -> Summary:
    return Summary.read(ROOT / "bench" / "results" / "smollm2-135m" / f"{experiment}.json")


def rows_at(place: RowsAt, **where: RowKey) -> list[TableRow]:
    experiment, table, shared = place
    wanted = {**shared, **where}
    return [
        row
        for row in stored(experiment).rows
        if row.table == table and all(key in row.keys and row.keys[key] == value for key, value in wanted.items())
    ]


def one(place: RowsAt, column: str, **where: RowKey) -> Estimate:
    (row,) = [row for row in rows_at(place, **where) if row.keys.get("template") in (None, "plain")]
    return row.values[column]


def pooled(place: RowsAt, column: str, n: int, **where: RowKey) -> Estimate:
    """All tasks together, of the rows over most trials."""
    rows = [row for row in rows_at(place, **where) if column in row.values]
    most = {
        row.keys["task"]: max(r.values[column].n for r in rows if r.keys["task"] == row.keys["task"]) for row in rows
    }
    held = [row.values[column] for row in rows if row.values[column].n == most[row.keys["task"]]]
    hits = sum(round((estimate.value or 0.0) * estimate.n) for estimate in held)
    assert sum(estimate.n for estimate in held) == n
    return share_of(hits, n)


def share_of(hits: int, n: int) -> Estimate:
    bounds = wilson(hits, n)
    return Estimate(value=hits / n, low=bounds.low, high=bounds.high, n=n)


def spoiled_by_evidence() -> Estimate:
    place: RowsAt = "repair", "repair", {}
    right = sum(
        round((row.values["accuracy"].value or 0) * row.values["accuracy"].n) for row in rows_at(place, arm="none")
    )
    wrong = sum(row.values["right_to_wrong"].value or 0 for row in rows_at(place, arm="auto/evidence"))
    return share_of(int(wrong), right)


def distance(filler: str) -> list[Estimate]:
    place: RowsAt = "distance", "distance", {**TWO, "filler": filler}
    return [one(place, "acc", k=8), one(place, "acc", k=256)]


def applications(table: str) -> RowsAt:
    return "applications", f"applications_{table}", {} if table == "twins" else FREE


EXPECTED: list[tuple[str, list[Estimate]]] = [
    ("right without the guard", [one(STAGES, "acc")]),
    ("its errors", [one(STAGES, "rate_2a"), one(STAGES, "rate_2b")]),
    ("right at k 8 → at k 256, natural", distance("natural")),
    ("right at k 8 → at k 256, decoys", distance("decoy_heavy")),
    (
        "right without → with `auto`, told only where",
        [one(REPAIR, "accuracy", arm="none"), one(REPAIR, "accuracy", arm="auto/evidence")],
    ),
    ("right answers that this made wrong, of those", [spoiled_by_evidence()]),
    (
        "right without → with `auto`, told nothing",
        [pooled(applications("answers"), "accuracy", 200, arm=arm) for arm in ("none", "auto")],
    ),
    ("right answers that this made wrong", [pooled(applications("repair"), "spoiled", 47, arm="auto")]),
    ("twins", [pooled(applications("twins"), "inserted_wrong", 200, arm="auto")]),
    ("errors found", [one(RULES, "auroc", rule="margin"), one(RULES, "auroc", rule="evidence_bits")]),
    (
        "right without → after restating the truth",
        [one(RESTATED, f"acc_{which}", arm="oracle") for which in ("baseline", "checkpoint")],
    ),
    (
        "right without → after restating wrong",
        [one(RESTATED, f"acc_{which}", arm="wrong_value") for which in ("baseline", "checkpoint")],
    ),
    (
        "right value named",
        [one(PROBE, "on_2b", probe="standardised", layer=22), one(PROBE, "on_2b", probe="runner_up")],
    ),
    (
        "margin that the attention",
        [
            one(
                ("patching", "patching_layers", {"clean": "decoy_heavy", "role": "chosen"}),
                "restoration_ratio_of_means",
                layer=23,
                component="attn",
            )
        ],
    ),
]


def opening_rows() -> list[list[str]]:
    text = (ROOT / "docs" / "results.md").read_text(encoding="utf-8")
    lines = text[: text.index("\n\n", text.index("| what"))].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")][1:]


def numbers_in(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d*\.\d+", text)]


def expected_numbers(estimates: Sequence[Estimate]) -> list[float]:
    return [number for e in estimates for number in (e.value, e.low, e.high) if number is not None]


def test_every_line_of_the_opening_table_is_checked() -> None:
    assert len(opening_rows()) == len(EXPECTED)


@pytest.mark.parametrize("number", range(len(EXPECTED)), ids=[title for title, _ in EXPECTED])
def test_the_opening_table_says_what_is_stored(number: int) -> None:
    title, estimates = EXPECTED[number]
    what, told, n, seed, command = opening_rows()[number]
    assert what.replace("*", "").startswith(title)
    # Two decimals, rounded to either side.
    assert numbers_in(told) == pytest.approx(expected_numbers(estimates), abs=0.0051)
    assert {int(n)} == {estimate.n for estimate in estimates}
    experiment = command.strip("`").split()[0]
    assert seed == str(stored(experiment).settings.seed)


@pytest.mark.parametrize(("experiment", "name"), [("methods", "method"), ("signals", "signal")])
def test_the_figure_of_a_ranking_is_of_the_stored_one(experiment: str, name: str) -> None:
    page = (ROOT / "docs" / "results" / f"{experiment}.md").read_text(encoding="utf-8")
    assert f"](../{experiment}.svg)" in page
    assert f"--figure {experiment}_ranking docs/{experiment}.svg" in page
    drawn = re.findall(r">([^<>]+)</text>", (ROOT / "docs" / f"{experiment}.svg").read_text(encoding="utf-8"))
    place: RowsAt = f"{experiment}", f"{experiment}_ranking", {}
    ranked = {str(row.keys[name]): row.keys["source"] for row in rows_at(place) if name in row.keys}
    for thing, source in ranked.items():
        marked = f"◆ {thing}" if source == "guardbind" else thing
        # The unguarded model is the line.
        assert drawn.count(marked) == (0 if thing == "unguarded" else 1)
