"""Describes by which words of a language the forms of texts are told: instructions, logs, mails."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Forms"]

_NEVER = re.compile(r"(?!)")


@dataclass(frozen=True, eq=False, kw_only=True)
class Forms:
    """What the forms of texts are told by; all words are in lower case.

    Attributes:
        answers: Keys that answer.
        inputs: Keys of what an example is given.
        outputs: Keys of what it gives.
        examples: What introduces examples in a line of its own, up to a colon, as a regular expression.
        template: What introduces a form to be filled in, wherever it stands.
        asked_form: What introduces one in a request.
        time: What the stamp of a line of a log says.
        mail_headers: Keys that stand at the head of a mail.
        labels: Words before a colon that name nothing of which something is said: "note", "update".
    """

    answers: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    examples: str = ""
    template: re.Pattern[str] = _NEVER
    asked_form: re.Pattern[str] = _NEVER
    time: str = "time"
    mail_headers: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
