from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from bench_tiny import bench_tokenizer
from families import LAYERS, speaking
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.errors import ConfigError, ContextLengthError, GuardbindError
from guardbind_bench.measures import reading, residuals
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.reading import ReadingRecord
from guardbind_bench.measures.residuals import MEASURE, ResidualRecord, resolve_layers
from guardbind_bench.prompts.cell import BenchCell

TOKENIZER = bench_tokenizer()
FAMILIES = ("llama", "gemma2", "gpt2", "qwen3")


def lab(family: str = "llama") -> Lab:
    return Lab(speaking(family, TOKENIZER), TOKENIZER)


def cell(measure: str = "residuals", **options: Any) -> BenchCell:
    return BenchCell(measure=measure, task="competing_vars", k=5, options=options)


def hooks_on(model: nn.Module) -> int:
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def hidden_states(made: Lab, ids: tuple[int, ...]) -> tuple[Tensor, ...]:
    with torch.no_grad():
        states: tuple[Tensor, ...] = made.model(torch.tensor([ids]), output_hidden_states=True).hidden_states
    return states


@pytest.mark.parametrize("family", FAMILIES)
def test_the_readout_is_that_of_the_measure_reading_bit_for_bit(family: str) -> None:
    made, batch = lab(family), range(4)
    plain = reading.MEASURE.prepare(made, cell("reading")).run(batch)
    full = MEASURE.prepare(made, cell(layers="all")).run(batch)
    fields = set(ReadingRecord.model_fields)
    assert [record.model_dump(include=fields) for record in full] == [record.model_dump() for record in plain]


@pytest.mark.parametrize("family", FAMILIES)
def test_residuals_are_the_outputs_of_the_layers_at_the_last_token(family: str) -> None:
    made = lab(family)
    session = MEASURE.prepare(made, cell(layers=[0, 1]))
    for record in session.run(range(3)):
        states = hidden_states(made, made.task(cell()).trial(record.index).ids)
        expected = torch.stack([states[1 + layer][0, -1] for layer in record.layers])
        assert record.layers == [0, 1]
        assert torch.allclose(torch.tensor(record.residual).view_as(expected), expected, atol=1e-4)


def test_residuals_of_a_padded_prompt_are_those_of_its_last_real_token(monkeypatch: pytest.MonkeyPatch) -> None:
    made = lab()
    session = MEASURE.prepare(made, cell(layers="all"))
    alone = session.run([0])[0]
    whole = made.logits
    short = made.task(cell()).trial(0).ids
    # A longer prompt beside it pads it on the left.
    monkeypatch.setattr(Lab, "logits", lambda self, prompts: whole([short, (*short, *short[-3:])])[:1])
    padded = session.run([0])[0]
    assert np.allclose(padded.residual, alone.residual, atol=1e-4)
    assert np.allclose(padded.lens, alone.lens, atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_lens_at_the_last_layer_gives_the_logits_of_the_candidates(family: str) -> None:
    made = lab(family)
    record = MEASURE.prepare(made, cell(layers=[-1])).run([2])[0]
    trial = made.task(cell()).trial(2)
    logits = made.logits([trial.ids])[0][[value.token for value in trial.candidates]]
    assert record.layers == [LAYERS - 1]
    assert len(record.lens) == record.candidates
    assert np.allclose(record.lens, logits.tolist(), atol=1e-3)
    assert int(np.argmax(record.lens)) == record.best_index


def test_bound_are_the_places_of_the_bound_values() -> None:
    made = lab()
    for record in MEASURE.prepare(made, cell()).run(range(6)):
        trial = made.task(cell()).trial(record.index)
        assert [trial.candidates[place] for place in record.bound] == [bound.value for bound in trial.bound]
        assert {record.target_index, record.competitor_index} == set(record.bound)


def test_embeddings_are_the_rows_of_the_head_and_only_there_when_asked_for() -> None:
    made = lab()
    record = MEASURE.prepare(made, cell(layers=[], embeddings=True)).run([0])[0]
    tokens = [value.token for value in made.task(cell()).trial(0).candidates]
    head = made.model.get_output_embeddings().weight[tokens].detach()
    assert torch.equal(torch.tensor(record.embeddings).view_as(head), head)
    assert record.layers == record.residual == record.lens == []
    assert MEASURE.prepare(made, cell()).run([0])[0].embeddings == []


def test_a_failed_reading_has_no_residuals(monkeypatch: pytest.MonkeyPatch) -> None:
    made = lab()
    session = MEASURE.prepare(made, cell())
    whole = made.logits
    monkeypatch.setattr(Lab, "logits", lambda self, prompts: whole(prompts) * torch.nan)
    record = session.run([0])[0]
    assert record.failed is not None
    assert record.residual == record.lens == record.layers == record.bound == []


def test_hooks_are_removed_after_a_batch_and_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    made = lab()
    before = hooks_on(made.model)
    session = MEASURE.prepare(made, cell())
    session.run(range(2))
    assert hooks_on(made.model) == before

    def broken(self: Lab, prompts: Any) -> Tensor:
        assert hooks_on(self.model) > before
        raise RuntimeError("out of memory")

    monkeypatch.setattr(Lab, "logits", broken)
    with pytest.raises(RuntimeError, match="out of memory"):
        session.run([0])
    assert hooks_on(made.model) == before


@pytest.mark.parametrize(
    ("layers", "depth", "expected"),
    [
        ("paper", 36, [0, 18, 35]),
        ("paper", 30, [0, 15, 29]),
        ("paper", 1, [0]),
        ("quarters", 30, [0, 7, 15, 22, 29]),
        ("quarters", 2, [0, 1]),
        ("all", 3, [0, 1, 2]),
        ([-1, 0, 2, -3], 3, [0, 2]),
        ([], 3, []),
    ],
)
def test_layers_are_resolved(layers: Any, depth: int, expected: list[int]) -> None:
    assert resolve_layers(layers, depth) == expected


@pytest.mark.parametrize("layers", [[3], [-4], [0, 9]])
def test_layers_outside_the_model_are_refused(layers: list[int]) -> None:
    with pytest.raises(ConfigError, match="layers 0 to 2"):
        MEASURE.prepare(lab(), cell(layers=layers))


@pytest.mark.parametrize("options", [{"layer": [0]}, {"layers": "some"}, {"embeddings": "perhaps"}])
def test_other_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"options of `residuals` .*layers="):
        MEASURE.prepare(lab(), cell(**options))


def test_too_long_prompts_are_refused() -> None:
    with pytest.raises(ContextLengthError):
        MEASURE.prepare(lab(), BenchCell(measure="residuals", task="competing_vars", k=300))


def test_a_head_without_a_matrix_is_refused_where_embeddings_are_asked_for() -> None:
    class Head(nn.Module):
        def __init__(self, inner: nn.Module) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, hidden: Tensor) -> Any:
            return self.inner(hidden)

    made = lab()
    head = made.model.get_output_embeddings()
    made.model.set_output_embeddings(Head(head))
    try:
        with pytest.raises(GuardbindError, match="no matrix of embeddings"):
            MEASURE.prepare(made, cell(layers=[], embeddings=True))
    finally:
        made.model.set_output_embeddings(head)


def test_a_record_survives_json() -> None:
    record = MEASURE.prepare(lab(), cell()).run([1])[0]
    assert ResidualRecord.model_validate_json(record.model_dump_json()) == record
    assert residuals.__all__ == sorted(residuals.__all__)


def test_residuals_of_the_demo_model(demo_model: tuple[PreTrainedModel, PreTrainedTokenizerBase]) -> None:
    made = Lab(*demo_model)
    record = MEASURE.prepare(made, cell()).run([0])[0]
    assert record.layers == [0, 15, 29]
    assert len(record.residual) == 3 * 576
    assert int(np.argmax(record.lens[-record.candidates :])) == record.best_index
