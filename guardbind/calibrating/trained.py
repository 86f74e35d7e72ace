"""Trains the probes of a calibration once, and keeps the best beside the work file for when it goes on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.calibrating.probes import TRIALS, train_probes
from guardbind.calibrating.work_file import WorkFile
from guardbind.calibration.artefact import ProbeEntry, Reliability
from guardbind.calibration.probe import Probe, probe_tensors, probes_from
from guardbind.errors import CalibrationError
from guardbind.session.available import SlotProbe

__all__ = ["ProbeResult", "probed"]

_STEP = "probes"
_FILE = "work-probes.safetensors"


@dataclass(frozen=True, slots=True, eq=False)
class ProbeResult:
    """What is kept of trained probes.

    Attributes:
        probe: The best one.
        entries: All that were tried.
        available_from: Least score that counts as available; None where that is chance.
        reliability: How often a candidate was right, by its score.
    """

    probe: Probe
    entries: tuple[ProbeEntry, ...]
    available_from: float | None
    reliability: Reliability

    @property
    def slot_probe(self) -> SlotProbe:
        """The probe as a guard uses it."""
        return SlotProbe(self.probe, self.available_from)


def probed(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    work: WorkFile,
    seed: int,
    progress: Callable[[str, int, int], None],
) -> ProbeResult:
    """Return the probes that the work file has, or train them and keep them there.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        work: Takes what was trained; the tensors stand in a file beside it.
        seed: Of prompts and weights.
        progress: Is told how far it is.

    Raises:
        CalibrationError: The tensors that the work file tells of are gone.
        ConfigError: The tokenizer knows too few words.
    """
    path = work.path.with_name(_FILE)
    held: Any = work.step(_STEP)
    if held is None:
        from safetensors.torch import save_file

        total = sum(TRIALS.values())
        trained = train_probes(
            model, tokenizer, seed=seed, progress=lambda done: progress("probes of the residual", done, total)
        )
        probe = trained.probes[trained.layer]
        save_file(probe_tensors([probe]), path)
        result = ProbeResult(probe, trained.entries, trained.available_from, trained.reliability)
        work.add_step(
            _STEP,
            {
                "entries": [entry.model_dump(mode="json") for entry in result.entries],
                "available_from": result.available_from,
                "reliability": result.reliability.model_dump(mode="json"),
            },
        )
        return result
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        [probe] = probes_from(load_file(path)).values()
    except (OSError, SafetensorError, ValueError) as error:
        raise CalibrationError(
            f"{path}, which {work.path.name} tells of, cannot be read: {error}.",
            hint="Begin anew with --restart (resume=False).",
        ) from error
    return ProbeResult(
        probe,
        tuple(ProbeEntry.model_validate(entry) for entry in held["entries"]),
        held["available_from"],
        Reliability.model_validate(held["reliability"]),
    )
