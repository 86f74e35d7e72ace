"""Finds the values of the bench: words that a tokenizer writes as one token, right where a task puts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guardbind.errors import CandidateError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["MINIMUM", "WORDS", "Pool", "PoolValue", "aliases", "encode"]

_WORDS = (
    "apple banana cherry grape lemon mango peach pear plum kiwi melon berry "
    "alpha beta gamma delta theta lambda omega sigma kappa "
    "red blue green yellow black white orange purple "
    "cat dog mouse lion tiger bear wolf fox zebra shark whale "
    "yes no true false left right up down east west"
)
WORDS = tuple(_WORDS.split())

# With fewer values a trial index no longer means a pair of its own, and chance is no longer small.
MINIMUM = 16


def encode(tokenizer: PreTrainedTokenizerBase, text: str) -> list[int]:
    """Return the token ids of one piece of a prompt, tokenised alone and without special tokens."""
    return list(tokenizer.encode(text, add_special_tokens=False))


@dataclass(frozen=True, slots=True)
class PoolValue:
    """A word that one token writes.

    Attributes:
        word: The word, without a space; in some tasks a number or a letter.
        token: Its id, with a space in front where the tokenizer has such a token.
        aliases: All single tokens that write the word, capitalised or not, with and without a space; `token` is one.
    """

    word: str
    token: int
    aliases: frozenset[int]


@dataclass(frozen=True, slots=True)
class Pool:
    """The candidate set of a task.

    Attributes:
        values: The values, in the order of the words that they were chosen from.
    """

    values: tuple[PoolValue, ...]

    @classmethod
    def build(
        cls,
        tokenizer: PreTrainedTokenizerBase,
        boundaries: Sequence[str],
        minimum: int = MINIMUM,
        words: Sequence[str] = WORDS,
        spaces: Sequence[str] = (" ", ""),
        template: frozenset[int] = frozenset(),
    ) -> Pool:
        """Find the words that add exactly one token, the same one, behind every boundary.

        Args:
            tokenizer: The model's tokenizer.
            boundaries: The texts behind which a task writes a value.
            minimum: How many values are needed.
            words: The words to choose from.
            spaces: What may stand between a boundary and a word; of those that are one token the first is taken.
            template: Tokens of the task's own pieces; a word that one of them writes is no value.

        Raises:
            CandidateError: Fewer were found.
        """
        before = [(boundary, encode(tokenizer, boundary)) for boundary in boundaries]
        values: dict[int, PoolValue] = {}
        for word in words:
            token = _single(tokenizer, [space + word for space in spaces], before)
            if token is None:
                continue
            forms = aliases(tokenizer, word) | {token}
            if forms.isdisjoint(template):
                values.setdefault(token, PoolValue(word, token, forms))
        if len(values) < minimum:
            raise CandidateError(
                f"{len(values)} of the {len(words)} words of the pool are one token each in this tokenizer, behind "
                f"{' and '.join(map(repr, boundaries))}; at least {minimum} are needed.",
                hint="Use a model whose tokenizer knows common English words.",
            )
        return cls(tuple(values.values()))

    def __len__(self) -> int:
        return len(self.values)

    @property
    def tokens(self) -> frozenset[int]:
        """The token of every value."""
        return frozenset(value.token for value in self.values)

    @property
    def aliases(self) -> frozenset[int]:
        """Every single token that writes some value."""
        return frozenset().union(*(value.aliases for value in self.values))


def _single(
    tokenizer: PreTrainedTokenizerBase, forms: Sequence[str], boundaries: Sequence[tuple[str, list[int]]]
) -> int | None:
    for form in forms:
        added: set[int | None] = set()
        for boundary, before in boundaries:
            after = encode(tokenizer, boundary + form)
            added.add(after[-1] if after[:-1] == before else None)
        token = added.pop()
        if not added and token is not None and token not in tokenizer.all_special_ids:
            return token
    return None


def aliases(tokenizer: PreTrainedTokenizerBase, word: str) -> frozenset[int]:
    """Return all single tokens that write a word, capitalised or not, with and without a space."""
    forms = [encode(tokenizer, space + form) for form in (word, word.capitalize(), word.upper()) for space in ("", " ")]
    return frozenset(ids[0] for ids in forms if len(ids) == 1 and ids[0] not in tokenizer.all_special_ids)
