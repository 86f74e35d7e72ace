"""Reads the second distribution that contrasts are made with: the same prompt, less something."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor

from guardbind.errors import ConfigError
from guardbind.model.interventions import HeadScale, QueryZero
from guardbind_bench.methods.scene import Scene

__all__ = ["SecondPass", "heads_masked", "key_masked", "key_swapped", "no_statement", "question_only", "span_masked"]

SecondPass: TypeAlias = Callable[[Scene], Tensor]
"""Gives log p0 `[trials, vocabulary]` in nats, fp32."""


def question_only(scene: Scene) -> Tensor:
    """Read the question alone, at positions of its own, behind what starts every prompt."""

    def read() -> Tensor:
        prompts = []
        for trial in scene.trials:
            opening = trial.ids[: min([scene.start, *(bound.statement.start for bound in trial.bound)])]
            prompts.append((*opening, *trial.ids[scene.start :]))
        return torch.log_softmax(scene.prompts(prompts), -1)

    return scene.once("question_only", read)


def no_statement(scene: Scene) -> Tensor:
    """Read the question blind to all statements."""
    hidden = [[column for bound in trial.bound for column in bound.statement] for trial in scene.trials]
    return _blind(scene, "no_statement", hidden)


def span_masked(scene: Scene) -> Tensor:
    """Read the question blind to the statement that is asked for."""
    return _blind(scene, "span_masked", [list(trial.target.statement) for trial in scene.trials])


def key_masked(scene: Scene) -> Tensor:
    """Read the question with what follows its key blind to the key.

    Raises:
        ConfigError: The question does not name the key in words of its own.
    """
    hidden = []
    for place, trial in enumerate(scene.trials):
        found = scene.where(trial.target.key, place, range(scene.start, scene.columns))
        hidden.append([column for tokens in found for column in tokens if column < scene.columns - 1])
        if not hidden[-1]:
            raise ConfigError("the question does not write the key that it asks for; nothing can be masked in it.")
    return _blind(scene, "key_masked", hidden)


def key_swapped(scene: Scene) -> Tensor:
    """Read the question asking for each other key in turn; the mean of the log-probabilities.

    Raises:
        ConfigError: There is no other key, or another one is written with another number of tokens.
    """

    def read() -> Tensor:
        tails = [_swapped(scene, place) for place in range(len(scene.trials))]
        passes = min(map(len, tails))
        if passes == 0:
            raise ConfigError("the prompt knows one key only, or others of another length; none can be asked for.")
        reads = [torch.log_softmax(scene.instead([of[i] for of in tails]), -1) for i in range(passes)]
        return torch.log_softmax(torch.stack(reads).mean(0), -1)

    return scene.once("key_swapped", read)


def heads_masked(scene: Scene, count: int, *, query: bool, random: bool = False) -> Tensor:
    """Read the last token without the heads that copy: their query zeroed, as DeCoRe's code does, or their output."""

    def read() -> Tensor:
        heads = scene.heads.best("retrieval", count, random=random)
        edit = QueryZero(heads) if query else HeadScale(heads, 0.0)
        return torch.log_softmax(scene.row(edit)[0], -1)

    return scene.once(("heads_masked", count, query, random), read)


def _blind(scene: Scene, name: str, hidden: Sequence[Sequence[int]]) -> Tensor:
    return scene.once(name, lambda: torch.log_softmax(scene.tail(hidden)[0], -1))


def _swapped(scene: Scene, place: int) -> list[list[int]]:
    trial = scene.trials[place]
    key = trial.target.key
    others = list(dict.fromkeys(bound.key for bound in trial.bound if bound.key != key))
    tails = []
    for other in others:
        stated = [tokens for tokens in scene.where(other, place, range(scene.start)) if len(tokens)]
        asked = scene.where(key, place, range(scene.start, scene.columns))
        tail = list(trial.ids)
        if not stated or not asked or {len(tokens) for tokens in asked} != {len(stated[0])}:
            continue
        for tokens in asked:
            tail[tokens.start : tokens.stop] = [trial.ids[column] for column in stated[0]]
        tails.append(tail[scene.start :])
    return tails
