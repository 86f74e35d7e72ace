"""Makes the patterns of citations out of the words of every language: a trace may cite in another than its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from guardbind.registry import LANGUAGES
from guardbind.text.citing import Citing

__all__ = ["CitingPatterns", "citing_patterns"]


@dataclass(frozen=True, slots=True, eq=False)
class CitingPatterns:
    """What citations are told by.

    Attributes:
        joins: What stands between two citations in one bracket.
        sure: What is written like a citation and certainly is one: a number, "S2", "doc 3", "source: 4".
        round_sure: The same in round brackets, where a number alone counts and is no citation.
        interval: What stands before numbers in brackets that are an interval or a list of values.
        units: What stands before raised digits that belong to a unit or a number.
        lead: A citation, with the words before its `name`.
        marker: A line that begins with a source and its `name`: "Document 3: ...", "### Source B (mail)".
        headings: A line above a list of sources.
        addressed: What a sentence says that speaks to who judges; one for each language that knows any.
    """

    joins: re.Pattern[str]
    sure: re.Pattern[str]
    round_sure: re.Pattern[str]
    interval: re.Pattern[str]
    units: re.Pattern[str]
    lead: re.Pattern[str]
    marker: re.Pattern[str]
    headings: re.Pattern[str]
    addressed: tuple[re.Pattern[str], ...]


def citing_patterns() -> CitingPatterns:
    """Return the patterns of the languages that are registered.

    >>> bool(citing_patterns().sure.match("Quelle 3")), bool(citing_patterns().sure.match("2024-05"))
    (True, False)
    """
    return _compiled(tuple(LANGUAGES))


@cache
def _compiled(names: tuple[str, ...]) -> CitingPatterns:
    every: list[Citing] = [LANGUAGES.get(name).citing for name in names]

    def words(*fields: str) -> str:
        """Alternatives, the longest first: "document" would be read as "doc" and a rest."""
        found = {word for citing in every for field in fields for word in getattr(citing, field).split("|") if word}
        return "(?:" + "|".join(sorted(found, key=lambda word: (-len(word), word))) + ")" if found else "(?!)"

    source = rf"{words('sources')}s?\s*[.:#_-]?\s*"
    lead = rf"(?:{words('leads')}\s+)?"
    called = words("sources", "parts")
    counting = rf"(?:{words('counting')}|#)"
    return CitingPatterns(
        joins=re.compile(rf"\s*(?:[,;、，；]|\b{words('joining')}\b|&)\s*"),
        sure=re.compile(rf"(?i)(?:\d{{1,3}}|S\d{{1,3}}|{lead}{source}\w{{1,12}})\Z"),
        round_sure=re.compile(rf"(?i)(?:S\d{{1,3}}|{lead}{source}(?:S?\d{{1,4}}|[A-Z]))\Z"),
        interval=re.compile(rf"(?i)(?:\b{words('ranges')}|[=∈(,:])\s*\Z"),
        units=re.compile(rf"(?i)(?:\b(?:[kcmµn]?m|[sxyren]|{words('units')})|\d)\Z"),
        lead=re.compile(
            rf"(?i)(?:{words('leads')})?\s*(?:{called}s?\s*\.?(?:\s*{counting})?[\s:_-]*)?(?P<name>.+)\Z", re.DOTALL
        ),
        marker=re.compile(
            rf"(?i)\s{{0,3}}(?:#+\s*|\*\*|[-*=]+\s*)?{called}\s*{counting}?\s*"
            r"(?P<name>\d{1,4}|[A-Z]\d{0,3}|S\d+)\s*(?:\*\*)?\s*(?:[:.)\]—–-]|\(|\Z|=+\s*\Z)"
        ),
        headings=re.compile(rf"(?i)[ \t]*(?:#+[ \t]*|\*\*)?{words('headings')}(?:\*\*)?[ \t]*[:：]?(?:\*\*)?[ \t]*\Z"),
        addressed=tuple(citing.addressed for citing in every),
    )
