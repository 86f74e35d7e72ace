"""Values as token sequences: the surface forms of a value, and the trie of a candidate set.

A value can be written in more than one way (with or without a space in front, under an alias), each way is one or more
tokens, and two values may start with the same tokens. The trie answers, after any tokens already written, which next
tokens keep which candidates alive. It knows nothing of logits; `guardbind.candidates.gaps` reads them at its nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from guardbind.errors import CandidateError

__all__ = ["Candidate", "Node", "TokenizerLike", "Trie", "surface_forms"]

Form = tuple[int, ...]

# Contexts after which values are written. A tokenizer may split a value differently after each of them, so all count.
_ANCHORS = ("\n", "=", "[", '"')


class TokenizerLike(Protocol):
    """The part of a Hugging Face tokenizer, slow or fast, that is used here."""

    @property
    def all_special_ids(self) -> list[int]:
        """Ids that never stand for written text (BOS, EOS, padding, unknown)."""
        ...

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Return the token ids of `text`."""
        ...


def surface_forms(tokenizer: TokenizerLike, value: str, aliases: Sequence[str] = ()) -> tuple[Form, ...]:
    """Return every distinct token sequence in which a value may be written in the middle of a text.

    Each of the value and its aliases is tried as given and with one space in front, and tokenised as a *continuation*:
    behind an anchor, whose own tokens are then taken off. At the start of a text a sentencepiece tokenizer adds a space
    that a byte-level one does not, so the tokens of the bare string are not what a model writes. What follows is not
    known yet: a last token that the tokenizer would merge with, say, the next bracket is not among the forms.

    Args:
        tokenizer: A slow or fast Hugging Face tokenizer.
        value: The value, case as it is to be written.
        aliases: Other strings that count as the same value.

    Returns:
        The forms, without special tokens, the value's own first.

    Raises:
        CandidateError: The value or an alias tokenises to nothing, or only to special tokens such as the unknown token.
    """
    special = frozenset(tokenizer.all_special_ids)
    anchors = [(anchor, _encode(tokenizer, anchor)) for anchor in _ANCHORS]
    forms: dict[Form, None] = {}
    for text in dict.fromkeys((value, *aliases)):
        written = [
            form
            for spelling in dict.fromkeys((text, " " + text.lstrip(" ")))
            for form in _continuations(tokenizer, spelling, anchors, special)
        ]
        if not written:
            raise CandidateError(
                f"{text!r} cannot be written with this tokenizer: after none of {list(_ANCHORS)} does it become tokens "
                "of its own that are not special.",
                hint="Give the value in characters that the tokenizer knows.",
            )
        forms.update(dict.fromkeys(written))
    return tuple(forms)


def _continuations(
    tokenizer: TokenizerLike, text: str, anchors: Iterable[tuple[str, Form]], special: frozenset[int]
) -> Iterator[Form]:
    for anchor, prefix in anchors:
        tokens = _encode(tokenizer, anchor + text)
        if tokens[: len(prefix)] != prefix:
            continue  # The anchor merged with the text: no clean split.
        form = tokens[len(prefix) :]
        if form and special.isdisjoint(form):
            yield form
        # An anchor that is itself unknown may have swallowed the text, which then says nothing about the text.
        elif not form and special.isdisjoint(prefix):
            raise CandidateError(
                f"{text!r} tokenises to nothing; a candidate needs at least one token.",
                hint="Give a value with visible characters, or leave this one out.",
            )


def _encode(tokenizer: TokenizerLike, text: str) -> Form:
    return tuple(tokenizer.encode(text, add_special_tokens=False))


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that could be written.

    Attributes:
        value: The value as text.
        forms: The token sequences in which it may be written.
        index: Its place in the candidate set.
    """

    value: str
    forms: tuple[Form, ...]
    index: int


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A point inside or at the end of a value: the candidates that begin with the tokens written so far.

    Attributes:
        children: The nodes below, by next token id.
        values: Indices of the candidates that end here or below.
        ends: Indices of the candidates of which a form ends here; at most one, since forms are unique.
        depth: Number of tokens from the root.
    """

    children: dict[int, Node] = field(repr=False)
    values: frozenset[int]
    ends: frozenset[int]
    depth: int

    @property
    def branching(self) -> bool:
        """Whether the next token chooses between candidates.

        It does when two ways to go on (a child, or ending here) leave different candidates alive. Two forms of the same
        candidates, say with and without a space, are no choice.
        """
        ways = {child.values for child in self.children.values()}
        if self.ends:
            ways.add(self.ends)
        return len(ways) > 1

    def kept_by(self, token: int) -> frozenset[int]:
        """Return the candidates that a next token keeps alive; one that is no child ends the value here."""
        child = self.children.get(token)
        return self.ends if child is None else child.values


class Trie:
    """The candidate set as a tree of tokens. A value that begins another one ends at an inner node.

    Args:
        forms: For each value, in the order of the candidate indices, its token sequences.

    Raises:
        CandidateError: There is no value, a value has no form or an empty one, or two values share a form.
    """

    def __init__(self, forms: Mapping[str, Sequence[Form]]) -> None:
        if not forms:
            raise CandidateError("the candidate set is empty; at least one value is needed.")
        self.candidates = tuple(
            Candidate(value, tuple(dict.fromkeys(sequences)), index)
            for index, (value, sequences) in enumerate(forms.items())
        )
        self._index = {candidate.value: candidate.index for candidate in self.candidates}
        self.root = _grow(self.candidates)

    @classmethod
    def build(cls, tokenizer: TokenizerLike, values: Sequence[tuple[str, Sequence[str]]]) -> Trie:
        """Tokenise values and their aliases. Values that are equal strings become one candidate.

        Args:
            tokenizer: A slow or fast Hugging Face tokenizer.
            values: Pairs of a value and its aliases.

        Raises:
            CandidateError: See `surface_forms` and `Trie`.
        """
        spellings: dict[str, list[str]] = {}
        for value, aliases in values:
            spellings.setdefault(value, []).extend(aliases)
        return cls({value: surface_forms(tokenizer, value, aliases) for value, aliases in spellings.items()})

    def __len__(self) -> int:
        return len(self.candidates)

    @property
    def first_tokens(self) -> frozenset[int]:
        """The tokens with which some candidate begins."""
        return frozenset(self.root.children)

    def index_of(self, value: str) -> int:
        """Return the index of a value.

        Raises:
            CandidateError: The value is not in the set; an alias is not a value.
        """
        try:
            return self._index[value]
        except KeyError:
            raise CandidateError(
                f"{value!r} is not in the candidate set; its values are {', '.join(map(repr, self._index))}."
            ) from None

    def walk(self, tokens: Iterable[int]) -> Node | None:
        """Return the node after `tokens`, or None where no candidate begins with them."""
        node: Node | None = self.root
        for token in tokens:
            if node is None:
                break
            node = node.children.get(token)
        return node

    def groups(self, node: Node) -> dict[int, tuple[int, ...]]:
        """Return, for each candidate that goes on below `node`, the next tokens (ascending) that keep it alive.

        A candidate that can only end at the node is not listed: every token that is no child ends it.
        """
        live: dict[int, list[int]] = {}
        for token in sorted(node.children):
            for index in sorted(node.children[token].values):
                live.setdefault(index, []).append(token)
        return {index: tuple(live[index]) for index in sorted(live)}


def _grow(candidates: Sequence[Candidate]) -> Node:
    values: dict[Form, set[int]] = {}
    ends: dict[Form, Candidate] = {}
    for candidate in candidates:
        if not all(candidate.forms) or not candidate.forms:
            raise CandidateError(f"{candidate.value!r} tokenises to nothing; a candidate needs at least one token.")
        for form in candidate.forms:
            if form in ends:
                raise CandidateError(
                    f"the values {ends[form].value!r} and {candidate.value!r} are both written as the tokens "
                    f"{list(form)} and cannot be told apart.",
                    hint="Remove the shared alias, or make the two one value.",
                )
            ends[form] = candidate
            for depth in range(len(form) + 1):
                values.setdefault(form[:depth], set()).add(candidate.index)

    # Longest prefixes first, so that children exist before their parent; recursion would bound the length of a value.
    below: dict[Form, dict[int, Node]] = {}
    for prefix in sorted(values, key=len, reverse=True):
        node = Node(
            children=below.pop(prefix, {}),
            values=frozenset(values[prefix]),
            ends=frozenset({ends[prefix].index} if prefix in ends else ()),
            depth=len(prefix),
        )
        if prefix:
            below.setdefault(prefix[:-1], {})[prefix[-1]] = node
    return node
