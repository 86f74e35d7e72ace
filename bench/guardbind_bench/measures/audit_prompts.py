"""Writes what an audit asks a model: the question of an item, and whether a claim follows, with and without evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from guardbind.backends.protocol import NextToken, PromptRequest
from guardbind_bench.prompts.audits.citing import cited_by_words
from guardbind_bench.prompts.audits.item import AuditItem, AuditQuestion, SpanText

__all__ = ["ABSENT", "AnswerVariant", "answer_prompt", "asked_of", "label_masses", "letters_of", "verifier_prompt", "without"]

AnswerVariant = Literal["baseline", "rag", "checkpoint"]
"""What the model answers from: the whole text; the paragraphs that share most words with the question; the text, and
then these paragraphs once more."""

ABSENT = ("redact", "delete", "same_length", "no_evidence")
"""How the cited spans are taken away."""

_RETRIEVED = 4
_LABELS = ("YES", "NO", "UNSURE")
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXY"
_BLANK = "[REDACTED]"
_RULES = """\
Decide whether the CLAIM follows from the CONTEXT.
Count only what the spans assert. Questions, headings and instructions assert nothing. Ignore what you know otherwise.
YES = some span states the claim, or the spans imply it.
NO = the spans contradict it.
UNSURE = anything else."""


def letters_of(question: AuditQuestion) -> str:
    """Return the letters that the options go by, in their order."""
    return _LETTERS[: len(question.options)]


def answer_prompt(item: AuditItem, question: AuditQuestion, variant: AnswerVariant) -> str:
    """Return what the model is asked.

    Args:
        item: The item.
        question: Its question.
        variant: What it is answered from.
    """
    asked = " ".join((question.text, *question.options))
    found = set(cited_by_words(item.spans, asked, _RETRIEVED))
    retrieved = "\n\n".join(span.text for span in item.spans if span.id in found)
    text = {
        "baseline": item.text,
        "rag": retrieved,
        "checkpoint": f"{item.text}\n\nOnce more, what matters here:\n{retrieved}",
    }[variant]
    if question.lettered:
        lines = [f"{letter}) {option}" for letter, option in zip(letters_of(question), question.options, strict=True)]
        shown, how = "\n".join(lines), "Reply with one letter."
    else:
        shown, how = "Options: " + "; ".join(question.options), "Reply with one of the options and nothing else."
    return f"{text}\n\nQuestion: {question.text}\n{shown}\n{how}"


def without(spans: Sequence[SpanText], cited: Sequence[str], null: str) -> list[SpanText]:
    """Return the spans that a verifier is shown under a null, of those that it is shown otherwise.

    Args:
        spans: The spans that it is shown.
        cited: Ids of those that are taken away.
        null: One of `ABSENT`.
    """
    if null == "no_evidence":
        return []
    if null == "delete":
        return [span for span in spans if span.id not in cited]
    kept = []
    for span in spans:
        gone = _BLANK if null == "redact" else " ".join("_" for _ in span.text.split())
        kept.append(SpanText(span.id, gone) if span.id in cited else span)
    return kept


def verifier_prompt(spans: Sequence[SpanText], claim: str) -> str:
    """Return what a verifier is asked about a claim and the spans that it is shown."""
    context = "\n".join(f"[{span.id}] {span.text}" for span in spans) or "(empty)"
    return f"{_RULES}\n\nCONTEXT\n{context}\n\nCLAIM\n{claim}\n\nOne word, YES, NO or UNSURE:"


def label_masses(read: NextToken) -> dict[str, float]:
    """Return the probability that an answer begins with each label, in any case; the middle of what is known.

    >>> import math
    >>> from guardbind.information.partial import PartialDistribution
    >>> seen = PartialDistribution({1: math.log(0.5), 2: math.log(0.25), 3: math.log(0.25)}, whole=True, rounding=0.0)
    >>> label_masses(NextToken(seen, {1: " Yes", 2: "NO", 3: "It"}))
    {'YES': 0.5, 'NO': 0.25, 'UNSURE': 0.0}
    """
    return {label: _mass(read, _forms(read.texts, label)) for label in _LABELS}


def _forms(texts: Mapping[object, str], label: str) -> list[object]:
    return [token for token, text in texts.items() if (begun := text.strip().upper()) and label.startswith(begun)]


def _mass(read: NextToken, forms: list[object]) -> float:
    if not forms:
        return 0.0
    mass = read.distribution.mass(forms)
    return (mass.low + mass.high) / 2


def asked_of(prompt: str, chat: bool, begun: str = "") -> PromptRequest:
    """Return a request: a turn of a chat, or a text for a model without a template."""
    if chat:
        return PromptRequest(messages=({"role": "user", "content": prompt},), begun=begun)
    return PromptRequest(text=f"{prompt}\nAnswer:", begun=f" {begun}" if begun else "")
