"""Answers the story's prompt once more with the calibration that comes with its model, and shows what that promises."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from rich import box
from rich.console import Console
from rich.panel import Panel
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.calibration.store import calibration_id, load_calibration
from guardbind.config import GuardConfig
from guardbind.guard import Guard
from guardbind.registry import CALIBRATIONS
from guardbind_bench.demo.story import Story
from guardbind_bench.measures.comparison import told

__all__ = ["Promise", "find_promise", "show_promise"]


@dataclass(frozen=True, slots=True)
class Promise:
    """What was written with a calibration, and which guarantee that rests on.

    Attributes:
        name: Name of the calibration.
        id: Its id.
        trials: Labelled trials that it comes from.
        before: The model's own token as text.
        after: What was written.
        guarantee: The guarantee, as a sentence.
    """

    name: str
    id: str
    trials: int
    before: str
    after: str
    guarantee: str


def find_promise(name: str, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, story: Story) -> Promise | None:
    """Answer a story's prompt under the calibration of the model's name, told bindings and no target.

    Args:
        name: Name of the model.
        model: The model.
        tokenizer: Its tokenizer.
        story: The story.

    Returns:
        What came out; None where no calibration has that name.
    """
    if name not in CALIBRATIONS:
        return None
    calibration = load_calibration(name)
    ids = torch.tensor([story.trial.ids], device=model.device)
    bindings, _ = told(story.trial, "bindings")
    output = Guard(model, tokenizer, GuardConfig(calibration=name)).generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), bindings=bindings, max_new_tokens=1, do_sample=False
    )
    slot = output.report.slots[0]
    return Promise(
        name=name,
        id=calibration_id(calibration),
        trials=calibration.trials,
        before=(slot.token_text or "").strip(),
        after=output.text[0].strip(),
        guarantee="" if slot.guarantee is None else slot.guarantee.statement,
    )


def show_promise(promise: Promise, console: Console) -> None:
    """Print what a calibration promises of the story's prompt."""
    console.print(
        Panel(
            f"Told both lines, and not which of them is asked for, the guard writes {promise.after!r} where the model "
            f"begins {promise.before!r}.\n{promise.guarantee}\n"
            f"(calibration {promise.name}, id {promise.id}, of {promise.trials} labelled trials)",
            title="The same prompt, with the calibration that comes with this model",
            box=box.ROUNDED,
            padding=(1, 2),
        )
    )
