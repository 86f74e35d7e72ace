"""Holds what the survey found on one model type, and on all of them."""

from __future__ import annotations

from typing import Literal

from guardbind.frozen import Frozen

__all__ = ["FAMILY_VERSION", "SURVEY_VERSION", "FamilyOutcome", "FamilyRecord", "SurveyRecord"]

FAMILY_VERSION = 1
SURVEY_VERSION = 1

FamilyOutcome = Literal["right", "refused", "wrong", "error", "not run"]


class FamilyRecord(Frozen):
    """One model type, built tiny and random."""

    schema_version: int = FAMILY_VERSION
    """Version of this format."""
    model_type: str
    """As transformers registers it."""
    model: str = ""
    """Class of the model."""
    outcome: FamilyOutcome
    """`right`: guarded, and all that was compared agrees. `refused`: an error of guardbind, or slots that are left
    alone, with the reason. `wrong`: guarded, and something differs that must not. `error`: another exception than one
    of guardbind. `not run`: it could not be built, or `generate` without a guard does not run."""
    null: str | None = None
    """The null that slots were read under."""
    lens: str = ""
    """`yes`, or why the lens cannot be bound."""
    idle: bool | None = None
    """Whether text and logits under `observe` are those without a guard, bit by bit."""
    reading: Literal["mask", "ids", "text"] | None = None
    """How the null was read once more: by mask functions, by other tokens under the same mask, or as another text."""
    difference: float | None = None
    """By how much that differs from the guard's, at most, in nats of log p0."""
    effect: float | None = None
    """By how much hiding the evidence moves the reading, at most, in nats: none where it hides nothing."""
    branch: float | None = None
    """By how much a restatement that is read over the borrowed cache differs from the same text read by itself, at
    most, in nats of log p1; None where every verdict was `ok`."""
    batch: Literal["same", "differs", "differs unguarded", "fails unguarded"] | None = None
    """Whether the rows of a left-padded batch give the slots that they give alone; where not, whether the family's
    logits differ without a guard too."""
    policies: tuple[str, ...] = ()
    """Policies under which `generate` ran to its end."""
    message: str = ""
    """What was said or found."""
    seconds: float = 0.0
    """CPU time."""


class SurveyRecord(Frozen):
    """What the survey found on all model types."""

    schema_version: int = SURVEY_VERSION
    """Version of this format."""
    guardbind: str
    """Version of guardbind."""
    transformers: str
    """Version of transformers."""
    torch: str
    """Version of torch."""
    families: tuple[FamilyRecord, ...]
    """One per model type, by name."""
