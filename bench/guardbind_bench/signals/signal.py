"""Defines the `Signal` protocol: what turns a reading into one number per slot, higher where an error is likelier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

from torch import Tensor

from guardbind.frozen import Frozen
from guardbind_bench.methods.method import BUDGET, Knowledge
from guardbind_bench.prompts.trial import Trial

if TYPE_CHECKING:
    from guardbind_bench.measures.lab import Lab
    from guardbind_bench.signals.reading import SlotReading

__all__ = [
    "BUDGET",
    "FitSample",
    "FittedSignal",
    "FormulaSignal",
    "Signal",
    "SignalNeed",
    "SignalSettings",
    "SignalTokens",
    "SignedSettings",
    "settings_tried",
]

SignalNeed = Literal[
    "logits", "nulls", "layers", "attention", "head_outputs", "gradient", "head_lists", "samples", "prompt", "trials"
]
"""What is read: logits of the unguarded pass, passes with something taken away, residuals of layers, attention weights,
what heads give, gradients of attention, heads found on other trials, samples of the answer, a prompt with a question
of its own, or other trials with known answers."""

SignalTokens = Literal["none", "last token", "question", "prompt"]
"""How much each further pass reads: nothing, the last token or a token behind it, the question, or the whole prompt."""


class SignalSettings(Frozen):
    """Hyper-parameters of a signal; the defaults are the authors', or ours where they publish none."""


class SignedSettings(SignalSettings):
    """Those of a signal whose sign is not known beforehand."""

    sign: Literal[1, -1] = 1
    """-1 turns the order about."""


class Signal(Protocol):
    """Gives one number per slot; registered in `SIGNALS`, or an entry point `signal.NAME`."""

    name: str
    """Its registered name."""
    source: str
    """Where it is published, as `arXiv 2407.07071`; `guardbind` for our own, `floor` for what comes to mind first."""
    about: str
    """One sentence: what it is here."""
    needs: frozenset[SignalNeed]
    """What it reads."""
    told: Knowledge
    """What it is told."""
    extra_forwards: int
    """Passes of the model besides the unguarded one, at its defaults, for a prompt that binds two keys."""
    extra_tokens: SignalTokens
    """How much each of them reads."""
    fitted: bool
    """Whether it learns from other trials with known answers; then it is a `FittedSignal`."""
    settings: type[SignalSettings]
    """Its hyper-parameters."""
    grid: Sequence[dict[str, Any]]
    """Further settings that are tried where it is tuned, each as what differs from the defaults: less than `BUDGET`."""

    def read(self, reading: SlotReading, settings: Any, state: Any) -> Tensor:
        """Return one finite number per trial `[trials]`, higher where the emitted token is likelier wrong.

        Args:
            reading: What was measured, once for all signals.
            settings: The hyper-parameters.
            state: What it was fitted to; None where it is not fitted.

        Raises:
            GuardbindError: It cannot be had on this model or these prompts, and why.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FitSample:
    """Other trials with known answers, those whose emitted token is a candidate.

    Attributes:
        lab: The model.
        trials: The trials.
        emitted: Token that the model writes `[trials]`.
        is_wrong: Whether it is another value than the one that was asked for `[trials]`.
    """

    lab: Lab
    trials: tuple[Trial, ...]
    emitted: Tensor
    is_wrong: Tensor


@runtime_checkable
class FittedSignal(Protocol):
    """What a signal that is fitted has besides."""

    def gather(self, reading: SlotReading) -> Tensor:
        """Return what is learned from, `[trials, ...]`."""
        ...

    def fit(self, features: Tensor, sample: FitSample, settings: Any) -> Any:
        """Learn.

        Args:
            features: What `gather` gave on the trials of the sample, `[trials, ...]`.
            sample: The trials.
            settings: The hyper-parameters.

        Returns:
            What `read` takes as its state.

        Raises:
            ConfigError: The sample does not do.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class FormulaSignal:
    """A signal that is a formula of a reading; see `Signal`.

    Attributes:
        formula: From reading and settings to one number per trial `[trials]`.
    """

    name: str
    source: str
    about: str
    needs: frozenset[SignalNeed]
    told: Knowledge
    formula: Callable[[SlotReading, Any], Tensor]
    extra_forwards: int = 0
    extra_tokens: SignalTokens = "none"
    settings: type[SignalSettings] = SignalSettings
    grid: tuple[dict[str, Any], ...] = ()
    fitted: bool = False

    def read(self, reading: SlotReading, settings: Any, state: Any = None) -> Tensor:
        """Apply the formula."""
        return self.formula(reading, settings)


def settings_tried(signal: Signal, *, grid: bool) -> list[SignalSettings]:
    """Return the settings that are tried: the defaults, and with `grid` the others behind them, each once.

    Example:
        >>> from guardbind_bench.signals.budget_rules import PUBLISHED_BUDGET
        >>> [settings.tau for settings in settings_tried(PUBLISHED_BUDGET, grid=True)]
        [0.75, 0.5, 0.95]
    """
    others = signal.grid if grid else ()
    made = [signal.settings(), *(signal.settings.model_validate(other) for other in others)]
    return list({settings.model_dump_json(): settings for settings in made}.values())
