"""Keeps a mistake in the rules of text from ending a request: what the rule would have said is left open."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from guardbind.errors import GuardbindError

__all__ = ["MARK", "contained"]

MARK = "guardbind_contained"
"""Attribute of the log records that are written here, whose value is the name of what failed."""

T = TypeVar("T")

logger = logging.getLogger("guardbind")


def contained(what: str, rule: Callable[[], T], otherwise: Callable[[str], T]) -> T:
    """Return what a rule says of the text of a prompt, or something else where it fails.

    A prompt may be anything, and an application must not lose an answer because a rule was not made for it. Errors of
    guardbind's own kind say what a caller did, and pass. The message of the error may hold text of the prompt, so it is
    logged with its traceback at the level of debugging only.

    Args:
        what: What the rule does, as in "finding the target".
        rule: The rule.
        otherwise: Takes the reason, which holds no text of the prompt, and returns what stands for the rule's word.

    Raises:
        GuardbindError: The rule raised one.
    """
    try:
        return rule()
    except GuardbindError:
        raise
    except Exception as error:
        reason = f"{what} raised {type(error).__name__}"
        logger.warning("%s; it is left out.", reason, extra={MARK: what})
        logger.debug("%s", reason, exc_info=True)
        return otherwise(reason)
