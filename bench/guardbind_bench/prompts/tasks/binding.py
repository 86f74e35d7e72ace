"""Makes the binding tasks: assignments with filler after each, and a question for one of them."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, ClassVar

from guardbind.errors import ConfigError
from guardbind_bench.prompts.fillers import Decoys, Stock
from guardbind_bench.prompts.pool import Pool, PoolValue, encode
from guardbind_bench.prompts.tasks.base import PromptTask
from guardbind_bench.prompts.tasks.sketch import Segment, Sketch, assemble
from guardbind_bench.prompts.trial import Trial, draw_seed
from guardbind_bench.registry import ARMS

if TYPE_CHECKING:
    from guardbind_bench.prompts.tasks.arms import PromptArm

__all__ = ["BindingTask", "Drawn", "Wording"]


@dataclass(frozen=True, slots=True)
class Wording:
    """The literal pieces of one style and layout; `{key}` stands for a key.

    Attributes:
        opening: Before the first value.
        later: Before the values that follow.
        close: After a value.
        answer: What the question ends with; the value is due behind it.
    """

    opening: str
    later: str
    close: str
    answer: str


_WORDINGS = {
    ("bracket", "S"): Wording("{key}=[", "{key}=[", " ]\n", "{key}=["),
    ("bracket", "C"): Wording("{key}=[", "\n{key}=[", "]\n", "{key}=["),
    ("eq", "S"): Wording("{key} =", "\n{key} =", "", "{key} ="),
    ("eq", "C"): Wording("{key} =", "\n{key} =", "", "{key} ="),
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What is drawn for one trial.

    Attributes:
        values: A value for each assignment, in the order of the text.
        asked: Which of them the question asks for.
        competitor: The value that is most easily taken for the target; bound or not.
        unbound: A value that is neither bound nor the competitor.
    """

    values: tuple[PoolValue, ...]
    asked: int
    competitor: PoolValue
    unbound: PoolValue


class BindingTask(PromptTask):
    """Assignments `KEY=[ value ]`, each followed by `k` tokens of filler, and `Question: ...`, `KEY=[`.

    The pieces are tokenised one by one and put together as ids: each value is one token, each block of filler exactly
    `k`. The values are those that are one token in every form, so that a trial binds the same values in all of them.
    """

    # The values are drawn from the candidates, all alike.
    uniform = True

    keys: ClassVar[tuple[str, ...]]
    """Key of each assignment."""
    asks: ClassVar[tuple[tuple[int, str], ...]]
    """What can be asked for: an assignment, and the question for it. The paper asks for the first of them."""
    restated: ClassVar[tuple[tuple[str, int], ...]]
    """What a checkpoint restates: the name it uses, and which assignment."""

    def _prepare(self) -> None:
        self._arm, self._arm_number = _arm(self._form.arm)
        self._wording = _WORDINGS[self._form.style, self._form.layout]
        assigning, asking = self._pieces()
        closing = [wording.close for wording in _WORDINGS.values()]
        pieces = (*assigning, *asking, *closing)
        template = frozenset(token for piece in pieces for token in encode(self._tokenizer, piece))
        self.pool = Pool.build(self._tokenizer, [*assigning, *asking], template=template)
        self._stock = Stock(self._tokenizer, self.pool.aliases, template)

    def _pieces(self) -> tuple[list[str], list[str]]:
        """Return what stands in front of a value in any form: in an assignment, and at the end of the prompt."""
        assigning, asking = [], []
        for wording in _WORDINGS.values():
            assigning += [text.format(key=key) for key in self.keys for text in (wording.opening, wording.later)]
            asking += [text + wording.answer.format(key=self.keys[asked]) for asked, text in self.asks]
        return list(dict.fromkeys(assigning)), list(dict.fromkeys(asking))

    def draw(self, rng: Random) -> Drawn:
        """Draw the values and what is asked for; `rng` knows neither filler, nor size, nor form.

        The competitor is the value of the other assignment that can be asked for, else one that is not bound.
        """
        values = tuple(rng.sample(self.pool.values, len(self.keys)))
        # Drawn in either case, so that what follows is the same.
        asked = rng.randrange(len(self.asks))
        if self._form.asked == "fixed":
            asked = 0
        decoy, unbound = rng.sample([value for value in self.pool.values if value not in values], 2)
        others = [values[assignment] for i, (assignment, _) in enumerate(self.asks) if i != asked]
        return Drawn(values, self.asks[asked][0], others[0] if others else decoy, unbound)

    def blocks(self, rng: Random, decoys: Decoys) -> list[list[int]]:
        """Return the filler behind each assignment."""
        return self._fill(self._stock, [self._k] * len(self.keys), rng, decoys)

    def sketch(self, index: int) -> Sketch:
        """Return the pieces of a trial, with what the arm has done to them."""
        drawn = self.draw(Random(draw_seed(self.name, self._seed, index)))
        fill = Random(draw_seed(self.name, self._seed, index, self._filler, self._k))
        decoys = Decoys(drawn.competitor.token, drawn.values[drawn.asked].token, drawn.unbound.token)
        segments = [Segment(self._frame.start, "start")]
        openings = [self._wording.opening, *[self._wording.later] * (len(self.keys) - 1)]
        assignments = zip(self.keys, drawn.values, openings, self.blocks(fill, decoys), strict=True)
        for i, (key, value, opening, block) in enumerate(assignments):
            segments.append(Segment(self._frame.encode(opening.format(key=key)), "statement", i))
            segments.append(Segment((value.token,), "value", i))
            if self._wording.close:
                segments.append(Segment(self._frame.encode(self._wording.close), "statement", i))
            segments.append(Segment(tuple(block), "filler"))
        answer = self._wording.answer.format(key=self.keys[drawn.asked])
        segments.append(Segment(self._frame.ask(dict(self.asks)[drawn.asked], answer), "question"))
        sketch = Sketch(
            index=index,
            segments=tuple(segments),
            keys=self.keys,
            values=drawn.values,
            asked=drawn.asked,
            competitor=drawn.competitor,
            candidates=self.pool.values,
            unbound=drawn.unbound,
            restated=self.restated,
            style=self._form.style,
            stock=self._stock,
        )
        return sketch if self._arm is None else self._arm(sketch, self._arm_number)

    def trial(self, index: int) -> Trial:
        """Build one trial; the index and the base seed determine it."""
        return assemble(self.sketch(index))


def _arm(text: str) -> tuple[PromptArm | None, int | None]:
    if text == "baseline":
        return None, None
    name, colon, number = text.partition(":")
    if colon and not number.isdecimal():
        raise ConfigError(f"the arm is {text!r}; 'baseline', NAME and NAME:NUMBER are accepted.")
    return ARMS.get(name), int(number) if colon else None
