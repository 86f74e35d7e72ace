"""Reads a noun and the number behind it, with a sign between: `order #20391`.

The sign is `#`, `№` or a word of the language, as in `Invoice no. 4417`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from guardbind.extraction.prose import in_request, is_key
from guardbind.extraction.rule import Block, Found, Path, WordedRule
from guardbind.text.language import Language
from guardbind.text.layout import Layout

__all__ = ["read"]

_BEFORE = 12  # characters before a noun in which a determiner is looked for
_KEY = r"(?P<key>[^\W\d_][\w-]{1,30})"
_NUMBER = r"(?P<value>#?(?=(?:[A-Za-z/-]{0,8}\d){3})[A-Za-z0-9][\w/-]{2,40})(?![\w/-]|[.,:]\d)"


def _numbered(text: str, language: Language) -> Iterator[Block]:
    """Find nouns with a number of at least three digits behind `#`, `no.` or `nr.`, not in questions and requests."""
    said, layout = language.statements, Layout(text, language=language)
    for match in _pattern(language).finditer(text):
        key, owner = match["key"], match["owner"]
        hers = said.hers.search(text, max(0, match.start() - _BEFORE), match.start())
        if key.lower() in said.no_nouns or hers or not is_key(key, language):
            continue
        if in_request(text, match.start(), layout, language):
            continue
        path: Path = (owner, key) if owner else (key,)
        written = language.possession(owner, key) if owner else key
        places = (match.span("owner"), None) if owner else (match.span("key"),)
        yield Block(match.span(), (Found(path, match.span("value"), match.span(), None, written, "words", places),))


@cache
def _pattern(language: Language) -> re.Pattern[str]:
    owner = rf"(?:(?P<owner>[^\W\d_][\w&-]{{0,40}}?){language.marks.possessive}[ \t])?"
    mark = rf"(?:(?:{language.statements.number_mark}|\u2116)[ \t]?(?=[#\w])|(?=#))"
    return re.compile(rf"(?<![\w'\u2019#&/.@-]){owner}{_KEY}[ \t\u00a0]{mark}{_NUMBER}")


read = WordedRule(_numbered, order=90, default=True)
"""The rule `numbered`."""
