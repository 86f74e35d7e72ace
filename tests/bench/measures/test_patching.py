"""Patching: which pairs qualify, and every margin that of a whole forward pass."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from bench_patching import cell, lab, measured, qualified
from families import FAMILIES, build
from transformers import LlamaForCausalLM

from guardbind.errors import ConfigError, ContextLengthError, NullUnavailableError
from guardbind.model.sites import Patch, PatchSites, Site
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.patching import MEASURE
from guardbind_bench.measures.patching_pairs import Layers, PairSource, PatchingOptions, chosen_layers
from guardbind_bench.prompts.cell import BenchCell

LAYERS = 3


def untrained(model: Any) -> LlamaForCausalLM:
    """A model of the same shape with weights of its own."""
    made: LlamaForCausalLM = LlamaForCausalLM(model.config).eval()
    return made


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
def test_a_cell_that_does_not_fit_is_refused(made: BenchCell, message: str) -> None:
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
