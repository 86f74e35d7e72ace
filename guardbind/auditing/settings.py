"""Holds the settings of an audit, checked at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator

from guardbind.auditing.judged import AuditNull
from guardbind.errors import ConfigError
from guardbind.frozen import Frozen
from guardbind.registry import AUTO, LANGUAGES

__all__ = ["AuditConfig"]


class AuditConfig(Frozen):
    """Settings of `guardbind.audit`.

    Raises:
        ConfigError: A setting is unknown, of the wrong type or outside its range.

    Example:
        >>> AuditConfig(tau=0.75).nulls
        ('redact', 'delete', 'same_length', 'no_evidence')
    """

    tau: float = Field(default=0.95, ge=0.5, le=0.999)
    """Reliability that a claim needs."""
    confidence: Literal["raise", "use", "ignore"] = "raise"
    """What the confidence of a claim does to its τ: it can raise it; `use` takes it as it is, as the published rule
    does, so that a trace may lower its own bar; `ignore` leaves it out."""
    nulls: tuple[AuditNull, ...] = ("redact", "delete", "same_length", "no_evidence")
    """How the cited spans are taken away; the worst decides. `mask` needs a model of this process."""
    shown: Literal["cited", "all"] = "cited"
    """Which spans stand in the prompt: those that a claim cites, or the whole context, of which the nulls take the
    cited ones away."""
    least_bits: float = Field(default=0.5, ge=0.0)
    """Observed bits below which the evidence adds nothing: `unsupported`, and not `under_budget`."""
    leave_one_out: int = Field(default=8, ge=0)
    """Spans of a claim, at most, that are left out one by one to find the one that carries it; more are left out in as
    many parts, and the part that matters in parts again. 0 leaves none out."""
    execute: bool = True
    """Have the verifier answer the question from the supported claims, where there is a question and it can do the
    task."""
    calibration_items: int = Field(default=90, ge=0, le=3000)
    """Items with known labels that the verifier is asked first; below 15 no verifier can be told from chance."""
    alpha: float = Field(default=0.01, gt=0.0, lt=0.5)
    """Level of the tests that the verifier is no better than chance."""
    items_language: str = AUTO
    """What these items are written in: a name of `LANGUAGES`, or `auto`: as the context. English where that has
    none; the report says which were asked."""
    seed: int = 0
    """Seed of these items."""
    span_chars: int = Field(default=650, ge=80)
    """Longest span."""
    max_spans: int = Field(default=500, ge=1)
    """Spans of the context, at most; the rest is left out, with a note."""
    max_claims: int = Field(default=200, ge=1)
    """Claims, at most; the rest is left out, with a note."""
    max_chars: int = Field(default=400_000, ge=1)
    """Characters of the context and of the trace, at most; the rest is left out, with a note."""
    language: str = AUTO
    """What the context is written in: a name of `LANGUAGES`, or `auto`."""
    chat: bool | None = None
    """Ask the verifier in a chat, or in a plain text; None tries a chat first."""

    sinks: tuple[str | Callable[..., None], ...] = ()
    """Where records of claims and of the end go: what `GuardConfig.sinks` takes."""
    capture_text: bool = False
    """Let sinks see the texts of claims."""

    def __init__(self, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as error:
            what = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors())
            raise ConfigError(f"AuditConfig: {what}.") from error

    @field_validator("nulls")
    @classmethod
    def _some(cls, nulls: tuple[AuditNull, ...]) -> tuple[AuditNull, ...]:
        if not nulls or len(set(nulls)) < len(nulls):
            raise ValueError("at least one null is needed, each once")
        return nulls

    @field_validator("language", "items_language")
    @classmethod
    def _known(cls, language: str) -> str:
        if language != AUTO and language not in LANGUAGES:
            raise ValueError(str(LANGUAGES.miss(language)))
        return language

    def tau_of(self, confidence: float | None) -> float:
        """Return the reliability that a claim needs, by the confidence that its trace gives it.

        >>> AuditConfig(tau=0.9).tau_of(0.2), AuditConfig(tau=0.9, confidence="use").tau_of(0.2)
        (0.9, 0.2)
        """
        if confidence is None or self.confidence == "ignore":
            return self.tau
        said = min(max(confidence, 0.001), 0.999)
        return max(self.tau, said) if self.confidence == "raise" else said

    def changed(self) -> dict[str, object]:
        """Return what is not the default, without sinks."""
        return dict(self.model_dump(mode="json", exclude_defaults=True, exclude={"sinks"}))
