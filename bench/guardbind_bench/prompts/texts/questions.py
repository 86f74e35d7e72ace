"""Words a question, and what it says about the form of the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from random import Random

from guardbind_bench.prompts.texts.draft import Attribute
from guardbind_bench.prompts.texts.values import CALLED

__all__ = ["OWNED", "SYSTEM", "WHOSE", "system", "wording"]

OWNED = (
    "What is {named}'s {attribute}?",
    "What is the {attribute} of {named}?",
    "Can you tell me {named}'s {attribute}?",
    "Which {attribute} does {named} have?",
    "Please tell me the {attribute} of {named}.",
    "I need {named}'s {attribute}. What is it?",
)
"""Questions for what a person or a thing with a name has."""

WHOSE = (
    "Whose {attribute} is {named}?",
    "Who has the {attribute} {named}?",
    "Please tell me whose {attribute} is {named}.",
    "To whom does the {attribute} {named} belong?",
    "Which person has the {attribute} {named}?",
)
"""Questions for the person that has a value."""

SYSTEM = (
    "You are a helpful assistant.",
    "You answer questions about what the user gives you. Be brief.",
    "Answer from the conversation. Where it does not hold the answer, say that you do not know.",
)

_FREE, _ONLY, _SENTENCE, _JSON = range(4)


def system(shape: Random) -> str | None:
    """Draw a system message; in half of the trials there is none."""
    return shape.choice(SYSTEM) if shape.random() < 0.5 else None


def wording(
    shape: Random, templates: Sequence[str], *, answers: str, field: str | None = None
) -> Callable[[str, Attribute], str]:
    """Draw the wording of a question.

    Args:
        shape: Where it is drawn from.
        templates: Ways to ask, with `{named}` and `{attribute}`.
        answers: Kind of the values that answer it.
        field: Name of the answer in JSON; None: the attribute.

    Returns:
        Writes the question from what it names and the attribute.
    """
    template = shape.choice(templates)
    # What people ask for most first.
    tail = shape.choices((_FREE, _ONLY, _SENTENCE, _JSON), (4, 3, 3, 2))[0]
    before = tail == _ONLY and shape.random() < 0.3
    called = CALLED[answers]

    def written(named: str, attribute: Attribute) -> str:
        question = template.format(named=named, attribute=attribute.name)
        if before:
            return f"Answer with the {called} only. {question}"
        if tail == _ONLY:
            return f"{question} Answer with the {called} only."
        if tail == _SENTENCE:
            return f"{question} Answer in a full sentence."
        if tail == _JSON:
            name = re.sub(r"\W+", "_", field or attribute.name).lower()
            return f"{question} Answer in JSON as {json.dumps({name: '...'})}."
        return question

    return written
