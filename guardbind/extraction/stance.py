"""Tells how a statement is meant: stated, or denied, doubted, supposed, quoted, commanded, an example, or former."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache

from guardbind.extraction.tellers import (
    BEFORE,
    attributed,
    by_others,
    first_stance,
    is_source,
    quotation,
    told_behind,
    voiced,
)
from guardbind.text.language import Language
from guardbind.text.layout import Layout, Span
from guardbind.text.speech import Stance

__all__ = ["BOUND", "counts", "is_former", "rejected_above", "rejects", "stance_of", "takes_back"]

BOUND: frozenset[Stance] = frozenset({"stated", "former"})
"""The stances of which a statement is evidence; of a former one for what was, and never for what is."""

_STILL_SAID: frozenset[Stance] = BOUND | {"said", "doubted"}
_HEADING = 600  # characters before it in which a heading may stand
_BEHIND = 160  # characters behind a statement in which something is said about it
_MARK = re.compile(r";|\u2014")
_ENDED = re.compile(r"[.!?;\u3002\uff01\uff1f\uff1b]")
_CLOSED = re.compile(r".*[}\])|]", re.DOTALL)  # data on the same line


def counts(
    text: str, statement: Span, value: Span, layout: Layout, language: Language, *, sentence: bool = False
) -> bool:
    """Whether a statement is evidence for its value; the rest is as `stance_of` says."""
    return stance_of(text, statement, value, layout, language, sentence=sentence) in BOUND


def stance_of(
    text: str, statement: Span, value: Span, layout: Layout, language: Language, *, sentence: bool = False
) -> Stance:
    """Return how a statement is meant by what its clause says about it.

    That is what stands before it in its clause, the heading above it, who is quoted with it, what stands between its
    name and its value, and what directly follows it. Another clause says nothing about it.

    Args:
        text: The text.
        statement: Where it stands, from its name to its value.
        value: Where its value stands.
        layout: The boundaries of the text.
        language: What the text is written in.
        sentence: Whether it is one; in front of a sentence without a comma, a subject and a verb say it: "Bob swears".
    """
    speech = language.speech
    start, end = statement[0], max(statement[1], value[1])
    lead = text[_clause(text, start, layout, language) : start]
    if language.statements.denied.search(lead) or language.statements.denied_after.match(text, end):
        return "denied"
    for heading in (lead, *_headings(text, start)):
        if (found := first_stance(speech.frames, heading)) or (found := by_others(heading, language)):
            return found
    if quoted := quotation(text, start, end, language, sentence=sentence):
        return quoted
    if voiced(lead, language):
        return "said"
    bare = _determined(language).sub("", lead)
    if (opening := speech.complement.search(lead)) and lead[: opening.start()].strip():
        if not _asserted(lead[: opening.start()], language):
            return "said"
    elif sentence and not (_plain(text, start, lead, layout, language) and _untold(bare, language)):
        return "said"
    if found := _leading(speech.leads, bare):
        return found
    if found := first_stance(speech.inside, text[start : value[0]]) or _opening(speech.inside, text[slice(*value)]):
        return found
    return _behind(text, start, end, layout, language)


def rejects(said: str, language: Language) -> bool:
    """Whether a sentence denies, doubts, supposes, quotes or commands what it speaks of, wherever it says so."""
    speech = language.speech
    if any(word.strip(".,;:!?\"'").lower() in language.statements.doubts for word in said.split()):
        return True
    if language.statements.denied.search(said) or first_stance(speech.frames, said) or by_others(said, language):
        return True
    return any(stance != "former" and speech.inside[stance].search(said) for stance in speech.inside)


def takes_back(said: str, language: Language) -> bool:
    """Whether a sentence denies, supposes or commands what it speaks of, or gives it as an example.

    What is only told by others or doubted is still said; see `rejects`.
    """
    if language.statements.denied.search(said):
        return True
    return any(stance not in _STILL_SAID and pattern.search(said) for stance, pattern in language.speech.frames.items())


def rejected_above(text: str, start: int, language: Language) -> bool:
    """Whether the line above that of a place leads to it and takes it back: "It is false that:"."""
    low = max(0, start - BEFORE)
    before = text[low : text.rfind("\n", low, start) + 1].rstrip()
    line = before[before.rfind("\n") + 1 :]
    if not line.endswith((":", "\uff1a")):
        return False
    speech = language.speech
    denied = language.statements.denied.search(line) is not None
    return denied or first_stance(speech.frames, line) is not None or first_stance(speech.inside, line) is not None


def is_former(text: str, statement: Span, language: Language) -> bool:
    """Whether a statement that was bound gives a value of the past: `used to be`, `was ... until May`."""
    speech, (start, end) = language.speech, statement
    said = text[max(text.rfind("\n", 0, start) + 1, start - BEFORE) : start]
    if not language.marks.spaced:
        # No verb says what was; so what is said before it or in it does.
        frame = speech.frames.get("former")
        return frame is not None and frame.search(f"{_ENDED.split(said)[-1]}{text[start:end]}") is not None
    if not speech.past.search(text, start, end):
        return False
    tail = speech.tails.get("former")
    return (
        first_stance(speech.inside, text[start:end]) == "former"
        or _leading(speech.leads, _determined(language).sub("", said)) == "former"
        or (tail is not None and tail.match(text, end, _line_end(text, end)) is not None)
    )


def _clause(text: str, start: int, layout: Layout, language: Language) -> int:
    """Return where the clause begins, with what it depends on: behind `;`, "but", or ", and"."""
    begun = max(layout.unit_start(start), start - BEFORE)
    for mark in _MARK.finditer(text, begun, start):
        begun = mark.end()
    for parting in (language.statements.contrast, _joined(language)):
        for contrast in parting.finditer(text, begun, start):
            begun = contrast.end()
    return begun


@cache
def _joined(language: Language) -> re.Pattern[str]:
    return re.compile(rf",\s+(?:{language.marks.joining})\b")


@cache
def _determined(language: Language) -> re.Pattern[str]:
    """Return what may stand between what is said about a statement and its name: an article, an opening quote."""
    words = "|".join(sorted(language.statements.determiners | language.statements.others, key=len, reverse=True))
    return re.compile(rf"(?:\b(?:{words})\s+)?[\"'\u201c\u201e(*]*\s*\Z", re.IGNORECASE)


def _headings(text: str, start: int) -> tuple[str, ...]:
    """Return the nearest line above, in the same block, that ends with a colon; none where there is none."""
    return _HEADINGS.above(text, text.rfind("\n", 0, start) + 1)


class _LastHeading:
    """Keeps the heading above the last line: the statements of one line have the same."""

    def __init__(self) -> None:
        self._last: tuple[str, int, tuple[str, ...]] = ("", -1, ())

    def above(self, text: str, line: int) -> tuple[str, ...]:
        last = self._last
        if last[0] is not text or last[1] != line:
            self._last = last = text, line, tuple(_heading(text, line))
        return last[2]


_HEADINGS = _LastHeading()


def _heading(text: str, line: int) -> Iterator[str]:
    low = max(0, line - _HEADING)
    for _ in range(12):
        if line <= low:
            return
        before = text.rfind("\n", low, line - 1) + 1
        said = text[max(before, low) : line - 1].strip()
        if not said:
            return
        if said.endswith((":", "\uff1a")):
            yield said
            return
        line = before


def _leading(patterns: Mapping[Stance, re.Pattern[str]], said: str) -> Stance | None:
    """Return the stance of a word that ends what is said, but for a comma."""
    end = len(said.rstrip(" \t,:"))
    return next((stance for stance, p in patterns.items() if any(m.end() == end for m in p.finditer(said))), None)


def _opening(patterns: Mapping[Stance, re.Pattern[str]], value: str) -> Stance | None:
    """Return the stance of a word that a value begins with: "not 5", "TBA"."""
    begun = {stance: match.end() for stance, pattern in patterns.items() if (match := pattern.match(value))}
    return next((stance for stance, end in begun.items() if not value[end:].strip() or value[end].isspace()), None)


def _asserted(matrix: str, language: Language) -> bool:
    """Whether a clause says that what it opens is so."""
    speech = language.speech
    if speech.unforgotten.search(matrix):
        return True
    if language.questions.negated.search(matrix):
        return False
    if any(is_source(match["who"], language) for match in speech.saying.finditer(matrix)):
        return True
    words = matrix.split()
    if len(words) > 1 and len(words[-2]) > 2 and is_source(words[-2], language):
        return True
    return any(match.end() >= len(matrix.rstrip()) - 12 for match in speech.asserted.finditer(matrix))


def _untold(lead: str, language: Language) -> bool:
    """Whether no subject and verb stand before a statement, or such as say that it is so: "we know"."""
    told = language.speech.telling.search(lead)
    return told is None or _asserted(lead[told.start() :], language)


def _plain(text: str, start: int, lead: str, layout: Layout, language: Language) -> bool:
    """Whether the words before a name, in its phrase, say nothing about its statement: "so", "in May", "we know"."""
    speech, former = language.speech, language.speech.leads.get("former")
    phrase = text[max(layout.phrase_start(start - len(lead), start), start - BEFORE) : start]
    before = _determined(language).sub("", _CLOSED.sub("", phrase)).strip(" \t\r\n\"'*>-\u2022(")
    if not speech.plain or not before or speech.placing.match(before):
        return True
    words = [word.strip(".,;:!?\"'").lower() for word in before.split()]
    known = speech.plain | language.statements.determiners
    if all(word in known or word.isdecimal() for word in words):
        return True
    return _asserted(before, language) or (former is not None and former.fullmatch(before) is not None)


def _behind(text: str, start: int, end: int, layout: Layout, language: Language) -> Stance:
    speech, limit = language.speech, _line_end(text, end)
    past = speech.past.search(text, start, end)
    for stance, pattern in speech.tails.items():
        match = pattern.match(text, end, limit)
        if match is None or (stance == "former" and not past):
            continue
        if stance != "denied" and not layout.same_sentence(end, match.end()):
            continue
        return stance
    told = attributed(text, end, language) is not None or told_behind(text, end, layout, language)
    return "said" if told else "stated"


def _line_end(text: str, end: int) -> int:
    line = text.find("\n", end, end + _BEHIND)
    return line if line >= 0 else min(len(text), end + _BEHIND)
