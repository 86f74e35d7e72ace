"""The bindings that a prompt itself states, in the direction in which it asks."""

from __future__ import annotations

import logging

from guardbind.evidence import Binding, PromptText, locate
from guardbind.targets.agreement import Agreement
from guardbind.targets.query import read_query

__all__ = ["read_bindings"]

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
