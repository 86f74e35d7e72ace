"""Probes: what they are identical to, what they must not depend on, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from families import FAMILIES, build
from safetensors.torch import load_file, save_file

from guardbind.calibration.probe import Probe, probe_tensors, probes_from
from guardbind.errors import ConfigError
from guardbind.model.lens import Lens

HIDDEN, RANK = 6, 3
IDS = torch.tensor([[5, 9, 17, 3, 60, 61, 62]])


def drawn(layer: int = 4, *, hidden: int = HIDDEN, rank: int = RANK, seed: int = 0) -> Probe:
    generator = torch.Generator().manual_seed(seed)
    left, right = (torch.randn(hidden, rank, generator=generator) for _ in range(2))
    return Probe(layer, left, right, torch.randn(rank, generator=generator), torch.randn((), generator=generator))


def inputs(rows: int = 3, candidates: int = 5) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(rows, HIDDEN, generator=generator), torch.randn(candidates, HIDDEN, generator=generator)


@pytest.mark.parametrize("family", ["llama", "gemma2", "granite", "opt"])
def test_without_training_it_is_the_lens(family: str) -> None:
    model = build(FAMILIES[family])
    lens = Lens.bind(model)
    with lens.attach(), torch.no_grad():
        model(input_ids=IDS, use_cache=False)
    tokens = [7, 50, 3, 81, 20]
    rows = lens.unembedding[tokens]
    hidden = rows.shape[1]
    unit = torch.eye(hidden)
    for layer, residual in lens.residuals.items():
        logits = lens.logits(residual[0])[tokens]
        lens_order = logits.argsort(descending=True).tolist()
        plain = Probe.lens(layer, hidden=hidden, scale=lens.output_scale).scores(lens.project(residual[0]), rows)
        assert plain.argsort(descending=True).tolist() == lens_order
        if lens.softcap is None:
            torch.testing.assert_close(plain, logits.log_softmax(-1), rtol=1e-4, atol=1e-5)
        identity = Probe(layer, unit, unit, torch.zeros(hidden), torch.tensor(0.0))
        assert identity.scores(lens.project(residual[0]), rows).argsort(descending=True).tolist() == lens_order


def test_scores_are_log_probabilities_that_go_with_their_candidates() -> None:
    probe, (residuals, candidates) = drawn(), inputs()
    scores = probe.scores(residuals, candidates)
    torch.testing.assert_close(scores.exp().sum(-1), torch.ones(3))
    order = torch.tensor([3, 0, 4, 2, 1])
    torch.testing.assert_close(probe.scores(residuals, candidates[order]), scores[:, order])


def test_rows_do_not_know_of_each_other() -> None:
    probe, (residuals, candidates) = drawn(), inputs()
    alone = torch.stack([probe.scores(residual, candidates) for residual in residuals])
    torch.testing.assert_close(probe.scores(residuals, candidates), alone)
    torch.testing.assert_close(probe.scores(residuals, candidates.expand(3, -1, -1)), alone)
    half = probe.scores(residuals.bfloat16(), candidates.bfloat16())
    assert half.dtype == torch.float32


def test_of_one_candidate_nothing_is_in_doubt() -> None:
    residuals, candidates = inputs(candidates=1)
    assert drawn().scores(residuals, candidates).abs().max() == 0


def test_probes_survive_a_file(tmp_path: Path) -> None:
    probes = {2: Probe.lens(2, hidden=HIDDEN, scale=0.5), 11: drawn(11)}
    tensors = probe_tensors(probes.values())
    assert sorted(tensors)[:2] == ["layer.02.direct", "layer.02.left"]
    save_file(tensors, tmp_path / "probes.safetensors")
    again = probes_from(load_file(tmp_path / "probes.safetensors"))
    assert list(again) == [2, 11] and [probe.rank for probe in again.values()] == [0, RANK]
    residuals, candidates = inputs()
    for layer, probe in probes.items():
        assert torch.equal(again[layer].scores(residuals, candidates), probe.scores(residuals, candidates))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"left": torch.zeros(HIDDEN, RANK + 1)}, "has tensors of the shapes"),
        ({"left": torch.zeros(HIDDEN)}, "has tensors of the shapes"),
        ({"offset": torch.zeros(RANK, 1)}, "has tensors of the shapes"),
        ({"direct": torch.zeros(1)}, "has tensors of the shapes"),
        ({"right": torch.full((HIDDEN, RANK), torch.nan)}, "NaN or infinity"),
        ({"direct": torch.tensor(torch.inf)}, "NaN or infinity"),
        ({"layer": -1}, "from 0"),
    ],
)
def test_tensors_that_make_no_probe_are_refused(change: dict[str, Any], says: str) -> None:
    good = drawn()
    parts = {name: getattr(good, name) for name in ("layer", "left", "right", "offset", "direct")}
    with pytest.raises(ConfigError, match=says):
        Probe(**(parts | change))


def test_a_file_of_something_else_is_refused() -> None:
    tensors = probe_tensors([drawn()])
    with pytest.raises(ConfigError, match="two probes are of layer 4"):
        probe_tensors([drawn(), drawn()])
    with pytest.raises(ConfigError, match="lacks right"):
        probes_from({name: tensor for name, tensor in tensors.items() if not name.endswith("right")})
    for name, tensor in {
        "layer.x.left": torch.zeros(1),
        "layer.04.middle": torch.zeros(1),
        "weight": torch.zeros(1),
        "layer.05.left": torch.zeros(1, dtype=torch.long),
    }.items():
        with pytest.raises(ConfigError, match="no tensor of a probe"):
            probes_from({**tensors, name: tensor})


@pytest.mark.parametrize(("wide", "candidates"), [(HIDDEN + 1, HIDDEN), (HIDDEN, HIDDEN + 1)])
def test_a_residual_of_another_model_is_refused(wide: int, candidates: int) -> None:
    with pytest.raises(ConfigError, match="were given to a probe of width 6"):
        drawn().scores(torch.zeros(wide), torch.zeros(2, candidates))
    with pytest.raises(ConfigError, match="at least one candidate"):
        drawn().scores(torch.zeros(HIDDEN), torch.zeros(0, HIDDEN))
