"""The experiment `signals`: settings are chosen on one split and judged on another, ours beside theirs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from bench_memory import MemoryData, measure
from bench_tiny import bench_tokenizer
from families import copier

from guardbind.errors import ConfigError
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.signals.experiment import EXPERIMENT
from guardbind_bench.experiments.signals.numbers import AUTHORS, CellScores, chosen, shown_settings, transferred
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.lab import Lab
from guardbind_bench.reporting.figures import draw

SIGNALS = ["evidence_bits", "span_saliency", "p_true", "swap_bits", "entropy", "best_layer_lens"]
OPTIONS = {"signals": SIGNALS, "tuning_trials": 12, "judged_fillers": ["natural"], "fit": {"k": 8, "trials": 40}}
SETTINGS = Settings(
    tasks=("competing_vars", "primacy_recency"),
    fillers=("natural", "decoy_heavy"),
    ks=(8,),
    trials=16,
    options=OPTIONS,  # type: ignore[arg-type]
)


@cache
def lab() -> Lab:
    """A model that writes the first value, whichever key is asked for."""
    return Lab(copier(bench_tokenizer(), "first", 256), bench_tokenizer())


@pytest.fixture(scope="module")
def rows() -> list[TableRow]:
    data = MemoryData({one.model_dump_json(): measure(lab(), one) for one in EXPERIMENT.plan(SETTINGS)})
    return EXPERIMENT.summarise(data, SETTINGS, lambda _: None)


def test_every_signal_is_ranked_with_what_it_is_told_and_costs(rows: list[TableRow]) -> None:
    ranked = [row for row in rows if row.table == "signals_ranking"]
    areas = [row.values["auroc"].value or 0.0 for row in ranked]
    assert areas == sorted(areas, reverse=True)
    found = {row.keys["signal"]: row for row in ranked if row.keys["setting"] != "tuned"}
    assert set(found) == set(SIGNALS)
    bits = found["evidence_bits"]
    assert (bits.keys["source"], bits.keys["told"], bits.keys["fitted"]) == ("guardbind", "span", False)
    assert bits.values["auroc"].value == 1.0 and "ahead" not in bits.values
    assert bits.values["extra_forwards"].value == 1.0 and found["entropy"].values["extra_forwards"].value == 0.0
    assert found["best_layer_lens"].keys["fitted"] is True
    # Ours that is told as much is what it is set beside; where there is none of ours, nothing is.
    assert (found["span_saliency"].values["ahead"].value or 0.0) <= 0.0 and "ahead" not in found["entropy"].values
    assert all(row.keys["fillers"] == "natural" for row in ranked)


def test_one_task_that_does_not_allow_a_signal_is_said(rows: list[TableRow]) -> None:
    refused = [row for row in rows if row.table == "signals_refused"]
    assert {(row.keys["signal"], row.keys["task"]) for row in refused} == {("swap_bits", "primacy_recency")}
    assert all("one key only" in row.notes[0] for row in refused)
    ranked = {(row.keys["signal"], row.keys["task"]) for row in rows if row.table == "signals"}
    assert ("swap_bits", "competing_vars") in ranked and ("swap_bits", "primacy_recency") not in ranked
    [swapped] = [row for row in rows if row.table == "signals_ranking" and row.keys["signal"] == "swap_bits"]
    assert any("1 of 2 conditions" in note for note in swapped.notes)


def test_a_threshold_is_used_where_it_was_not_chosen(rows: list[TableRow]) -> None:
    moved = [row for row in rows if row.table == "signals_transfer"]
    assert {(row.keys["task"], row.keys["filler"]) for row in moved} == {
        ("competing_vars", "decoy_heavy"),
        ("primacy_recency", "natural"),
        ("primacy_recency", "decoy_heavy"),
    }
    assert {row.keys["chosen_on"] for row in moved} == {"threshold of competing_vars natural 8"}
    assert all(set(row.values) == {"recall", "false_alarms"} for row in moved)


def test_the_ranking_is_drawn(rows: list[TableRow]) -> None:
    table = next(table for table in EXPERIMENT.tables if table.id == "signals_ranking")
    figure = draw(table, rows)
    assert figure is not None
    labels = [label.get_text() for ax in figure.axes for label in ax.get_yticklabels()]
    assert any(label.startswith("◆ evidence_bits") for label in labels)
    assert not any(label.startswith("◆ entropy") for label in labels)


def scores(**found: list[float]) -> CellScores:
    wrong = np.array([True, True, False, False])
    made = {("s", setting): np.array(values) for setting, values in found.items()}
    return CellScores(made, {}, wrong, {}, 4)


def test_the_first_of_the_best_settings_is_chosen_over_all_cells() -> None:
    good, bad = [2.0, 2.0, 1.0, 1.0], [1.0, 1.0, 2.0, 2.0]
    assert chosen([scores(a=bad, b=good, c=good)])["s"] == ("b", 1.0)
    assert chosen([scores(a=good, b=bad), scores(a=bad, b=good)])["s"] == ("a", 0.5)
    assert chosen([]) == {}
    assert [*shown_settings([AUTHORS, "b"], "b")] == [("authors'", AUTHORS), ("tuned", "b")]
    assert [*shown_settings([AUTHORS, "b"], AUTHORS)] == [("authors', also tuned", AUTHORS)]
    moved = transferred(scores(a=good), scores(a=[3.0, 1.0, 2.0, 0.0]), ("s", "a"))
    assert moved is not None and (moved["recall"].value, moved["false_alarms"].value) == (0.5, 0.5)


def test_nothing_is_chosen_or_learned_on_what_is_judged() -> None:
    for options in ({"tuning_seed": 0}, {"fit": {"seed": 0}}, {"fit": {"seed": 1}}):
        with pytest.raises(ConfigError, match="three different seeds"):
            EXPERIMENT.plan(Settings(options=options))  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="Did you mean 'entropy'"):
        EXPERIMENT.plan(Settings(options={"signals": ["entropi"]}))
    assert {request.cell.seed for request in EXPERIMENT.plan(SETTINGS)} == {0, 1}
