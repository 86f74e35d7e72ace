"""Holds what the tasks share that are written in one form only: no styles, no layouts, no decoys."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, ClassVar

from guardbind.errors import ConfigError
from guardbind_bench.prompts.fillers import WITHOUT_DECOYS, Decoys, Stock
from guardbind_bench.prompts.pool import Pool
from guardbind_bench.prompts.tasks.base import PromptTask
from guardbind_bench.prompts.trial import draw_seed

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["ProseTask", "answers"]


class ProseTask(PromptTask):
    """A task with its own wording, which knows neither style `eq` nor layout C and takes no filler with decoys."""

    arms: ClassVar[tuple[str, ...]] = ("baseline",)
    """What may be done to the prompts."""
    drawn_as: ClassVar[str]
    """Seeds the draws: tasks of one such name make the same trials of the same items."""

    def _prepare(self) -> None:
        self._accept("style", self._form.style, ("bracket",))
        self._accept("layout", self._form.layout, ("S",))
        self._accept("arm", self._form.arm, self.arms)
        self._accept("filler", self._filler, WITHOUT_DECOYS)

    def _accept(self, what: str, given: str, accepted: Sequence[str]) -> None:
        if given not in accepted:
            raise ConfigError(
                f"{self.name} does not come with {what} {given!r}; {' and '.join(map(repr, accepted))} "
                f"{'is' if len(accepted) == 1 else 'are'} accepted.",
                hint="The binding tasks, such as 'competing_vars', come in every form and with every filler.",
            )

    def _rng(self, index: int, *drawn_for: object) -> Random:
        return Random(draw_seed(self.drawn_as, self._seed, index, *drawn_for))

    def _block(self, stock: Stock, size: int, index: int) -> tuple[int, ...]:
        nothing = Decoys(stock.common, stock.common, stock.common)
        [block] = self._fill(stock, [size], self._rng(index, self._filler, self._k), nothing)
        return tuple(block)


def answers(tokenizer: PreTrainedTokenizerBase, words: Sequence[str], boundaries: Sequence[str]) -> tuple[Pool, str]:
    """Find one way in which every word is one token behind every boundary.

    A tokenizer that has no token for a word with a space in front (some split every digit off) gets the space at the
    end of the boundary, so that the text is the same for all tokenizers.

    Returns:
        The values, and what follows each boundary: nothing or a space. The pool lacks a word if there is no such way.
    """
    for gap, space in (("", " "), (" ", "")):
        ends = [boundary + gap for boundary in boundaries]
        pool = Pool.build(tokenizer, ends, minimum=0, words=words, spaces=(space,))
        if len(pool) == len(words):
            break
    return pool, gap
