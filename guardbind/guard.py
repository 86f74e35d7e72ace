"""Guards a model: attaches to it, generates, and returns the report."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self, cast

from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, GuardbindError
from guardbind.events import Emitter, build_sinks
from guardbind.generation.call import Bindings, Declaration, GuardedCall, Origins, Targets
from guardbind.generation.processor import GuardProcessor
from guardbind.generation.stopping import unfinished_rows, unread_tokens
from guardbind.generation.supported import refuse_unguardable
from guardbind.model import LanguageModel, ModelTap, Module
from guardbind.model.architecture import find_head
from guardbind.model.lens import Lens
from guardbind.model.provenance import provenance_of
from guardbind.nulls import Null
from guardbind.nulls.trial import usable_nulls
from guardbind.policies import as_policy
from guardbind.report.report import Report
from guardbind.session.engine import Engine, Protection
from guardbind.session.limits import Limits
from guardbind.session.recorder import Recorder
from guardbind.session.row import Row
from guardbind.session.transcribe import transcribe

__all__ = ["Guard", "GuardOutput", "Handle"]


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
            raise ConfigError(
                f"config is {type(config).__name__}; a GuardConfig is accepted.",
                hint='Write Guard(model, tokenizer, GuardConfig(policy="auto")).',
            )
        self._language_model = LanguageModel.of(model, tokenizer)
        find_head(self._language_model.module)
        refuse_unguardable(self._language_model.module, {})
        self._policy = as_policy(self.config.policy)
        self._sinks = build_sinks(self.config.sinks)
        layers = self.config.lens_layers
        self._lens = Lens.bind(self._language_model.module, layers) if layers else None
        self._nulls: list[Null] | None = None

    def generate(
        self,
        *args: Any,
        bindings: Bindings | None = None,
        target: Targets = None,
        source: str | list[str | None] | None = None,
        origins: Origins = (),
        tools: Sequence[Any] | None = None,
        **kwargs: Any,
    ) -> GuardOutput:
        """Run the model's own `generate`, guarded.

        Args:
            *args: As `generate` takes them.
            bindings: What the context binds; one list, or one list per row. None: what `guardbind.extract` reads in
                the prompt; what the assistant said in earlier turns is left out.
            target: The key whose value is asked for; one, or one per row. None: the key that the query names.
            source: The text that character spans of bindings and origins index, if it is not the whole prompt. It says
                nothing of who is believed: that are `origins` and `GuardConfig.sources`.
            origins: Parts of the prompt that are somebody else's than the role of their turn says, as a document that a
                user's turn quotes; one list for all rows, or one list per row. `GuardConfig.sources` ranks them.
            tools: The tools that the answer may call, as `apply_chat_template` takes them. The `title` of a parameter
                is what the prompt calls it, as if `GuardConfig.fields` said so, unless two tools differ.
            **kwargs: As `generate` takes them.

        Raises:
            UnsupportedGenerationError: This way of decoding cannot be guarded.
            BindingError: A binding or an origin cannot be used.
            TargetError: The target names no binding.
            BatchError: The lists do not fit the rows.
            ContextLengthError: The prompt leaves no room in the model's context.
            NumericsError: Logits at a slot are NaN.
            BindingFailureError: Policy `raise`.
        """
        with (
            GuardedCall.opened(self._language_model, args, kwargs) as call,
            self.attached(bindings, target, source, origins=origins, tools=tools) as handle,
        ):
            raw = handle._run(call)
        sequences = raw if isinstance(raw, Tensor) else raw.sequences
        text = self.tokenizer.batch_decode(sequences[:, call.columns :], skip_special_tokens=True)
        return GuardOutput(sequences, text, handle.report, raw)

    def attach(
        self,
        bindings: Bindings | None = None,
        target: Targets = None,
        source: str | list[str | None] | None = None,
        *,
        origins: Origins = (),
        tools: Sequence[Any] | None = None,
    ) -> Handle:
        """Guard every call of `model.generate` until `Handle.detach`; see `generate` for the arguments.

        The first time, the null is tried on a few tokens.

        Raises:
            NullUnavailableError: With nothing taken away, no replica equals the main pass on this model.
        """
        if self._nulls is None:
            self._nulls = usable_nulls(self._language_model.module, self.tokenizer, self.config)
        return Handle(self, Declaration(bindings, target, source, origins, tools))

    def attached(
        self,
        bindings: Bindings | None = None,
        target: Targets = None,
        source: str | list[str | None] | None = None,
        *,
        origins: Origins = (),
        tools: Sequence[Any] | None = None,
    ) -> Handle:
        """Guard every call of `model.generate` inside a `with` block; see `generate` for the arguments."""
        return self.attach(bindings, target, source, origins=origins, tools=tools)

    def _run(
        self,
        generate: Callable[..., Any],
        call: GuardedCall,
        declaration: Declaration,
        deliver: Callable[[Report], None],
    ) -> Any:
        model, limits = self._language_model, call.limits()
        rows = call.rows(declaration, self.config)
        tap, recorder = ModelTap(model.module, self._lens), self._recorder()
        protection = Protection(self.config, self._policy, self._nulls or ())
        engine = Engine(model, protection, rows, tap, recorder, limits)
        arguments = call.with_guard(GuardProcessor(engine, tap, call.columns), rows)
        raw: Any = None
        tap.attach()
        try:
            raw = generate(**arguments)
            return raw
        finally:
            tap.detach()
            unfinished = unfinished_rows(rows, raw, call.columns)
            engine.finish(unread_tokens(rows, raw, call.columns))
            deliver(self._report(recorder, call, rows, limits, raw, unfinished))

    def _recorder(self) -> Recorder:
        return Recorder(
            self.tokenizer,
            Emitter(self._sinks, capture_text=self.config.capture_text),
            provenance_of(self._language_model.module, self.tokenizer),
            keep_readouts=self.config.keep_readouts,
        )

    def _report(
        self,
        recorder: Recorder,
        call: GuardedCall,
        rows: list[Row],
        limits: Limits,
        raw: Any,
        unfinished: tuple[int, ...],
    ) -> Report:
        report = replace(
            recorder.report(),
            longest_hold_back=call.longest_hold_back,
            unfinished=unfinished,
        )
        if not self.config.capture_text:
            return report
        texts = transcribe(self.tokenizer, rows, raw, call.columns, pad=limits.pad, eos=limits.eos)
        return replace(report, transcripts=texts)


class Handle:
    """A guard that stands in front of `model.generate`, from construction to `detach`; also a context manager.

    While it stands, the attribute `generate` of the model *instance* leads through the guard; `detach` deletes it, and
    the class's own method is found again. The hooks on the model live only while a call runs.

    Attributes:
        generate: The guarded `generate`; the same as `model.generate` while the guard stands.
    """

    def __init__(self, guard: Guard, declaration: Declaration) -> None:
        self._guard = guard
        self._declaration = declaration
        self._reports: list[Report] = []
        model = guard.model
        if "generate" in vars(model) and hasattr(vars(model)["generate"], "guardbind_handle"):
            raise GuardbindError(
                "a guard is attached to this model already; one at a time can stand.", hint="Detach it first."
            )
        self._before = vars(model).get("generate")
        self._original: Callable[..., Any] = cast(Any, model).generate

        @functools.wraps(self._original)
        def generate(*args: Any, **kwargs: Any) -> Any:
            with GuardedCall.opened(guard._language_model, args, kwargs) as call:
                return self._run(call)

        vars(generate)["guardbind_handle"] = self
        self.generate: Callable[..., Any] = generate
        vars(model)["generate"] = generate

    def _run(self, call: GuardedCall) -> Any:
        """Run a call that was checked; returns whatever `generate` itself returns."""
        return self._guard._run(self._original, call, self._declaration, self._reports.append)

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
