"""Decodes a row of prompt tokens, and tells which characters belong to which token."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any

from guardbind.text.chat_format import ChatFormat
from guardbind.text.decode import decode
from guardbind.text.layout import Span

__all__ = ["PromptText"]

# Where a cut is possible one is seldom more than three tokens away; only chains of tokens that each hold the end of one
# character and the start of the next are longer. The limit keeps a row without any cut from costing a square of it.
_CUTS_TRIED = 64


@dataclass(frozen=True, slots=True)
class PromptText:
    """A decoded prompt.

    Attributes:
        text: What the tokens decode to, special tokens included.
        spans: Half-open character range of each token (padding not counted). The ranges tile the text: their texts,
            each taken once, join to `text`. Tokens that spell a character together share the range of their group; a
            token that decodes to nothing has an empty range.
        specials: Character ranges of the special tokens, which part the turns of a chat.
        chat: How the chat template of the tokenizer marks turns; None without a template.
    """

    text: str
    spans: tuple[Span, ...]
    specials: tuple[Span, ...] = ()
    chat: ChatFormat | None = field(default=None, compare=False, repr=False)
    _edges: list[list[int]] = field(default_factory=list, init=False, compare=False, repr=False)

    @classmethod
    def from_ids(cls, tokenizer: Any, ids: Sequence[int]) -> PromptText:
        """Decode a row of token ids without padding, exactly, also where encoding the text gives other ids.

        Args:
            tokenizer: A Hugging Face tokenizer.
            ids: Token ids of one row, without padding.
        """
        row = list(map(int, ids))
        added = getattr(tokenizer, "added_tokens_decoder", {})
        # The markers of a chat are special tokens that need not have a role, so they need not be in all_special_ids.
        special = {*tokenizer.all_special_ids, *(i for i, token in added.items() if token.special)}
        pieces = _Pieces(tokenizer, row)
        text = pieces.reading(0, len(row))
        spans: list[Span] = []
        position = 0
        alone = pieces.alone(text)
        if alone is not None:
            ends = list(accumulate(map(len, alone)))
            spans = list(zip([0, *ends], ends, strict=False))
        else:
            for size, piece in pieces.groups(0, len(row), text):
                last = position + len(piece)
                spans += [(position, last)] * size
                position = last
        specials: tuple[Span, ...] = ()
        if not special.isdisjoint(row):
            specials = tuple(span for i, span in zip(row, spans, strict=True) if i in special and span[0] < span[1])
        return cls(text, tuple(spans), specials, ChatFormat.of(tokenizer))

    def tokens(self, start: int, end: int) -> range:
        """Return the tokens that overlap the characters `start` to `end` (half-open)."""
        if not self._edges:  # laid out at the first question: thousands of bindings ask
            self._edges.extend(([first for first, _ in self.spans], [last for _, last in self.spans]))
        starts, ends = self._edges[0], self._edges[1]
        first = bisect_right(ends, start)
        last = bisect_left(starts, end) if start < end else first
        return range(first, max(first, last))

    def chars(self, tokens: range) -> Span:
        """Return the half-open character range that a contiguous range of tokens covers."""
        if not tokens:
            start = self.spans[tokens.start][0] if tokens.start < len(self.spans) else len(self.text)
            return start, start
        return self.spans[tokens[0]][0], self.spans[tokens[-1]][1]


class _Pieces:
    """Finds groups of tokens whose decoded texts join to the decoded row.

    Decoding is almost free of context: only the first token of a row loses its leading space, and only tokens that
    spell parts of a character depend on their neighbours. So each distinct id is decoded once, behind an anchor token
    that keeps it from being first; where the pieces do not join to the text, the range is cut in two and each half is
    tried again. A range that cannot be cut is one group, so the result is exact by construction.
    """

    def __init__(self, tokenizer: Any, row: list[int]) -> None:
        self._tokenizer = tokenizer
        self._row = row
        self._single: dict[int, str] = {}
        self._anchor = self._find_anchor()
        self._anchor_text = decode(tokenizer, self._anchor)

    def _find_anchor(self) -> list[int]:
        letters = self._tokenizer.encode("a", add_special_tokens=False)
        for i in (*self._tokenizer.all_special_ids, *letters):
            text = decode(self._tokenizer, [i])
            if text.strip() and "\ufffd" not in text:
                return [i]
        return []

    def reading(self, start: int, end: int) -> str:
        """Decode the tokens from `start` to `end` as they read after other tokens, or at the start of the row."""
        if start == 0:
            return decode(self._tokenizer, self._row[:end])
        text = decode(self._tokenizer, self._anchor + self._row[start:end])
        return text.removeprefix(self._anchor_text)

    def _pieces(self, start: int, end: int) -> list[str]:
        """Return the text of each of some tokens, read alone."""
        for index in range(max(start, 1), end):
            if self._row[index] not in self._single:
                self._single[self._row[index]] = self.reading(index, index + 1)
        first = [self.reading(0, 1)] if start == 0 < end else []
        return first + [self._single[token] for token in self._row[max(start, 1) : end]]

    def alone(self, text: str) -> list[str] | None:
        """Return the text of each token of the row, if they join to its text as they are."""
        pieces = self._pieces(0, len(self._row))
        return pieces if "".join(pieces) == text else None

    def groups(self, start: int, end: int, text: str) -> Iterator[tuple[int, str]]:
        """Yield (number of tokens, text) for each group of the tokens from `start` to `end`, which read `text`."""
        pieces = self._pieces(start, end)
        if "".join(pieces) == text:
            yield from ((1, piece) for piece in pieces)
            return
        for cut in self._cuts(start, end):
            left = self.reading(start, cut)
            if text.startswith(left) and left + self.reading(cut, end) == text:
                yield from self.groups(start, cut, left)
                yield from self.groups(cut, end, text[len(left) :])
                return
        yield end - start, text

    @staticmethod
    def _cuts(start: int, end: int) -> Iterator[int]:
        middle = (start + end) // 2
        for step in range(_CUTS_TRIED):
            for cut in (middle - step, middle + step) if step else (middle,):
                if start < cut < end:
                    yield cut
