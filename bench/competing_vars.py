"""`competing_vars`: two variables, filler after each, and a question for one of them, drawn at random."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from guardbind.errors import ConfigError

from .fillers import Stock
from .pool import Pool, encode
from .registry import FILLERS
from .trial import Bound, Trial, draw_seed

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["CompetingVars"]

_KEYS = ("KEY1", "KEY2")
_OPEN = "{key}=["
_CLOSE = " ]\n"
_QUESTION = "\nQuestion: What is {key}?\n{key}=["


class CompetingVars:
    """`KEY1=[ <v1> ]`, filler, `KEY2=[ <v2> ]`, filler, `Question: What is KEY1?` or `KEY2`, `KEY1=[`.

    The pieces are tokenised one by one and put together as ids: each value is one token, each block of filler exactly
    `k`. This is layout S, bracket style, of the paper's stage suite, except that the suite always asks for KEY1, where
    the order of the two alone tells which value is right.

    Args:
        tokenizer: The model's tokenizer.
        filler: A registered filler.
        k: Tokens of filler per block, at least 0.
        seed: Base seed.

    Raises:
        CandidateError: The tokenizer writes too few words of the pool as one token.
        ConfigError: `k` is negative.
        UnknownNameError: There is no such filler.
    """

    name = "competing_vars"

    def __init__(
        self, tokenizer: PreTrainedTokenizerBase, *, filler: str = "natural", k: int = 96, seed: int = 0
    ) -> None:
        if k < 0:
            raise ConfigError(f"k is {k}; 0 or more tokens of filler per block are accepted.")
        self._fill = FILLERS.get(filler)
        self._filler, self._k, self._seed = filler, k, seed
        self._openings = [encode(tokenizer, _OPEN.format(key=key)) for key in _KEYS]
        self._close = encode(tokenizer, _CLOSE)
        self._questions = [encode(tokenizer, _QUESTION.format(key=key)) for key in _KEYS]
        self._start = [] if tokenizer.bos_token_id is None else [int(tokenizer.bos_token_id)]
        self.pool = Pool.build(tokenizer, [text.format(key=key) for text in (_OPEN, _QUESTION) for key in _KEYS])
        pieces = (*self._openings, self._close, *self._questions)
        self._stock = Stock(tokenizer, self.pool, frozenset(token for piece in pieces for token in piece))

    def trial(self, index: int) -> Trial:
        """Build one trial; the index and the base seed determine it."""
        draw = Random(draw_seed(self.name, self._seed, index))
        values = draw.sample(self.pool.values, len(_KEYS))
        asked = draw.randrange(len(_KEYS))
        decoy = values[1 - asked].token
        fill = Random(draw_seed(self.name, self._seed, index, self._filler, self._k))
        ids = list(self._start)
        bound = []
        blocks = self._fill(self._stock, [self._k] * len(_KEYS), fill, decoy)
        for key, value, opening, block in zip(_KEYS, values, self._openings, blocks, strict=True):
            start = len(ids)
            ids += [*opening, value.token, *self._close]
            bound.append(Bound(key, value, range(start, len(ids)), start + len(opening)))
            ids += block
        question = range(len(ids), len(ids) + len(self._questions[asked]))
        ids += self._questions[asked]
        return Trial(index, tuple(ids), tuple(bound), asked, question)
