"""Defines what is asked of a calibration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, model_validator

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError
from guardbind.frozen import Frozen
from guardbind.registry import LABELLED

__all__ = ["CalibrationConfig"]


class CalibrationConfig(Frozen):
    """What `guardbind.calibrate` is asked for.

    Raises:
        ConfigError: A setting is unknown, of the wrong type or outside its range, or there are no trials.
    """

    out: Path
    """Folder of the calibration; what was measured is kept there, too."""
    tasks: tuple[str, ...] = ()
    """Registered labelled tasks; the bench brings some."""
    prompts: Path | None = None
    """JSONL file of labelled prompts (`guardbind.calibrating.labelled.LabelledPrompt`), instead of tasks."""
    risk: float = Field(default=0.01, gt=0, lt=1)
    """Most harmful ones among the interventions that are let pass, as a share."""
    confidence: float = Field(default=0.95, gt=0, lt=1)
    """How sure that shall be, over draws of the trials."""
    alpha: float = Field(default=0.05, gt=0, lt=1)
    """Share of right answers that a flag rule may flag."""
    trials: int = Field(default=800, ge=10)
    """Trials of each task."""
    choose: float = Field(default=0.15, gt=0, lt=0.5)
    """Share of the trials by which settings, and the order of thresholds, are chosen."""
    report: float = Field(default=0.15, gt=0, lt=0.5)
    """Share of the trials that neither is chosen nor fitted on."""
    tuning: int = Field(default=40, ge=0)
    """Trials, of those to choose by, that settings are tried on; 0 keeps those of `guard`."""
    probes: bool = True
    """Train probes of the residual."""
    seed: int = Field(default=0, ge=0)
    """Of all that is drawn."""
    resume: bool = True
    """Go on with what the folder holds; else everything is measured anew."""
    guard: GuardConfig = GuardConfig()
    """Settings of the guard that the calibration is for; sinks are not used."""

    def __init__(self, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as error:
            what = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors())
            raise ConfigError(f"CalibrationConfig: {what}.") from error

    @model_validator(mode="after")
    def _has_trials(self) -> CalibrationConfig:
        if bool(self.tasks) == (self.prompts is not None):
            known = ", ".join(LABELLED.names()) or "none; the bench brings some"
            raise ValueError(f"either tasks ({known}) or a file of labelled prompts is needed")
        for name in self.tasks:
            if name not in LABELLED:
                raise ValueError(str(LABELLED.miss(name)))
        return self
