"""Checks model, settings and decoding of a generation against the calibration of its guard."""

from __future__ import annotations

from typing import Any

from guardbind.calibration.applying import Ran, runs_elsewhere
from guardbind.calibration.artefact import Calibration
from guardbind.calibration.conditions import settings_differences
from guardbind.calibration.store import calibration_id
from guardbind.config import GuardConfig
from guardbind.model import Module
from guardbind.model.fingerprint import weights_fingerprint
from guardbind.model.provenance import attention_of, dtype_of, template_sha256
from guardbind.session.limits import Limits
from guardbind.session.standing import UNCALIBRATED, Standing

__all__ = ["Calibrated"]


class Calibrated:
    """A guard's calibration, or none, which is checked at each generation, because a model may be changed in between.

    Args:
        calibration: What is known of the model; None without a calibration.
        config: The guard's settings as they are used.
        probed: The score from which on the guard's probe takes a value as available; None where nothing is decided.
    """

    def __init__(self, calibration: Calibration | None, config: GuardConfig, probed: float | None) -> None:
        self._calibration = calibration
        self._config = config
        self.id = None if calibration is None else calibration_id(calibration)
        self._fixed: tuple[str, ...] = ()
        if calibration is not None:
            other = ("probe",) if probed != calibration.available_from else ()
            self._fixed = (*settings_differences(calibration, config), *other)

    def standing(self, module: Module, tokenizer: Any, limits: Limits) -> Standing:
        """Return how the guard stands to its calibration in a generation.

        Args:
            module: The module that generates, at whose turn it is.
            tokenizer: Its tokenizer.
            limits: Of the generation. The calibration's trials took the likeliest tokens by the model's own settings.
        """
        if self._calibration is None:
            return UNCALIBRATED
        differs = (
            *runs_elsewhere(
                self._calibration.range,
                Ran(weights_fingerprint(module), dtype_of(module), attention_of(module), template_sha256(tokenizer)),
            ),
            *self._fixed,
            *(("sampling",) if limits.sampling else ()),
            *(("processors",) if limits.reshaped else ()),
        )
        return Standing(self._calibration, differs, self._config.outside, self._config.min_evidence_bits, self.id)
