"""What a guard reads of the residual: only with a probe, of each row alone, and nothing is changed by it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from asking import BETA, BINDINGS, PARTS_LATE, Ask, hooks
from families import speaking
from transformers import PreTrainedTokenizerBase

from guardbind import Binding, ConfigError, Guard, GuardConfig, UnknownArchitectureError
from guardbind.calibration.probe import Probe
from guardbind.events import SlotRecord
from guardbind.model.lens import Lens
from guardbind.session.available import SlotProbe

OBSERVE = GuardConfig(policy="observe")
VOLATILE = {"at", "seconds", "provenance", "null_cost"}


@pytest.fixture(scope="module")
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


@pytest.fixture(autouse=True)
def no_hook_is_left(ask: Ask) -> Iterator[None]:
    yield
    assert hooks(ask.first) == 0


def lens_probe(model: Any, layer: int, available_from: float | None = None) -> SlotProbe:
    width = model.get_output_embeddings().weight.shape[1]
    return SlotProbe(Probe.lens(layer, hidden=width), available_from)


def slots(model: Any, ask: Ask, prompt: Any, probe: SlotProbe | None, **how: Any) -> tuple[SlotRecord, ...]:
    guard = Guard(model, ask.tokenizer, how.pop("config", OBSERVE), probe=probe)
    given: dict[str, Any] = {"max_new_tokens": 4, "do_sample": False, "bindings": BINDINGS} | how
    return guard.generate(**ask.inputs(prompt), **given).report.slots


def plain(slot: SlotRecord) -> dict[str, Any]:
    return slot.model_dump(exclude=VOLATILE)


def test_without_a_probe_nothing_is_read_and_with_one_nothing_else_changes(ask: Ask) -> None:
    without = slots(ask.first, ask, BETA, None, config=GuardConfig())
    assert all(slot.available is None and slot.available_layer is None for slot in without)
    recorded = slots(ask.first, ask, BETA, lens_probe(ask.first, 0), config=GuardConfig())
    assert [slot.available is None for slot in recorded] == [False]
    assert recorded[0].available_layer == 0 and recorded[0].lens == {}
    cleared = [slot.model_copy(update={"available": None, "available_layer": None}) for slot in recorded]
    assert [plain(slot) for slot in cleared] == [plain(slot) for slot in without]


@pytest.mark.parametrize("family", ["llama", "gemma3_text", "gpt2"])
def test_at_the_last_layer_the_lens_says_what_the_model_does(family: str, ask: Ask) -> None:
    model = speaking(family, ask.tokenizer)
    last = len(Lens.bind(model).layers) - 1
    (slot,) = slots(model, ask, BETA, lens_probe(model, last), target="beta", max_new_tokens=1)
    with torch.no_grad():
        own = model(**ask.inputs(BETA)).logits[0, -1].softmax(-1)
    # Both values may stand behind a space, which tells neither; their first figures do.
    four, one = (own[ask.tokenizer.convert_tokens_to_ids(figure)] for figure in "41")
    assert slot.available == pytest.approx(float(four / (four + one)), rel=1e-3)


def test_rows_of_a_batch_are_read_alone(ask: Ask) -> None:
    model = speaking("llama", ask.tokenizer)
    probe = lens_probe(model, 0)
    prompts = [BETA, "(alpha=[17];beta=[42]\nlonger than that\nalpha=["]
    together = slots(model, ask, prompts, probe, max_new_tokens=1, bindings=[BINDINGS, BINDINGS])
    for row, prompt in enumerate(prompts):
        (alone,) = slots(model, ask, prompt, probe, max_new_tokens=1)
        assert together[row].available == pytest.approx(alone.available, abs=1e-5)
        assert alone.available is not None


def test_threads_share_a_guard_with_a_probe(ask: Ask) -> None:
    model = speaking("llama", ask.tokenizer)
    guard = Guard(model, ask.tokenizer, OBSERVE, probe=lens_probe(model, 0))

    def one(number: int) -> float | None:
        prompt = f"\nalpha=[{number}]\nbeta=[{99 - number}]\nbeta=["
        bound = [Binding("alpha", str(number)), Binding("beta", str(99 - number))]
        return (
            guard.generate(**ask.inputs(prompt), bindings=bound, max_new_tokens=1, do_sample=False)
            .report.slots[0]
            .available
        )

    numbers = range(20, 80, 6)
    alone = [one(number) for number in numbers]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, numbers)) == alone
    assert len(set(alone)) > 1


def test_nothing_is_said_where_there_is_no_choice(ask: Ask) -> None:
    probe = lens_probe(ask.first, 0)
    only = [Binding("beta", "42")]
    assert [slot.available for slot in slots(ask.first, ask, "\nbeta=[42]\nbeta=[", probe, bindings=only)] == [None]
    late = slots(ask.first, ask, PARTS_LATE, probe, bindings=[Binding("alpha", "4821"), Binding("beta", "4837")])
    assert [slot.available is not None for slot in late] == [True]


@pytest.mark.parametrize(("available_from", "tried"), [(0.0, "contrast"), (1.0, "attend")])
def test_auto_is_typed_by_it(available_from: float, tried: str, ask: Ask) -> None:
    guard = Guard(ask.first, ask.tokenizer, GuardConfig(), probe=lens_probe(ask.first, 0, available_from))
    output = guard.generate(**ask.inputs(BETA), bindings=BINDINGS, target="beta", max_new_tokens=4, do_sample=False)
    assert output.report.interventions[0].action == tried
    assert output.text[0].startswith("42")


def test_the_lens_that_is_asked_for_is_shown_and_no_more(ask: Ask) -> None:
    for layers, shown in (((1,), {1}), ("all", {0, 1})):
        config = GuardConfig(policy="observe", lens_layers=layers)  # type: ignore[arg-type]
        (slot,) = slots(ask.first, ask, BETA, lens_probe(ask.first, 0), config=config, max_new_tokens=1)
        assert set(slot.lens) == shown and slot.available is not None


def test_a_probe_that_does_not_fit_is_refused_at_once(ask: Ask) -> None:
    with pytest.raises(ConfigError, match="reads residuals of width 7"):
        Guard(ask.first, ask.tokenizer, probe=SlotProbe(Probe.lens(0, hidden=7)))
    width = ask.first.get_output_embeddings().weight.shape[1]
    with pytest.raises(ConfigError, match="layer 9 is outside the model"):
        Guard(ask.first, ask.tokenizer, probe=SlotProbe(Probe.lens(9, hidden=width)))
    model = copy.deepcopy(speaking("llama", ask.tokenizer))  # others read the one that is kept
    lens = Lens.bind(model)
    lens.head.to("meta")
    with pytest.raises(UnknownArchitectureError, match="no matrix of embeddings"):
        lens_probe(model, 0).check(lens)
