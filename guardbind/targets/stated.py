"""Reads the bindings that a prompt itself states, in the direction in which it asks."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from guardbind.candidates.writing import TokenizerLike, Writer
from guardbind.errors import CandidateError
from guardbind.evidence import Binding, EvidenceTable, PlacedOrigin, locate
from guardbind.extraction import ExtractedTable, extract_prompt
from guardbind.targets.agreement import Agreement
from guardbind.targets.aliases import NO_FIELDS
from guardbind.targets.query import read_query
from guardbind.targets.tool_schema import defining
from guardbind.text.decoded import PromptText
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Layout

__all__ = ["StatedBindings", "read_bindings", "read_stated", "writable"]

_EXAMPLE = 60  # characters before a statement in which it may be called an example

logger = logging.getLogger("guardbind")


class StatedBindings(NamedTuple):
    """What a prompt binds.

    Attributes:
        bindings: As the prompt states them.
        table: Where they stand.
        agreement: What is asked of whom among them.
    """

    bindings: list[Binding]
    table: EvidenceTable
    agreement: Agreement


def read_bindings(
    prompt: PromptText,
    language: Language = ENGLISH,
    *,
    sources: Sequence[str] = (),
    origins: Sequence[PlacedOrigin] = (),
    fields: Mapping[str, str] = NO_FIELDS,
) -> list[Binding]:
    """Read what a prompt binds, as `read_stated` does, and return the bindings alone."""
    return read_stated(prompt, language, sources=sources, origins=origins, fields=fields).bindings


def read_stated(
    prompt: PromptText,
    language: Language = ENGLISH,
    *,
    sources: Sequence[str] = (),
    origins: Sequence[PlacedOrigin] = (),
    fields: Mapping[str, str] = NO_FIELDS,
) -> StatedBindings:
    """Read what a prompt binds, where that stands and what of it is asked for.

    Where the query names no attribute and owner that are bound, but a value, and asks whose it is, the bindings are
    turned round: the owners are the values then. What a prompt that stops in the middle of a sentence has begun to say
    there is the beginning of the answer, and no evidence; nor is what it gives as an example, or says of a tool.

    Args:
        prompt: The decoded prompt.
        language: What it is written in.
        sources: Roles whose statements go before those of the later ones and of all that are not named.
        origins: Parts of the prompt that are somebody else's than the role of their turn says.
        fields: What the answer calls things, and what the prompt calls them.
    """

    def stated(bindings: list[Binding]) -> StatedBindings:
        table = locate(bindings, prompt, language=language)
        query = read_query(prompt, table.end, language)
        return StatedBindings(bindings, table, Agreement(table, query, sources, origins=origins, fields=fields))

    found = _finished(extract_prompt(prompt, language=language), prompt, language)
    for note in found.notes:
        logger.info("%s", note)
    direct = stated(found.bindings)
    if direct.bindings and direct.agreement.asked.index is None and not direct.agreement.names_binding:
        inverse = found.inverse
        turned = stated(inverse) if inverse else None
        if turned is not None and language.questions.who.search(turned.agreement.query.text):
            asked = turned.agreement.asked.index is not None and turned.agreement.names_owner
            return turned if asked and not turned.agreement.asks_of_owner else direct
    return direct


def writable(tokenizer: TokenizerLike, bindings: list[Binding]) -> list[Binding]:
    """Leave out what cannot be a candidate: what a tokenizer cannot write, or writes as it writes another value.

    A key that had such a value is left out with all of them: an older one must not take its place.

    Args:
        tokenizer: The model's tokenizer.
        bindings: What was read out of a prompt.
    """
    owners: dict[tuple[int, ...], str] = {}
    kept: list[Binding] = []
    lost: set[str] = set()
    writer = Writer(tokenizer)
    writer.prepare(surface for binding in bindings for surface in binding.surfaces)
    for binding in bindings:
        usable: list[str] = []
        for surface in binding.surfaces:
            try:
                forms = writer.forms(surface)
            except CandidateError:
                continue
            if all(owners.setdefault(form, binding.value) == binding.value for form in forms):
                usable.append(surface)
        if binding.value in usable:
            kept.append(replace(binding, aliases=tuple(surface for surface in usable if surface != binding.value)))
        else:
            lost.add(binding.key)
    return [binding for binding in kept if binding.key not in lost]


def _finished(found: ExtractedTable, prompt: PromptText, language: Language) -> ExtractedTable:
    text = prompt.text
    layout = Layout(text, prompt.specials, language)
    last = layout.units(0, len(text))[-1]
    unfinished = bool(text[last.start :].strip()) and not text.endswith("\n")
    kept = []
    tools = defining(found.items)
    for item in found.items:
        if item.record is not None and item.record.id in tools:
            continue
        start, end = item.statement or (0, 0)
        if not (unfinished and end > last.start) and not language.questions.example.search(
            text, max(layout.unit_start(start), start - _EXAMPLE), start
        ):
            kept.append(item)
    return replace(found, items=tuple(kept))
