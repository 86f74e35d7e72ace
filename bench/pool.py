"""The values of the bench: words that a tokenizer writes as one token, right where a task puts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from guardbind.errors import CandidateError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = ["MINIMUM", "WORDS", "Pool", "Value", "encode"]

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
class Value:
    """A word that one token writes.

    Attributes:
        word: The word, without a space.
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
        values: The values, in the order of `WORDS`.
    """

    values: tuple[Value, ...]

    @classmethod
    def build(cls, tokenizer: PreTrainedTokenizerBase, boundaries: Sequence[str], minimum: int = MINIMUM) -> Pool:
        """Find the words that add exactly one token, the same one, behind every boundary.

        Args:
            tokenizer: The model's tokenizer.
            boundaries: The texts behind which a task writes a value.
            minimum: How many values are needed.

        Raises:
            CandidateError: Fewer were found.
        """
        values: dict[int, Value] = {}
        for word in WORDS:
            token = _single(tokenizer, word, boundaries)
            if token is not None:
                values.setdefault(token, Value(word, token, _aliases(tokenizer, word) | {token}))
        if len(values) < minimum:
            raise CandidateError(
                f"{len(values)} of the {len(WORDS)} words of the pool are one token each in this tokenizer, behind "
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


def _single(tokenizer: PreTrainedTokenizerBase, word: str, boundaries: Sequence[str]) -> int | None:
    for form in (" " + word, word):
        added = set()
        for boundary in boundaries:
            before, after = encode(tokenizer, boundary), encode(tokenizer, boundary + form)
            added.add(after[-1] if after[:-1] == before else None)
        token = added.pop()
        if not added and token is not None and token not in tokenizer.all_special_ids:
            return token
    return None


def _aliases(tokenizer: PreTrainedTokenizerBase, word: str) -> frozenset[int]:
    forms = [encode(tokenizer, space + form) for form in (word, word.capitalize(), word.upper()) for space in ("", " ")]
    return frozenset(ids[0] for ids in forms if len(ids) == 1 and ids[0] not in tokenizer.all_special_ids)
