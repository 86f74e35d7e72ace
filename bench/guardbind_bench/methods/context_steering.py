"""Takes attention away from what is not context: chat template and system turn, or in bare text the question."""

from __future__ import annotations

import math

from pydantic import Field

from guardbind.model.interventions import AttentionBias, Intervention
from guardbind_bench.methods.editing import PassEdit
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.scene import Scene

__all__ = ["CONTEXT_STEERING", "SteeringSettings", "beside_context"]


class SteeringSettings(MethodSettings):
    """The hyper-parameters."""

    alpha: float = Field(default=0.9, gt=0, le=1)
    """What the weight of the rest is multiplied by; the authors' are .9 and .95, 1 is the unguarded model."""
    attending: int = Field(default=0, ge=0)
    """So many heads that attend to asked statements on other trials; 0: all heads."""
    random: bool = False
    """As many other heads of the same layers, where heads are chosen: the control."""


def beside_context(scene: Scene, place: int) -> list[int]:
    """Return the columns of a prompt that are not context.

    In a chat template these are its special tokens, and the stretches between two of them in which nothing is stated
    or asked. Bare text has no template; there it is the question.
    """
    trial = scene.trials[place]
    special = set(scene.lab.tokenizer.all_special_ids)
    stretches: list[list[int]] = [[]]
    rest: list[int] = []
    for column, token in enumerate(trial.ids):
        if token in special:
            rest.append(column)
            stretches.append([])
        else:
            stretches[-1].append(column)
    if len(stretches) <= 2:  # at most the token that starts every prompt
        return list(range(scene.start, scene.columns))
    context = {bound.position for bound in trial.bound} | {trial.question.start + 1}
    rest += [column for stretch in stretches if context.isdisjoint(stretch) for column in stretch]
    return sorted(rest)


def _edits(scene: Scene, settings: SteeringSettings) -> list[Intervention]:
    count, random = settings.attending, settings.random
    heads = scene.heads.best("attending", count, random=random) if count else None
    return [
        AttentionBias(beside_context(scene, place), math.log(settings.alpha), heads, batch=place)
        for place in range(len(scene.trials))
    ]


CONTEXT_STEERING = PassEdit(
    name="context_steering",
    source="arXiv 2411.02688",
    about="Turns attention towards the context by damping template or question; all heads or chosen ones.",
    needs=frozenset({"attention", "head_lists"}),
    told="question",
    settings=SteeringSettings,
    edits=_edits,
    grid=({"alpha": 0.95}, {"alpha": 0.3}, {"alpha": 0.3, "attending": 16}),
)
