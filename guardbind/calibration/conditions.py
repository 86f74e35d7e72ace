"""Says in what the conditions of a generation, and of a slot, differ from those that a calibration was made under."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from guardbind.calibration.artefact import CalibratedRange, Calibration
from guardbind.config import GuardConfig

__all__ = [
    "SHAPING",
    "SlotFacts",
    "calibrated_settings",
    "model_differences",
    "settings_differences",
    "settings_record",
    "settings_sha256",
    "shaping_sha256",
    "slot_differences",
]

SHAPING = (
    "policy",
    "alpha",
    "plausibility",
    "tau",
    "min_evidence_bits",
    "null",
    "tail_tokens",
    "max_nulls",
    "resolver",
    "min_question_lead",
    "min_token_lead",
    "min_agreeing_lead",
    "max_vetoes",
    "checkpoint",
)
"""Settings that shape what a guard proposes. With others, other proposals would have been counted."""


@dataclass(frozen=True, slots=True)
class SlotFacts:
    """Where a slot stands.

    Attributes:
        prompt_tokens: Tokens of the prompt.
        bindings: Bindings of the prompt.
        distance: Tokens between the end of the target's statement and the slot; None without a target that is stated.
        residual_norm: Euclidean norm of what feeds the output head.
    """

    prompt_tokens: int
    bindings: int
    distance: int | None
    residual_norm: float


def calibrated_settings(config: GuardConfig, calibration: Calibration) -> GuardConfig:
    """Return the settings with those that the calibration chose, where the caller gave none.

    Args:
        config: The caller's settings.
        calibration: What is known of the model.
    """
    chosen, given = calibration.settings, config.model_fields_set
    found: dict[str, Any] = {
        "alpha": chosen.alpha,
        "tail_tokens": chosen.tail_tokens,
        "max_nulls": chosen.max_nulls,
    }
    update = {name: value for name, value in found.items() if name not in given}
    if "checkpoint" not in given or "template" not in config.checkpoint.model_fields_set:
        update["checkpoint"] = config.checkpoint.model_copy(update={"template": chosen.checkpoint_template})
    return config.model_copy(update=update)


def model_differences(
    made: CalibratedRange, *, weights: str | None, dtype: str, attention: str, template_sha256: str | None
) -> tuple[str, ...]:
    """Return in what a model differs from the calibrated one; what it is called does not matter.

    Args:
        made: Where the calibration was made.
        weights: Fingerprint of the weights; None where it cannot be computed, which counts as another.
        dtype: Data type of the weights.
        attention: Attention backend.
        template_sha256: Hash of the chat template.
    """
    seen = {"weights": weights, "dtype": dtype, "attention": attention, "template_sha256": template_sha256}
    return tuple(name.removesuffix("_sha256") for name, value in seen.items() if value != getattr(made, name))


def settings_differences(calibration: Calibration, config: GuardConfig) -> tuple[str, ...]:
    """Return in what settings differ from those of the calibration that shape what is proposed.

    Args:
        calibration: What is known of the model.
        config: The settings as they are used.
    """
    chosen = calibration.settings
    seen = {
        "alpha": config.alpha,
        "tail_tokens": config.tail_tokens,
        "max_nulls": config.max_nulls,
        "checkpoint_template": config.checkpoint.template,
    }
    named = tuple(name for name, value in seen.items() if value != getattr(chosen, name))
    made = calibration.range.settings_sha256
    if not named and made is not None and made != shaping_sha256(config):
        return ("settings",)
    return named


def slot_differences(made: CalibratedRange, facts: SlotFacts) -> tuple[str, ...]:
    """Return in what a slot lies outside the range of the calibration's trials.

    Args:
        made: Where the calibration was made.
        facts: Where the slot stands.
    """
    seen: list[tuple[str, float | None, tuple[float, float] | None]] = [
        ("prompt_tokens", facts.prompt_tokens, made.prompt_tokens),
        ("bindings", facts.bindings, made.bindings),
        ("distance", facts.distance, made.distance),
        ("residual_norm", facts.residual_norm, made.residual_norm),
    ]
    return tuple(name for name, value, span in seen if not _within(value, span))


def _within(value: float | None, span: tuple[float, float] | None) -> bool:
    return value is None or span is None or span[0] <= value <= span[1]


def settings_record(config: GuardConfig) -> dict[str, Any]:
    """Return the settings that are not the defaults as JSON-ready data, without sinks; functions by their names.

    Args:
        config: The settings.
    """
    return {
        name: _plain(value)
        for name in sorted(GuardConfig.model_fields)
        if name != "sinks"
        and (value := getattr(config, name)) != GuardConfig.model_fields[name].get_default(call_default_factory=True)
    }


def settings_sha256(record: dict[str, Any]) -> str:
    """Return the hash of settings as `settings_record` gives them."""
    return _sha256(record)


def shaping_sha256(config: GuardConfig) -> str:
    """Return the hash of the settings that shape what a guard proposes (`SHAPING`)."""
    return _sha256({name: _plain(getattr(config, name)) for name in SHAPING})


def _sha256(data: Any) -> str:
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str):
        return [_plain(each) for each in value]
    if callable(value):
        return f"<{getattr(value, '__name__', type(value).__name__)}>"
    return value
