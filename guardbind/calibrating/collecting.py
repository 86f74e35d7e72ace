"""Draws labelled trials for the three splits, runs them, and keeps what each showed."""

from __future__ import annotations

import hashlib
import logging
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import islice, zip_longest
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.calibrating.answering import LabelledRun, LabelledTrial
from guardbind.calibrating.labelled import LabelledPrompt, LabelledTask, read_labelled
from guardbind.calibrating.work_file import WorkFile
from guardbind.calibration.outcome import Outcome, Split
from guardbind.errors import CalibrationError
from guardbind.guard import Guard
from guardbind.registry import LABELLED

__all__ = ["SPLITS", "collect", "dealt", "drawn", "split_seed"]

logger = logging.getLogger("guardbind")

SPLITS: tuple[Split, ...] = ("choose", "fit", "report")
_FEWEST_RUN, _MOST_FAILED = 20, 0.5


def split_seed(seed: int, task: str, split: Split) -> int:
    """Return the seed of one split of a task: the splits share no draw.

    >>> split_seed(0, "cards", "fit") == split_seed(0, "cards", "report")
    False
    """
    return int.from_bytes(hashlib.sha256(f"{seed}|{task}|{split}".encode()).digest()[:6], "big")


def drawn(
    tasks: Sequence[str], tokenizer: PreTrainedTokenizerBase, counts: Mapping[Split, int], seed: int
) -> list[LabelledTrial]:
    """Draw trials of registered tasks, those of the tasks in turn.

    Args:
        tasks: Names of `guardbind.registry.LABELLED`.
        tokenizer: The model's tokenizer.
        counts: Split to how many trials of each task.
        seed: Base seed.

    Raises:
        UnknownNameError: There is no such task.
        CalibrationError: A task ends too early.
    """
    found: list[LabelledTrial] = []
    for split in SPLITS:
        by_task = []
        for name in tasks:
            task: LabelledTask = LABELLED.get(name)
            prompts = list(islice(task(tokenizer, seed=split_seed(seed, name, split)), counts[split]))
            if len(prompts) < counts[split]:
                raise CalibrationError(
                    f"the task {name!r} has {len(prompts)} prompts, of {counts[split]} that are asked for.",
                    hint="Ask for fewer trials.",
                )
            by_task.append(
                [
                    LabelledTrial(f"{name}:{split}:{number}", split, prompt.model_copy(update={"task": name}))
                    for number, prompt in enumerate(prompts)
                ]
            )
        found += [trial for row in zip_longest(*by_task) for trial in row if trial is not None]
    return found


def dealt(path: Path, shares: Mapping[Split, float], seed: int) -> list[LabelledTrial]:
    """Deal the prompts of a file to the splits, at random; prompts that are equal go to one split.

    Args:
        path: A JSONL file of labelled prompts.
        shares: Split to its share of the prompts.
        seed: Of the dealing.

    Raises:
        ConfigError: The file cannot be read.
        CalibrationError: There are too few different prompts for three splits.
    """
    read = read_labelled(path)
    alike: dict[str, list[tuple[int, LabelledPrompt]]] = {}
    for number, prompt in read:
        alike.setdefault(prompt.model_dump_json(include={"prompt", "begun"}), []).append((number, prompt))
    if len(alike) < len(SPLITS):
        raise CalibrationError(
            f"{path} holds {len(alike)} different prompts; each of {', '.join(SPLITS)} needs one at least.",
            hint="Label more prompts.",
        )
    order = sorted(alike)
    random.Random(seed).shuffle(order)
    choose = max(1, round(shares["choose"] * len(order)))
    report = max(1, round(shares["report"] * len(order)))
    places: dict[Split, list[str]] = {
        "choose": order[:choose],
        "report": order[choose : choose + report],
        "fit": order[choose + report :],
    }
    return [
        LabelledTrial(f"{path.name}:{number}", split, prompt.model_copy(update={"task": prompt.task or path.stem}))
        for split in SPLITS
        for key in places[split]
        for number, prompt in alike[key]
    ]


def collect(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    trials: Sequence[LabelledTrial],
    guards: Mapping[str, Callable[[], Guard]],
    work: WorkFile,
    progress: Callable[[int, int], None],
    *,
    needed: Callable[[str, LabelledTrial], bool] = lambda settings, trial: True,
) -> dict[str, list[Outcome]]:
    """Run trials under guards, all of a trial from one prefill; what the work file holds is not run again.

    A trial that cannot be measured is kept as a failure, and left out for all guards.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        trials: What to run.
        guards: Name of the settings to what returns the guard.
        work: Takes the outcomes.
        progress: Is told how many trials are done, and of how many.
        needed: Whether a trial has to be run with some settings at all, given what the earlier ones showed.

    Returns:
        Name of the settings to the outcomes, in the order of the trials.

    Raises:
        CalibrationError: Most trials fail.
    """
    failed = 0
    for done, trial in enumerate(trials):
        progress(done, len(trials))
        if trial.name in work.failures:
            failed += 1
            continue
        try:
            _run(model, tokenizer, trial, guards, work, needed)
        except Exception as error:  # one prompt must not end a run of an hour
            failed += 1
            why = f"{type(error).__name__}: {error}"
            work.add_failure(trial.name, why)
            logger.warning("the trial %s is left out: %s", trial.name, why)
            if failed >= _FEWEST_RUN and failed > _MOST_FAILED * (done + 1):
                raise CalibrationError(
                    f"{failed} of {done + 1} trials failed, the last one by {why}",
                    hint=f"They stand in {work.path.name}; after a remedy, begin anew with --restart (resume=False).",
                ) from error
    progress(len(trials), len(trials))
    kept = [trial.name for trial in trials if trial.name not in work.failures]
    return {
        settings: [outcome for name in kept if (outcome := work.outcome(settings, name)) is not None]
        for settings in guards
    }


def _run(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    trial: LabelledTrial,
    guards: Mapping[str, Callable[[], Guard]],
    work: WorkFile,
    needed: Callable[[str, LabelledTrial], bool],
) -> None:
    run: LabelledRun | None = None
    for settings, guard in guards.items():
        if work.outcome(settings, trial.name) is not None or not needed(settings, trial):
            continue
        run = run or LabelledRun(model, tokenizer, trial)
        work.add_outcome(settings, run.outcome(guard()))
