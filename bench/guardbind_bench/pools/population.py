"""Takes the trials of a pool as a whole population, of which calibrations are drawn and every risk is known exactly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from guardbind.calibration.applying import flags, rule_for
from guardbind.calibration.artefact import ActingRule, FlagRule
from guardbind.calibration.outcome import Outcome, Split
from guardbind.errors import ConfigError

__all__ = ["Population", "as_run", "dosed"]


@dataclass(frozen=True)
class Population:
    """Outcomes, and with which chance each of them is the next trial.

    A draw takes trials one by one, with replacement. So trials are independent, as the promises ask for, and what a
    rule does to the next trial is a sum over the outcomes, without an error of its own.

    Attributes:
        name: What it is called.
        outcomes: The outcomes.
        chances: `[outcomes]`, positive, of sum 1.
    """

    name: str
    outcomes: tuple[Outcome, ...]
    chances: NDArray[np.float64]

    @cached_property
    def loose_harm(self) -> float:
        """Share of the interventions that is harmful if all of them pass."""
        pushed = self._where([o.pushed for o in self.outcomes])
        return self._where([o.harmful for o in self.outcomes]) / pushed if pushed else 0.0

    def draw(self, rng: np.random.Generator, choose: int, fit: int) -> list[Outcome]:
        """Draw the trials of a calibration, for the splits `choose` and `fit`.

        Args:
            rng: Draws them.
            choose: How many trials say in which order thresholds are tested.
            fit: How many are counted.
        """
        drawn = rng.choice(len(self.outcomes), choose + fit, p=self.chances)
        first, then = self._dealt["choose"], self._dealt["fit"]
        return [*(first[place] for place in drawn[:choose]), *(then[place] for place in drawn[choose:])]

    def harms(self, acting: Sequence[ActingRule]) -> list[float]:
        """Return of each rule that lets anything pass which share of that is harmful."""
        return [harm for rule in acting if (harm := self.harm([rule])) is not None]

    def harm(self, acting: Sequence[ActingRule]) -> float | None:
        """Return which share of what some rules let pass is harmful; None where they let nothing pass."""
        passed = self._passed(acting)
        every = self._where(passed)
        harmful = self._where([let and o.harmful for let, o in zip(passed, self.outcomes, strict=True)])
        return harmful / every if every else None

    def repaired(self, acting: Sequence[ActingRule]) -> float | None:
        """Return which share of the errors some rules repair; None where there are no errors."""
        wrong = [o.due and not o.own_right for o in self.outcomes]
        errors = self._where(wrong)
        passed = self._passed(acting)
        mended = [p and w and o.written_right for p, w, o in zip(passed, wrong, self.outcomes, strict=True)]
        return self._where(mended) / errors if errors else None

    def false_alarms(self, flagging: Sequence[FlagRule]) -> float:
        """Return which share of the right answers some rules flag, any of them."""
        right = [o.own_right for o in self.outcomes]
        flagged = [o.own_right and bool(flags(flagging, o.signals)) for o in self.outcomes]
        return self._where(flagged) / self._where(right) if any(right) else 0.0

    def _passed(self, acting: Sequence[ActingRule]) -> list[bool]:
        return [o.pushed and rule_for(acting, o.way, o.evidence_bits, o.gain_bits) is not None for o in self.outcomes]

    def _where(self, which: Sequence[bool]) -> float:
        return float(self.chances[np.asarray(which, dtype=bool)].sum())

    @cached_property
    def _dealt(self) -> dict[Split, list[Outcome]]:
        splits: tuple[Split, ...] = ("choose", "fit")
        return {split: [o.model_copy(update={"split": split}) for o in self.outcomes] for split in splits}


def as_run(name: str, outcomes: Sequence[Outcome]) -> Population:
    """Return the population in which each outcome is as likely as any other.

    Raises:
        ConfigError: There are none.
    """
    if not outcomes:
        raise ConfigError(f"the population {name!r} has no trials.", hint="Name a source that has some.")
    return Population(name, tuple(outcomes), np.full(len(outcomes), 1.0 / len(outcomes)))


def dosed(name: str, mild: Sequence[Outcome], harmful: Sequence[Outcome], loose_harm: float) -> Population | None:
    """Mix two kinds of trials such that a known share of the interventions is harmful if all of them pass.

    Args:
        name: What the population is called.
        mild: Trials with less harm.
        harmful: Trials with more.
        loose_harm: That share.

    Returns:
        The population; None where no mixture of the two has that share.
    """
    # With a share w of the harmful kind: (1 - w) (h - t p) + w (h' - t p') = 0, h and p harmful and all interventions.
    short, over = (
        sum(o.harmful - loose_harm * o.pushed for o in outcomes) / max(len(outcomes), 1) for outcomes in (mild, harmful)
    )
    if short > 0 or over < 0 or short == over:
        return None
    share = short / (short - over)
    kinds = [(mild, 1.0 - share), (harmful, share)]
    chances = np.concatenate([np.full(len(outcomes), part / len(outcomes)) for outcomes, part in kinds])
    return Population(name, (*mild, *harmful), chances / chances.sum())
