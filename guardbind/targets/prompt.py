"""The bindings that a prompt itself states, in the direction in which it asks."""

from __future__ import annotations

import logging

from collections.abc import Sequence
from dataclasses import replace

from transformers import PreTrainedTokenizerBase

from guardbind.candidates import Form, surface_forms
from guardbind.errors import CandidateError
from guardbind.evidence import Binding, PromptText, locate
from guardbind.targets.agreement import Agreement
from guardbind.targets.query import read_query

__all__ = ["read_bindings", "writable"]

logger = logging.getLogger("guardbind")


def read_bindings(prompt: PromptText) -> list[Binding]:
    """Read what a prompt binds.

    Where the query names no attribute and owner that are bound, but a value, and asks whose it is, the bindings are
    turned round: the owners are the values then.

    Args:
        prompt: The decoded prompt.
    """
    # The rules of extraction need packages that the core does without.
    from guardbind.extraction import extract_prompt

    found = extract_prompt(prompt)
    for note in found.notes:
        logger.info("%s", note)
    for bindings in (found.bindings, found.inverse):
        table = locate(bindings, prompt)
        if bindings and Agreement(table, read_query(prompt, table.end)).asked.index is not None:
            return bindings
    return found.bindings


def writable(tokenizer: PreTrainedTokenizerBase, bindings: Sequence[Binding]) -> list[Binding]:
    """Leave out what a tokenizer cannot write, or cannot write apart from another value.

    Of a value that can be written only such aliases go; a key goes as a whole, since its other values are no stand-ins.

    Args:
        tokenizer: The model's tokenizer.
        bindings: What was read in a prompt.
    """
    owners: dict[Form, str] = {}

    def takes(surface: str, value: str) -> bool:
        try:
            forms = surface_forms(tokenizer, surface)
        except CandidateError:
            return False
        if any(owners.get(form, value) != value for form in forms):
            return False
        owners.update(dict.fromkeys(forms, value))
        return True

    lost = {binding.key for binding in bindings if not takes(binding.value, binding.value)}
    kept = [binding for binding in bindings if binding.key not in lost]
    return [replace(b, aliases=tuple(alias for alias in b.aliases if takes(alias, b.value))) for b in kept]
