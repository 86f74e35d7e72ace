"""Scores an answer to a text trial: finds every value that it writes, and says what the answer is worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from guardbind_bench.prompts.text_trial import TextTrial
from guardbind_bench.prompts.trial import TrialStage
from guardbind_bench.scoring.words import about_something, apart, read_words, standing

__all__ = ["Scored", "Written", "read_answer", "values_in"]


@dataclass(frozen=True, slots=True)
class Written:
    """A value in an answer.

    Attributes:
        name: Its first spelling, by which it is told from others.
        span: Half-open character range in the answer.
        decides: Whether it could be meant by the question: the right answer or one of the others.
    """

    name: str
    span: tuple[int, int]
    decides: bool


@dataclass(frozen=True, slots=True)
class Scored:
    """A judged answer.

    Attributes:
        stage: `right`: the first possible answer in it is the right one; in a twin: there is none. `2B`: the first is
            another one; in a twin: there is any. `2A`: there is none.
        exact: It is right and written as in the prompt; in a twin: it is right.
        form_equivalent: It is right, in any spelling; in a twin: it is right.
        values: The facts whose value it writes, by their place in the trial, in the order of the answer.
    """

    stage: TrialStage
    exact: bool
    form_equivalent: bool
    values: tuple[int, ...]


def values_in(trial: TextTrial, text: str) -> list[Written]:
    """Find the values and other possible answers in an answer, in its order.

    A value counts where it stands by itself, in any spelling; of two at one place the longer counts. Words count in any
    case. What the question names, in any spelling, is an echo and left out. Where it could also be meant, it is one
    right behind its attribute, behind what the question has before it, or where another possible answer follows: asked
    for "the disk of the server with memory 6490", the answer "6490" is a wrong one.

    Args:
        trial: What was asked.
        text: The answer, without the prompt.
    """
    possible = [forms for forms in (trial.answer, *trial.others) if forms]
    names: dict[str, str] = {}
    for forms in (*possible, *(fact.forms for fact in trial.facts)):
        for form in forms:
            names.setdefault(_folded(form), forms[0])
    question = trial.messages[trial.asks_in]["content"][slice(*trial.question)]
    echoed = {names[form]: question[: span[0]] for span, form in _standing(question, names)}
    deciding = {names[_folded(forms[0])] for forms in possible}
    found = [Written(names[form], span, names[form] in deciding) for span, form in _standing(text, names)]
    last = max((value.span for value in found if value.decides and value.name not in echoed), default=(0, 0))
    return [
        value
        for value in found
        if value.name not in echoed
        or (value.decides and value.span > last and not _echoes(trial, value, text, echoed[value.name]))
    ]


def read_answer(trial: TextTrial, text: str) -> Scored:
    """Judge an answer by the first value in it that could be meant by the question; see `values_in`.

    Args:
        trial: What was asked.
        text: The answer, without the prompt.
    """
    found = values_in(trial, text)
    places = {fact.value: i for i, fact in reversed(list(enumerate(trial.facts)))}
    values = tuple(places[value.name] for value in found if value.name in places)
    first = next((value for value in found if value.decides), None)
    if first is None:
        good = trial.asked is None or trial.silent
        return Scored("right" if good else "2A", good, good, values)
    good = first.name in trial.answer
    return Scored("right" if good else "2B", good and text[slice(*first.span)] == trial.answer[0], good, values)


def _echoes(trial: TextTrial, value: Written, text: str, asked: str) -> bool:
    """Whether a named value stands behind one of its attributes, or behind the words before it in the question."""
    said = _stems(text[: value.span[0]])
    leads = [_stems(asked)[-2:], *(_stems(fact.attribute) for fact in trial.facts if fact.value == value.name)]
    return any(said[-len(lead) :] == lead for lead in leads if lead)


def _stems(text: str) -> list[str]:
    return [word.stem for word in about_something(read_words(text))]


def _folded(form: str) -> str:
    return form if any(char.isdigit() for char in form) else form.lower()


def _standing(text: str, forms: Iterable[str]) -> list[tuple[tuple[int, int], str]]:
    found = dict(standing(text, forms))
    return [(span, found[span]) for span in apart(found)]
