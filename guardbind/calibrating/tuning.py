"""Chooses settings for a model on a few trials: one at a time beside the defaults, then the best of each together.

Trials and runs are the dear part, so alpha and the template are tried only where the guard would act at all: where the
model's own value passes, neither is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.calibrating.answering import LabelledTrial
from guardbind.calibrating.collecting import collect
from guardbind.calibrating.work_file import WorkFile
from guardbind.calibration.artefact import ChosenSettings
from guardbind.calibration.outcome import Outcome
from guardbind.config import GuardConfig
from guardbind.frozen import Frozen
from guardbind.guard import Guard
from guardbind.session.available import SlotProbe

__all__ = ["GuardMaker", "TriedSettings", "chosen_settings", "count_right", "tune", "variations"]

_ALPHAS = (1.0, 4.0)
_TAILS = (3, 10)
_NULLS = (4,)
_TEMPLATES = ("Note: {evidence}\n",)
_TIE = 0.02


class TriedSettings(Frozen):
    """The settings that are chosen for a model."""

    alpha: float
    """Strength of the contrast."""
    tail_tokens: int
    """Tokens that are run again under a null."""
    max_nulls: int
    """Bindings that are taken away one by one at a slot, at most."""
    checkpoint_template: str
    """Text that restates the evidence."""

    @classmethod
    def of(cls, config: GuardConfig) -> TriedSettings:
        """Return those of a configuration."""
        return cls(
            alpha=config.alpha,
            tail_tokens=config.tail_tokens,
            max_nulls=config.max_nulls,
            checkpoint_template=config.checkpoint.template,
        )

    def applied(self, config: GuardConfig) -> GuardConfig:
        """Return a configuration with these."""
        checkpoint = config.checkpoint.model_copy(update={"template": self.checkpoint_template})
        update = {"alpha": self.alpha, "tail_tokens": self.tail_tokens, "max_nulls": self.max_nulls}
        return config.model_copy(update={**update, "checkpoint": checkpoint})

    @property
    def name(self) -> str:
        """What they are called in the work file."""
        return ", ".join(f"{field}={getattr(self, field)!r}" for field in TriedSettings.model_fields)

    def cost(self, bindings: Iterable[int]) -> tuple[int, int]:
        """Return what slots cost with them, less is cheaper: tokens that nulls read, and length of the template.

        Args:
            bindings: How many bindings each prompt has; more nulls than these are never read.
        """
        return sum(self.tail_tokens * min(self.max_nulls, n) for n in bindings), len(self.checkpoint_template)

    def changes(self, other: TriedSettings) -> int:
        """Return in how many fields they differ from others."""
        return sum(getattr(self, field) != getattr(other, field) for field in TriedSettings.model_fields)


@dataclass(frozen=True, slots=True)
class GuardMaker:
    """Makes guards that collect: they trust every target, so that all that a calibration could let pass is seen.

    Attributes:
        model: The model.
        tokenizer: Its tokenizer.
        config: Settings but for those that are tried.
        probe: Reads the residual, where one was trained.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    config: GuardConfig
    probe: SlotProbe | None = None

    def guard(self, settings: TriedSettings) -> Guard:
        """Return a guard with some settings."""
        update = {"trust": "every", "capture_text": True, "calibration": None, "sinks": ()}
        config = settings.applied(self.config).model_copy(update=update)
        return Guard(self.model, self.tokenizer, config, probe=self.probe)

    def guards(self, tried: Iterable[TriedSettings]) -> dict[str, Callable[[], Guard]]:
        """Return name to what returns the guard; each is made once, when it is needed."""
        return {settings.name: _Once(self, settings) for settings in tried}


class _Once:
    def __init__(self, maker: GuardMaker, settings: TriedSettings) -> None:
        self._maker, self._settings = maker, settings
        self._guard: Guard | None = None

    def __call__(self) -> Guard:
        if self._guard is None:
            self._guard = self._maker.guard(self._settings)
        return self._guard


def variations(default: TriedSettings) -> tuple[TriedSettings, ...]:
    """Return the settings that are tried beside the defaults, which differ from them in one.

    Example:
        >>> default = TriedSettings.of(GuardConfig())
        >>> [settings.alpha for settings in variations(default)][:2]
        [1.0, 4.0]
    """
    grid = {"alpha": _ALPHAS, "checkpoint_template": _TEMPLATES, "tail_tokens": _TAILS, "max_nulls": _NULLS}
    varied = (default.model_copy(update={field: value}) for field, values in grid.items() for value in values)
    return tuple(settings for settings in varied if settings != default)


def tune(
    maker: GuardMaker,
    trials: Sequence[LabelledTrial],
    work: WorkFile,
    progress: Callable[[int, int], None],
) -> tuple[TriedSettings, int]:
    """Try settings on some trials.

    Args:
        maker: Makes the guards.
        trials: Trials of the split `choose`; without any, the defaults are kept.
        work: Takes the outcomes.
        progress: Is told how many trials are done, and of how many.

    Returns:
        The best settings, and how many were tried.
    """
    default = TriedSettings.of(maker.config)
    tried = (default, *variations(default))
    found = _run(maker, default, tried, trials, work, progress)
    read = [work.outcome(default.name, trial.name) for trial in trials]
    bindings = [outcome.bindings for outcome in read if outcome is not None]
    families = _families(default, tried)
    together = _together(default, [_best(default, found, family, bindings) for family in families])
    if together not in tried:
        found |= _run(maker, default, (default, together), trials, work, progress)
    return _best(default, found, found, bindings), len(found)


def chosen_settings(
    settings: TriedSettings, *, tried: int, default: Sequence[Outcome], chosen: Sequence[Outcome]
) -> ChosenSettings:
    """Return settings with what they did on the split `report`.

    Args:
        settings: The settings.
        tried: How many were tried.
        default: Outcomes of the split `report` with the defaults.
        chosen: Outcomes of the same trials with these.
    """
    return ChosenSettings(
        **settings.model_dump(),
        tried=tried,
        n=len(chosen),
        right_default=count_right(default),
        right_chosen=count_right(chosen),
    )


def count_right(outcomes: Iterable[Outcome]) -> int:
    """Return how many trials end well if every confirmed proposal is carried out.

    Where nothing is due, that is where nothing is pushed in.
    """
    return sum(outcome.written_right if outcome.due else not outcome.pushed for outcome in outcomes)


def _run(
    maker: GuardMaker,
    default: TriedSettings,
    tried: Sequence[TriedSettings],
    trials: Sequence[LabelledTrial],
    work: WorkFile,
    progress: Callable[[int, int], None],
) -> dict[TriedSettings, int]:
    changes_slots = {s.name for s in tried if (s.tail_tokens, s.max_nulls) != (default.tail_tokens, default.max_nulls)}

    def needed(name: str, trial: LabelledTrial) -> bool:
        before = work.outcome(default.name, trial.name)
        return name in changes_slots or before is None or before.verdict not in ("ok", "unresolved", None)

    collect(maker.model, maker.tokenizer, trials, maker.guards(tried), work, progress, needed=needed)
    names = [trial.name for trial in trials if work.outcome(default.name, trial.name) is not None]
    return {
        settings: count_right(
            outcome
            for name in names
            if (outcome := work.outcome(settings.name, name) or work.outcome(default.name, name)) is not None
        )
        for settings in tried
    }


def _best(
    default: TriedSettings, found: Mapping[TriedSettings, int], among: Iterable[TriedSettings], bindings: Sequence[int]
) -> TriedSettings:
    """Return the cheapest of those that are as good as the best but for a fiftieth; of equals what changes least."""
    among = list(among)
    most = max(found[settings] for settings in among)
    tie = [settings for settings in among if found[settings] >= most * (1 - _TIE)]
    return min(tie, key=lambda s: (s.cost(bindings), s.changes(default), -found[s], s.alpha))


def _families(default: TriedSettings, tried: Sequence[TriedSettings]) -> list[list[TriedSettings]]:
    """Return for each field the settings that differ from the defaults in it alone, with the defaults."""
    return [
        [s for s in tried if s == default.model_copy(update={field: getattr(s, field)})]
        for field in TriedSettings.model_fields
    ]


def _together(default: TriedSettings, best: Sequence[TriedSettings]) -> TriedSettings:
    fields = zip(TriedSettings.model_fields, best, strict=True)
    return default.model_copy(update={field: getattr(settings, field) for field, settings in fields})
