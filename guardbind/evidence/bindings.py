"""Declares what a caller may say of a prompt: bindings, passages of evidence, and the target of a slot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from guardbind.errors import BindingError
from guardbind.evidence.record import Nesting, Record
from guardbind.text.layout import Span

__all__ = ["Binding", "Evidence", "Target", "check_bindings"]


@dataclass(frozen=True, slots=True)
class Binding:
    """A key and the value that the prompt binds to it.

    The same key may be declared with several values: that is a reassigned key with a history.

    Attributes:
        key: The name by which prompt and query call the value.
        value: The value as it is written in the prompt.
        aliases: Other surface forms of the same value.
        span: Half-open character range of the evidence span, where it is known. It indexes the `source` handed to
            `locate`, else the decoded prompt. Without it the evidence is located automatically.
        token_span: The same as a half-open range of the row's prompt tokens, not counting padding.
        spans: Several statements of the same value, each as `span`, which is then left out.
        attribute: What is asked of the owners, as "badge number"; None where the key is all there is.
        owners: Names, any of which says whose value it is: "Alice", or other values of the same record.
        record: The record that it belongs to, where the prompt has records.
        nesting: Which of the names are those of something around it or in it.
        source: Who says so, as the role of a turn ("system", "user", "tool") or a label; None: whose turn it stands in.
    """

    key: str
    value: str
    aliases: tuple[str, ...] = ()
    span: Span | None = None
    token_span: tuple[int, int] | None = None
    spans: tuple[Span, ...] = field(default=(), kw_only=True)
    attribute: str | None = field(default=None, kw_only=True)
    owners: tuple[str, ...] = field(default=(), kw_only=True)
    record: Record | None = field(default=None, kw_only=True)
    source: str | None = field(default=None, kw_only=True)
    nesting: Nesting | None = field(default=None, kw_only=True)

    @property
    def surfaces(self) -> tuple[str, ...]:
        """The value and its aliases, each once."""
        return tuple(dict.fromkeys((self.value, *self.aliases))) if self.aliases else (self.value,)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage that supports an answer whose value is not known beforehand.

    Exactly one of `span`, `token_span` and `text` says where it stands.

    Attributes:
        id: The name by which a target refers to the passage; no binding has it as its key.
        span: Half-open character range, as in `Binding`.
        token_span: Half-open token range, as in `Binding`.
        text: The passage itself; each verbatim occurrence in the prompt is a mention.
    """

    id: str
    span: Span | None = None
    token_span: tuple[int, int] | None = field(default=None, kw_only=True)
    text: str | None = field(default=None, kw_only=True)


@dataclass(frozen=True, slots=True)
class Target:
    """The binding, or the evidence, that a slot should take its value from.

    Attributes:
        key: The key of a binding or the id of an evidence.
        which: Which value of a reassigned key, in the order of the text.
    """

    key: str
    which: Literal["first", "last"] = "last"


def check_bindings(bindings: Sequence[Binding | Evidence]) -> None:
    """Check what can be checked without the prompt.

    Raises:
        BindingError: A key, value, alias, id or text is not a string or is blank; one surface form is declared twice
            for one key of one record; an evidence id is not unique or is also a key; a span is not `start < end` with
            `start >= 0`; a binding has both a span and a token span; an evidence has not exactly one of span, token
            span and text.
    """
    declared: set[tuple[str | None, str, str]] = set()
    ids: set[str] = set()
    for item in bindings:
        if isinstance(item, Binding):
            _check_binding(item)
            record = None if item.record is None else item.record.id
            for surface in item.surfaces:
                if (record, item.key, surface) in declared:
                    raise BindingError(
                        f"key {item.key!r} is bound to {surface!r} twice (values and aliases together).",
                        hint="Declare each value of a key once; every place where it stands is found.",
                    )
                declared.add((record, item.key, surface))
        elif isinstance(item, Evidence):
            _check_evidence(item)
            if item.id in ids:
                raise BindingError(f"the evidence id {item.id!r} is used twice.", hint="Give each evidence its own id.")
            ids.add(item.id)
        else:
            raise BindingError(f"expected Binding or Evidence, got {type(item).__name__} {item!r}.")
    if both := ids & {key for _, key, _ in declared}:
        raise BindingError(
            f"{min(both)!r} is both the key of a binding and the id of an evidence.",
            hint="Rename the evidence, or give its place to the binding as `span`.",
        )


def _check_binding(item: Binding) -> None:
    key = item.key
    _check_string("key", key)
    _check_string("value", item.value, key)
    if isinstance(item.aliases, str):
        raise BindingError(f"the aliases of key {key!r} are the string {item.aliases!r}; a tuple is needed.")
    for alias in item.aliases:
        _check_string("alias", alias, key)
    _check_span("span", item.span, key)
    _check_span("token_span", item.token_span, key)
    for span in item.spans:
        _check_span("span", span, key)
    if bool(item.span) + bool(item.token_span) + bool(item.spans) > 1:
        given = [name for name in ("span", "token_span", "spans") if getattr(item, name)]
        raise BindingError(f"key {key!r} has both {' and '.join(given)}.", hint="Give one of them, or none.")
    if item.attribute is not None:
        _check_string("attribute", item.attribute, key)
    if isinstance(item.owners, str):
        raise BindingError(f"the owners of key {key!r} are the string {item.owners!r}; a tuple is needed.")
    for owner in item.owners:
        _check_string("owner", owner, key)


def _check_evidence(item: Evidence) -> None:
    _check_string("evidence id", item.id)
    _check_span(f"span of evidence {item.id!r}", item.span)
    _check_span(f"token_span of evidence {item.id!r}", item.token_span)
    if item.text is not None:
        _check_string(f"text of evidence {item.id!r}", item.text)
    given = [name for name in ("span", "token_span", "text") if getattr(item, name) is not None]
    if len(given) != 1:
        raise BindingError(
            f"evidence {item.id!r} has {' and '.join(given) or 'no place'}.",
            hint="Give exactly one of span, token_span and text.",
        )


def _check_string(what: str, text: object, key: object = None) -> None:
    if isinstance(text, str) and text.strip():
        return
    what = what if key is None else f"{what} of key {key!r}"  # written only where it is said
    if not isinstance(text, str):
        raise BindingError(
            f"the {what} is {text!r} ({type(text).__name__}); a string as written in the prompt is needed."
        )
    raise BindingError(f"the {what} is blank ({text!r}); at least one visible character is needed.")


def _check_span(what: str, span: tuple[int, int] | None, key: object = None) -> None:
    if span is None:
        return
    if len(span) != 2 or not all(isinstance(edge, int) for edge in span) or not 0 <= span[0] < span[1]:
        what = what if key is None else f"{what} of key {key!r}"
        raise BindingError(f"the {what} is {span!r}; a half-open range (start, end) with 0 <= start < end is needed.")
