"""Makes a calibration of one model: draws trials, trains probes, chooses settings, runs, fits, and writes it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind._version import __version__
from guardbind.calibrating.answering import LabelledTrial
from guardbind.calibrating.collecting import collect, dealt, drawn
from guardbind.calibrating.request import CalibrationConfig
from guardbind.calibrating.trained import probed
from guardbind.calibrating.tuning import GuardMaker, TriedSettings, chosen_settings, tune
from guardbind.calibrating.work_file import WorkFile
from guardbind.calibration.artefact import CalibratedRange, Calibration
from guardbind.calibration.conditions import settings_record, shaping_sha256
from guardbind.calibration.fit import calibrated_range, fit_calibration
from guardbind.calibration.outcome import Outcome, Split
from guardbind.calibration.probe import probe_tensors
from guardbind.calibration.store import save_calibration
from guardbind.errors import CalibrationError
from guardbind.model import LanguageModel
from guardbind.model.fingerprint import weights_fingerprint
from guardbind.model.onednn import linears_by_onednn
from guardbind.model.provenance import provenance_of

__all__ = ["MadeCalibration", "ProgressTold", "calibrate", "make_calibration"]

logger = logging.getLogger("guardbind")

ProgressTold = Callable[[str, int, int], None]
"""Is told what is being done, how many trials of it are done, and of how many."""


@dataclass(frozen=True, slots=True)
class MadeCalibration:
    """A calibration, and what it was made of.

    Attributes:
        calibration: The calibration, as it was written.
        outcomes: What the trials showed, with the chosen settings.
        failures: Name of a trial that could not be measured to why.
        before: What was promised of the same trials before, with other numbers of them or other promises.
    """

    calibration: Calibration
    outcomes: tuple[Outcome, ...]
    failures: Mapping[str, str]
    before: tuple[str, ...] = ()


def calibrate(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    config: CalibrationConfig,
    *,
    progress: ProgressTold = lambda step, done, total: None,
) -> Calibration:
    """Make a calibration of a model and write it into a folder.

    One that was stopped goes on where it was, with the same request; risk, confidence, the share of flags and the
    number of trials may be others then. A rule that is looked for again until it appears is less sure than `confidence`
    says; a warning tells where the same trials were fitted before.

    Args:
        model: A causal language model, in evaluation mode.
        tokenizer: Its tokenizer.
        config: What is asked for.
        progress: Is told how far it is.

    Returns:
        The calibration, as `guardbind.calibration.store.load_calibration` reads it from the folder.

    Raises:
        ConfigError: The file of prompts cannot be read, or a task does not fit the tokenizer.
        CalibrationError: The folder is in use or holds another calibration's work, most trials fail, or there are too
            few.
    """
    return make_calibration(model, tokenizer, config, made="guardbind.calibrate", progress=progress).calibration


def make_calibration(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    config: CalibrationConfig,
    *,
    made: str,
    progress: ProgressTold,
) -> MadeCalibration:
    """Make a calibration as `calibrate` does, and return what it was made of as well.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        config: What is asked for.
        made: The command or call.
        progress: Is told how far it is.
    """
    module = LanguageModel.of(model, tokenizer).module
    weights = weights_fingerprint(module)
    if weights is None:
        raise CalibrationError("the model's weights lie on no device, so that they cannot be told from others.")
    ran = provenance_of(module, tokenizer)
    request = {
        "guardbind": __version__,
        "weights": weights,
        "dtype": ran.dtype,
        "attention": ran.attention,
        "template": ran.template_sha256,
        "tasks": list(config.tasks),
        "prompts": None if config.prompts is None else hashlib.sha256(_bytes(config)).hexdigest(),
        "shares": [config.choose, config.report],
        "seed": config.seed,
        "tuning": config.tuning,
        "probes": config.probes,
        "guard": settings_record(config.guard),
    }
    trials = _trials(config, tokenizer)
    with WorkFile.open(config.out, request, resume=config.resume) as work, linears_by_onednn(module):
        probes = probed(model, tokenizer, work, config.seed, progress) if config.probes else None
        maker = GuardMaker(model, tokenizer, config.guard, None if probes is None else probes.slot_probe)
        settings, tried = _settings(maker, config, trials, work, progress)
        default = TriedSettings.of(config.guard)
        outcomes, by_default = _outcomes(maker, settings, default, trials, work, progress)
        before = _fitted_before(work, config, len(outcomes))
        calibration = fit_calibration(
            outcomes,
            risk=config.risk,
            confidence=config.confidence,
            alpha=config.alpha,
            settings=chosen_settings(
                settings,
                tried=tried,
                default=by_default,
                chosen=[outcome for outcome in outcomes if outcome.split == "report"],
            ),
            within=_within(outcomes, settings, config, ran, weights),
            made=made,
            probes=() if probes is None else probes.entries,
            available_from=None if probes is None else probes.available_from,
        )
        tensors = None
        if probes is not None:
            reliability = (*(r for r in calibration.reliability if r.name != "available"), probes.reliability)
            update = {"available_layer": probes.probe.layer, "reliability": reliability}
            calibration = calibration.model_copy(update=update)
            tensors = probe_tensors([probes.probe])
        saved = save_calibration(calibration, config.out, tensors)
        return MadeCalibration(saved, tuple(outcomes), dict(work.failures), before)


def _fitted_before(work: WorkFile, config: CalibrationConfig, outcomes: int) -> tuple[str, ...]:
    """Return the earlier looks at these trials, after taking note of this one."""
    look = f"{outcomes} trials, risk {config.risk:g}, confidence {config.confidence:g}"
    looks: list[str] = work.step("fitted") or []
    before = tuple(earlier for earlier in looks if earlier != look)
    if look not in looks:
        work.add_step("fitted", [*looks, look])
    if before:
        logger.warning(
            "these trials were fitted before (%s): who goes on until a rule appears is less sure than the confidence "
            "says. A number that was decided beforehand, with another seed and folder, is free of that.",
            "; ".join(before),
        )
    return before


def _bytes(config: CalibrationConfig) -> bytes:
    try:
        return b"" if config.prompts is None else config.prompts.read_bytes()
    except OSError as error:
        raise CalibrationError(f"{config.prompts} cannot be read: {error}.", hint="Give a JSONL file.") from error


def _trials(config: CalibrationConfig, tokenizer: PreTrainedTokenizerBase) -> list[LabelledTrial]:
    shares: dict[Split, float] = {"choose": config.choose, "report": config.report}
    if config.prompts is not None:
        return dealt(config.prompts, shares, config.seed)
    counts: dict[Split, int] = {split: max(1, round(share * config.trials)) for split, share in shares.items()}
    counts["fit"] = config.trials - sum(counts.values())
    return drawn(config.tasks, tokenizer, counts, config.seed)


def _settings(
    maker: GuardMaker,
    config: CalibrationConfig,
    trials: list[LabelledTrial],
    work: WorkFile,
    progress: ProgressTold,
) -> tuple[TriedSettings, int]:
    """Return the settings, chosen once for all: with more trials later, they stay."""
    held: Any = work.step("settings")
    if held is None:
        some = [trial for trial in trials if trial.split == "choose"][: config.tuning]
        settings, tried = TriedSettings.of(config.guard), 1
        if some:
            settings, tried = tune(maker, some, work, lambda done, total: progress("settings", done, total))
        held = {"settings": settings.model_dump(), "tried": tried}
        work.add_step("settings", held)
    return TriedSettings.model_validate(held["settings"]), held["tried"]


def _outcomes(
    maker: GuardMaker,
    settings: TriedSettings,
    default: TriedSettings,
    trials: list[LabelledTrial],
    work: WorkFile,
    progress: ProgressTold,
) -> tuple[list[Outcome], list[Outcome]]:
    """Return what the trials showed with some settings, and those of the split `report` with the defaults."""

    def needed(name: str, trial: LabelledTrial) -> bool:
        return name == settings.name or trial.split == "report"

    found = collect(
        maker.model,
        maker.tokenizer,
        trials,
        maker.guards((settings, default)),
        work,
        lambda done, total: progress("trials", done, total),
        needed=needed,
    )
    return found[settings.name], [outcome for outcome in found[default.name] if outcome.split == "report"]


def _within(
    outcomes: list[Outcome], settings: TriedSettings, config: CalibrationConfig, ran: Any, weights: str
) -> CalibratedRange:
    within = calibrated_range(
        outcomes,
        model=ran.model,
        weights=weights,
        dtype=ran.dtype,
        attention=ran.attention,
        template_sha256=ran.template_sha256,
    )
    return within.model_copy(update={"settings_sha256": shaping_sha256(settings.applied(config.guard))})
