"""Records what one labelled trial showed: the numbers at its slot, and whether the model and the guard were right."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from guardbind.events.records import Action, Verdict
from guardbind.frozen import Frozen

__all__ = ["Outcome", "Split"]

Split = Literal["choose", "fit", "report"]
"""`choose`: settings are chosen on it. `fit`: bounds and thresholds come from it. `report`: neither has seen it."""


class Outcome(Frozen):
    """What one labelled trial showed. It holds no prompt text."""

    trial: str
    """Names the trial: task, seed and number, or the line of the caller's file."""
    task: str
    """Name of the task, or of the caller's file."""
    group: str = ""
    """What trials are told apart by inside a task: distance, filler, template."""
    split: Split
    """What the trial is used for."""
    due: bool
    """Whether the prompt has an answer; where it has none, nothing is to be pushed in."""
    own_right: bool
    """Whether the model's own value was right; False where nothing is due."""
    written_right: bool
    """Whether the value is right that the guard would write if every confirmed proposal were carried out."""
    way: str | None = None
    """How the target was found (`guardbind.targets.trust.way_of`); None where it is unresolved or no slot opened."""
    target_right: bool | None = None
    """Whether the target is the right one; None where there is none."""
    target_score: float = 0.0
    """How well it fits, in [0, 1]."""
    verdict: Verdict | None = None
    """Verdict on the model's own token; None where no slot opened."""
    action: Action | None = None
    """The action that a second readout confirmed; None where there is none."""
    pushed: bool = False
    """Whether that action writes other tokens than the model would."""
    evidence_bits: float | None = None
    """Evidence bits of the token that would be written, on the target's span."""
    gain_bits: float | None = None
    """Observed bits of that token less those of the model's own."""
    available: float | None = None
    """How far the residual names the target's value, in [0, 1] (`guardbind.calibration.probe`); None where not read."""
    signals: dict[str, float] = Field(default_factory=dict)
    """Name of a signal to its value at the first slot of the answer (`guardbind.calibration.signals`)."""
    prompt_tokens: int = 0
    """Tokens of the prompt."""
    distance: int | None = None
    """Tokens between the target's evidence and the slot."""
    bindings: int = 0
    """Bindings of the prompt."""
    residual_norm: float | None = None
    """Euclidean norm of what feeds the output head at the slot."""

    @property
    def harmful(self) -> bool:
        """Whether carrying out the action makes a right answer wrong, or writes a value where none is due."""
        return self.pushed and ((self.own_right and not self.written_right) or not self.due)
