"""Spells values as token sequences: the surface forms of a value, and the trie of a candidate set.

A value can be written in more than one way (with or without a space in front, under an alias), each way is one or more
tokens, and two values may start with the same tokens. The trie answers, after any tokens already written, which next
tokens keep which candidates alive. It knows nothing of logits; `guardbind.candidates.gaps` reads them at its nodes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from guardbind.candidates.spellings import kept_spellings
from guardbind.errors import CandidateError

__all__ = ["Candidate", "Node", "TokenizerLike", "Trie", "surface_forms"]

TokenForm = tuple[int, ...]

# Contexts after which values are written. A tokenizer may split a value differently after each of them, so all count.
_ANCHORS = ("\n", "=", "[", '"')
_AT_ONCE = 1000  # texts that are tokenised in one call


class TokenizerLike(Protocol):
    """The part of a Hugging Face tokenizer, slow or fast, that is used here."""

    @property
    def all_special_ids(self) -> list[int]:
        """Ids that never stand for written text (BOS, EOS, padding, unknown)."""
        ...

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Return the token ids of `text`."""
        ...


def surface_forms(tokenizer: TokenizerLike, value: str, aliases: Sequence[str] = ()) -> tuple[TokenForm, ...]:
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
    return _Writer(tokenizer).forms(value, aliases)


class _Writer:
    """Writes values with a tokenizer, many of them at a time where it can."""

    def __init__(self, tokenizer: TokenizerLike) -> None:
        self._tokenizer = tokenizer
        self._special = frozenset(tokenizer.all_special_ids)
        self._kept = kept_spellings(tokenizer)
        self._known: dict[str, TokenForm] = {}
        self._prefixes = {anchor: self._encode(anchor) for anchor in _ANCHORS}

    def prepare(self, surfaces: Iterable[str]) -> None:
        """Tokenise everything that the forms of some surfaces need, many in one call."""
        if not getattr(self._tokenizer, "is_fast", False):
            return
        wanted = [anchor + spelling for text in dict.fromkeys(surfaces) for anchor, spelling in self._written(text)]
        self._known = {text: tokens for text in wanted if (tokens := self._kept.get(text)) is not None}
        texts = [text for text in wanted if text not in self._known]
        encode: Any = self._tokenizer
        for first in range(0, len(texts), _AT_ONCE):
            some = texts[first : first + _AT_ONCE]
            ids = encode(some, add_special_tokens=False, return_attention_mask=False)["input_ids"]
            self._known.update(zip(some, map(tuple, ids), strict=True))
        self._kept.update((text, self._known[text]) for text in texts)

    def forms(self, value: str, aliases: Sequence[str] = ()) -> tuple[TokenForm, ...]:
        """Return what `surface_forms` does."""
        forms: dict[TokenForm, None] = {}
        for text in dict.fromkeys((value, *aliases)):
            written = list(self._continuations(text))
            if not written:
                raise CandidateError(
                    f"{text!r} cannot be written with this tokenizer: after none of {list(_ANCHORS)} does it become "
                    "tokens of its own that are not special.",
                    hint="Give the value in characters that the tokenizer knows.",
                )
            forms.update(dict.fromkeys(written))
        return tuple(forms)

    def _written(self, text: str) -> Iterator[tuple[str, str]]:
        for spelling in dict.fromkeys((text, " " + text.lstrip(" "))):
            for anchor in _ANCHORS:
                yield anchor, spelling

    def _continuations(self, text: str) -> Iterator[TokenForm]:
        for anchor, spelling in self._written(text):
            prefix, tokens = self._prefixes[anchor], self._encode(anchor + spelling)
            if tokens[: len(prefix)] != prefix:
                continue  # The anchor merged with the text: no clean split.
            form = tokens[len(prefix) :]
            if form and self._special.isdisjoint(form):
                yield form
            # An anchor that is itself unknown may have swallowed the text, which then says nothing about the text.
            elif not form and self._special.isdisjoint(prefix):
                raise CandidateError(
                    f"{spelling!r} tokenises to nothing; a candidate needs at least one token.",
                    hint="Give a value with visible characters, or leave this one out.",
                )

    def _encode(self, text: str) -> TokenForm:
        known = self._known.get(text)
        return tuple(self._tokenizer.encode(text, add_special_tokens=False)) if known is None else known


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
        writer = _Writer(tokenizer)
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


def _grow(candidates: Sequence[Candidate]) -> Node:
    root = _Growing()
    ends: dict[TokenForm, Candidate] = {}
    order = [root]  # parents before their children
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
            at = root
            at.values.add(candidate.index)
            for token in form:
                if token not in at.below:
                    order.append(at.below.setdefault(token, _Growing(at.depth + 1)))
                at = at.below[token]
                at.values.add(candidate.index)
            at.end = candidate.index

    # The last first, so that children exist before their parent; recursion would bound the length of a value.
    nodes: dict[int, Node] = {}
    shared: dict[int, frozenset[int]] = {}
    for growing in reversed(order):
        values = frozenset(growing.values)
        if len(values) == 1:
            values = shared.setdefault(next(iter(values)), values)  # most of the nodes are those of one candidate
        ends_here = (
            frozenset[int]() if growing.end is None else shared.setdefault(growing.end, frozenset({growing.end}))
        )
        children = {token: nodes.pop(id(child)) for token, child in growing.below.items()}
        nodes[id(growing)] = Node(children, values, ends_here, growing.depth)
    return nodes[id(root)]


class _Growing:
    """A node to which values are still added."""

    __slots__ = ("below", "depth", "end", "values")

    def __init__(self, depth: int = 0) -> None:
        self.below: dict[int, _Growing] = {}
        self.values: set[int] = set()
        self.end: int | None = None
        self.depth = depth
