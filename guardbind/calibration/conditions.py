"""Gives a guard the settings of its calibration, and says where others than those are used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from guardbind.calibration.artefact import Calibration
from guardbind.config import GuardConfig

__all__ = [
    "SHAPING",
    "calibrated_settings",
    "settings_differences",
    "settings_record",
    "settings_sha256",
    "shaping_sha256",
]

SHAPING = (
    "policy",
    "slots",
    "patterns",
    "max_value_tokens",
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
    "language",
    "sources",
    "fields",
)
"""Settings that shape what a guard proposes. With others, other proposals would have been counted."""

_SINCE = ("attend",)  # of the same kind; at their defaults they say nothing, so that older calibrations hold
# It finds no slot where values are known, and calibrations count no others: with it and without it they hold.
_UNCOUNTED_SLOTS = ("passage",)


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


def settings_sha256(record: Mapping[str, Any]) -> str:
    """Return the hash of settings as `settings_record` gives them."""
    return _sha256(dict(record))


def shaping_sha256(config: GuardConfig) -> str:
    """Return the hash of the settings that shape what a guard proposes (`SHAPING`)."""
    fields = GuardConfig.model_fields
    since = [name for name in _SINCE if getattr(config, name) != fields[name].get_default(call_default_factory=True)]
    seen = {name: _plain(getattr(config, name)) for name in (*SHAPING, *since)}
    return _sha256({**seen, "slots": [slot for slot in seen["slots"] if slot not in _UNCOUNTED_SLOTS]})


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
