"""Attach to a model, generate, and read the report."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self, cast

from torch import Tensor
from transformers import GenerationConfig, LogitsProcessorList, PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, GuardbindError
from guardbind.events import Emitter, build_sinks
from guardbind.generation.call import Bindings, Request, Targets, bind_rows, kept_columns, named, prompt_ids
from guardbind.generation.processor import GuardProcessor
from guardbind.generation.settings import setting
from guardbind.generation.stopping import unfinished_rows, watch_ends
from guardbind.generation.streaming import HoldBack, held_back
from guardbind.generation.supported import refuse_unguardable
from guardbind.model.architecture import context_length, find_head
from guardbind.model.forward import Module
from guardbind.model.lens import Lens
from guardbind.model.provenance import provenance_of
from guardbind.model.tap import ModelTap, unwrap
from guardbind.nulls import Null
from guardbind.policies import as_policy
from guardbind.registry import LANGUAGES
from guardbind.report.report import Report
from guardbind.session.engine import Engine
from guardbind.session.limits import Limits
from guardbind.session.meter import Meter, usable_nulls
from guardbind.session.recorder import Recorder
from guardbind.session.transcribe import transcribe

__all__ = ["Guard", "GuardOutput", "Handle"]

_DEFAULT_NEW_TOKENS = 20  # what `generate` writes when no length is set


@dataclass(frozen=True, slots=True)
class GuardOutput:
    """What a guarded call of `generate` returns.

    Attributes:
        sequences: Token ids `[rows, columns]`, prompt included, as `generate` returns them.
        text: The answer of each row, special tokens left out.
        report: What was seen and done.
        raw: Whatever `generate` itself returned.
    """

    sequences: Tensor
    text: list[str]
    report: Report
    raw: Any


class Guard:
    """Guards `generate` of one model.

    Args:
        model: A decoder-only language model with a `generate` method; a peft model is fine.
        tokenizer: Its tokenizer.
        config: Settings; the defaults measure every slot and repair what fails.

    Raises:
        UnknownArchitectureError: The model's output head, or the lens that was asked for, cannot be found.
        UnsupportedGenerationError: The model cannot be guarded.
        UnknownNameError: A policy or sink is not registered.
        ConfigError: `config` is no `GuardConfig`.
    """

    def __init__(self, model: Module, tokenizer: PreTrainedTokenizerBase, config: GuardConfig | None = None) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.config = GuardConfig() if config is None else config
        if not isinstance(self.config, GuardConfig):
            raise ConfigError(f"config is {type(config).__name__}; a GuardConfig is accepted.")
        self._inner = unwrap(model)
        find_head(self._inner)
        refuse_unguardable(self._inner, {})
        self._policy = as_policy(self.config.policy)
        self._sinks = build_sinks(self.config.sinks)
        self._lens = Lens.bind(self._inner, self.config.lens_layers) if self.config.lens_layers else None
        self._nulls: list[Null] | None = None

    def generate(
        self,
        *args: Any,
        bindings: Bindings | None = None,
        target: Targets = None,
        source: str | list[str | None] | None = None,
        **kwargs: Any,
    ) -> GuardOutput:
        """Run the model's own `generate`, guarded.

        Args:
            *args: As `generate` takes them.
            bindings: What the context binds; one list, or one list per row. None: what `guardbind.extract` reads in
                the prompt; what the assistant said in earlier turns is left out.
            target: The key whose value is asked for; one, or one per row. None: the key that the query names.
            source: The text that character spans of the bindings index, if it is not the whole prompt.
            **kwargs: As `generate` takes them.

        Raises:
            UnsupportedGenerationError: This way of decoding cannot be guarded.
            BindingError: A binding cannot be used.
            TargetError: The target names no binding.
            BatchError: The lists do not fit the rows.
            ContextLengthError: The prompt leaves no room in the model's context.
            NumericsError: Logits at a slot are NaN.
            BindingFailureError: Policy `raise`.
        """
        given = named(self._inner, args, kwargs)
        with held_back(given):
            refuse_unguardable(self._inner, given)
            prompt = prompt_ids(given)
            with self.attached(bindings, target, source) as handle:
                raw = handle.generate(**given)
        sequences = raw if isinstance(raw, Tensor) else raw.sequences
        text = self.tokenizer.batch_decode(sequences[:, prompt.shape[1] :], skip_special_tokens=True)
        return GuardOutput(sequences, text, handle.report, raw)

    def attach(
        self, bindings: Bindings | None = None, target: Targets = None, source: str | list[str | None] | None = None
    ) -> Handle:
        """Guard every call of `model.generate` until `Handle.detach`; see `generate` for the arguments.

        The first time, the null is tried on a few tokens.

        Raises:
            NullUnavailableError: With nothing taken away, no replica equals the main pass on this model.
        """
        if self._nulls is None:
            self._nulls = usable_nulls(self._inner, self.tokenizer, self.config)
        return Handle(self, Request(bindings, target, source))

    def attached(
        self, bindings: Bindings | None = None, target: Targets = None, source: str | list[str | None] | None = None
    ) -> Handle:
        """Guard every call of `model.generate` inside a `with` block; see `generate` for the arguments."""
        return self.attach(bindings, target, source)

    def _run(
        self,
        generate: Callable[..., Any],
        request: Request,
        kwargs: dict[str, Any],
        deliver: Callable[[Report], None],
    ) -> Any:
        refuse_unguardable(self._inner, kwargs)
        ids = prompt_ids(kwargs)
        repeats = setting(self._inner, kwargs, "num_return_sequences") or 1
        kept = kept_columns(self._inner, ids, kwargs)
        language = LANGUAGES.get(self.config.language)
        rows = bind_rows(self._inner, self.tokenizer, request, ids, kept, int(repeats), language)
        tap = ModelTap(self._inner, self._lens)
        recorder = Recorder(
            self.tokenizer,
            Emitter(self._sinks, capture_text=self.config.capture_text),
            provenance_of(self._inner, self.tokenizer),
            keep_readouts=self.config.keep_readouts,
        )
        limits = self._limits(ids, kwargs)
        engine = Engine(
            self._inner,
            self.tokenizer,
            self.config,
            self._policy,
            rows,
            tap,
            Meter(self.config, self._nulls or ()),
            recorder,
            limits,
            self._lens,
        )
        processors = LogitsProcessorList(kwargs.get("logits_processor") or [])
        processors.append(GuardProcessor(engine, tap, ids.shape[1]))
        criteria = watch_ends(self._inner, kwargs, rows)
        watched = {} if criteria is None else {"stopping_criteria": criteria}
        streamer = kwargs.get("streamer")
        if isinstance(streamer, HoldBack):
            streamer.rows = rows
        raw: Any = None
        tap.attach()
        try:
            raw = generate(**{**kwargs, **watched, "logits_processor": processors, "disable_compile": True})
            return raw
        finally:
            tap.detach()
            report = replace(
                recorder.report(),
                longest_hold_back=streamer.longest if isinstance(streamer, HoldBack) else 0,
                unfinished=unfinished_rows(rows, raw, ids.shape[1]),
            )
            if self.config.capture_text:
                texts = transcribe(self.tokenizer, rows, raw, ids.shape[1], pad=limits.pad, eos=limits.eos)
                report = replace(report, transcripts=texts)
            deliver(report)

    def _limits(self, ids: Tensor, kwargs: dict[str, Any]) -> Limits:
        new = setting(self._inner, kwargs, "max_new_tokens")
        total = setting(self._inner, kwargs, "max_length")
        if new is None:
            unset = kwargs.get("max_length") is None and total in (None, GenerationConfig().max_length)
            new = _DEFAULT_NEW_TOKENS if unset else max(0, total - ids.shape[1])
        eos = setting(self._inner, kwargs, "eos_token_id")
        return Limits(
            max_positions=context_length(self._inner),
            max_columns=_static_length(kwargs.get("past_key_values")),
            max_new_tokens=new,
            eos=frozenset(eos if isinstance(eos, (list, tuple)) else [] if eos is None else [int(eos)]),
            pad=setting(self._inner, kwargs, "pad_token_id"),
            sampling=bool(setting(self._inner, kwargs, "do_sample")),
        )


def _static_length(cache: Any) -> int | None:
    layers = getattr(cache, "layers", None) or ()
    fixed = [layer for layer in layers if getattr(layer, "max_cache_len", None)]
    lengths = [int(layer.max_cache_len) for layer in fixed if not getattr(layer, "is_sliding", False)]
    return max(lengths) if lengths else None


class Handle:
    """A guard that stands in front of `model.generate`, from construction to `detach`; also a context manager.

    While it stands, the attribute `generate` of the model *instance* leads through the guard; `detach` deletes it, and
    the class's own method is found again. The hooks on the model live only while a call runs.

    Attributes:
        generate: The guarded `generate`; the same as `model.generate` while the guard stands.
    """

    def __init__(self, guard: Guard, request: Request) -> None:
        self._guard = guard
        self._request = request
        self._reports: list[Report] = []
        model = guard.model
        if "generate" in vars(model) and hasattr(vars(model)["generate"], "guardbind_handle"):
            raise GuardbindError(
                "a guard is attached to this model already; one at a time can stand.", hint="Detach it first."
            )
        self._before = vars(model).get("generate")
        original: Callable[..., Any] = cast(Any, model).generate

        @functools.wraps(original)
        def generate(*args: Any, **kwargs: Any) -> Any:
            given = named(guard._inner, args, kwargs)
            with held_back(given):
                return guard._run(original, request, given, self._reports.append)

        vars(generate)["guardbind_handle"] = self
        self.generate: Callable[..., Any] = generate
        vars(model)["generate"] = generate

    @property
    def report(self) -> Report:
        """The report of the last guarded call, also of one that raised.

        Raises:
            GuardbindError: No call was made yet.
        """
        if not self._reports:
            raise GuardbindError("no guarded call has finished yet.", hint="Call model.generate(...) first.")
        return self._reports[-1]

    @property
    def reports(self) -> tuple[Report, ...]:
        """The reports of all guarded calls, in order."""
        return tuple(self._reports)

    def detach(self) -> None:
        """Take the guard away; doing so twice is fine."""
        current = vars(self._guard.model).get("generate")
        if getattr(current, "guardbind_handle", None) is self:
            del vars(self._guard.model)["generate"]
            if self._before is not None:
                vars(self._guard.model)["generate"] = self._before

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()
