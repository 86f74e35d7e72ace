"""The bindings that a prompt itself states, in the direction in which it asks."""

from __future__ import annotations

import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from guardbind.candidates.trie import TokenizerLike, surface_forms
from guardbind.errors import CandidateError
from guardbind.evidence import Binding, locate
from guardbind.targets.agreement import Agreement
from guardbind.targets.query import read_query
from guardbind.text.decoded import PromptText
from guardbind.text.layout import Layout

if TYPE_CHECKING:
    from guardbind.extraction import ExtractedTable

__all__ = ["read_bindings", "writable"]

logger = logging.getLogger("guardbind")

_EXAMPLE = re.compile(
    r"\b(?:for\s+example|for\s+instance|e\.g\.|such\s+as|example(?:\s+output)?:|format:|like\s+this)[^\n]{0,40}\Z",
    re.IGNORECASE,
)
_ASKS_WHO = re.compile(r"\bwh(?:o|om|ose|ich|at)\b", re.IGNORECASE)


def read_bindings(prompt: PromptText) -> list[Binding]:
    """Read what a prompt binds.

    Where the query names no attribute and owner that are bound, but a value, and asks whose it is, the bindings are
    turned round: the owners are the values then. What a prompt that stops in the middle of a sentence has begun to say
    there is the beginning of the answer, and no evidence; nor is what it gives as an example.

    Args:
        prompt: The decoded prompt.
    """
    # The rules of extraction need packages that the core does without.
    from guardbind.extraction import extract_prompt

    found = _finished(extract_prompt(prompt), prompt)
    for note in found.notes:
        logger.info("%s", note)
    bindings = found.bindings
    if bindings and _agreement(bindings, prompt).asked.index is None:
        turned = found.inverse
        if turned and _ASKS_WHO.search(_agreement(turned, prompt).query.text):
            agreement = _agreement(turned, prompt)
            if agreement.asked.index is not None and agreement.names_owner:
                return turned
    return bindings


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
    for binding in bindings:
        usable: list[str] = []
        for surface in binding.surfaces:
            try:
                forms = surface_forms(tokenizer, surface)
            except CandidateError:
                continue
            if all(owners.setdefault(form, binding.value) == binding.value for form in forms):
                usable.append(surface)
        if binding.value in usable:
            kept.append(replace(binding, aliases=tuple(surface for surface in usable if surface != binding.value)))
        else:
            lost.add(binding.key)
    return [binding for binding in kept if binding.key not in lost]


def _agreement(bindings: list[Binding], prompt: PromptText) -> Agreement:
    table = locate(bindings, prompt)
    return Agreement(table, read_query(prompt, table.end))


def _finished(found: ExtractedTable, prompt: PromptText) -> ExtractedTable:
    text = prompt.text
    last = Layout(text, prompt.specials).units(0, len(text))[-1]
    unfinished = bool(text[last.start :].strip())
    kept = []
    for item in found.items:
        start, end = item.statement or (0, 0)
        if not (unfinished and end > last.start) and not _EXAMPLE.search(text, max(0, start - 60), start):
            kept.append(item)
    return replace(found, items=tuple(kept))
