from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from accelerate import cpu_offload, disk_offload
from torch import Tensor, nn

from guardbind.model.fingerprint import _CHUNK, weights_fingerprint

BIG = 2 * _CHUNK + 5  # float32 elements: more than one chunk, and half a word in the end


def holding(*tensors: Tensor) -> nn.Module:
    model = nn.Module()
    for number, tensor in enumerate(tensors):
        model.register_parameter(f"w{number}", nn.Parameter(tensor, requires_grad=tensor.is_floating_point()))
    return model


def drawn(count: int, dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
    return torch.randn(count, generator=torch.Generator().manual_seed(seed)).to(dtype)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64])
@pytest.mark.parametrize("at", [0, 1, _CHUNK, 2 * _CHUNK - 1, BIG - 1])
def test_a_single_changed_weight_is_found(dtype: torch.dtype, at: int) -> None:
    before, after = drawn(BIG, dtype), drawn(BIG, dtype)
    after[at] = -after[at]  # one bit
    assert weights_fingerprint(holding(before)) == weights_fingerprint(holding(before.clone()))
    assert weights_fingerprint(holding(before)) != weights_fingerprint(holding(after))


@pytest.mark.parametrize(("i", "j"), [(0, 1), (0, 2), (1, 1 + (1 << 17)), (3, BIG - 1), (0, 1 << 17)])
@pytest.mark.parametrize("values", [(1.0, -1.0), (0.5, 0.25), (3.0, 7.0)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_two_exchanged_weights_are_found(i: int, j: int, values: tuple[float, float], dtype: torch.dtype) -> None:
    before = torch.zeros(BIG, dtype=dtype)
    before[i], before[j] = values
    after = before.clone()
    after[i], after[j] = before[j], before[i]
    assert weights_fingerprint(holding(before)) != weights_fingerprint(holding(after))


def test_exchanged_tensors_names_shapes_and_types_are_told_apart() -> None:
    first, second = drawn(64, seed=1), drawn(64, seed=2)
    models = [
        holding(first, second),
        holding(second, first),
        holding(first),
        holding(first.view(8, 8), second),
        holding(first.to(torch.bfloat16), second.to(torch.bfloat16)),
        holding(first.to(torch.bfloat16).float(), second.to(torch.bfloat16).float()),
        holding(torch.cat([first, torch.zeros(1)]), second),
    ]
    assert len({weights_fingerprint(model) for model in models}) == len(models)


def test_tied_weights_count_as_copies_do_and_buffers_that_are_not_saved_do_not() -> None:
    def twins(tied: bool) -> nn.Module:
        model = nn.ModuleDict({"a": nn.Linear(4, 4, bias=False), "b": nn.Linear(4, 4, bias=False)})
        weight = nn.Parameter(drawn(16).view(4, 4))
        for name in "ab":
            layer: Any = model[name]
            layer.weight = weight if tied else nn.Parameter(weight.detach().clone())
        return model

    plain = twins(True)
    found = weights_fingerprint(plain)
    assert found == weights_fingerprint(twins(False))
    plain.register_buffer("table", torch.ones(3), persistent=False)
    assert weights_fingerprint(plain, fresh=True) == found
    plain.register_buffer("kept", torch.ones(3))
    assert weights_fingerprint(plain) != found


def test_layout_in_memory_does_not_matter() -> None:
    square = drawn(256).view(16, 16)
    turned = square.t().contiguous().t()
    within = torch.cat([torch.zeros(1), square.flatten()])[1:].view(16, 16)
    assert len({weights_fingerprint(holding(w)) for w in (square, turned, within)}) == 1


def _in_place(model: nn.Module, weight: nn.Parameter) -> None:
    with torch.no_grad():
        weight[3, 5] += 1e-3


def _other_tensor(model: nn.Module, weight: nn.Parameter) -> None:
    model.w0 = nn.Parameter(drawn(BIG - 5, seed=1).view(2, -1))


def _merged(model: nn.Module, weight: nn.Parameter) -> None:
    weight.data += 1e-3  # as adapters are merged; torch counts no write


def _converted(model: nn.Module, weight: nn.Parameter) -> None:
    model.to(torch.bfloat16)


def _loaded(model: nn.Module, weight: nn.Parameter) -> None:
    model.load_state_dict({"w0": weight.detach() * 2})


@pytest.mark.parametrize("change", [_other_tensor, _merged, _converted, _loaded])
def test_what_is_kept_gives_way_when_weights_change(change: Callable[[nn.Module, nn.Parameter], None]) -> None:
    model = holding(drawn(BIG - 5).view(2, -1))
    weight: Any = model.w0
    before = weights_fingerprint(model)
    assert weights_fingerprint(model) == before
    change(model, weight)
    after = weights_fingerprint(model)
    assert after == weights_fingerprint(model, fresh=True) != before


def test_a_write_to_one_weight_is_noticed_and_one_that_torch_does_not_count_by_a_fresh_reading() -> None:
    model = holding(drawn(20_000).view(2, -1))
    weight: Any = model.w0
    before = weights_fingerprint(model)
    with torch.no_grad():
        weight[1, 7] += 1e-3
    second = weights_fingerprint(model)
    assert second != before
    weight.data[1, 7] += 1
    assert weights_fingerprint(model, fresh=True) != second


class _Quantised(nn.Module):
    """Saves more than parameters, as layers of quantised weights do."""

    def __init__(self, scale: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(8, dtype=torch.int8), requires_grad=False)
        self.scale = torch.tensor([scale])

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination[f"{prefix}scale"] = self.scale


def test_what_quantised_layers_save_beside_their_weights_counts() -> None:
    same = weights_fingerprint(nn.Sequential(_Quantised(0.5)))
    assert same == weights_fingerprint(nn.Sequential(_Quantised(0.5)))
    assert same != weights_fingerprint(nn.Sequential(_Quantised(0.25)))


def test_offloaded_weights_are_fetched_and_nothing_of_them_is_kept(tmp_path: Any) -> None:
    def model(seed: int = 0) -> nn.Sequential:
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(6, 6), nn.Linear(6, 6))

    plain = weights_fingerprint(model())
    for offload in (
        lambda m: cpu_offload(m, execution_device=torch.device("cpu")),
        lambda m: disk_offload(m, str(tmp_path), execution_device=torch.device("cpu")),
    ):
        away = model()
        run: Any = offload
        run(away)
        assert next(away.parameters()).device.type == "meta"
        assert weights_fingerprint(away) == plain
        assert next(away.parameters()).device.type == "meta"
    assert weights_fingerprint(model().to("meta")) is None


def test_another_process_finds_the_same() -> None:
    code = (
        "import torch; from torch import nn; from guardbind.model.fingerprint import weights_fingerprint\n"
        "model = nn.Linear(3, 2); model.weight.data = torch.arange(6.0).view(2, 3); model.bias.data = torch.ones(2)\n"
        "print(weights_fingerprint(model))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    # The arithmetic is part of every calibration: this value may not change.
    assert done.stdout.strip() == "w1-2b1ef162036ff14f1ddf6a09003e1c384480c59f9e027753ee25067293aec4b3"
