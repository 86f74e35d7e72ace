"""Runs the trials of a pool as `guardbind calibrate` does, so that one that was stopped goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind._version import __version__
from guardbind.calibrating.collecting import collect
from guardbind.calibrating.work_file import WorkFile
from guardbind.calibration.conditions import settings_record
from guardbind.calibration.outcome import Outcome
from guardbind.config import GuardConfig
from guardbind.guard import Guard
from guardbind.model import LanguageModel
from guardbind.model.fingerprint import weights_fingerprint
from guardbind.model.onednn import linears_by_onednn
from guardbind_bench.pools.pool import PoolHead, SourceHead, TrialPool
from guardbind_bench.pools.sources import Source, trials_of

__all__ = ["COLLECTING", "made_pool"]

_GUARD = "words"

COLLECTING = GuardConfig(capture_text=True, trust="every", resolver="words")
"""Settings of the guard: every target is trusted and every confirmed proposal carried out, as `guardbind calibrate`
does; targets are those of the words alone, which are wrong more often than those that the reading confirms."""


def made_pool(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    sources: Sequence[Source],
    folder: Path,
    *,
    model_name: str,
    command: str,
    progress: Callable[[str, int, int], None],
) -> TrialPool:
    """Run the trials of sources; what the folder holds is not run again, and their numbers may change.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        sources: What to run.
        folder: Takes the work file.
        model_name: What the model is called.
        command: The command that asks for it, to be noted.
        progress: Is told the source, how many of its trials are done, and of how many.

    Raises:
        CalibrationError: The folder holds the work of another pool, or most trials fail.
    """
    module = LanguageModel.of(model, tokenizer).module
    weights = weights_fingerprint(module)
    request = {
        "guardbind": __version__,
        "weights": weights,
        "guard": settings_record(COLLECTING),
        "sources": {source.name: [source.about, source.seed] for source in sources},
    }
    guard = Guard(model, tokenizer, COLLECTING)
    found: dict[str, list[Outcome]] = {}
    heads: dict[str, SourceHead] = {}
    with WorkFile.open(folder, request, resume=True) as work, linears_by_onednn(module):
        for source in sources:
            told = partial(progress, source.name)
            trials = trials_of(source, tokenizer)
            outcomes = collect(model, tokenizer, trials, {_GUARD: lambda: guard}, work, told)[_GUARD]
            found[source.name] = outcomes
            heads[source.name] = SourceHead(
                about=source.about, seed=source.seed, trials=len(trials), failed=len(trials) - len(outcomes)
            )
    head = PoolHead(
        command=command,
        model=model_name,
        weights=str(weights),
        guardbind=__version__,
        resolver=COLLECTING.resolver,
        sources=heads,
    )
    return TrialPool.of(head, found)
