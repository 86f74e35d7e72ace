"""Guards a model: attaches to it, generates, and returns the report."""

from __future__ import annotations

import logging
import weakref
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.calibration.artefact import Calibration
from guardbind.calibration.conditions import calibrated_settings, settings_record, settings_sha256
from guardbind.calibration.store import load_calibration, load_probes
from guardbind.config import GuardConfig
from guardbind.errors import ConfigError
from guardbind.events import Emitter, build_sinks
from guardbind.generation.call import Bindings, Declaration, GuardedCall, Origins, Targets
from guardbind.generation.front import Front
from guardbind.generation.processor import GuardProcessor
from guardbind.generation.stopping import unfinished_rows, unread_tokens
from guardbind.generation.supported import refuse_unguardable
from guardbind.model import LanguageModel, ModelTap, Module
from guardbind.model.architecture import find_head
from guardbind.model.cache import float_dtype
from guardbind.model.lens import Lens
from guardbind.model.provenance import provenance_of
from guardbind.model.turns import turns_of
from guardbind.nulls import Null
from guardbind.nulls.trial import usable_nulls
from guardbind.policies import as_policy, policy_name
from guardbind.report.kept import KeptReports
from guardbind.report.report import Report
from guardbind.session.available import SlotProbe
from guardbind.session.called import called_with
from guardbind.session.checked import Calibrated
from guardbind.session.engine import Engine, Protection
from guardbind.session.limits import Limits
from guardbind.session.recorder import Recorder
from guardbind.session.row import Row
from guardbind.session.transcribe import transcribe
from guardbind.text.own_tokenizer import own_tokenizer

__all__ = ["Guard", "GuardOutput", "Handle"]

logger = logging.getLogger("guardbind")


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

    Threads may share a guard, and several guards may share a model. Guarded calls of one model take turns, in the order
    in which they come; a guarded call inside one of them (in a policy, a sink) runs at once. Other threads may run the
    model unguarded meanwhile: that is neither seen nor held up.

    Args:
        model: A decoder-only language model with a `generate` method; a peft model is fine.
        tokenizer: Its tokenizer.
        config: Settings; the defaults measure every slot and repair what fails.
        calibration: What is known of the model on labelled trials, in place of `GuardConfig.calibration`: a folder, a
            registered name, or what `load_calibration` returned. Where it was made under other conditions, records say
            so and `GuardConfig.outside` decides.
        probe: Reads the residual at each slot: whether the value that is meant is there and not used.

    Attributes:
        config: The settings as they are used, with those of the calibration where the caller gave none.
        calibration: What is known of the model, or None.

    Raises:
        UnknownArchitectureError: The model's output head, or the lens that was asked for, cannot be found.
        UnsupportedGenerationError: The model cannot be guarded.
        UnknownNameError: A policy or sink is not registered.
        ConfigError: `config` is no `GuardConfig`, or the probe is of another model.
        CalibrationError: The calibration is not there, damaged, or of a newer guardbind.
    """

    def __init__(
        self,
        model: Module,
        tokenizer: PreTrainedTokenizerBase,
        config: GuardConfig | None = None,
        *,
        calibration: Calibration | str | Path | None = None,
        probe: SlotProbe | None = None,
    ) -> None:
        self.model = model
        self.tokenizer = tokenizer
        config = GuardConfig() if config is None else config
        if not isinstance(config, GuardConfig):
            raise ConfigError(
                f"config is {type(config).__name__}; a GuardConfig is accepted.",
                hint='Write Guard(model, tokenizer, GuardConfig(policy="auto")).',
            )
        self.calibration, own_probe = _loaded(config.calibration if calibration is None else calibration)
        self.config = config if self.calibration is None else calibrated_settings(config, self.calibration)
        self._probe = own_probe if probe is None else probe
        self._calibrated = Calibrated(
            self.calibration, self.config, None if self._probe is None else self._probe.available_from
        )
        self._settings = settings_record(self.config)
        self._module = LanguageModel.of(model, tokenizer).module
        self._turns = turns_of(self._module)
        find_head(self._module)
        refuse_unguardable(self._module, {})
        self._policy = as_policy(self.config.policy)
        self._policy_name = policy_name(self.config.policy)
        self._sinks = build_sinks(self.config.sinks)
        self._lens = self._bind_lens()
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
        declaration, reports = Declaration(bindings, target, source, origins, tools), list[Report]()
        with GuardedCall.opened(self._language_model, args, kwargs) as call:
            self._try_nulls()
            # Whatever else stands there is called too; a guard that is attached lets this call pass.
            raw = self._run(cast(Any, self.model).generate, call, declaration, reports.append)
        sequences = raw if isinstance(raw, Tensor) else raw.sequences
        text = self.tokenizer.batch_decode(sequences[:, call.columns :], skip_special_tokens=True)
        return GuardOutput(sequences, text, reports[0], raw)

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

        The first time, the null is tried on a few tokens. Keep the handle: when it is collected, the guard is detached.

        Raises:
            NullUnavailableError: With nothing taken away, no replica equals the main pass on this model.
            GuardbindError: A guard is attached to this model already.
        """
        self._try_nulls()
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

    @property
    def _language_model(self) -> LanguageModel:
        return LanguageModel(self._module, own_tokenizer(self.tokenizer))

    def _bind_lens(self) -> Lens | None:
        layers, probe = self.config.lens_layers, self._probe
        if probe is not None and layers != "all":
            layers = (*layers, probe.layer)
        lens = Lens.bind(self._module, layers) if layers else None
        if probe is not None and lens is not None:
            probe.check(lens)
        return lens

    def _try_nulls(self) -> None:
        if self._nulls is None:
            with self._turns.taken():
                self._nulls = usable_nulls(self._module, self._language_model.tokenizer, self.config)

    def _run(
        self,
        generate: Callable[..., Any],
        call: GuardedCall,
        declaration: Declaration,
        deliver: Callable[[Report], None],
    ) -> Any:
        # Prompts are read before it is this call's turn: that needs no model.
        limits, rows = call.limits(), call.rows(declaration, self.config)
        with self._turns.taken():
            if self._lens is not None and self._lens.dtype != float_dtype(self._module):
                self._lens = self._bind_lens()  # the model was converted
            tap, recorder = ModelTap(self._module, self._lens), self._recorder()
            standing = self._calibrated.standing(self._module, self.tokenizer, sampling=limits.sampling)
            protection = Protection(self.config, self._policy, self._nulls or (), self._probe, standing)
            engine = Engine(call.model, protection, rows, tap, recorder, limits)
            arguments = call.with_guard(GuardProcessor(engine, tap, call.columns), rows, tap.suspended)
            raw: Any = None
            failure: str | None = None
            try:
                tap.attach()
                raw = generate(**arguments)
                return raw
            except BaseException as error:
                failure = type(error).__name__
                raise
            finally:
                tap.detach()
                unfinished = unfinished_rows(rows, raw, call.columns)
                engine.finish(unread_tokens(rows, raw, call.columns))
                waited = call.longest_hold_back if call.streamed else None
                called = called_with(self._settings, call.arguments)
                recorder.end(rows, longest_hold_back=waited, unfinished=unfinished, error=failure, called=called)
                deliver(self._report(recorder, call, rows, limits, raw, unfinished))

    def _passes(self) -> bool:
        return self._turns.mine

    def _recorder(self) -> Recorder:
        return Recorder(
            self.tokenizer,
            Emitter(self._sinks, capture_text=self.config.capture_text),
            provenance_of(
                self._module,
                self.tokenizer,
                policy=self._policy_name,
                calibration=self._calibrated.id,
                settings_sha256=settings_sha256(self._settings),
            ),
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
    the class's own method is found again. What somebody else has put there since then stays, and calls that come
    through it pass. The hooks on the model live only while a call runs. A copy of the model is unguarded.

    A handle that is not kept is detached when it is collected, with a warning in the log.

    Attributes:
        generate: The guarded `generate`; the same as `model.generate` while the guard stands.
    """

    def __init__(self, guard: Guard, declaration: Declaration) -> None:
        self._guard = guard
        self._declaration = declaration
        self._kept = KeptReports(guard.config.max_reports)
        me = weakref.ref(self)
        # Inside a guarded call, `generate` is the generation that is guarded, or a call of somebody's within it.
        self._front = Front(guard.model, lambda: None if (handle := me()) is None else handle._call, guard._passes)
        self.generate: Callable[..., Any] = self._front
        # First who takes the guard away, then the guard: an interrupt between the two leaves nothing behind.
        self._dropped = weakref.finalize(self, _leave_unkept, self._front)
        self._dropped.atexit = False
        self._front.stand()

    def _call(self, *args: Any, **kwargs: Any) -> Any:
        """Run a guarded call; returns whatever `generate` itself returns."""
        self._kept.begin()
        with GuardedCall.opened(self._guard._language_model, args, kwargs) as call:
            return self._guard._run(self._front.beneath, call, self._declaration, self._kept.add)

    @property
    def report(self) -> Report:
        """The report of the last guarded call of this thread, or of this asyncio task, also of one that raised.

        Raises:
            GuardbindError: It made no call yet, or its last call was refused before anything was generated.
        """
        return self._kept.mine

    @property
    def reports(self) -> tuple[Report, ...]:
        """The reports of all guarded calls of all threads, in the order in which they ended.

        The last `GuardConfig.max_reports` are kept.
        """
        return self._kept.every

    def detach(self) -> None:
        """Take the guard away; doing so twice is fine."""
        self._front.leave()
        self._dropped.detach()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.detach()


def _leave_unkept(front: Front) -> None:
    if front.leave():
        logger.warning(
            "the handle of an attached guard was dropped, so its guard is detached; keep what Guard.attach returns."
        )


def _loaded(given: Calibration | str | Path | None) -> tuple[Calibration | None, SlotProbe | None]:
    """Return a calibration, and the probe of its folder that says whether a value is available."""
    if given is None or isinstance(given, Calibration):
        return given, None
    calibration = load_calibration(given)
    return calibration, SlotProbe.of(calibration, load_probes(given, calibration))
