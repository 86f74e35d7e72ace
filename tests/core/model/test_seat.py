"""Attention, heads and layers are read and changed as their identities say, on every family or refused by name."""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Callable

import pytest
import torch
import transformers
from families import FAMILIES, LAYERS, CausalLM, Family, Wrapped, build
from torch import Tensor

from guardbind.errors import BindingError, GuardbindError, UnknownArchitectureError
from guardbind.model.interventions import (
    AttentionBias,
    AttentionWeight,
    HeadMean,
    HeadScale,
    Intervention,
    LayerOutput,
    QueryZero,
)
from guardbind.model.seat import Seat

REFUSED = {
    "gemma2": "caps its attention scores",
    "gpt_neo": "path of its own",
    "falcon_h1": "recurrent state",
    "lfm2": "recurrent state",
    "mamba": "recurrent state",
}
PLAIN = sorted(FAMILIES.keys() - REFUSED.keys())
MOE = {"num_local_experts": 2, "num_experts": 2, "num_experts_per_tok": 1, "moe_intermediate_size": 16, "head_dim": 8}
IDS = torch.tensor([[5, 9, 13, 17, 21, 25, 29, 33]])
SPAN = (4, 5)
OLD = transformers.__version__.startswith("4.")
ONE_HEAD = ((1, 2),)


def loud(family: Family, **config: object) -> CausalLM:
    model = build(family, **config)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.mul_(6)
    return model


@pytest.fixture(scope="module", params=PLAIN)
def model(request: pytest.FixtureRequest) -> CausalLM:
    model = loud(FAMILIES[request.param])
    if OLD and request.param == "stablelm":
        pytest.skip("transformers 4 gives it a path of its own")
    return model


def logits(model: CausalLM, ids: Tensor = IDS, **given: object) -> Tensor:
    with torch.no_grad():
        read: Tensor = model(input_ids=ids, **given).logits[:, -1].float()
    return read


def edited(model: CausalLM, *edits: Intervention, reads: bool = False) -> Tensor:
    with Seat.find(model).acting(*edits, reads=reads):
        return logits(model)


def near(a: Tensor, b: Tensor, by: float = 1e-4) -> bool:
    return bool((a - b).abs().max() <= by * b.abs().max().clamp(min=1))


@pytest.mark.parametrize(
    "edits",
    [
        [],
        [HeadScale(None, 1.0)],
        [LayerOutput(1, lambda _came, went: went)],
        [AttentionBias(SPAN, 0.0), AttentionWeight(SPAN, 1.0), AttentionWeight(SPAN, 1.0, spread="others")],
        [AttentionBias((), 3.0, rows=8), AttentionWeight((), 3.0)],
        [QueryZero(()), HeadScale((), 0.0)],
    ],
    ids=["none", "heads", "layer", "attention", "no columns", "no heads"],
)
def test_an_identity_changes_no_bit(model: CausalLM, edits: list[Intervention]) -> None:
    is_open = any(isinstance(edit, AttentionBias | QueryZero) for edit in edits)
    assert torch.equal(edited(model, *edits), edited(model, reads=True) if is_open else logits(model))


def test_open_attention_is_that_of_either_backend(model: CausalLM) -> None:
    eager = copy.deepcopy(model)
    eager.set_attn_implementation("eager")
    assert near(edited(model, reads=True), logits(model)) and near(edited(eager, reads=True), logits(eager))
    edits = AttentionBias(SPAN, 2.0, ONE_HEAD), HeadScale([(0, 1)], 3.0)
    assert near(edited(model, *edits), edited(eager, *edits))


def test_a_head_scaled_by_0_is_its_slice_of_the_projections_input_zeroed(model: CausalLM) -> None:
    seat, head = Seat.find(model), 2
    size, projection = seat.sites.head_size, seat.sites.projections[1]

    def zero(_module: object, args: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        new = args[0].clone()
        new[:, -1, head * size : (head + 1) * size] = 0
        return (new, *args[1:])

    handle = projection.register_forward_pre_hook(zero)
    by_slice = logits(model)
    handle.remove()
    assert torch.equal(edited(model, HeadScale([(1, head)], 0.0)), by_slice)
    assert torch.equal(edited(model, HeadMean([(1, head)], torch.zeros(LAYERS, 4, size))), by_slice)
    assert not near(by_slice, logits(model))


def test_all_heads_scaled_by_0_are_attention_taken_away(model: CausalLM) -> None:
    seat = Seat.find(model)
    bias = [getattr(projection, "bias", None) for projection in seat.sites.projections]
    handles = [
        projection.register_forward_hook(
            lambda _m, _a, out, b=b: torch.cat([out[:, :-1], (out[:, -1:] * 0) + (0 if b is None else b)], 1)
        )
        for projection, b in zip(seat.sites.projections, bias, strict=True)
    ]
    without = logits(model)
    for handle in handles:
        handle.remove()
    assert near(edited(model, HeadScale(None, 0.0)), without, 1e-6)


def test_a_bias_of_minus_infinity_masks_the_columns(model: CausalLM) -> None:
    mask = torch.ones_like(IDS)
    mask[:, list(SPAN)] = 0
    positions = {"position_ids": torch.arange(8)[None]} if model.config.model_type != "opt" else {}
    if not positions:
        pytest.skip("positions of this family are counted from the mask")
    masked = logits(model, attention_mask=mask, **positions)
    # In every row, since a mask of columns is one.
    assert near(edited(model, AttentionBias(SPAN, -math.inf, rows=8)), masked)
    assert not near(masked, logits(model))


def test_a_factor_after_softmax_is_its_logarithm_before(model: CausalLM) -> None:
    for factor in (0.3, 5.0):
        for heads in (None, ONE_HEAD):
            after = edited(model, AttentionWeight(SPAN, factor, heads))
            assert near(after, edited(model, AttentionBias(SPAN, math.log(factor), heads)))
    include, exclude = AttentionBias(SPAN, math.log(100)), AttentionBias((0, 1, 2, 3, 6, 7), math.log(0.01))
    assert near(edited(model, include), edited(model, exclude), 1e-3)
    assert near(edited(model, AttentionBias(range(8), 2.0)), logits(model))


def test_weights_sum_to_1_and_only_those_meant_change(model: CausalLM) -> None:
    seat = Seat.find(model)
    with seat.acting(reads=True) as plain:
        logits(model)
    edit = AttentionWeight(SPAN, 0.4, [(0, 1)], spread="others")
    with seat.acting(edit, reads=True) as changed:
        logits(model)
    before, after = plain.attention()[0], changed.attention()[0]
    assert before.shape == (LAYERS, 4, 8) and near(after.sum(-1), torch.ones(LAYERS, 4), 1e-5)
    assert near(after[0, 1, list(SPAN)], 0.4 * before[0, 1, list(SPAN)], 1e-6)
    rest = [0, 1, 2, 3, 6, 7]
    ratio = (after / before.clamp(min=1e-20))[0, 1, rest]
    assert near(ratio[before[0, 1, rest] > 0], ratio.max().expand(int((before[0, 1, rest] > 0).sum())))
    # The other heads of its layer, those of its own group of keys too, are as they were.
    assert torch.equal(before[0, [0, 2, 3]], after[0, [0, 2, 3]])


def test_a_query_zeroed_sees_everything_alike_and_is_no_output_zeroed(model: CausalLM) -> None:
    seat = Seat.find(model)
    with seat.acting(QueryZero([(2, 3)]), reads=True) as record:
        uniform = logits(model)
    row = record.attention()[0, 2, 3]
    seen = row[row > 1e-6]
    if model.config.model_type not in {"qwen3", "gemma3_text"}:  # a norm before it takes no part in this
        assert near(seen, torch.full_like(seen, 1 / len(seen)), 1e-5)
    assert not near(uniform, edited(model, HeadScale([(2, 3)], 0.0)), 1e-5)


def test_heads_are_read_as_the_projection_gets_them(model: CausalLM) -> None:
    seat = Seat.find(model)
    with seat.acting(reads=True) as record, seat.sites.captured(1, [-1]) as kept:
        logits(model)
    assert torch.equal(record.heads()[0, 1].flatten(), kept[1, "attn"][0, 0].float())


def test_a_layer_hands_on_what_came_in(model: CausalLM) -> None:
    seat = Seat.find(model)
    seen: dict[str, Tensor] = {}

    def skip(came: Tensor, went: Tensor) -> Tensor:
        seen["went"] = went
        return came

    skipped = edited(model, LayerOutput(1, skip))
    assert not near(skipped, logits(model))
    assert torch.equal(edited(model, LayerOutput(1, lambda _c, _w: seen["went"])), logits(model))
    del seat


def test_only_the_last_rows_and_the_row_of_the_batch_meant_change() -> None:
    model = loud(FAMILIES["llama"])
    two = torch.cat([IDS, IDS.flip(1)])
    with torch.no_grad():
        plain = model(input_ids=two).logits
        with Seat.find(model).acting(AttentionBias(SPAN, 4.0, batch=1, rows=2)):
            changed = model(input_ids=two).logits
    assert near(changed[0], plain[0]) and near(changed[1, :-2], plain[1, :-2])
    assert not near(changed[1, -2], plain[1, -2]) and not near(changed[1, -1], plain[1, -1])


def test_a_cache_is_read_with_the_columns_of_the_whole_text() -> None:
    model = loud(FAMILIES["qwen3"])
    edit = AttentionBias(SPAN, 4.0)
    with torch.no_grad():
        cache = model(input_ids=IDS[:, :-1], use_cache=True).past_key_values
        with Seat.find(model).acting(edit, reads=True) as record:
            short = model(input_ids=IDS[:, -1:], past_key_values=cache).logits[:, -1]
    assert near(short, edited(model, edit)) and record.attention().shape == (1, LAYERS, 4, 8)


def test_gradients_reach_the_weights() -> None:
    model = loud(FAMILIES["llama"])
    with Seat.find(model).acting(reads=True) as record:
        nll = -torch.log_softmax(model(input_ids=IDS).logits[0, -1], -1)[3]
    gradient = torch.autograd.grad(nll, record.weights[1])[0]
    assert gradient.shape == (1, 4, 8, 8) and bool(gradient[..., -1, :].abs().sum() > 0)
    with Seat.find(model).acting(reads=True) as record:
        nll = -torch.log_softmax(model(input_ids=IDS).logits[0, -1], -1)[3]
    assert torch.autograd.grad(nll, record.outputs[1])[0].shape == (1, 8, 4, 8)


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_cannot_be_read_is_refused_and_says_why(name: str) -> None:
    model = build(FAMILIES[name])
    before = model.config._attn_implementation
    with pytest.raises(UnknownArchitectureError, match=REFUSED[name]):
        edited(model, AttentionBias(SPAN, 1.0))
    assert model.config._attn_implementation == before
    if REFUSED[name] != "recurrent state":  # heads are scaled all the same
        assert not torch.equal(edited(model, HeadScale(None, 0.0)), logits(model))


@pytest.mark.parametrize(("kind", "why"), [("gpt_oss", "learned sink"), ("afmoe", "changes what its heads give")])
def test_other_kinds_of_attention_are_refused(kind: str, why: str) -> None:
    try:
        model = build(Family(kind, FAMILIES["llama"].config | MOE))
    except (ValueError, KeyError):
        pytest.skip(f"this version of transformers has no {kind}")
    with pytest.raises(UnknownArchitectureError, match=why):
        Seat.find(model).check_attention()


def test_nothing_stays_after_an_error(model: CausalLM) -> None:
    seat, before = Seat.find(model), logits(model)
    state = {name: set(vars(module)) for name, module in model.named_modules()}
    edits = AttentionBias(SPAN, 2.0), HeadScale(None, 2.0), LayerOutput(0, lambda c, _w: c)
    with pytest.raises(RuntimeError, match="stop"), seat.acting(*edits, reads=True):
        raise RuntimeError("stop")
    for wrong in (HeadScale([(LAYERS, 0)], 2.0), AttentionBias(SPAN, 2.0, [(0, 9)]), LayerOutput(-1, lambda c, w: w)):
        with pytest.raises(BindingError, match="does not exist"), seat.acting(wrong):
            pass
    assert torch.equal(logits(model), before)
    assert not any(module._forward_hooks or module._forward_pre_hooks for module in model.modules())
    assert {name: set(vars(module)) for name, module in model.named_modules()} == state


@pytest.mark.parametrize("backend", ["sdpa", "eager"])
def test_other_threads_run_the_model_as_it_is(backend: str) -> None:
    model = loud(FAMILIES["llama"])
    model.set_attn_implementation(backend)
    plain = logits(model)
    seen: list[Tensor] = []
    with Seat.find(model).acting(AttentionBias(SPAN, 9.0), HeadScale(None, 3.0), reads=True):
        other = threading.Thread(target=lambda: seen.append(logits(model)))
        other.start()
        other.join()
        assert not near(logits(model), plain)
    assert torch.equal(seen[0], plain)


def test_blocks_stand_in_each_other() -> None:
    model = loud(FAMILIES["llama"])
    seat = Seat.find(model)
    with seat.acting(AttentionBias(SPAN, 2.0), HeadScale([(0, 0)], 2.0)):
        with seat.acting(AttentionBias((1,), 1.0), HeadScale([(1, 1)], 0.0)):
            inner = logits(model)
        outer = logits(model)
    assert torch.equal(inner, edited(model, AttentionBias((1,), 1.0), HeadScale([(0, 0)], 2.0), HeadScale([(1, 1)], 0)))
    assert torch.equal(outer, edited(model, AttentionBias(SPAN, 2.0), HeadScale([(0, 0)], 2.0)))


def test_a_wrapped_and_a_copied_model() -> None:
    model = loud(FAMILIES["llama"])
    edit = AttentionBias(SPAN, 2.0)
    with Seat.find(model).acting(edit, HeadScale(None, 2.0)):
        copied = copy.deepcopy(model)
    assert torch.equal(logits(copied), logits(model))
    with Seat.find(Wrapped(model)).acting(edit):
        inside = logits(model)
    assert torch.equal(inside, edited(model, edit))


def test_errors_are_of_the_house() -> None:
    check: Callable[[], None] = Seat.find(build(FAMILIES["gpt_neo"])).check_attention
    with pytest.raises(GuardbindError) as caught:
        check()
    assert caught.value.hint
