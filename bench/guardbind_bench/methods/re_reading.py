"""Asks the question twice: re-reading."""

from __future__ import annotations

from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.prompting import Rewriting, answer_start, encoded
from guardbind_bench.methods.scene import Scene

__all__ = ["RE_READING", "ReReadingSettings"]


class ReReadingSettings(MethodSettings):
    """The hyper-parameters."""

    lead: str = "Read the question again:"
    """What stands between the two."""
    times: int = 2
    """How often the question stands."""


def _rewrite(scene: Scene, place: int, settings: ReReadingSettings) -> list[int]:
    ids = list(scene.trials[place].ids)
    answer = answer_start(scene, place)
    question = ids[scene.start : answer]
    again = [*encoded(scene, settings.lead), *question] * (settings.times - 1)
    return [*ids[:answer], *again, *ids[answer:]]


RE_READING = Rewriting(
    name="re_reading",
    source="arXiv 2309.06275",
    about="Asks the question twice.",
    told="question",
    settings=ReReadingSettings,
    rewrite=_rewrite,
    grid=({"lead": ""}, {"times": 3}, {"lead": "Again:"}),
)
