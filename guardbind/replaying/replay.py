"""Runs one generation of a log again, with the settings and arguments that it recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import PreTrainedTokenizerBase

from guardbind._version import __version__
from guardbind.calibration.artefact import Calibration
from guardbind.config import GuardConfig
from guardbind.errors import ConfigError, GuardbindError
from guardbind.events import Event, GenerationRecord, InterventionRecord, Provenance, SlotRecord
from guardbind.guard import Guard
from guardbind.logs.verifying import named_functions, recorded_settings
from guardbind.model import Module
from guardbind.replaying.compared import Difference, compare
from guardbind.replaying.prompts import KnownPrompt, ReplayPrompt, known_prompts
from guardbind.replaying.recorded import RecordedGeneration

__all__ = ["Replayed", "Replayer"]

# A calibration chooses these where none were given; here they are given, as they were used.
_CHOSEN = ("alpha", "tail_tokens", "max_nulls", "checkpoint")
_COMPARED = ("guardbind", "transformers", "torch", "model", "dtype", "attention", "template_sha256", "calibration")
_HARMLESS = frozenset({"streamer"})


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one generation.

    Attributes:
        generation: Its id.
        skipped: Why it was not replayed; None where it was.
        rows: Rows that were replayed; the others' prompts are not known.
        slots: Slots of these rows in the log.
        differences: Where the replay differs.
        conditions: What the replay ran on that is another: name, then what was recorded and what is.
        notes: What may explain a difference.
    """

    generation: str
    skipped: str | None = None
    rows: tuple[int, ...] = ()
    slots: int = 0
    differences: tuple[Difference, ...] = ()
    conditions: tuple[tuple[str, str, str], ...] = ()
    notes: tuple[str, ...] = ()


class Replayer:
    """Replays generations with one model.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        prompts: Prompts that may have been asked.
        calibration: The guard's calibration, in place of the one that the settings name.
        tolerance: Numbers are the same that differ by at most this, in their units (bits, logits, probabilities), or
            by this share of a larger one.
    """

    def __init__(
        self,
        model: Module,
        tokenizer: PreTrainedTokenizerBase,
        prompts: Sequence[ReplayPrompt],
        *,
        calibration: Calibration | str | Path | None = None,
        tolerance: float = 0.01,
    ) -> None:
        self._model: Any = model
        self._tokenizer = tokenizer
        self._known = known_prompts(prompts, tokenizer)
        self._calibration = calibration
        self._tolerance = tolerance

    def replay(self, told: RecordedGeneration) -> Replayed:
        """Run one generation again, and compare."""
        name, end = told.provenance.generation, told.end
        if not end.prompt_sha256:
            return Replayed(name, "the log is of format 4 or older, which does not tell prompts and settings")
        known = {row: self._known[sha] for row, sha in enumerate(end.prompt_sha256) if sha in self._known}
        if not known:
            return Replayed(name, "none of its prompts is among those that were given")
        if self._draws(end):
            return Replayed(name, "its tokens were drawn, which cannot be repeated")
        if functions := named_functions(end.settings):
            return Replayed(name, f"its settings hold functions, which a log does not: {', '.join(functions)}")
        calibration: Any = None
        if told.provenance.calibration is not None:
            calibration = end.settings.get("calibration") if self._calibration is None else self._calibration
        if told.provenance.calibration is not None and calibration is None:
            return Replayed(name, f"its calibration {told.provenance.calibration} is needed")
        seen: list[Event] = []
        try:
            guard = self._guard(end, calibration, seen)
        except GuardbindError as error:
            return Replayed(name, f"its guard cannot be made: {error}")
        # Rows of which something was declared and others cannot be in one call; rows do not depend on each other.
        together = len({prompt.bindings is None for prompt in known.values()}) == 1
        groups = [list(known)] if together else [[row] for row in known]
        slots: list[SlotRecord] = []
        tried: list[InterventionRecord] = []
        notes = [
            f"{given} was given, and is not in the log" for given in end.further_arguments if given not in _HARMLESS
        ]
        for rows in groups:
            seen.clear()
            ended = self._run(guard, [known[row] for row in rows], end)
            if ended != end.error:
                notes.append(f"it ended by {ended or 'itself'}, and by {end.error or 'itself'} in the log")
            for record in seen:
                if isinstance(record, SlotRecord):
                    slots.append(record.model_copy(update={"row": rows[record.row]}))
                elif isinstance(record, InterventionRecord):
                    tried.append(record.model_copy(update={"row": rows[record.row]}))
        recorded = (
            [slot for slot in told.slots if slot.row in known],
            [each for each in told.interventions if each.row in known],
        )
        differences = compare(recorded, (slots, tried), self._tolerance)
        return Replayed(
            name,
            rows=tuple(known),
            slots=len(recorded[0]),
            differences=tuple(differences),
            conditions=tuple(_conditions(told.provenance, _provenance(seen))),
            notes=tuple(dict.fromkeys(notes)),
        )

    def _draws(self, end: GenerationRecord) -> bool:
        own = getattr(getattr(self._model, "generation_config", None), "do_sample", False)
        return bool(end.arguments.get("do_sample", own))

    def _guard(self, end: GenerationRecord, calibration: Any, seen: list[Event]) -> Guard:
        config = recorded_settings(end.settings)
        chosen = {name: getattr(config, name) for name in _CHOSEN}
        checkpoint = {"checkpoint": chosen["checkpoint"].model_dump()}
        settings = {
            name: value for name, value in end.settings.items() if name not in ("calibration", "capture_text", *_CHOSEN)
        }
        made = GuardConfig(**{**settings, **chosen, **checkpoint, "sinks": (seen.append,)})
        return Guard(self._model, self._tokenizer, made, calibration=calibration)

    def _run(self, guard: Guard, prompts: Sequence[KnownPrompt], end: GenerationRecord) -> str | None:
        """Generate; returns the class of the error that ended it."""
        columns = max(len(prompt.ids) for prompt in prompts)
        pad = self._tokenizer.pad_token_id or 0
        missing = [columns - len(prompt.ids) for prompt in prompts]
        ids = [[pad] * left + list(prompt.ids) for left, prompt in zip(missing, prompts, strict=True)]
        mask = [[0] * left + [1] * (columns - left) for left in missing]
        told = [prompt.bindings for prompt in prompts if prompt.bindings is not None]
        arguments: dict[str, Any] = dict(end.arguments)
        try:
            guard.generate(
                input_ids=torch.tensor(ids, device=self._model.device),
                attention_mask=torch.tensor(mask, device=self._model.device),
                bindings=told or None,
                target=[prompt.target for prompt in prompts],
                **arguments,
            )
        except (GuardbindError, RuntimeError, ValueError) as error:
            if isinstance(error, ConfigError):
                raise
            return type(error).__name__
        return None


def _provenance(seen: Sequence[Event]) -> Provenance | None:
    return next((event.provenance for event in seen if event.provenance is not None), None)


def _conditions(was: Provenance, now: Provenance | None) -> list[tuple[str, str, str]]:
    if now is None:
        return [("guardbind", was.guardbind, __version__)] if was.guardbind != __version__ else []
    pairs = [(name, getattr(was, name), getattr(now, name)) for name in _COMPARED]
    return [(name, str(one), str(other)) for name, one, other in pairs if one != other]
