"""Restates all statements every so many tokens, or once before the question."""

from __future__ import annotations

from pydantic import Field

from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.prompting import Rewriting
from guardbind_bench.methods.scene import Scene

__all__ = ["PERIODIC_RESTATEMENT", "RestatementSettings"]


class RestatementSettings(MethodSettings):
    """The hyper-parameters."""

    every: int = Field(default=128, ge=0)
    """Tokens between restatements, behind the first statement; 0: once, before the question."""
    reversed: bool = False
    """Restate in the other order, so that another statement is the most recent."""


def _rewrite(scene: Scene, place: int, settings: RestatementSettings) -> list[int]:
    trial = scene.trials[place]
    first = min(bound.statement.stop for bound in trial.bound)
    places = {scene.start} if settings.every == 0 else set(range(first + settings.every, scene.start, settings.every))
    inside = {column for bound in trial.bound for column in bound.statement[1:]}
    ids: list[int] = []
    for column, token in enumerate(trial.ids):
        if column in places and column in inside:
            places.add(column + 1)
        elif column in places:
            seen = [bound for bound in trial.bound if bound.statement.stop <= column]
            for bound in reversed(seen) if settings.reversed else seen:
                ids += trial.ids[bound.statement.start : bound.statement.stop]
        ids.append(token)
    return ids


PERIODIC_RESTATEMENT = Rewriting(
    name="periodic_restatement",
    source="arXiv 2602.19239",
    about="Restates all statements.",
    told="bindings",
    settings=RestatementSettings,
    rewrite=_rewrite,
    grid=({"every": 0}, {"every": 0, "reversed": True}, {"every": 32}),
)
