"""Lets methods write whole answers, token by token, each token chosen as the first one is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Protocol, runtime_checkable

from guardbind.errors import GuardbindError
from guardbind_bench.methods.method import Method, MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["TriedSetting", "WholeAnswers", "whole_answers"]

TriedSetting = tuple[Method, MethodSettings]
"""A method at a setting."""


@runtime_checkable
class WholeAnswers(Protocol):
    """A method that writes whole answers in a way of its own, as the guard does, which keeps account of its slots."""

    def answers(self, scene: Scene, settings: Any, tokens: int) -> list[list[int]]:
        """Return what it writes to each trial, at most so many tokens; what stands behind an end is left out later.

        Raises:
            GuardbindError: It cannot run on this model or these prompts, and why.
        """
        ...


def whole_answers(
    scene: Scene, tried: Sequence[TriedSetting], tokens: int, stops: Collection[int]
) -> list[list[list[int]] | GuardbindError]:
    """Answer the trials of a scene by each method.

    A method that gives scores is asked again behind every token that it wrote, as if the prompt ended there. What was
    written before is then read by the unguarded model; methods that wrote the same share that pass.

    Args:
        scene: The trials.
        tried: Methods at their settings.
        tokens: Tokens of an answer, at most.
        stops: Tokens that end one; they are no part of it.

    Returns:
        For each of `tried`, the tokens of each trial; or why the method cannot run.
    """
    found: dict[int, list[list[int]] | GuardbindError] = {}
    stepwise = []
    for place, (method, settings) in enumerate(tried):
        if not isinstance(method, WholeAnswers):
            stepwise.append(place)
            continue
        try:
            found[place] = method.answers(scene, settings, tokens)
        except GuardbindError as error:
            found[place] = error
    found |= _stepwise(scene, tried, stepwise, tokens, frozenset(stops))
    return [_ended(found[place], stops) for place in range(len(tried))]


def _stepwise(
    scene: Scene, tried: Sequence[TriedSetting], places: Iterable[int], tokens: int, stops: frozenset[int]
) -> dict[int, list[list[int]] | GuardbindError]:
    """Go on with each branch to its end before the next, so that few caches are held at a time."""
    found: dict[int, list[list[int]] | GuardbindError] = {}
    branches: dict[tuple[int, ...], list[int]] = {}
    for place in places:
        method, settings = tried[place]
        try:
            chosen = method.scores(scene, settings).detach().argmax(-1).tolist()
        except GuardbindError as error:
            found[place] = error
        else:
            branches.setdefault(tuple(chosen), []).append(place)
    for written, here in branches.items():
        if tokens == 1 or stops.issuperset(written):
            found |= {place: [[token] for token in written] for place in here}
            continue
        for place, rest in _stepwise(scene.extended(written), tried, here, tokens - 1, stops).items():
            if isinstance(rest, GuardbindError):
                found[place] = rest
            else:
                found[place] = [[token, *row] for token, row in zip(written, rest, strict=True)]
    return found


def _ended(answers: list[list[int]] | GuardbindError, stops: Collection[int]) -> list[list[int]] | GuardbindError:
    if isinstance(answers, GuardbindError):
        return answers
    return [row[: next((i for i, token in enumerate(row) if token in stops), len(row))] for row in answers]
