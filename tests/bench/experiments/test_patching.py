from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from bench_memory import SameRecords
from bench_patching import cell, lab, measured, qualified

from guardbind.errors import ConfigError, UnknownNameError
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.patching.experiment import EXPERIMENT
from guardbind_bench.experiments.table import Estimate, TableRow
from guardbind_bench.measures.patching import MEASURE, PatchingRecord
from guardbind_bench.measures.patching_pairs import PatchingOptions
from guardbind_bench.reporting.figures import draw

LAYERS = 3


def test_a_margin_that_is_no_number_fails_the_pair_and_is_told() -> None:
    # Only clean runs of other bindings know of it: both answers of a pair stay what they are.
    index = qualified()[0].index
    session = MEASURE.prepare(lab(), cell(layers=[0, 1], head_layers="none"))
    session._means["last"][1, "mlp"].fill_(torch.nan)
    (record,) = session.run([index])
    assert (record.failed, record.counts) == ("a margin is NaN or infinite: m_mean, m_clean_ablated", False)
    assert (record.clean_stage, record.corrupt_stage, record.m_patched, record.m_clean) == ("right", "2B", None, None)

    (row,) = rows([*PAIRS[:4], record.model_copy(update={"index": 9})])("patching_pairs")
    assert row.notes == ("1 of 5 pairs failed: a margin is NaN or infinite: m_mean, m_clean_ablated.",)
    assert (value(row, "failed"), value(row, "qualified"), row.values["qualified"].n) == (1, 1, 4)


def pair(index: int, gap: float, effect: float, heads: list[float]) -> PatchingRecord:
    """A pair whose clean margin is `gap` above its corrupt margin of -1, and what its patches change."""
    changes = np.array([effect, -effect, *heads])
    return PatchingRecord(
        index=index,
        target="fox",
        tokens=9,
        distance=5,
        clean_token=1,
        corrupt_token=2,
        clean_stage="right",
        corrupt_stage="2B",
        against="red",
        m_clean=gap - 1,
        m_corrupt=-1,
        positions=["last"] * len(changes),
        layers=[7, 7, *[7] * len(heads)],
        components=["attn", "mlp", *["head"] * len(heads)],
        heads=[-1, -1, *range(len(heads))],
        m_patched=(changes - 1).tolist(),
        m_random=(changes / 4 - 1).tolist(),
        m_zero=(-changes - 1).tolist(),
        m_mean=(changes / 2 - 1).tolist(),
        m_clean_ablated=(gap - 1 - 2 * changes).tolist(),
    )


def short(index: int, **seen: Any) -> PatchingRecord:
    return PatchingRecord(index=index, counts=False, target="fox", tokens=9, distance=5, **seen)


# On pairs of even index head 0 restores most, on those of odd index head 1.
PAIRS = [
    pair(0, 4.0, 1.0, [0.9, 0.1, 0.0, 0.0]),
    pair(1, 2.0, 1.0, [0.2, 0.9, 0.1, 0.0]),
    pair(2, 0.1, 0.3, [0.7, 0.1, 0.0, 0.0]),
    pair(3, 2.0, 2.0, [0.4, 0.9, 0.1, 0.0]),
    short(4, clean_token=3, corrupt_token=3, clean_stage="2A", corrupt_stage="2A"),
    short(5, failed="a logit is NaN or +inf"),
]


def silent(_text: str) -> None:
    return None


def rows(records: list[PatchingRecord], **settings: Any) -> Callable[..., list[TableRow]]:
    found = EXPERIMENT.summarise(SameRecords(records), Settings(trials=4, **settings), silent)

    def choose(table: str, **keys: Any) -> list[TableRow]:
        return [row for row in found if row.table == table and keys.items() <= row.keys.items()]

    return choose


def value(row: TableRow, name: str) -> float:
    estimate: Estimate = row.values[name]
    assert estimate.value is not None
    return estimate.value


def test_the_ratio_of_means_leaves_out_small_gaps_and_says_so() -> None:
    (attn,) = rows(PAIRS)("patching", layer=7, component="attn")
    assert value(attn, "restoration") == pytest.approx(np.mean([1 / 4, 1 / 2, 3, 1]))
    assert value(attn, "delta_margin") == pytest.approx(np.mean([1, 1, 0.3, 2]))
    assert value(attn, "restoration_ratio_of_means") == pytest.approx(4 / 8)
    assert value(attn, "random_ratio_of_means") == pytest.approx(1 / 8)
    assert value(attn, "delta_margin_above_random") == pytest.approx(0.75 * 4.3 / 4)
    assert (value(attn, "pairs"), value(attn, "dropped")) == (3, 1)
    assert attn.values["restoration_ratio_of_means"].n == 3
    assert attn.values["restoration_ratio_of_means"].method == "bootstrap"
    assert value(attn, "ablation_delta_margin") == pytest.approx(-4.3 / 4)
    assert value(attn, "mean_ablation_delta_margin") == pytest.approx(4.3 / 8)
    assert value(attn, "clean_ablation_delta_margin") == pytest.approx(-4.3 / 2)
    (mlp,) = rows(PAIRS, options={"smallest_gap": 0.0})("patching", component="mlp")
    assert value(mlp, "delta_margin") == pytest.approx(-4.3 / 4)
    assert (value(mlp, "pairs"), value(mlp, "dropped")) == (4, 0)
    assert attn.keys == {
        "model": "tiny",
        "task": "competing_vars",
        "clean": "random",
        "corrupt": "decoy_heavy",
        "k": 96,
        "corruption": "filler",
        "asked": "random",
        "errors": "2B",
        "competitor": "predicted",
        "position": "last",
        "layer": 7,
        "component": "attn",
    }


def test_heads_are_chosen_on_one_half_and_tested_on_the_other() -> None:
    choose = rows(PAIRS, options={"heads": 1})
    (chosen,) = choose("patching_heads", role="chosen")
    assert (chosen.keys["layer"], chosen.keys["head"]) == (7, 0)
    assert value(chosen, "chosen_delta_margin") == pytest.approx(0.8)
    assert value(chosen, "delta_margin") == pytest.approx(0.3)
    assert value(chosen, "ablation_delta_margin") == pytest.approx(-0.3)
    assert chosen.values["delta_margin"].n == 2
    (control,) = choose("patching_heads", role="random")
    assert control.keys["head"] in (1, 2, 3)
    (contrast,) = choose("patching_heads", role="chosen minus random")
    assert value(contrast, "delta_margin") == pytest.approx(
        value(chosen, "delta_margin") - value(control, "delta_margin")
    )


def test_chosen_heads_and_their_controls_are_different_heads() -> None:
    choose = rows(PAIRS, options={"heads": 12})
    chosen, controls = (
        [row.keys["head"] for row in choose("patching_heads", role=role)] for role in ("chosen", "random")
    )
    assert chosen == [0, 1]
    assert len(controls) == 2 and set(controls) == {2, 3}
    assert rows(PAIRS, options={"heads": 0})("patching_heads") == []


def by_layer(index: int, attn: list[float], mlp: list[float]) -> PatchingRecord:
    """A pair whose margins are 3 and -1, and what the patches of its layers change."""
    changes = np.array([*attn, *mlp])
    names = ("m_patched", "m_random", "m_zero", "m_mean")
    return pair(index, 4.0, 0.0, []).model_copy(
        update={
            "positions": ["last"] * len(changes),
            "layers": [*range(len(attn)), *range(len(mlp))],
            "components": ["attn"] * len(attn) + ["mlp"] * len(mlp),
            "heads": [-1] * len(changes),
            **{name: (changes - 1).tolist() for name in names},
            "m_clean_ablated": (3 - changes).tolist(),
        }
    )


# Attention of layer 2 restores most on pairs of even index, by chance: on the others it restores nothing.
LAYERED = [
    by_layer(0, [0.1, 0.2, 3.0, 0.1], [0.0, 0.0, 1.0, 0.0]),
    by_layer(1, [0.3, 0.3, 0.0, 0.3], [0.4, 0.4, 2.0, 0.4]),
    by_layer(2, [0.1, 0.2, 2.0, 0.1], [0.0, 0.0, 1.0, 0.0]),
    by_layer(3, [0.3, 0.3, 0.0, 0.3], [0.4, 0.4, 1.0, 0.4]),
]


def test_layers_are_chosen_on_one_half_and_tested_on_the_other() -> None:
    choose = rows(LAYERED, options={"sites": 2})
    chosen = choose("patching_layers", role="chosen")
    assert [(row.keys["layer"], row.keys["component"]) for row in chosen] == [(2, "attn"), (2, "mlp")]
    assert [value(row, "chosen_delta_margin") for row in chosen] == pytest.approx([2.5, 1.0])
    assert [value(row, "restoration_ratio_of_means") for row in chosen] == pytest.approx([0.0, 1.5 / 4])
    assert [value(row, "delta_margin") for row in chosen] == pytest.approx([0.0, 1.5])
    assert {row.values["delta_margin"].n for row in chosen} == {2}
    controls = choose("patching_layers", role="random")
    # Of the same component each, and no chosen one.
    assert [row.keys["component"] for row in controls] == ["attn", "mlp"]
    assert all(row.keys["layer"] != 2 for row in controls)
    assert [value(row, "delta_margin") for row in controls] == pytest.approx([0.3, 0.4])
    (contrast,) = choose("patching_layers", role="chosen minus random")
    assert value(contrast, "delta_margin") == pytest.approx((0 + 1.5) / 2 - (0.3 + 0.4) / 2)
    assert value(contrast, "restoration_ratio_of_means") == pytest.approx(0.4 / 4)
    assert (contrast.keys["layer"], contrast.keys["component"]) == (None, None)
    assert rows(LAYERED, options={"sites": 0})("patching_layers") == []
    assert rows(LAYERED[::2])("patching_layers") == []


@pytest.mark.parametrize(
    ("table_id", "records", "heading"),
    [("patching_layers", LAYERED, "restored, with"), ("patching_heads", PAIRS, "ΔM, with")],
)
def test_figures_show_the_half_that_nothing_was_chosen_on(
    table_id: str, records: list[PatchingRecord], heading: str
) -> None:
    (table,) = [table for table in EXPERIMENT.tables if table.id == table_id]
    drawing = draw(table, EXPERIMENT.summarise(SameRecords(records), Settings(trials=4), silent))
    assert drawing is not None
    assert [ax.get_xlabel().startswith(heading) for ax in drawing.axes] == [True]


def test_every_kind_of_row_says_what_was_compared() -> None:
    choose = rows(
        PAIRS,
        options={
            "clean": "repeat",
            "corrupt": "natural",
            "asked": ["fixed"],
            "errors": "any",
            "competitor": "paper",
        },
    )
    told = {"clean": "repeat", "corrupt": "natural", "asked": "fixed", "errors": "any", "competitor": "paper"}
    for table in EXPERIMENT.tables:
        assert choose(table.id, **told) == choose(table.id) != []
    (decoys,) = rows(PAIRS, options={"corruptions": ["decoys_only"]})("patching_pairs")
    assert decoys.keys["clean"] is None


def test_conditions_do_not_share_the_cells_of_a_heat_map() -> None:
    (table,) = [table for table in EXPERIMENT.tables if table.figure == "heat"]
    first = Settings(trials=4, ks=(32,), options={"clean": "repeat", "corrupt": "natural"})
    alike = first.model_copy(update={"options": {"asked": ["random", "fixed"]}})
    further = Settings(trials=4, ks=(16,), options={"asked": ["fixed"]})
    found = [
        row
        for settings in (first, alike, further)
        for row in EXPERIMENT.summarise(SameRecords(LAYERED), settings, silent)
        if row.table == table.id
    ]
    drawing = draw(table, found)
    assert drawing is not None
    # Each condition has 4 layers and 2 components; of equal k they stand one above the other.
    maps = [np.asarray(mesh.get_array()) for ax in drawing.axes for mesh in ax.collections if ax.get_xlabel()]
    assert [drawn.shape for drawn in maps] == [(3 * 2, 4), (2, 4)]
    assert all(np.isfinite(drawn).all() for drawn in maps)


def test_pairs_are_counted_with_those_that_did_not_qualify() -> None:
    (row,) = rows(PAIRS)("patching_pairs")
    assert row.notes == ("1 of 6 pairs failed: a logit is NaN or +inf.",)
    assert value(row, "qualified") == pytest.approx(4 / 5)
    assert value(row, "corrupt_2a") == pytest.approx(1 / 5)
    assert (value(row, "failed"), row.values["failed"].n) == (1, 6)
    (row,) = rows(PAIRS[:2] + PAIRS[4:])("patching_pairs")
    assert row.notes[0] == "2 of 4 pairs were found in 4 tries."


def test_no_pair_and_a_refused_cell_are_said() -> None:
    choose = rows(PAIRS[4:])
    assert choose("patching") == choose("patching_heads") == []
    (row,) = choose("patching_pairs")
    assert row.notes[0] == "0 of 4 pairs were found in 2 tries."
    assert row.values["m_clean"].value is None
    (refused,) = EXPERIMENT.summarise(SameRecords([], refused="too long"), Settings(), silent)
    assert (refused.values, refused.notes) == ({}, ("too long",))


def test_what_is_measured_can_be_summed_up() -> None:
    found = EXPERIMENT.summarise(
        SameRecords(measured()),
        Settings(trials=5, ks=(16,), options={"positions": ["last", "values", "decoys"]}),
        silent,
    )
    declared = {table.id: set(table.columns) for table in EXPERIMENT.tables}
    assert {row.table for row in found} == set(declared)
    assert all(set(row.values) <= declared[row.table] for row in found)
    assert len([row for row in found if row.table == "patching"]) == 3 * 2 * LAYERS
    again = EXPERIMENT.summarise(
        SameRecords(measured()),
        Settings(trials=5, ks=(16,), options={"positions": ["last", "values", "decoys"]}),
        silent,
    )
    assert again == found


def test_the_plan_asks_for_pairs() -> None:
    settings = Settings(
        tasks=("competing_vars",),
        ks=(16, 32),
        trials=10,
        options={"corruptions": ["filler", "decoys_only"], "tries": 3},
    )
    requests = EXPERIMENT.plan(settings)
    assert [(request.cell.k, request.cell.options["corruption"]) for request in requests] == [
        (16, "filler"),
        (16, "decoys_only"),
        (32, "filler"),
        (32, "decoys_only"),
    ]
    assert {(request.trials, request.wanted, request.cell.filler) for request in requests} == {(30, 10, "decoy_heavy")}
    for request in requests:
        assert PatchingOptions.model_validate(request.cell.options).clean == "random"
    asked = EXPERIMENT.plan(Settings(options={"asked": ["random", "fixed"]}))
    assert [request.cell.form.asked for request in asked] == ["random", "fixed"]
    (without,) = EXPERIMENT.plan(Settings(options={"heads": 0, "layers": [1, 2]}))
    options = PatchingOptions.model_validate(without.cell.options)
    assert (options.layers, options.head_layers) == ((1, 2), "none")


def test_options_that_do_not_fit_are_named() -> None:
    with pytest.raises(ConfigError, match=r"tryes.*clean=\"random\", corrupt="):
        EXPERIMENT.plan(Settings(options={"tryes": 3}))
    with pytest.raises(ConfigError, match="asked"):
        EXPERIMENT.plan(Settings(options={"asked": "fixed"}))
    with pytest.raises(UnknownNameError, match="decoy_heavy"):
        EXPERIMENT.plan(Settings(options={"corrupt": "decoy_hevy"}))
    with pytest.raises(UnknownNameError, match="competing_vars"):
        EXPERIMENT.plan(Settings(tasks=("competing_var",)))
    assert EXPERIMENT.plan(Settings(options=EXPERIMENT.defaults)) == EXPERIMENT.plan(Settings())
