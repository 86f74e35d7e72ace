"""Fills the space between the bindings and the question, with a given number of tokens per block.

A filler takes the stock of a task, the sizes of all blocks of a prompt, a generator of its own and the tokens that may
stand among the filler as decoys, and returns the token ids of each block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import TYPE_CHECKING

from guardbind.errors import ConfigError
from guardbind.text.decode import decode
from guardbind_bench.prompts.natural import sentences
from guardbind_bench.prompts.pool import encode

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = [
    "PARAGRAPH",
    "WITHOUT_DECOYS",
    "Decoys",
    "Filler",
    "Stock",
    "coherent",
    "decoy_density",
    "decoy_heavy",
    "decoy_matched",
    "natural",
    "other_decoy",
    "random",
    "repeat",
]

PARAGRAPH = (
    "An old clerk sorted parcels at the harbour office while rain fell on the roof. Two carts arrived before noon with "
    "salt, rope and a crate of lamps for the market. Later the fog lifted, the ferry whistle sounded, and the queue "
    "outside grew quiet again. "
)

# What tasks accept whose values are not single words that could be scattered.
WITHOUT_DECOYS = ("coherent", "natural", "random", "repeat")

_COMMON = (" the", " and", " of", ".", ",")
_DECOYS = 12
_RANDOM_IDS = 5000


@dataclass(frozen=True, slots=True)
class Decoys:
    """Values of a trial that a filler may scatter.

    Attributes:
        competitor: Token of the value that is most easily taken for the target.
        target: Token of the value that is asked for.
        unbound: Token of a value that the prompt does not bind.
    """

    competitor: int
    target: int
    unbound: int


class Stock:
    """The tokens that fillers of one tokenizer and one task are made of; none of them writes a value.

    Args:
        tokenizer: The model's tokenizer.
        forbidden: Every token that writes a value of the task.
        template: Tokens of the task's own pieces, kept out of random filler.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerBase, forbidden: frozenset[int], template: frozenset[int]) -> None:
        self.tokenizer = tokenizer
        self.forbidden = forbidden
        self._template = template

    @cached_property
    def common(self) -> int:
        """The token that `repeat` repeats: a common word, else the first of `scattered`."""
        for text in _COMMON:
            ids = encode(self.tokenizer, text)
            if len(ids) == 1 and ids[0] not in self.forbidden:
                return ids[0]
        return self.scattered[0]

    @cached_property
    def scattered(self) -> tuple[int, ...]:
        """The lowest ids that stand for 1 to 12 readable characters of neither values, template nor line ends."""
        banned = self.forbidden | self._template | frozenset(self.tokenizer.all_special_ids)
        found: list[int] = []
        for token in range(len(self.tokenizer)):
            if token in banned:
                continue
            text = decode(self.tokenizer, [token])
            if 1 <= len(text) <= 12 and not any(sign in text for sign in "\ufffd\0\n\r"):
                found.append(token)
                if len(found) == _RANDOM_IDS:
                    break
        if not found:
            raise ConfigError("the tokenizer has no token that is fit for filler.", hint="Use another model.")
        return tuple(found)


Filler = Callable[[Stock, Sequence[int], Random, Decoys], list[list[int]]]


def natural(stock: Stock, sizes: Sequence[int], rng: Random, decoys: Decoys) -> list[list[int]]:
    """Varied sentences, none of them twice in a prompt; each block is cut at its size.

    Raises:
        ConfigError: The blocks are longer than all sentences together.
    """
    stream = sentences(rng)
    blocks = []
    for size in sizes:
        block: list[int] = []
        while len(block) < size:
            sentence = next(stream, None)
            if sentence is None:
                raise ConfigError(f"natural filler ends before {sum(sizes)} tokens.", hint="Ask for fewer per block.")
            ids = encode(stock.tokenizer, sentence)
            if stock.forbidden.isdisjoint(ids):
                block += ids
        blocks.append(block[:size])
    return blocks


def repeat(stock: Stock, sizes: Sequence[int], rng: Random, decoys: Decoys) -> list[list[int]]:
    """One common token, again and again."""
    return [[stock.common] * size for size in sizes]


def coherent(stock: Stock, sizes: Sequence[int], rng: Random, decoys: Decoys) -> list[list[int]]:
    """One fixed paragraph, cycled."""
    ids = [token for token in encode(stock.tokenizer, PARAGRAPH) if token not in stock.forbidden]
    return [(ids * (size // len(ids) + 1))[:size] for size in sizes]


def random(stock: Stock, sizes: Sequence[int], rng: Random, decoys: Decoys) -> list[list[int]]:
    """Independent draws from the lowest ordinary tokens."""
    return [rng.choices(stock.scattered, k=size) for size in sizes]


def decoy_heavy(stock: Stock, sizes: Sequence[int], rng: Random, decoys: Decoys) -> list[list[int]]:
    """`repeat` with the competitor at twelve even places of each block, and then a few random tokens anywhere."""
    return [_scattered(stock, size, [decoys.competitor] * min(_DECOYS, size), rng) for size in sizes]


def other_decoy(stock: Stock, sizes: Sequence[int], rng: Random, decoys: Decoys) -> list[list[int]]:
    """`decoy_heavy` with a value that the prompt does not bind in the competitor's places."""
    return [_scattered(stock, size, [decoys.unbound] * min(_DECOYS, size), rng) for size in sizes]


def decoy_density(stock: Stock, sizes: Sequence[int], rng: Random, decoys: Decoys) -> list[list[int]]:
    """`decoy_heavy` with as many decoys as the block is long: twelve in 256 tokens, none of them overwritten."""
    # A short block has a single one, which a random token could hit.
    return [_scattered(stock, size, [decoys.competitor] * (size * _DECOYS // 256), rng, keep=True) for size in sizes]


def decoy_matched(stock: Stock, sizes: Sequence[int], rng: Random, decoys: Decoys) -> list[list[int]]:
    """`decoy_heavy` with the target as often as the competitor: they take turns, and which is first is drawn."""
    blocks = []
    for size in sizes:
        pair = rng.sample([decoys.competitor, decoys.target], 2)
        blocks.append(_scattered(stock, size, pair * min(_DECOYS, size // 2), rng, keep=True))
    return blocks


def _scattered(stock: Stock, size: int, decoys: Sequence[int], rng: Random, *, keep: bool = False) -> list[int]:
    """Return `repeat` with decoys at even places and random tokens, which do not hit a decoy if `keep`."""
    block = [stock.common] * size
    places = [(i + 1) * size // (len(decoys) + 1) for i in range(len(decoys))]
    for place, decoy in zip(places, decoys, strict=True):
        block[place] = decoy
    free = [place for place in range(size) if not keep or place not in places]
    for _ in range(min(8, size // 16, len(free))):
        block[rng.choice(free)] = rng.choice(stock.scattered)
    return block
