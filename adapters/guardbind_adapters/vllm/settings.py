"""Holds what an engine, and each of its requests, says of the guard inside: checked before anything runs.

What a request says comes from whoever may send one, so it is bounded, and it holds nothing that could keep the engine
busy for long, as a regular expression would.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import Field, ValidationError, field_validator

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, GuardbindError
from guardbind.events import build_sinks
from guardbind.evidence import Binding
from guardbind.evidence.bindings import check_bindings
from guardbind.frozen import Frozen
from guardbind.registry import SLOTS

__all__ = ["ENVIRONMENT", "KEY", "EngineSettings", "PromptBinding", "RequestSettings"]

KEY = "guardbind"
"""Where the settings stand in `extra_args`, in `vllm_xargs` and in vLLM's `additional_config`."""
ENVIRONMENT = "GUARDBIND_VLLM"
"""Environment variable that holds the settings of an engine as JSON, where `additional_config` has none."""

SettingsT = TypeVar("SettingsT", bound=Frozen)

_LONGEST = 65_536  # characters of the settings of one request
_Text = Annotated[str, Field(min_length=1, max_length=1_000)]


class PromptBinding(Frozen):
    """A key and the value that a prompt binds to it, as `guardbind.Binding`; where it stands is found."""

    key: _Text
    """The name by which prompt and question call the value."""
    value: _Text
    """The value as the prompt writes it."""
    aliases: tuple[_Text, ...] = Field(default=(), max_length=16)
    """Other surface forms of the same value."""
    attribute: _Text | None = None
    """What is asked of the owners, as "badge number"."""
    owners: tuple[_Text, ...] = Field(default=(), max_length=16)
    """Names, any of which says whose value it is."""

    def binding(self) -> Binding:
        """Return it as the core takes it."""
        return Binding(self.key, self.value, self.aliases, attribute=self.attribute, owners=self.owners)


class RequestSettings(Frozen):
    """What one request says of the guard inside the engine; sent as one JSON string.

    Raises:
        ConfigError: By `parse`: a setting is unknown, of the wrong type or outside its range.

    Example:
        >>> RequestSettings.parse('{"id": "a1", "action": "observe"}').id
        'a1'
    """

    id: Annotated[str, Field(min_length=1, max_length=200)] | None = None
    """Stands in each record of the request as `provenance.generation`; a random one where None."""
    action: Literal["observe", "veto"] = "observe"
    """`observe`: look and record. `veto`: where the target was said in `target` and another value begins, forbid all
    tokens but the target's, until the target's value is written."""
    bindings: Annotated[tuple[PromptBinding, ...], Field(min_length=1, max_length=256)] | None = None
    """What the prompt binds; None to read it out of the prompt, inside the engine."""
    target: _Text | None = None
    """Key of the binding that the answer is to take its value from; None to find it by the words."""
    slots: tuple[str, ...] = ("line_end", "field", "cell", "passage", "key_phrase", "automatic")
    """Where a value is taken to begin, as in `GuardConfig.slots`."""
    language: str = "auto"
    """What the prompt is written in, as in `GuardConfig.language`."""
    fields: Annotated[dict[_Text, _Text], Field(max_length=256)] = Field(default_factory=dict)
    """What the answer calls things, and what the prompt calls them, as in `GuardConfig.fields`."""

    @field_validator("slots")
    @classmethod
    def _by_name(cls, slots: tuple[str, ...]) -> tuple[str, ...]:
        for slot in slots:
            if slot not in SLOTS:
                raise ValueError(str(SLOTS.miss(slot)))
        return slots

    @classmethod
    def parse(cls, given: object) -> RequestSettings:
        """Return the settings of a request, as JSON or as what JSON holds.

        Args:
            given: What stands in `extra_args` under `guardbind`.

        Raises:
            ConfigError: It is no settings, or they cannot be used.
        """
        if isinstance(given, str | bytes) and len(given) > _LONGEST:
            raise ConfigError(
                f"the settings of guardbind have {len(given)} characters; up to {_LONGEST} are accepted.",
                hint="Declare only the bindings that the answer may take its value from.",
            )
        settings = _validated(cls, given, "the settings of guardbind in extra_args")
        settings.config()
        bindings = [binding.binding() for binding in settings.bindings or ()]
        check_bindings(bindings)
        if settings.target is not None and settings.bindings is not None:
            known = {binding.key for binding in bindings}
            if settings.target not in known:
                raise ConfigError(
                    f"the target {settings.target!r} is the key of none of the {len(bindings)} bindings.",
                    hint="Give the key of one of them.",
                )
        if settings.action == "veto" and settings.target is None:
            raise ConfigError(
                "the action 'veto' was asked for without a target; inside the engine nothing confirms a repair, so "
                "that it rests on the caller's word alone.",
                hint="Say whose value is meant by `target`, or guard the answer from the client.",
            )
        return settings

    def config(self) -> GuardConfig:
        """Return what the core's slot rules and targets are set by.

        Raises:
            ConfigError: The language is unknown, or a field names nothing.
        """
        return GuardConfig(
            policy="observe", resolver="words", slots=self.slots, language=self.language, fields=self.fields
        )


class EngineSettings(Frozen):
    """What an engine says of the guard inside, in vLLM's `additional_config` or in the environment."""

    sinks: tuple[str, ...] = ()
    """Where records go, as in `GuardConfig.sinks`: `jsonl:PATH`, `logging`, `otel`; the process that runs the model
    writes them."""
    capture_text: bool = False
    """Let sinks see prompt text: keys, values, tokens."""
    every_request: bool = False
    """Watch also those requests that say nothing of the guard, by the defaults of `RequestSettings`."""
    longest_read: int = Field(default=4096, ge=0)
    """Tokens of a prompt that bindings are read out of, at most. The engine waits for that with all of its requests, so
    that one with a longer prompt has to declare its bindings, or is not watched."""

    @classmethod
    def find(cls, additional: object) -> EngineSettings:
        """Return the settings of an engine.

        Args:
            additional: vLLM's `additional_config`.

        Raises:
            ConfigError: They cannot be used.
            UnknownNameError: No sink has such a name.
        """
        given = additional.get(KEY) if isinstance(additional, Mapping) else None
        where = "the settings of guardbind in additional_config"
        if given is None:
            given, where = os.environ.get(ENVIRONMENT) or {}, f"the environment variable {ENVIRONMENT}"
        settings = _validated(cls, given, where)
        build_sinks(settings.sinks)
        return settings


def _validated(kind: type[SettingsT], given: object, where: str) -> SettingsT:
    try:
        if isinstance(given, str | bytes):
            given = json.loads(given)
        # In its JSON mode pydantic takes lists for tuples, and numbers for nothing else.
        return kind.model_validate_json(json.dumps(given), strict=True)
    except ValidationError as error:
        what = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors())
    except GuardbindError:
        raise
    except (TypeError, ValueError, RecursionError) as error:
        what = f"no JSON ({error})"
    raise ConfigError(
        f"{where} cannot be used: {what}; {', '.join(kind.model_fields)} are accepted.",
        hint='Give an object as one JSON string: {"id": "a1", "action": "observe"}.',
    )
