from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from bench_memory import SameRecords
from bench_tiny import bench_tokenizer
from families import FAMILIES, build
from transformers import LlamaForCausalLM

from guardbind.errors import ConfigError, ContextLengthError, NullUnavailableError, UnknownNameError
from guardbind.model.sites import Patch, PatchSites, Site
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.patching.experiment import EXPERIMENT
from guardbind_bench.experiments.table import Estimate, Row
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.patching import MEASURE, PatchingRecord
from guardbind_bench.measures.patching_pairs import Layers, PairSource, PatchingOptions, chosen_layers
from guardbind_bench.prompts.cell import Cell
from guardbind_bench.reporting.figures import draw

WORDS = 18
LAYERS = 3


@cache
def lab(context: int = 512) -> Lab:
    """A random model that writes nothing but words of the pool, so that about one answer in 18 is right."""
    tokenizer = bench_tokenizer(WORDS)
    model = build(
        FAMILIES["llama"],
        vocab_size=len(tokenizer),
        max_position_embeddings=context,
        initializer_range=0.3,
        tie_word_embeddings=False,
    )
    made = Lab(model, tokenizer)
    values = torch.zeros(len(tokenizer), dtype=torch.bool)
    values[[value.token for value in made.task(cell()).pool.values]] = True
    with torch.no_grad():
        model.lm_head.weight[~values] = 0
    return made


def untrained(model: Any) -> LlamaForCausalLM:
    """A model of the same shape with weights of its own."""
    made: LlamaForCausalLM = LlamaForCausalLM(model.config).eval()
    return made


def cell(k: int = 16, filler: str = "decoy_heavy", **options: Any) -> Cell:
    return Cell(measure="patching", task="competing_vars", filler=filler, k=k, options=options)


@cache
def measured() -> list[PatchingRecord]:
    """The first 300 pairs, with every position and every head."""
    session = MEASURE.prepare(lab(), cell(positions=["last", "values", "decoys"], head_layers="all"))
    return [record for start in range(0, 300, 50) for record in session.run(range(start, start + 50))]


def qualified() -> list[PatchingRecord]:
    return [record for record in measured() if record.counts]


def test_pairs_qualify_by_both_answers() -> None:
    made = cell()
    tasks = [lab().task(made.model_copy(update={"filler": filler})) for filler in ("random", "decoy_heavy")]
    for record in measured():
        trials = [task.trial(record.index) for task in tasks]
        tokens = [int(row.argmax()) for row in lab().logits([trial.ids for trial in trials])]
        assert tokens == [record.clean_token, record.corrupt_token]
        stages = [trial.stage(token) for trial, token in zip(trials, tokens, strict=True)]
        assert stages == [record.clean_stage, record.corrupt_stage]
        assert record.counts == (stages == ["right", "2B"])
        assert record.counts == (record.m_patched is not None)
    assert len(qualified()) > 3


def test_margins_are_those_of_whole_forward_passes() -> None:
    record, model = qualified()[0], lab().model
    pair = PairSource(lab(), cell(), PatchingOptions()).pair(record.index)
    logits = lab().logits([pair.clean.ids, pair.corrupt.ids])
    target = pair.corrupt.target.value.token
    others = [value for value in pair.corrupt.candidates if value.token != target]
    against = max(others, key=lambda value: float(logits[1, value.token]))
    assert record.against == against.word
    wanted = (logits[:, target] - logits[:, against.token]).tolist()
    assert [record.m_clean, record.m_corrupt] == pytest.approx(wanted, abs=1e-4)

    sites = PatchSites.find(model)
    with sites.captured(1, range(record.tokens)) as clean:
        lab().logits([pair.clean.ids])
    patched: list[Any] = []
    ablated: list[Any] = []
    assert record.positions and record.layers and record.components and record.heads
    for position, layer, part, head in zip(
        record.positions, record.layers, record.components, record.heads, strict=True
    ):
        site = Site(layer, "mlp" if part == "mlp" else "attn", head if part == "head" else None)
        places = {
            "last": [record.tokens - 1],
            "values": [bound.position for bound in pair.corrupt.bound],
            "decoys": [
                i
                for i, token in enumerate(pair.corrupt.ids)
                if token == pair.corrupt.competitor.token and i not in {b.position for b in pair.corrupt.bound}
            ],
        }[position]
        values = clean[layer, site.component][0, places][:, sites.part(site)]
        for out, given in ((patched, values), (ablated, torch.zeros_like(values))):
            with sites.patched([Patch(site, tuple(places), given)]):
                row = lab().logits([pair.corrupt.ids])[0]
            out.append(float(row[target] - row[against.token]))
    assert record.m_patched == pytest.approx(patched, abs=1e-4)
    assert record.m_zero == pytest.approx(ablated, abs=1e-4)
    assert len(patched) == 3 * (2 * LAYERS + 4 * LAYERS)


def test_a_pair_does_not_depend_on_its_batch() -> None:
    session = MEASURE.prepare(lab(), cell(positions=["last", "values", "decoys"], head_layers="all"))
    for record in qualified()[:2]:
        (alone,) = session.run([record.index])
        for name, value in record.model_dump().items():
            other = getattr(alone, name)
            if isinstance(value, list) and isinstance(value[0], float):
                assert other == pytest.approx(value, abs=1e-4)
            else:
                assert other == (pytest.approx(value, abs=1e-4) if isinstance(value, float) else value)


def test_the_noise_floor_and_the_mean_come_from_other_bindings() -> None:
    for record in qualified():
        assert record.m_random != record.m_patched
        assert record.m_mean not in (record.m_patched, record.m_random, record.m_zero)


def test_the_mean_of_a_clean_run_changes_the_clean_run() -> None:
    record = qualified()[0]
    assert record.m_clean is not None and record.m_clean_ablated is not None
    assert max(abs(margin - record.m_clean) for margin in record.m_clean_ablated) > 0.01


def test_decoys_only_differs_in_nothing_but_the_decoys() -> None:
    made = cell(corruption="decoys_only")
    pair = PairSource(lab(), made, PatchingOptions.model_validate(made.options)).pair(3)
    common = lab().task(made.model_copy(update={"filler": "repeat"})).trial(3)
    differing = [i for i, (a, b) in enumerate(zip(pair.clean.ids, pair.corrupt.ids, strict=True)) if a != b]
    assert tuple(differing) == pair.places("decoys")
    assert {pair.corrupt.ids[i] for i in differing} == {pair.corrupt.competitor.token}
    filler = range(pair.clean.bound[0].statement.stop, pair.clean.bound[1].statement.start)
    assert {pair.clean.ids[i] for i in differing} == {common.ids[filler.start]}


def test_prompts_of_unequal_length_are_no_pair() -> None:
    source = PairSource(lab(), cell(), PatchingOptions())
    source._clean = lab().task(cell(k=17))
    with pytest.raises(ConfigError, match="the prompts of pair 3 have"):
        source.pair(3)


def test_any_error_lets_a_pair_qualify_when_asked_for() -> None:
    before = qualified()[0]
    louder = Lab(untrained(lab().model), lab().tokenizer)
    louder.model.load_state_dict(lab().model.state_dict())
    head: Any = louder.model.get_output_embeddings()
    with torch.no_grad():
        # A token that is no value, and always a little above the wrong one.
        head.weight[3] = 1.01 * head.weight[before.corrupt_token]
    for errors in ("2B", "any"):
        session = MEASURE.prepare(louder, cell(errors=errors, layers=[0], head_layers="none"))
        (record,) = session.run([before.index])
        assert (record.clean_stage, record.corrupt_stage, record.corrupt_token) == ("right", "2A", 3)
        assert record.counts == (errors == "any")
        assert record.against == (before.against if errors == "any" else None)


def test_the_papers_competitor_can_be_set_against() -> None:
    session = MEASURE.prepare(lab(), cell(competitor="paper", layers=[1], head_layers=[1, 2]))
    records = [record for record in session.run([each.index for each in qualified()]) if record.counts]
    trials = [lab().task(cell()).trial(record.index) for record in records]
    assert [record.against for record in records] == [trial.competitor.word for trial in trials]
    assert records[0].components == ["attn", "mlp"] + ["head"] * 8
    assert records[0].heads == [-1, -1, *range(4), *range(4)]


def test_logits_that_are_no_numbers_are_a_failure() -> None:
    broken = Lab(untrained(lab().model), lab().tokenizer)
    broken.model.load_state_dict(lab().model.state_dict())
    session = MEASURE.prepare(broken, cell(layers=[0], head_layers="none"))
    with torch.no_grad():
        broken.model.get_output_embeddings().weight[7] = torch.nan
    (record,) = session.run([0])
    assert (record.failed, record.counts) == ("a logit is NaN or +inf", False)


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


def test_clean_runs_of_other_bindings_are_read_a_pair_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    made = cell(layers=[1], head_layers=[2])
    indices = [record.index for record in qualified()[:3]]
    together: list[int] = []
    logits = Lab.logits

    def counted(self: Lab, prompts: Any) -> torch.Tensor:
        together.append(len(prompts))
        return logits(self, prompts)

    monkeypatch.setattr(Lab, "logits", counted)
    few = MEASURE.prepare(lab(), made)
    assert set(together) == {2}
    monkeypatch.setattr("guardbind_bench.measures.patching._REFERENCES_AT_ONCE", 16)
    many = MEASURE.prepare(lab(), made)
    assert max(together) == 16
    for one, other in zip(few.run(indices), many.run(indices), strict=True):
        for name, number in one.model_dump().items():
            margins = name.startswith("m_")
            assert getattr(other, name) == (pytest.approx(number, abs=1e-5) if margins else number)


@pytest.mark.parametrize(
    ("which", "depth", "expected"),
    [
        ("all", 3, (0, 1, 2)),
        ("none", 3, ()),
        ("last8", 3, (0, 1, 2)),
        ("last8", 30, tuple(range(22, 30))),
        ("paper", 30, (0, 15, 29)),
        ("quarters", 30, (0, 7, 15, 22, 29)),
        ((-1, 4, 29), 30, (4, 29)),
    ],
)
def test_layers_are_named_as_in_other_measures(which: Layers, depth: int, expected: tuple[int, ...]) -> None:
    assert chosen_layers(which, depth) == expected


@pytest.mark.parametrize(
    ("made", "message"),
    [
        (cell(no_such=1), "no_such"),
        (cell(positions=["first"]), "positions"),
        (cell(layers=[LAYERS]), r"layers \[3\] are outside the model; it has layers 0 to 2"),
        (cell(layers="none", head_layers="none"), "no layer is named"),
        (cell(filler="natural", positions=["decoys"]), "'natural' has no decoys"),
        (cell(filler="natural", corruption="decoys_only"), "are the same"),
        (cell(k=0), "are the same"),
        (cell(filler="random"), "are the same"),
    ],
)
def test_a_cell_that_does_not_fit_is_refused(made: Cell, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        MEASURE.prepare(lab(), made)


def test_models_that_cannot_be_patched_are_refused() -> None:
    hybrid = build(FAMILIES["falcon_h1"], vocab_size=len(lab().tokenizer))
    with pytest.raises(NullUnavailableError, match="recurrent"):
        MEASURE.prepare(Lab(hybrid, lab().tokenizer), cell())
    with pytest.raises(ContextLengthError):
        MEASURE.prepare(lab(context=64), cell(k=60))
    mute = Lab(untrained(lab().model), lab().tokenizer)
    with torch.no_grad():
        mute.model.get_output_embeddings().weight.zero_()
    with pytest.raises(ConfigError, match="none of 128 clean prompts"):
        MEASURE.prepare(mute, cell())


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


def rows(records: list[PatchingRecord], **settings: Any) -> Callable[..., list[Row]]:
    found = EXPERIMENT.summarise(SameRecords(records), Settings(trials=4, **settings), silent)

    def choose(table: str, **keys: Any) -> list[Row]:
        return [row for row in found if row.table == table and keys.items() <= row.keys.items()]

    return choose


def value(row: Row, name: str) -> float:
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
