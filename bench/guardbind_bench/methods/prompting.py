"""Makes methods of changes to the prompt."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from torch import Tensor

from guardbind_bench.methods.method import Knowledge, MethodSettings, Need
from guardbind_bench.methods.scene import Scene

__all__ = ["Rewriting", "answer_start", "encoded"]

S = TypeVar("S", bound=MethodSettings)


@dataclass(frozen=True, slots=True, eq=False)
class Rewriting(Generic[S]):
    """A method that changes the prompt and no pass; see `Method` for the attributes.

    Attributes:
        rewrite: Given the scene, the place of a trial in it and the settings, gives the whole prompt's token ids.
    """

    name: str
    source: str
    about: str
    told: Knowledge
    settings: type[S]
    rewrite: Callable[[Scene, int, S], Sequence[int]]
    grid: Sequence[dict[str, Any]] = ()
    needs: frozenset[Need] = frozenset({"prompt"})
    extra_forwards: int = 1

    def scores(self, scene: Scene, settings: S) -> Tensor:
        """Read the new prompts; of those that only the question differs in, the shared part is not read again."""
        prompts = [tuple(self.rewrite(scene, place, settings)) for place in range(len(scene.trials))]
        kept = [trial.ids[: scene.start] for trial in scene.trials]
        if all(prompt[: scene.start] == start for prompt, start in zip(prompts, kept, strict=True)):
            return scene.instead([prompt[scene.start :] for prompt in prompts])
        return scene.prompts(prompts)


def answer_start(scene: Scene, place: int) -> int:
    """Return the column at which the prompt begins the answer, by the key that it repeats; else its length."""
    trial = scene.trials[place]
    found = scene.where(trial.target.key, place, range(scene.start, scene.columns))
    return found[-1].start if found else scene.columns


def encoded(scene: Scene, text: str) -> list[int]:
    """Return the token ids of a piece of text, without special tokens."""
    return list(scene.lab.tokenizer.encode(text, add_special_tokens=False))
