"""Builds calibrations by hand, for a model as it stands."""

from __future__ import annotations

from typing import Any

from guardbind.calibration.artefact import ActingRule, CalibratedRange, Calibration, ChosenSettings, FlagRule, Reported
from guardbind.config import GuardConfig
from guardbind.model import LanguageModel
from guardbind.model.fingerprint import weights_fingerprint
from guardbind.model.provenance import attention_of, dtype_of, template_sha256

__all__ = ["acting_rule", "plain_calibration", "range_of"]


def acting_rule(way: str, evidence: float = 0.0, gain: float = 0.0, **changes: Any) -> ActingRule:
    """Return a rule that was wrong in none of 400."""
    fields: dict[str, Any] = {"n": 400, "wrong": 0} | changes
    return ActingRule(way=way, min_evidence_bits=evidence, min_gain_bits=gain, **fields)


def range_of(model: Any, tokenizer: Any, **changes: Any) -> CalibratedRange:
    """Return the range of a calibration that was made with a model."""
    module = LanguageModel.of(model, tokenizer).module
    fields: dict[str, Any] = {
        "model": "by hand",
        "weights": weights_fingerprint(module),
        "dtype": dtype_of(module),
        "attention": attention_of(module),
        "template_sha256": template_sha256(tokenizer),
        "tasks": ("by hand",),
        "prompt_tokens": (1, 10_000),
        "distance": (0, 10_000),
        "bindings": (1, 100),
        "residual_norm": None,
    }
    return CalibratedRange(**(fields | changes))


def plain_calibration(made: CalibratedRange, *acting: ActingRule, **changes: Any) -> Calibration:
    """Return a calibration with the default settings."""
    defaults = GuardConfig()
    settings = ChosenSettings(
        alpha=defaults.alpha,
        tail_tokens=defaults.tail_tokens,
        max_nulls=defaults.max_nulls,
        checkpoint_template=defaults.checkpoint.template,
        tried=1,
        n=100,
        right_default=90,
        right_chosen=90,
    )
    flag = FlagRule(signal="margin", suspicious="low", threshold=-1.0, alpha=0.05, n=100)
    fields: dict[str, Any] = {
        "guardbind": "0",
        "risk": 0.01,
        "confidence": 0.95,
        "acting": acting,
        "tested": tuple(rule.way for rule in acting),
        "reported": Reported(**dict.fromkeys(Reported.model_fields, 0)),
        "flagging": (flag,),
        "ways": (),
        "settings": settings,
        "reliability": (),
        "range": made,
        "trials": 1000,
        "made": "by hand",
    }
    return Calibration(**(fields | changes))
