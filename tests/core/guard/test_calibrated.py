"""A guard that has a calibration, on a tiny random model: its settings, and what it finds to be another model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import torch
from calibrations import acting_rule, plain_calibration, range_of

from guardbind import Binding, CheckpointConfig, Guard, GuardConfig
from guardbind.calibration.artefact import Calibration
from guardbind.calibration.store import calibration_id, save_calibration
from guardbind.errors import CalibrationError

if TYPE_CHECKING:
    from conftest import TinyLlama
    from transformers import PreTrainedTokenizerFast

    from guardbind.events import SlotRecord

PROMPT = "alpha = 17\nbeta = 42\ngamma = 63\nbeta ="
VALUES = {"alpha": "17", "beta": "42", "gamma": "63"}


@pytest.fixture
def model(tiny_llama: TinyLlama) -> Any:
    return tiny_llama()


@pytest.fixture
def calibration(model: Any, tiny_tokenizer: PreTrainedTokenizerFast) -> Calibration:
    made = plain_calibration(range_of(model, tiny_tokenizer), acting_rule("slot_prefix", -99.0, -99.0))
    chosen = made.settings.model_copy(update={"alpha": 1.5, "checkpoint_template": "Note: {evidence}\n"})
    return made.model_copy(update={"settings": chosen})


@pytest.fixture
def ask(model: Any, tiny_tokenizer: PreTrainedTokenizerFast) -> Callable[..., SlotRecord]:
    def ask(guard: Guard, **arguments: Any) -> SlotRecord:
        inputs = tiny_tokenizer(PROMPT, return_tensors="pt", return_token_type_ids=False)
        bindings = [Binding(key, value) for key, value in VALUES.items()]
        given = {"max_new_tokens": 2, "do_sample": False} | arguments
        return guard.generate(**inputs, bindings=bindings, **given).report.slots[0]

    return ask


def outside(slot: SlotRecord) -> tuple[str, ...]:
    assert slot.guarantee is not None
    assert (slot.guarantee.kind == "outside") == bool(slot.guarantee.outside) == ("outside" in slot.flags)
    return slot.guarantee.outside


def test_its_settings_hold_where_none_were_given(
    model: Any, tiny_tokenizer: PreTrainedTokenizerFast, calibration: Calibration, ask: Callable[..., SlotRecord]
) -> None:
    guard = Guard(
        model, tiny_tokenizer, GuardConfig(checkpoint=CheckpointConfig(placement="slot")), calibration=calibration
    )
    assert (guard.config.alpha, guard.config.checkpoint.template) == (1.5, "Note: {evidence}\n")
    assert guard.config.checkpoint.placement == "slot"
    assert outside(ask(guard)) == ()
    given = Guard(model, tiny_tokenizer, GuardConfig(alpha=2.0), calibration=calibration)
    assert given.config.alpha == 2.0
    assert outside(ask(given)) == ("alpha",)
    assert Guard(model, tiny_tokenizer).config == GuardConfig()


def test_it_comes_from_a_folder_and_records_name_it(
    model: Any,
    tiny_tokenizer: PreTrainedTokenizerFast,
    calibration: Calibration,
    ask: Callable[..., SlotRecord],
    tmp_path: Path,
) -> None:
    save_calibration(calibration, tmp_path)
    for guard in (
        Guard(model, tiny_tokenizer, GuardConfig(calibration=str(tmp_path))),
        Guard(model, tiny_tokenizer, calibration=tmp_path),
    ):
        slot = ask(guard)
        assert slot.guarantee is not None and slot.provenance is not None
        assert slot.guarantee.calibration == slot.provenance.calibration == calibration_id(calibration)
    with pytest.raises(CalibrationError):
        Guard(model, tiny_tokenizer, calibration=tmp_path / "none")


def _one_weight(model: Any) -> None:
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight[3, 5] += 1e-3


@pytest.mark.parametrize(
    ("change", "names"),
    [
        (_one_weight, ("weights",)),
        (lambda model: model.to(torch.bfloat16), ("weights", "dtype")),
        (lambda model: model.set_attn_implementation("eager"), ("attention",)),
    ],
)
def test_a_model_that_is_changed_later_is_another(
    change: Callable[[Any], Any],
    names: tuple[str, ...],
    model: Any,
    tiny_tokenizer: PreTrainedTokenizerFast,
    calibration: Calibration,
    ask: Callable[..., SlotRecord],
) -> None:
    guard = Guard(model, tiny_tokenizer, calibration=calibration)
    assert outside(ask(guard)) == ()
    change(model)
    assert outside(ask(guard)) == names


def test_draws_and_other_probes_are_outside(
    model: Any, tiny_tokenizer: PreTrainedTokenizerFast, calibration: Calibration, ask: Callable[..., SlotRecord]
) -> None:
    assert outside(ask(Guard(model, tiny_tokenizer, calibration=calibration), do_sample=True)) == ("sampling",)
    probed = calibration.model_copy(update={"available_from": 0.5})
    assert outside(ask(Guard(model, tiny_tokenizer, calibration=probed))) == ("probe",)


def test_settings_that_shape_proposals_are_compared_by_their_hash(
    model: Any, tiny_tokenizer: PreTrainedTokenizerFast, ask: Callable[..., SlotRecord]
) -> None:
    from guardbind.calibration.conditions import shaping_sha256

    made = range_of(model, tiny_tokenizer, settings_sha256=shaping_sha256(GuardConfig()))
    calibration = plain_calibration(made, acting_rule("slot_prefix"))
    for settings, names in (
        ({"capture_text": True, "outside": "widen"}, ()),
        # No calibration counts values that are not known.
        ({"slots": ("line_end", "field", "cell", "key_phrase", "automatic")}, ()),
        ({"slots": ("line_end",)}, ("settings",)),
        ({"policy": "veto"}, ("settings",)),
        ({"min_evidence_bits": 1.0}, ("settings",)),
        ({"null": "redact", "tail_tokens": 3}, ("tail_tokens",)),
    ):
        guard = Guard(model, tiny_tokenizer, GuardConfig(**settings), calibration=calibration)
        assert outside(ask(guard)) == names
