"""Holds the settings of a guard of a model that is asked from outside."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from pydantic import field_validator, model_validator

from guardbind.config import AttendConfig, GuardConfig
from guardbind.errors import nearest
from guardbind.remote.edits import REQUEST_NULLS

__all__ = ["REMOTE_POLICIES", "ApiGuardConfig"]

REMOTE_POLICIES = ("abstain", "auto", "checkpoint", "choice", "contrast", "observe", "raise", "veto")
"""What can be done about a verdict without weights."""

REMOTE_RESOLVERS = ("both", "reading", "words")
"""What can say whose value is meant without weights."""

_NEEDS_WEIGHTS = ("calibration", "lens_layers", "keep_readouts")


class ApiGuardConfig(GuardConfig):
    """Settings of an `ApiGuard`: those of `GuardConfig`, as far as they need no weights.

    `lens_layers`, `keep_readouts`, `attend` and `calibration` are refused; `tail_tokens` says nothing. A
    restatement stands before the line of the slot and leaves no trace in the text.

    Raises:
        ConfigError: A setting is unknown, of the wrong type, outside its range, or needs the model's weights.
    """

    null: str = "redact"
    """The counterfactual readout, as a request with another prompt: `redact` (the value is blacked out), `delete` (its
    statements are left out), `same_length` (signs of no meaning in its place), `other_value` (another value of the same
    form in its place), `no_evidence` (the statements of all bindings are left out), `no_question` (the asked key is
    blacked out in the question)."""

    other_nulls: tuple[str, ...] = ("same_length", "other_value")
    """Nulls that are asked in turn where a server begins an answer anew in place of going on with it, and does not come
    to the same answer so far under `null`: nothing could be read there. The record says which one was read. Servers
    that go on with a begun answer are never asked for these."""

    evidence: Literal["in_place", "late"] = "in_place"
    """Where evidence stands: where the caller put it; or `late`, by which messages that `generate(evidence=...)` names
    may be moved to right before the last one, so that nulls share all that stands before them with the prompt, which a
    server finds in its prefix cache, and nulls that share most are asked first. Without such names nothing is moved."""

    max_nulls: int = 4
    """Prompts without some evidence that are asked at a slot, at most: the target's, then those of the bindings whose
    value the model is about to write."""

    resolver: str = "words"
    """What says which binding a slot is meant to take: `words`; or `reading` and `both`, which have the question scored
    with one record after another blacked out, and need a backend that scores its prompts (`abilities.scores`)."""

    top: int | None = None
    """Tokens of the ranking that are asked for; as many as the backend returns where None."""

    @classmethod
    def of(cls, config: GuardConfig | None) -> ApiGuardConfig:
        """Return settings as those of an `ApiGuard`; what was not set has its default.

        Raises:
            ConfigError: What was set needs the model's weights.
        """
        if isinstance(config, ApiGuardConfig):
            return config
        return cls(**({} if config is None else {name: getattr(config, name) for name in config.model_fields_set}))

    @field_validator("null")
    @classmethod
    def _known_null(cls, null: str) -> str:
        return _known(null)

    @field_validator("other_nulls")
    @classmethod
    def _known_others(cls, nulls: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(_known, nulls))

    @field_validator("policy")
    @classmethod
    def _known_policy(cls, policy: str | Callable[..., Any]) -> str | Callable[..., Any]:
        if not isinstance(policy, str) or policy not in REMOTE_POLICIES:
            raise ValueError(f"policy {policy!r} reads a model of this process; {', '.join(REMOTE_POLICIES)} do not")
        return policy

    @field_validator("resolver")
    @classmethod
    def _known_resolver(cls, resolver: str) -> str:
        if resolver not in REMOTE_RESOLVERS:
            raise ValueError(
                f"resolver {resolver!r} is not known to work by requests; {', '.join(REMOTE_RESOLVERS)} do"
            )
        return resolver

    @model_validator(mode="after")
    def _without_weights(self) -> ApiGuardConfig:
        asked = [name for name in _NEEDS_WEIGHTS if getattr(self, name)]
        asked += ["attend"] if self.attend != AttendConfig() else []
        if asked:
            raise ValueError(f"{', '.join(asked)} need the model's weights; leave them out")
        if self.checkpoint.visible or self.checkpoint.placement != "line":
            raise ValueError("a checkpoint of a model that is asked from outside is hidden and stands before the line")
        if self.top is not None and self.top < 1:
            raise ValueError(f"top is {self.top}; at least 1 is accepted")
        return self


def _known(null: str) -> str:
    if null not in REQUEST_NULLS:
        known = ", ".join(sorted(REQUEST_NULLS))
        raise ValueError(f"{null!r} cannot be asked from outside; {known} can. {nearest(null, REQUEST_NULLS) or ''}")
    return null
