"""Answers one labelled prompt, unguarded and under guards, from one prefill, and says what that showed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.calibrating.encoding import EncodedPrompt, encode_labelled
from guardbind.calibrating.judging import is_right, lost, settled
from guardbind.calibrating.labelled import LabelledPrompt
from guardbind.calibration.outcome import Outcome, Split
from guardbind.calibration.signals import signals_of
from guardbind.events import InterventionRecord, SlotRecord, begins_value
from guardbind.evidence import Located
from guardbind.guard import Guard, GuardOutput
from guardbind.model.architecture import check_prompt_length
from guardbind.model.cache import input_device
from guardbind.model.prefill import SharedPrefill
from guardbind.targets import Resolution
from guardbind.targets.trust import way_of

__all__ = ["LabelledRun", "LabelledTrial", "of_first_value"]


@dataclass(frozen=True, slots=True)
class LabelledTrial:
    """A labelled prompt with its name and what it is used for.

    Attributes:
        name: Names the trial.
        split: What it is used for.
        prompt: The prompt.
    """

    name: str
    split: Split
    prompt: LabelledPrompt


@dataclass(eq=False)
class LabelledRun:
    """One labelled prompt that a model has read once.

    The unguarded answer is generated only where a guard wrote something else than the model: where it did not, the
    guarded answer is the model's own. An answer ends as soon as it is settled.

    Attributes:
        model: The model.
        tokenizer: Its tokenizer.
        trial: The prompt.

    Raises:
        ContextLengthError: The prompt is too long for the model.
        ConfigError: The prompt cannot be written.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    trial: LabelledTrial
    _encoded: EncodedPrompt = field(init=False)
    _prefill: SharedPrefill = field(init=False)
    _own: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self._encoded = encode_labelled(self.trial.prompt, self.tokenizer)
        needed = len(self._encoded.ids) + self._encoded.new_tokens
        check_prompt_length(self.model, needed, what="the prompt and its answer have", hint="Leave it out.")
        self._prefill = SharedPrefill(self.model, torch.tensor([self._encoded.ids], device=input_device(self.model)))

    def outcome(self, guard: Guard) -> Outcome:
        """Answer under a guard, and return what that showed.

        Args:
            guard: Captures text and trusts every target, so that whatever a calibration could let pass is seen.
        """
        prompt = self.trial.prompt
        told: dict[str, Any] = {"bindings": self._encoded.bindings, "target": self._encoded.target}
        output = guard.generate(**self._arguments(), **told)
        written = self._text(output.sequences)
        kept = [tried for tried in output.report.interventions if tried.kept]
        if not kept:
            self._own = written
        counted = of_first_value(kept, output.report.slots)
        acted = counted[0] if counted else None
        pushed = any(map(_changes, counted))
        own_right = prompt.due and is_right(prompt, self._unguarded())
        written_right = prompt.due and is_right(prompt, written) if pushed else own_right
        return Outcome(
            trial=self.trial.name,
            task=prompt.task,
            group=prompt.group,
            split=self.trial.split,
            due=prompt.due,
            own_right=own_right,
            written_right=written_right,
            pushed=pushed,
            prompt_tokens=len(self._encoded.ids),
            **_seen(prompt, output, acted),
        )

    def _unguarded(self) -> str:
        if self._own is None:
            generate: Any = self.model.generate
            self._own = self._text(generate(**self._arguments(_decided)))
        return self._own

    def _arguments(self, over: Callable[[LabelledPrompt, str], bool] = settled) -> dict[str, Any]:
        pad = {} if self.tokenizer.pad_token_id is None else {"pad_token_id": self.tokenizer.pad_token_id}
        return {
            **self._prefill.arguments(),
            **pad,
            "max_new_tokens": self._encoded.new_tokens,
            "do_sample": False,
            "stopping_criteria": [self._ended(over)],
        }

    def _ended(self, over: Callable[[LabelledPrompt, str], bool]) -> Callable[..., Tensor]:
        def criterion(input_ids: Tensor, scores: Any, **kwargs: Any) -> Tensor:
            done = over(self.trial.prompt, self._text(input_ids))
            return torch.tensor([done], device=input_ids.device)

        return criterion

    def _text(self, sequences: Tensor) -> str:
        # Decoded behind a token of the prompt: some tokenizers drop the blank in front of the first one.
        start = len(self._encoded.ids)
        ids = sequences[0].tolist()
        before = str(self.tokenizer.decode(ids[start - 1 : start], skip_special_tokens=True))
        text = str(self.tokenizer.decode(ids[start - 1 :], skip_special_tokens=True))
        return text.removeprefix(before)


def _decided(prompt: LabelledPrompt, text: str) -> bool:
    """Whether it is known if an answer is right; nothing else is asked of an unguarded one."""
    return lost(prompt, text) or settled(prompt, text)


def _seen(prompt: LabelledPrompt, output: GuardOutput, acted: InterventionRecord | None) -> dict[str, Any]:
    """Return the fields of an outcome that one slot tells: the one that was acted on, else the first.

    Signals are those of the first slot all the same: what flags and drift are asked of is chosen by no outcome.
    """
    items = output.report.transcripts[0].items
    slots = output.report.slots
    if not slots:
        return {"bindings": len(items)}
    slot = slots[0] if acted is None else next(slot for slot in slots if slot.step == acted.step)
    target = None if slot.target is None else items[slot.target]
    return {
        "way": None if target is None else _way(slot),
        "target_right": None if target is None else _is_target_right(prompt, target),
        "target_score": slot.target_score,
        "verdict": slot.verdict,
        "action": None if acted is None else acted.action,
        "evidence_bits": _finite(slot.evidence_bits if acted is None else acted.bits_after),
        "gain_bits": None if acted is None else _finite(acted.gain_bits),
        "available": slot.available,
        "signals": signals_of(slots[0]),
        "distance": slot.distance,
        "bindings": len(items),
        "residual_norm": _finite(slot.residual_norm),
    }


def of_first_value(kept: Sequence[InterventionRecord], slots: Sequence[SlotRecord]) -> tuple[InterventionRecord, ...]:
    """Return the interventions that write in an answer's first value, of which the first one decides.

    What is done at later values counts for nothing: a guard that acts by a rule does not act there.

    Args:
        kept: Interventions of one answer that were kept, in order.
        slots: Its slots, in order.
    """
    begins = [slot.step for slot in slots if begins_value(slot.kind)]
    return tuple(
        tried for tried in kept if tried.token_after is not None and sum(step <= tried.step for step in begins) <= 1
    )


def _changes(tried: InterventionRecord) -> bool:
    return tried.token_after != tried.token_before or tried.tokens_inserted > 0


def _way(slot: SlotRecord) -> str:
    confirmed = slot.grounds == "words and reading"
    how: Any = slot.resolved_by
    return way_of(Resolution(slot.target, how, slot.reason, slot.key, slot.target_score, confirmed=confirmed))


def _is_target_right(prompt: LabelledPrompt, target: Located) -> bool | None:
    """Whether a target has a right value; None where its value is not known."""
    if not prompt.due:
        return False
    if not target.surfaces:
        return None
    return bool({_bare(form) for form in prompt.answers} & {_bare(form) for form in target.surfaces})


def _bare(form: str) -> str:
    return form.strip(" .,;\"'`*").casefold()


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None
