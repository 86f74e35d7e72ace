"""Tells what a text is written in, by its script and its function words."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from guardbind.text.chat import turns
from guardbind.text.decoded import PromptText
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language

__all__ = ["language_of", "language_of_prompt"]

_ASKING = frozenset("?\uff1f")
_LONGEST = 20_000  # characters that are looked at, at each end of a text
_WORD = re.compile(r"[^\W\d_]+['\u2019]?(?!\.[ \t]+[^\W\d_a-z])|[^\W\d_]{5,}")  # "Dr. Kettner" is of any language
_KANA = re.compile("[\u3040-\u30ff]")
_OWN_SCRIPT = 0.25  # of the letters, from which a text is one of a script of its own
_OTHER_SCRIPT = 0.05
_LEAST = 1.25  # function words
_LEAD = 1.5
_KINDS = 2  # of function words


def language_of(text: str, languages: Iterable[Language]) -> Language:
    """Return the language of a text; English where nothing else is clear.

    A script of its own tells at once. Else function words are counted, less where several languages have them:
    the language with most of them is taken if it leads clearly.

    Args:
        text: The text.
        languages: Those that it may be written in.

    >>> from guardbind.text.french import FRENCH
    >>> language_of("Quel est le montant de la facture ?", [ENGLISH, FRENCH]).name
    'french'
    """
    return _told(text, tuple(languages)) or ENGLISH


def language_of_prompt(prompt: PromptText, languages: Iterable[Language]) -> Language:
    """Return the language of a prompt: that of its last line that asks if it is clear.

    Else it is that of the user's last turn, or of all that is said. What a template or an application says in English
    around the question is not what the user writes, nor are keys and labels of data.

    Args:
        prompt: The decoded prompt.
        languages: Those that it may be written in.
    """
    known = tuple(languages)
    said = [turn for turn in turns(prompt) if turn.role in (None, "user") and turn.start < turn.end]
    users = [turn for turn in said if turn.role == "user"] or said
    last = prompt.text[users[-1].start : users[-1].end] if users else ""
    asking = next((line for line in reversed(last.splitlines()) if not _ASKING.isdisjoint(line)), "")
    return _told(asking, known) or _told(last, known) or _told(prompt.text, known) or ENGLISH


def _says(language: Language, text: str) -> bool:
    """Whether a text holds a function word of a language that parts no words."""
    return any(word in text for word in language.vocabulary.stop)


def _told(text: str, languages: tuple[Language, ...]) -> Language | None:
    if len(text) > 2 * _LONGEST:
        text = f"{text[:_LONGEST]}\n{text[-_LONGEST:]}"
    letters = sum(map(str.isalpha, text)) or 1
    for language in languages:
        if (
            language.script
            and _says(language, text)
            and sum(1 for _ in language.script.finditer(text)) >= _OWN_SCRIPT * letters
        ):
            other = sum(1 for _ in _KANA.finditer(text))
            return language if other < _OTHER_SCRIPT * letters else None
    counts: defaultdict[str, float] = defaultdict(float)
    kinds: Counter[str] = Counter()
    said = Counter(word.casefold().replace("\u2019", "'") for word in _WORD.findall(text))
    spaced = [language for language in languages if language.script is None]
    for word, times in said.items():
        having = [language.name for language in spaced if len(word) > 1 and word in language.function_words]
        # One word that asks is enough of a short question: "\u00bfQu\u00e9 t\u00f3ner usa printer_2?"
        asks = len(having) == 1 and any(word in language.questions.which for language in spaced)
        for name in having:
            counts[name] += (times + asks) / len(having) ** 2
            kinds[name] += 1 + asks
    ranked = sorted(counts.items(), key=lambda count: -count[1])
    (best, most), (_, second) = [*ranked, ("", 0.0), ("", 0.0)][:2]
    if most < _LEAST or most < _LEAD * second or kinds[best] < _KINDS:
        return None
    return next(language for language in spaced if language.name == best)
