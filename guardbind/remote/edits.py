"""Takes evidence away by editing what is asked: every null of a model that is only reachable from outside."""

from __future__ import annotations

import hashlib
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from guardbind.backends import PromptRequest
from guardbind.nulls.null import TokenRanges
from guardbind.nulls.prefill import PLACEHOLDER
from guardbind.remote.pieces import PieceTokenizer, RenderedPrompt
from guardbind.session.row import Row
from guardbind.text.layout import Span, occurrences

__all__ = ["REQUEST_NULLS", "RemotePrompt", "RequestChange", "another_value", "changed"]

NEUTRAL_SIGN = "_"
_SIGNS = (string.digits, string.ascii_lowercase, string.ascii_uppercase)
_SALTS = 16


@dataclass(frozen=True, slots=True)
class RequestChange:
    """A text in place of some characters of a row, prompt and answer."""

    start: int
    end: int
    text: str


RequestEdit = Callable[[PieceTokenizer, Row, int], list[RequestChange]]
"""(pieces, row, binding) to what is changed so that the binding's evidence is gone; nothing where that cannot be."""


@dataclass(frozen=True, slots=True)
class RemotePrompt:
    """What the model is asked, in the caller's form and as the guard reads it.

    Attributes:
        messages: The turns of a chat; empty for a text.
        text: The text; empty for a chat.
        begun: How the answer begins.
        rendered: The same as one row of pieces.
    """

    messages: tuple[Mapping[str, str], ...]
    text: str
    begun: str
    rendered: RenderedPrompt

    def asked(self, answer: str, changes: Iterable[RequestChange] = ()) -> PromptRequest:
        """Return the request for what follows an answer so far, with some characters changed.

        Args:
            answer: The answer, without how the caller began it.
            changes: Changes of prompt and answer; one that overlaps with an earlier one counts for what is left of it.
        """
        due = list(changes)
        starts = self.rendered.starts
        begun = changed(self.begun + answer, due, self.rendered.begun)
        if not self.messages:
            return PromptRequest((), changed(self.text, due, starts[0]), begun)
        messages = tuple(
            {**message, "content": changed(message["content"], due, start)}
            for message, start in zip(self.messages, starts, strict=True)
        )
        return PromptRequest(messages, "", begun)


def changed(text: str, changes: Sequence[RequestChange], start: int) -> str:
    """Return a text with those changes that lie in it.

    Args:
        text: The text.
        changes: The changes.
        start: Where the text begins among the characters that they count.

    >>> changed("is 4821.", [RequestChange(13, 17, "[REDACTED]")], 10)
    'is [REDACTED].'
    """
    out, at = [], 0
    for change in sorted(changes, key=lambda one: one.start):
        first, last = max(change.start - start, at), min(change.end - start, len(text))
        if first < last:
            out += [text[at:first], change.text]
            at = last
    return "".join([*out, text[at:]])


def _chars(pieces: PieceTokenizer, row: Row, ranges: TokenRanges) -> list[Span]:
    """Return where parts of the row stand in its text; those of the prompt are known, those of the answer decoded."""
    found = []
    for part in ranges:
        start = len(pieces.decode(row.ids[: part.start]))
        found.append((start, start + len(pieces.decode(row.ids[part.start : part.stop]))))
    return found


def _values(pieces: PieceTokenizer, row: Row, item: int) -> list[Span]:
    located = row.bound.table.items[item]
    in_prompt = [mention.value_chars for mention in located.mentions]
    return [*in_prompt, *_chars(pieces, row, tuple(row.restated.get(item, ())))]


def _statements(pieces: PieceTokenizer, row: Row, item: int) -> list[Span]:
    located = row.bound.table.items[item]
    in_prompt = [mention.chars for mention in located.mentions]
    return [*in_prompt, *_chars(pieces, row, tuple(row.restated.get(item, ())))]


def _redact(pieces: PieceTokenizer, row: Row, item: int) -> list[RequestChange]:
    return [RequestChange(*span, PLACEHOLDER) for span in _values(pieces, row, item)]


def _same_length(pieces: PieceTokenizer, row: Row, item: int) -> list[RequestChange]:
    return [RequestChange(start, end, NEUTRAL_SIGN * (end - start)) for start, end in _values(pieces, row, item)]


def _other_value(pieces: PieceTokenizer, row: Row, item: int) -> list[RequestChange]:
    text = pieces.decode(row.ids)
    taken = {text[start:end] for one in range(len(row.bound.table.items)) for start, end in _values(pieces, row, one)}
    spans = _values(pieces, row, item)
    for salt in range(_SALTS):
        changes = [RequestChange(start, end, another_value(text[start:end], salt)) for start, end in spans]
        if taken.isdisjoint(change.text for change in changes):
            return changes
    return []


def another_value(value: str, salt: int = 0) -> str:
    """Return a value of the same form: each digit and each letter of a to z is another one, all else stays.

    Args:
        value: The value.
        salt: Which of the other values.

    Example:
        >>> another_value("B-4821")
        'G-3284'
    """
    signs = "".join(one for one in value.lower() if one.isascii() and one.isalnum())
    drawn = iter(hashlib.sha256(f"{salt} {signs}".encode()).digest() * (1 + len(signs) // 32))
    written: list[str] = []
    for sign in value:
        known = next((row for row in _SIGNS if sign in row), "")
        if known:
            step = 1 + next(drawn) % (len(known) - 1)
            other = known[(known.index(sign) + step) % len(known)]
            if other == "0" and not written:
                # A number that begins with 0 is of another form.
                other = next(one for one in "12" if one != sign)
            sign = other
        written.append(sign)
    return "".join(written)


def _delete(pieces: PieceTokenizer, row: Row, item: int) -> list[RequestChange]:
    return [RequestChange(*span, "") for span in _statements(pieces, row, item)]


def _no_evidence(pieces: PieceTokenizer, row: Row, _item: int) -> list[RequestChange]:
    every = range(len(row.bound.table.items))
    return [RequestChange(*span, "") for item in every for span in _statements(pieces, row, item)]


def _no_question(_pieces: PieceTokenizer, row: Row, item: int) -> list[RequestChange]:
    """Black out, where the prompt asks, the names of whose value a binding is; its key where it has no owner."""
    located = row.bound.table.items[item]
    names = {*located.owners, *(() if located.record is None else located.record.names)} or {located.key}
    start, end = row.bound.asked
    asks = row.bound.prompt.text[start:end]
    return [RequestChange(start + a, start + b, PLACEHOLDER) for (a, b), _ in occurrences(asks, names, any_case=True)]


REQUEST_NULLS: Mapping[str, RequestEdit] = {
    "redact": _redact,
    "delete": _delete,
    "same_length": _same_length,
    "other_value": _other_value,
    "no_evidence": _no_evidence,
    "no_question": _no_question,
}
"""Name of a null to how it edits what is asked."""
