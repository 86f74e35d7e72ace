"""Whether an answer says of a value what the prompt says of it."""

from __future__ import annotations

import re

from guardbind.targets.words import content, words

from ..text_trial import Fact, TextTrial
from .scoring import values_in

__all__ = ["stated_wrongly"]

_SENTENCE = re.compile(r"(?:[!?]|(?<!\d)\.|\.(?=\s|\Z))\s*|\n+")


def stated_wrongly(trial: TextTrial, text: str) -> list[str]:
    """Return the values in an answer that it does not give for what they are.

    A value is given for what it is where its sentence, or line, also names the owner and the attribute of a fact that
    has it ("Carla's seat is 17A" where that is her seat, whatever was asked).

    Args:
        trial: What was asked.
        text: The answer, without the prompt.

    Returns:
        The first spelling of each such value, in the order of the answer.
    """
    wrong = []
    for value in values_in(trial, text):
        said = _sentence(text, value.span[0])
        if not any(_tells(fact, value.name, said) for fact in trial.facts):
            wrong.append(value.name)
    return wrong


def _sentence(text: str, place: int) -> str:
    start, end = 0, len(text)
    for cut in _SENTENCE.finditer(text):
        if cut.end() <= place:
            start = cut.end()
        elif cut.start() > place:
            end = cut.end()
            break
    return text[start:end]


def _tells(fact: Fact, name: str, said: str) -> bool:
    """Whether a sentence holds owner, attribute and value of a fact, one of which is the value asked about."""
    low = said.casefold()
    owner = fact.owner or ""
    if name not in (*fact.forms, owner) or owner.casefold() not in low:
        return False
    if not any(form.casefold() in low for form in fact.forms):
        return False
    attribute = {word.stem for word in content(words(fact.attribute))}
    return attribute <= {word.stem for word in words(said)}
