"""Defines what an audit is measured on: a context in spans, claims whose labels are known, and a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

__all__ = [
    "KINDS",
    "AuditItem",
    "AuditQuestion",
    "AuditTask",
    "AuditTaskBuilder",
    "ClaimKind",
    "KnownClaim",
    "SpanText",
]

ClaimKind = Literal["true", "respelled", "swapped", "altered", "unsupported", "stale", "miscited"]

KINDS: tuple[ClaimKind, ...] = ("true", "respelled", "swapped", "altered", "unsupported", "stale", "miscited")
"""What a claim is: the right value; the right value in another form; another owner's value; a value that stands
nowhere; something that the context does not tell; a value that a later span replaces; the right value, cited from a
span that does not state it."""


@dataclass(frozen=True, slots=True)
class SpanText:
    """A part of a context that a claim can cite.

    Attributes:
        id: Its name, as `S3`.
        text: What it says.
    """

    id: str
    text: str


@dataclass(frozen=True, slots=True)
class KnownClaim:
    """A claim whose label is known by construction.

    Attributes:
        text: What it says.
        cites: Ids of the spans that it cites.
        kind: What it is.
        stated: Whether the context as a whole says so.
        carried: Whether what it cites says so by itself.
        owner: Whose value it states.
        attribute: What the value is of its owner.
        value: The value, as the claim writes it.
        begun: The claim up to its value.
    """

    text: str
    cites: tuple[str, ...]
    kind: ClaimKind
    stated: bool
    carried: bool
    owner: str
    attribute: str
    value: str
    begun: str

    @property
    def is_error(self) -> bool:
        """Whether an audit should flag it: the context does not say so, or not where the claim cites it."""
        return not (self.stated and self.carried)


@dataclass(frozen=True, slots=True)
class AuditQuestion:
    """A question with options, one of which is right.

    Attributes:
        text: The question.
        options: What may be answered.
        gold: Which option is right.
        claims: What answering with each option says to be so.
        lettered: Whether it is answered by the letter of an option, and not by the option itself.
    """

    text: str
    options: tuple[str, ...]
    gold: int
    claims: tuple[str, ...]
    lettered: bool = False


@dataclass(frozen=True, slots=True)
class AuditItem:
    """A context with what is claimed and asked about it.

    Attributes:
        index: Which item of its task and seed.
        spans: The context, in order; read one after the other it is the whole text.
        claims: Claims with known labels; none where there is only a question.
        question: A question about it; None where there is none.
        language: Code of its language.
        form: How the facts are written.
        domain: What it is about.
    """

    index: int
    spans: tuple[SpanText, ...]
    claims: tuple[KnownClaim, ...]
    question: AuditQuestion | None
    language: str = "en"
    form: str = ""
    domain: str = ""

    @property
    def text(self) -> str:
        """The whole context."""
        return "\n\n".join(span.text for span in self.spans)


class AuditTask(Protocol):
    """Items of one kind; the same index always gives the same item."""

    @property
    def name(self) -> str:
        """Its registered name."""
        ...

    @property
    def version(self) -> int:
        """Raised when the same index would give another item."""
        ...

    def item(self, index: int) -> AuditItem:
        """Build one item.

        Raises:
            ConfigError: There is no item of this index.
        """
        ...


class AuditTaskBuilder(Protocol):
    """What a registered audit task is made by."""

    def __call__(self, *, k: int, seed: int, file: str | None = None, languages: Sequence[str] = ()) -> AuditTask:
        """Make a task.

        Args:
            k: How far evidence and question are apart, in the task's own measure.
            seed: Base seed.
            file: Where its items are read from, for a task that reads them; others take None only.
            languages: Codes of the languages of its items; empty for all that it has.

        Raises:
            ConfigError: An argument does not fit.
        """
        ...
