"""Writes values with a tokenizer: each way in which one may stand in the middle of a text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol, TypeAlias

from guardbind.candidates.anchors import clean_split
from guardbind.candidates.spellings import kept_spellings
from guardbind.errors import CandidateError

__all__ = ["TokenForm", "TokenizerLike", "Writer", "surface_forms", "tokens_of_each"]

TokenForm: TypeAlias = tuple[int, ...]

# Contexts after which values are written. A tokenizer may split a value differently after each of them, so all count.
_ANCHORS = ("\n", "=", "[", '"')
_AT_ONCE = 1000  # texts that are tokenised as the words of one
_SOME = 16  # of these, in one call


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
    return Writer(tokenizer).forms(value, aliases)


class Writer:
    """Writes values with a tokenizer, many of them at a time where it can; the rest is as `surface_forms` says."""

    def __init__(self, tokenizer: TokenizerLike) -> None:
        self._tokenizer = tokenizer
        self._special = frozenset(tokenizer.all_special_ids)
        self._kept = kept_spellings(tokenizer)
        self._known: dict[str, TokenForm] = {}
        self._prefixes = {anchor: self._encode(anchor) for anchor in _ANCHORS}
        self._split = clean_split(tokenizer, _ANCHORS)
        # What a space behind an anchor adds, where a value begins with a digit that is parted from both.
        parted = _ANCHORS if self._split is not None and self._split.digits else ()
        self._spaces = [self._behind(anchor, self._encode(f"{anchor} ")) for anchor in parted]

    def prepare(self, surfaces: Iterable[str]) -> None:
        """Tokenise everything that the forms of some surfaces need, many in one call."""
        if not getattr(self._tokenizer, "is_fast", False):
            return
        parted = dict([written for text in dict.fromkeys(surfaces) for written in self._needed(text)])
        pieces = dict.fromkeys([piece for each in parted.values() for piece in each])
        self._known = {text: tokens for text in pieces if (tokens := self._kept.get(text)) is not None}
        texts = [text for text in pieces if text not in self._known]
        self._known.update(zip(texts, tokens_of_each(self._tokenizer, texts), strict=True))
        self._kept.update((text, self._known[text]) for text in texts)
        known = self._known
        known.update(
            [(text, tuple([token for piece in each for token in known[piece]])) for text, each in parted.items()]
        )

    def forms(self, value: str, aliases: Sequence[str] = ()) -> tuple[TokenForm, ...]:
        """Return what `surface_forms` does."""
        forms: dict[TokenForm, None] = {}
        for text in dict.fromkeys((value, *aliases)):
            written = self._alike(text) or list(self._continuations(text))
            if not written:
                raise CandidateError(
                    f"{text!r} cannot be written with this tokenizer: after none of {list(_ANCHORS)} does it become "
                    "tokens of its own that are not special.",
                    hint="Give the value in characters that the tokenizer knows.",
                )
            forms.update(dict.fromkeys(written))
        return tuple(forms)

    def _needed(self, text: str) -> Iterable[tuple[str, Sequence[str]]]:
        """Return what has to be known of a text, each with the pieces that are tokenised by themselves."""
        if self._split is not None and self._split.holds(text):
            every = (text,) if self._split.stands_apart(text) else (text, f" {text}")
            return [(written, self._split.pieces(written)) for written in every]
        return [(whole := anchor + spelling, (whole,)) for anchor, spelling in self._written(text)]

    def _alike(self, text: str) -> list[TokenForm]:
        """Return the forms of a text that is certain to be written alike behind all anchors; none of another one."""
        if self._split is None or not self._split.holds(text):
            return []
        form = self._encode(text)
        if self._split.stands_apart(text):
            found = [form, *(space + form for space in self._spaces if space is not None)]
        else:
            found = [form, self._encode(f" {text}")]
        return found if all(form and self._special.isdisjoint(form) for form in found) else []

    def _written(self, text: str) -> Iterator[tuple[str, str]]:
        for spelling in dict.fromkeys((text, " " + text.lstrip(" "))):
            for anchor in _ANCHORS:
                yield anchor, spelling

    def _behind(self, anchor: str, tokens: TokenForm) -> TokenForm | None:
        """Return the tokens behind an anchor; None where it merged with the text, so that there is no clean split."""
        prefix = self._prefixes[anchor]
        return tokens[len(prefix) :] if tokens[: len(prefix)] == prefix else None

    def _continuations(self, text: str) -> Iterator[TokenForm]:
        for anchor, spelling in self._written(text):
            form = self._behind(anchor, self._encode(anchor + spelling))
            if form is None:
                continue
            if form and self._special.isdisjoint(form):
                yield form
            # An anchor that is itself unknown may have swallowed the text, which then says nothing about the text.
            elif not form and self._special.isdisjoint(self._prefixes[anchor]):
                raise CandidateError(
                    f"{spelling!r} tokenises to nothing; a candidate needs at least one token.",
                    hint="Give a value with visible characters, or leave this one out.",
                )

    def _encode(self, text: str) -> TokenForm:
        known = self._known.get(text)
        return tuple(self._tokenizer.encode(text, add_special_tokens=False)) if known is None else known


def tokens_of_each(tokenizer: Any, texts: Sequence[str]) -> list[TokenForm]:
    """Return the tokens of each of many texts.

    A fast tokenizer reads the words of a text that somebody else has parted each for itself, so that a thousand texts
    are one call and one result; it is asked without padding, as `Writer` has asked it just before.

    Args:
        tokenizer: A fast tokenizer.
        texts: The texts.
    """
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        every = [texts[first : first + _AT_ONCE] for first in range(0, len(texts), _AT_ONCE)]
        ids = [tokenizer(some, add_special_tokens=False, return_attention_mask=False)["input_ids"] for some in every]
        return [tuple(each) for some in ids for each in some]
    found: list[TokenForm] = []
    size = _AT_ONCE * _SOME
    for begin in range(0, len(texts), size):
        block = texts[begin : begin + size]
        parts = [list(block[first : first + _AT_ONCE]) for first in range(0, len(block), _AT_ONCE)]
        read = backend.encode_batch(parts, is_pretokenized=True, add_special_tokens=False)
        for part, encoding in zip(parts, read, strict=True):
            found += _parted(encoding.ids, encoding.word_ids, len(part))
    return found


def _parted(ids: Sequence[int], words: Sequence[int], count: int) -> list[TokenForm]:
    """Part the tokens of a text by the words that they are of, in whose order they stand."""
    edges = [0] * (count + 1)
    for word in words:
        edges[word + 1] += 1
    found, start = [], 0
    for size in edges[1:]:
        found.append(tuple(ids[start : start + size]))
        start += size
    return found
