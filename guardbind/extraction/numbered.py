"""A name and its number side by side: `order #20391`, `Invoice no. 4417`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardbind.extraction.prose import in_request, is_key
from guardbind.extraction.rule import Block, Found, Path

__all__ = ["read"]

_OWNER = r"(?:(?P<owner>[^\W\d_][\w&-]{0,40})['\u2019]s[ \t])?"
_KEY = r"(?P<key>[^\W\d_][\w-]{1,30})"
_MARK = r"(?:(?:[Nn]o\.|[Nn]r\.|\u2116)[ \t]?(?=[#\w])|(?=#))"
_NUMBER = r"(?P<value>#?(?=(?:[A-Za-z/-]{0,8}\d){3})[A-Za-z0-9][\w/-]{2,40})(?![\w/-]|[.,:]\d)"
_NUMBERED = re.compile(rf"(?<![\w'\u2019#&/.@-]){_OWNER}{_KEY}[ \t\u00a0]{_MARK}{_NUMBER}")
_HERS = re.compile(r"\b(?:his|her|its|their)[ \t]\Z", re.IGNORECASE)
_NO_NOUNS = frozenset(
    {
        "and",
        "as",
        "at",
        "by",
        "call",
        "called",
        "close",
        "closed",
        "closes",
        "dial",
        "fix",
        "fixed",
        "fixes",
        "for",
        "from",
    }
    | {
        "in",
        "like",
        "of",
        "on",
        "or",
        "over",
        "per",
        "ranked",
        "see",
        "than",
        "the",
        "to",
        "under",
        "until",
        "via",
        "with",
    }
)


def read(text: str) -> Iterator[Block]:
    """Find nouns with a number of at least three digits behind `#`, `no.` or `nr.`, not in questions and requests."""
    for match in _NUMBERED.finditer(text):
        key, owner = match["key"], match["owner"]
        if key.lower() in _NO_NOUNS or not is_key(key) or _HERS.search(text, max(0, match.start() - 8), match.start()):
            continue
        if in_request(text, match.start()):
            continue
        path: Path = (owner, key) if owner else (key,)
        written = f"{owner}'s {key}" if owner else key
        places = (match.span("owner"), None) if owner else (match.span("key"),)
        yield Block(match.span(), (Found(path, match.span("value"), match.span(), None, written, "words", places),))
