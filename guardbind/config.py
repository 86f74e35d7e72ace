"""Holds the settings of a guard: one frozen, validated object."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from guardbind.errors import ConfigError
from guardbind.frozen import Frozen
from guardbind.registry import AUTO, LANGUAGES, NULLS, POLICIES, RESOLVERS, SLOTS
from guardbind.text.language import Language

__all__ = ["AttendConfig", "CheckpointConfig", "GuardConfig"]


class _Config(Frozen):
    def __init__(self, **settings: Any) -> None:
        try:
            super().__init__(**settings)
        except ValidationError as error:
            what = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'settings'}: {e['msg']}" for e in error.errors())
            raise ConfigError(f"{type(self).__name__}: {what}.") from error


class CheckpointConfig(_Config):
    """How the evidence is restated by the action `checkpoint`."""

    template: str = "{evidence}\n"
    """Text that restates the evidence; `{evidence}` is the evidence text, verbatim from the prompt."""

    placement: Literal["line", "slot"] = "line"
    """`line`: before the line that the slot stands on. `slot`: at the slot, after which the line is begun again."""

    visible: bool = False
    """Keep the restatement in the returned text. A hidden restatement is read in a branch of the cache and leaves no
    trace in the text, in the cache or in the token budget; a visible one is written by the model's own decoding loop
    and needs placement `slot`."""

    @field_validator("template")
    @classmethod
    def _restates(cls, template: str) -> str:
        if "{evidence}" not in template:
            raise ValueError(f"template {template!r} holds no '{{evidence}}'; without it nothing is restated")
        return template

    @model_validator(mode="after")
    def _placed(self) -> CheckpointConfig:
        if self.visible and self.placement != "slot":
            raise ValueError("a visible checkpoint can only stand at the slot: set placement='slot'")
        return self


class AttendConfig(_Config):
    """How attention is biased by the action `attend`."""

    gamma: float = Field(default=20.0, gt=1, allow_inf_nan=False)
    """What the weight that the last token gives to each token of the target's evidence is multiplied by, before the
    weights are normalised again: log(gamma) is added to the attention logits."""

    layers: tuple[int, ...] | None = None
    """Layers in which this is done, from 0; None: all of them."""

    @field_validator("layers")
    @classmethod
    def _are_layers(cls, layers: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if layers is not None and (not layers or min(layers) < 0 or len(set(layers)) < len(layers)):
            raise ValueError(f"{layers} are no layers; give some numbers from 0, each once, or None for all layers")
        return layers


class GuardConfig(_Config):
    """Settings of a `guardbind.Guard`.

    Raises:
        ConfigError: A setting is unknown, of the wrong type or outside its range.
    """

    policy: str | Callable[..., Any] = "auto"
    """What to do about a verdict: `observe`, `contrast`, `attend`, `veto`, `checkpoint`, `abstain`, `raise`, `auto`,
    or a callable that is given the slot and returns or yields proposals (see `guardbind.policies`)."""

    slots: tuple[str | Callable[..., Any], ...] = ("line_end", "field", "cell", "passage", "key_phrase", "automatic")
    """Where a value is taken to begin. `prompt_end`: at the end of every prompt. `line_end`: at the end of a prompt
    that stops in the middle of a line, as `KEY1=[` does. `automatic`: wherever the model is about to start a
    candidate. `key_phrase`: behind words that name what is bound, as "the badge number is". `passage`: behind words
    that lead up to a declared passage whose value is not known. `field` and `cell`: a field of JSON, a cell of a
    Markdown table. Further ones are registered in `SLOTS`, or are callables that
    take a `guardbind.slots.Moment` and return a `guardbind.targets.Place` or None."""

    patterns: tuple[str, ...] = ()
    """Regular expressions; a slot begins wherever one matches up to the end of the text generated so far."""

    alpha: float = Field(default=2.0, gt=0, allow_inf_nan=False)
    """Strength of the contrast: candidates are scored by log p1 + alpha * (log p1 - log p0)."""

    plausibility: float = Field(default=0.01, gt=0, le=1)
    """A token may be chosen instead of the model's own only if its p1 is at least this share of the largest p1."""

    tau: float = Field(default=0.95, gt=0, lt=1)
    """Reliability that the budget asks for; in (0, 1)."""

    min_evidence_bits: float = Field(default=3.0, ge=0, allow_inf_nan=False)
    """A token rests on a span when taking the span away costs it at least this many bits: 3 bits make it 8 times as
    likely. Where the choice is among known candidates, inside a value that is begun, and of words that a declared
    passage has, half of the bits that its pseudo-prior leaves are enough."""

    null: str = "mask"
    """The counterfactual readout: `mask` re-runs the last tokens with the evidence columns masked; the re-prefill
    family is `mask_prefill`, `redact`, `delete`, `same_length`, `no_evidence`."""

    envelope: tuple[str, ...] = ()
    """Further nulls; the budget is then the worst over all of them. Each names its cost."""

    tail_tokens: int = Field(default=6, ge=1)
    """How many of the last tokens are run again under a null."""

    max_nulls: int = Field(default=16, ge=1)
    """Bindings that are taken away one by one at a slot, at most; the target and the binding that the model is about
    to write come first. How many of them are is said by `rivals`."""

    rivals: Literal["plausible", "every"] = "plausible"
    """Which bindings are taken away at a slot beside the target and what the model is about to write. `plausible`: the
    one whose value is the likeliest other, where that is at least `plausibility` times as likely as the likeliest
    token; of those whose values begin with the model's token, three at once. No verdict depends on more. `every`: all
    of them, up to `max_nulls`, for the whole picture of what a token rests on; a slot then costs `tail_tokens` more
    tokens for each."""

    max_interventions: int = Field(default=8, ge=0)
    """Interventions kept in one row of one generation, at most."""

    resolver: str = "both"
    """What says which binding a slot is meant to take. `words`: the words around the slot and in the question.
    `reading`: the record that the model's own reading of the question rests on, and of it the field that the words
    name. `both`: what the two agree on; the words alone where nothing can be read."""

    min_question_lead: float = Field(default=2.0, ge=0, allow_inf_nan=False)
    """A question rests on a record when hiding the record costs it at least this many bits more than hiding any other,
    counted over the tokens that lose most by it ..."""

    min_token_lead: float = Field(default=2.0, ge=0, allow_inf_nan=False)
    """... and for the one token that tells most, at least this many. A name that no record has loses a little in many
    places, and one that is known loses much in one."""

    min_agreeing_lead: float = Field(default=1.0, ge=0, allow_inf_nan=False)
    """Where the words say the same record, a lead of this many bits is enough."""

    calibration: str | None = None
    """What is known of this model on labelled trials: a folder that `guardbind calibrate` wrote, or a registered name.
    It then says which confirmed proposals are carried out, and `risk` and `trust` say nothing; and its settings (alpha,
    tail tokens, nulls, template) hold where none are given here."""

    outside: Literal["flag", "widen", "abstain"] = "flag"
    """What to do where the calibration does not hold: the model, its precision, its attention, its template, the
    settings or the prompt are others than it was made with. `flag`: nothing but declared targets is acted on, and
    records say so. `widen`: a rule lets a proposal pass if it exceeds the rule's thresholds by `min_evidence_bits`.
    `abstain`: a value that fails and whose target was not declared ends the row, behind `abstain_text`."""

    trust: Literal["counted", "every"] = "counted"
    """Which targets may outvote the evidence and open a gate, without a calibration. `counted`: those that were found
    in a way of which it was counted that it is right often enough (`risk`). `every`: all that are resolved, as labelled
    trials for a calibration have to be collected."""

    risk: float = Field(default=0.02, gt=0, lt=1)
    """How often a target that outvotes the evidence may be wrong. A way to find targets is believed where it was right
    in at least 1 - `risk` of the measured cases, by the lower end of a 95 % interval (`guardbind.targets.trust`): a
    proposal that takes the place of another binding's value then needs evidence bits above 0 by more than rounding,
    and more observed bits than the model's own token, and not `min_evidence_bits`; and a closed gate is opened. A
    target that the caller declares is always believed."""

    max_vetoes: int = Field(default=16, ge=1)
    """Tokens rejected at one slot, at most."""

    max_value_tokens: int = Field(default=16, ge=1)
    """Tokens of a value that is not known in advance, at most."""

    on_unresolved: Literal["leave", "abstain", "raise"] = "leave"
    """What to do when the target of a slot cannot be told."""

    abstain_text: str | None = None
    """What `abstain` writes in place of the value; None ends the row there."""

    checkpoint: CheckpointConfig = CheckpointConfig()
    """How `checkpoint` restates the evidence."""

    attend: AttendConfig = AttendConfig()
    """How strongly, and where, `attend` biases attention to the evidence."""

    lens_layers: tuple[int, ...] | Literal["all"] = ()
    """Layers whose residual is read through the model's own norm and head at each slot."""

    keep_readouts: bool = False
    """Keep the tensors of every slot (logits, residual, null logits) in the report."""

    language: str = "auto"
    """What prompts and answers are written in: a name of `guardbind.registry.LANGUAGES` (`english`, `german`, `french`,
    `spanish`, `chinese`), or `auto` to tell it from each prompt, as English where that is not clear."""

    sources: tuple[str, ...] = ()
    """Who is believed before whom, as `("system", "user", "tool")`: what the first one states goes before what the
    others do. Each is a role of a chat, or a label that `Binding.source` or an `Origin` gives; who is not named comes
    after all that are, and equal to the others. Where sources that are equal contradict each other, the target is
    unresolved. Not to be confused with `source` of `Guard.generate`, which is a text that spans index."""

    fields: dict[str, str] = Field(default_factory=dict)
    """What the answer calls things, and what the prompt calls them: `{"latitude": "lat"}`. The field `"latitude": ` of
    an answer or of a tool call then takes its value from what the prompt states as `lat`, and so do questions that say
    "latitude". A name stands for exactly the words that are given, and not for what resembles them."""

    sinks: tuple[str | Callable[..., None], ...] = ()
    """Where records go: `jsonl:PATH`, `logging`, `otel`, a registered sink, `queued:` in front of any of them, or a
    callable that takes one record."""

    capture_text: bool = False
    """Let sinks see prompt text: keys, values, tokens; and keep prompt and answer in the report, for `to_html`. Off,
    sinks see indices and numbers only, and the report as HTML shows no text."""

    max_reports: int = Field(default=256, ge=1)
    """Reports that a handle of `Guard.attach` keeps, at most; of more, the oldest are let go of. With `keep_readouts`
    each report holds tensors of the vocabulary's size, and fewer are wise."""

    @property
    def set_language(self) -> Language | None:
        """The language that is set; None where it is told from each prompt."""
        return None if self.language == AUTO else LANGUAGES.get(self.language)

    @field_validator("slots")
    @classmethod
    def _known_slots(cls, slots: tuple[str | Callable[..., Any], ...]) -> tuple[str | Callable[..., Any], ...]:
        for slot in slots:
            if isinstance(slot, str) and slot not in SLOTS:
                raise ValueError(str(SLOTS.miss(slot)))
        return slots

    @field_validator("sources")
    @classmethod
    def _ranked_once(cls, sources: tuple[str, ...]) -> tuple[str, ...]:
        if any(not source.strip() for source in sources) or len(set(sources)) < len(sources):
            raise ValueError(f"{sources!r} is no ranking; each source is named once")
        return sources

    @field_validator("fields")
    @classmethod
    def _named(cls, fields: dict[str, str]) -> dict[str, str]:
        for said, meant in fields.items():
            if not said.strip() or not meant.strip():
                raise ValueError(f"{said!r}: {meant!r} names nothing; give what the answer and what the prompt say")
        return fields

    @field_validator("language")
    @classmethod
    def _known_language(cls, language: str) -> str:
        if language != AUTO and language not in LANGUAGES:
            raise ValueError(str(LANGUAGES.miss(language)))
        return language

    @field_validator("resolver")
    @classmethod
    def _known_resolver(cls, resolver: str) -> str:
        if resolver not in RESOLVERS:
            raise ValueError(str(RESOLVERS.miss(resolver)))
        return resolver

    @field_validator("policy")
    @classmethod
    def _known_policy(cls, policy: str | Callable[..., Any]) -> str | Callable[..., Any]:
        if isinstance(policy, str) and policy not in POLICIES:
            raise ValueError(str(POLICIES.miss(policy)))
        return policy

    @field_validator("null")
    @classmethod
    def _known_null(cls, null: str) -> str:
        if null not in NULLS:
            raise ValueError(str(NULLS.miss(null)))
        return null

    @field_validator("envelope")
    @classmethod
    def _known_nulls(cls, nulls: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(cls._known_null(null) for null in nulls)

    @field_validator("patterns")
    @classmethod
    def _compile(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        for pattern in patterns:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"{pattern!r} is no regular expression: {error}") from error
        return patterns
