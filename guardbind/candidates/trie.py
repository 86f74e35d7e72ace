"""Spells values as token sequences: the surface forms of a value, and the trie of a candidate set.

A value can be written in more than one way (with or without a space in front, under an alias), each way is one or more
tokens, and two values may start with the same tokens. The trie answers, after any tokens already written, which next
tokens keep which candidates alive. It knows nothing of logits; `guardbind.candidates.gaps` reads them at its nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from guardbind.candidates.writing import TokenForm, TokenizerLike, Writer, surface_forms
from guardbind.errors import CandidateError

__all__ = ["Candidate", "Node", "TokenizerLike", "Trie", "grown", "surface_forms"]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that could be written.

    Attributes:
        value: The value as text.
        forms: The token sequences in which it may be written.
        index: Its place in the candidate set.
    """

    value: str
    forms: tuple[TokenForm, ...]
    index: int


class Node:
    """A point inside or at the end of a value: the candidates that begin with the tokens written so far.

    What is below it is laid out when it is first asked for: of a thousand values an answer walks along a few.

    Args:
        below: The forms that go on behind it, each with the index of its candidate.
        values: Indices of the candidates that end here or below.
        ends: Indices of the candidates of which a form ends here; at most one, since forms are unique.
        depth: Number of tokens from the root.
    """

    __slots__ = ("_below", "_children", "depth", "ends", "values")

    def __init__(
        self, below: Sequence[tuple[TokenForm, int]], values: frozenset[int], ends: frozenset[int], depth: int
    ) -> None:
        self._below = below
        self._children: dict[int, Node] | None = None
        self.values = values
        self.ends = ends
        self.depth = depth

    def __repr__(self) -> str:
        return f"Node(values={sorted(self.values)}, ends={sorted(self.ends)}, depth={self.depth})"

    @property
    def children(self) -> Mapping[int, Node]:
        """The nodes below, by next token id."""
        if self._children is None:
            self._children = self._grow()
            self._below = ()
        return self._children

    def _grow(self) -> dict[int, Node]:
        at = self.depth
        ways: dict[int, list[tuple[TokenForm, int]]] = {}
        for form in self._below:
            ways.setdefault(form[0][at], []).append(form)
        return {token: _node(forms, at + 1) for token, forms in ways.items()}

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

    def __init__(self, forms: Mapping[str, Sequence[TokenForm]]) -> None:
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
        writer = Writer(tokenizer)
        writer.prepare(form for value, aliases in spellings.items() for form in (value, *aliases))
        return cls({value: writer.forms(value, aliases) for value, aliases in spellings.items()})

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


def grown(forms: Sequence[tuple[TokenForm, int]]) -> Node:
    """Return the root of a tree of other forms of some candidates: of what is left of them behind a text.

    Args:
        forms: Token sequences, no two alike and none empty, each with the index of its candidate.
    """
    return _node(forms, 0)


def _grow(candidates: Sequence[Candidate]) -> Node:
    """Return the root of the tree of all forms."""
    owners: dict[TokenForm, Candidate] = {}
    for candidate in candidates:
        if not all(candidate.forms) or not candidate.forms:
            raise CandidateError(f"{candidate.value!r} tokenises to nothing; a candidate needs at least one token.")
        for form in candidate.forms:
            if (other := owners.setdefault(form, candidate)) is not candidate:
                raise CandidateError(
                    f"the values {other.value!r} and {candidate.value!r} are both written as the tokens "
                    f"{list(form)} and cannot be told apart.",
                    hint="Remove the shared alias, or make the two one value.",
                )
    return _node([(form, candidate.index) for form, candidate in owners.items()], 0)


def _node(forms: Sequence[tuple[TokenForm, int]], depth: int) -> Node:
    """Return the node at which some forms are alike up to a depth."""
    values = frozenset([index for _, index in forms])
    ends = frozenset([index for form, index in forms if len(form) == depth])
    return Node([each for each in forms if len(each[0]) > depth] if ends else forms, values, ends, depth)
