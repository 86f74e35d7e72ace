"""Marks the asked key wherever the prompt writes it."""

from __future__ import annotations

from typing import Literal

from guardbind.errors import ConfigError
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.prompting import Rewriting, encoded
from guardbind_bench.methods.scene import Scene

__all__ = ["KEYWORD_EMPHASIS", "EmphasisSettings"]


class EmphasisSettings(MethodSettings):
    """The hyper-parameters."""

    before: str = '"'
    """What is put before the key."""
    after: str = '"'
    """What is put behind it."""
    where: Literal["both", "question"] = "both"
    """Whether the statements are marked as well as the question."""


def _rewrite(scene: Scene, place: int, settings: EmphasisSettings) -> list[int]:
    trial = scene.trials[place]
    within = None if settings.where == "both" else range(scene.start, scene.columns)
    found = scene.where(trial.target.key, place, within)
    if not found:
        raise ConfigError("the prompt does not write the key that is asked for; there is nothing to mark.")
    ids, at = [], 0
    for tokens in found:
        ids += [*trial.ids[at : tokens.start], *encoded(scene, settings.before)]
        ids += [*trial.ids[tokens.start : tokens.stop], *encoded(scene, settings.after)]
        at = tokens.stop
    return [*ids, *trial.ids[at:]]


KEYWORD_EMPHASIS = Rewriting(
    name="keyword_emphasis",
    source="unPact, abstract only",
    about="Marks the asked key; the paper picks words by their contribution, here it is the question's key.",
    told="question",
    settings=EmphasisSettings,
    rewrite=_rewrite,
    grid=(
        {"before": "**", "after": "**"},
        {"before": ">" * 3 + " ", "after": ""},
        {"where": "question"},
    ),
)
