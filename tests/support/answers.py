"""Resolves the target of a plain prompt by its words, in any language."""

from __future__ import annotations

from collections.abc import Iterable

from plain_prompts import as_prompt, said

from guardbind.evidence import locate
from guardbind.targets import Agreement, read_query
from guardbind.targets.stated import read_bindings
from guardbind.text.language import Language

__all__ = ["answer", "misses"]


def answer(language: Language, facts: str, question: str, sentence: str | None = None) -> str | None:
    """Return the value that is meant, after a begun answer if there is one; None if that is left open."""
    prompt = as_prompt(f"{facts}\n{question}\n")
    bindings = read_bindings(prompt, language)
    table = locate(bindings, prompt, language=language)
    agreed = Agreement(table, read_query(prompt, table.end, language))
    found = agreed.resolve(None if sentence is None else said(sentence))
    return None if found.index is None else bindings[found.index].value


def misses(
    language: Language, facts: str, asked: Iterable[tuple[str, str | None, str | None]]
) -> list[tuple[str, str | None, str | None]]:
    """Return the questions, begun answers and values found where these are not the values given."""
    found = [(question, begun, answer(language, facts, question, begun), value) for question, begun, value in asked]
    return [(question, begun, got) for question, begun, got, value in found if got != value]
