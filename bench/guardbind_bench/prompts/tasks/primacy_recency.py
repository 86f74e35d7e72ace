"""Makes `primacy_recency`: one variable that is assigned three times, and a question for its first or last value."""

from __future__ import annotations

from random import Random

from guardbind_bench.prompts.fillers import Decoys
from guardbind_bench.prompts.tasks.binding import BindingTask

__all__ = ["PrimacyRecency"]


class PrimacyRecency(BindingTask):
    """`KEY=[ <v1> ]`, `KEY=[ <v2> ]`, `KEY=[ <v3> ]`, filler after each, `... the FIRST value of KEY?`, `KEY=[`.

    The competitor of the first value is the last one. The paper always asks for the FIRST, where the place of a value
    alone tells whether it is right; by default FIRST or LAST is drawn at random, and of the last value the competitor
    is the first.

    As in the paper, layout S has the same block of filler after all three assignments and layout C a new one after
    each; natural filler, which the paper does not have, says nothing twice in either layout.
    """

    name = "primacy_recency"
    keys = ("KEY", "KEY", "KEY")
    asks = (
        (0, "\nQuestion: What was the FIRST value of KEY?\n"),
        (2, "\nQuestion: What was the LAST value of KEY?\n"),
    )
    restated = (("FIRST(KEY)", 0), ("LAST(KEY)", 2))

    def blocks(self, rng: Random, decoys: Decoys) -> list[list[int]]:
        """Return the filler behind each assignment."""
        if self._form.layout == "C" or self._filler == "natural":
            return super().blocks(rng, decoys)
        [block] = self._fill(self._stock, [self._k], rng, decoys)
        return [block, block, block]
