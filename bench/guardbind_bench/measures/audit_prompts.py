"""Writes what an audit asks a model that answers: the question of an item, from its text or a part of it."""

from __future__ import annotations

from typing import Literal

from guardbind.backends.protocol import PromptRequest
from guardbind_bench.prompts.audits.citing import cited_by_words
from guardbind_bench.prompts.audits.item import AuditItem, AuditQuestion

__all__ = ["AnswerVariant", "answer_prompt", "asked_of", "letters_of"]

AnswerVariant = Literal["baseline", "rag", "checkpoint"]
"""What the model answers from: the whole text; the paragraphs that share most words with the question; the text, and
then these paragraphs once more."""

_RETRIEVED = 4
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXY"


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


def asked_of(prompt: str, chat: bool, begun: str = "") -> PromptRequest:
    """Return a request: a turn of a chat, or a text for a model without a template."""
    if chat:
        return PromptRequest(messages=({"role": "user", "content": prompt},), begun=begun)
    return PromptRequest(text=f"{prompt}\nAnswer:", begun=f" {begun}" if begun else "")
