"""Makes claims about a document whose labels are known: one that is right, and one that is wrong in a given way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from guardbind_bench.prompts.audits.item import ClaimKind, KnownClaim, SpanText
from guardbind_bench.prompts.audits.layouts import DocumentFact
from guardbind_bench.prompts.audits.values import FieldValue
from guardbind_bench.prompts.audits.worlds import WorldField

__all__ = ["WRONG_KINDS", "StatedDocument", "claim_of", "claim_text"]

WRONG_KINDS: tuple[ClaimKind, ...] = ("swapped", "altered", "unsupported", "stale", "miscited")
"""The kinds of claims that an audit should flag."""


@dataclass(frozen=True, slots=True)
class StatedDocument:
    """A document and what it states.

    Attributes:
        spans: Its spans.
        states: Id of a span to the facts that it states.
        facts: Facts that hold, the revised one with its new value.
        old: The fact that a later span replaces, with its old value.
        new: The fact that replaces it.
        untold: Owner and field of which nothing is said.
        spare: For each field a value that stands nowhere.
    """

    spans: Sequence[SpanText]
    states: dict[str, tuple[DocumentFact, ...]]
    facts: Sequence[DocumentFact]
    old: DocumentFact
    new: DocumentFact
    untold: tuple[str, WorldField]
    spare: dict[str, FieldValue]

    def stating(self, fact: DocumentFact) -> tuple[str, ...]:
        """Return the ids of the spans that state a fact."""
        return tuple(span for span, facts in self.states.items() if fact in facts)

    def about(self, owner: str) -> tuple[str, ...]:
        """Return the ids of the spans that state anything of an owner."""
        return tuple(span for span, facts in self.states.items() if any(fact.owner == owner for fact in facts))


def claim_text(field: WorldField, owner: str, value: str) -> str:
    """Return what is claimed, as a sentence."""
    sentence = field.claim.format(owner=owner, value=value)
    return sentence[:1].upper() + sentence[1:]


def claim_of(kind: ClaimKind, document: StatedDocument, fact: DocumentFact, rng: Random) -> KnownClaim:
    """Make a claim of a kind.

    Args:
        kind: What it is; `respelled` is `true` where the value has one form.
        document: The document.
        fact: A fact that holds, about which it is, for the kinds that are about one.
        rng: Draws what is cited.
    """
    owner, field, value = fact.owner, fact.field, fact.value.text
    right = document.stating(fact)[:1]
    match kind:
        case "true":
            cites = right
        case "respelled":
            cites, forms = right, fact.value.forms[1:]
            kind, value = (kind, rng.choice(forms)) if forms else ("true", value)
        case "swapped":
            other = rng.choice([one for one in document.facts if one.field == field and one.owner != owner])
            value = other.value.text
            cites = right if rng.random() < 0.5 else document.stating(other)[:1]
        case "altered":
            cites, value = right, document.spare[field.label].text
        case "unsupported":
            owner, field = document.untold
            cites, value = document.about(owner)[:1], document.spare[field.label].text
        case "stale":
            owner, field, value = document.old.owner, document.old.field, document.old.value.text
            cites = document.stating(document.old)[:1]
        case "miscited":
            wrong = [span.id for span in document.spans if span.id not in document.stating(fact)]
            telling = [span for span in wrong if span in document.states]
            cites = (rng.choice(telling or wrong),)
    text = claim_text(field, owner, value)
    return KnownClaim(
        text=text,
        cites=cites,
        kind=kind,
        stated=kind in ("true", "respelled", "miscited"),
        carried=kind in ("true", "respelled", "stale"),
        owner=owner,
        attribute=field.label,
        value=value,
        begun=text[: text.rindex(value)].rstrip(),
    )
