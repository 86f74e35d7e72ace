"""Reads the two sets of wordings that harm tasks are written with, which share no domain and no template."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from guardbind.errors import ConfigError
from guardbind.frozen import Frozen
from guardbind_bench.yaml_file import read_yaml

__all__ = ["LANGUAGE_CODES", "SETS", "Domain", "FieldName", "WordingSet", "Wordings", "wordings_of"]

WordingSet = Literal["dev", "held"]
SETS: tuple[WordingSet, ...] = ("dev", "held")
"""`dev` may be looked at while rules are written; `held` is for reports only."""
LANGUAGE_CODES = ("en", "de", "fr", "es", "zh")
"""The languages of the wordings."""


class FieldName(Frozen):
    """What something has."""

    name: str
    """As a label: `billing code`."""
    the: str
    """As a sentence has it: `the billing code`."""
    kind: str
    """Kind of its values, or the pool that they come from."""

    @property
    def key(self) -> str:
        """As a key of JSON or of a file."""
        return self.name.lower().replace(" ", "_").replace("'", "_")

    @property
    def title(self) -> str:
        """As a heading."""
        return self.name[:1].upper() + self.name[1:]


class Domain(Frozen):
    """Things of one kind, and what each of them has."""

    noun: str
    """What one is called."""
    plural: str
    """What several are called."""
    owner: str
    """How a sentence calls one, from `{id}`."""
    id: FieldName
    """What tells one from the others; its kind is that of the names."""
    fields: tuple[FieldName, ...] = Field(min_length=3)
    """What each may have."""
    spare: FieldName
    """What none of them has."""


class Wordings(Frozen):
    """How one set says it in one language."""

    spaced: bool = True
    """Whether words are parted by spaces."""
    unrelated: tuple[str, ...] = ()
    """Sentences that bind nothing."""
    pools: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Names, and values that are words."""
    questions: tuple[str, ...]
    """Ask for `{attribute}` (as a sentence has it: `{the}`) of `{owner}`."""
    tails: tuple[str, ...]
    """What the question says about the answer; empty for nothing."""
    begun: tuple[str, ...]
    """How an answer begins."""
    intros: tuple[str, ...]
    """What stands before the facts, about `{plural}`."""
    domains: tuple[Domain, ...]
    """What the facts are about."""
    phrases: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """What single tasks say, by name."""


class _WordingFile(Frozen):
    languages: dict[str, Wordings]


def wordings_of(name: str) -> Mapping[str, Wordings]:
    """Return the wordings of a set by language.

    Raises:
        ConfigError: There is no such set.
    """
    if name not in SETS:
        raise ConfigError(f"the wordings are {name!r}; {' and '.join(SETS)} are accepted.")
    return _read(name)


@cache
def _read(name: str) -> Mapping[str, Wordings]:
    folder = Path(__file__).with_name("wordings")
    accepted = (f"A file holds languages; a language {', '.join(Wordings.model_fields)}.",)
    every: dict[str, Wordings] = {}
    for path in sorted(folder.glob(f"{name}_*.yaml")):
        every |= read_yaml(path, _WordingFile, what="set of wordings", accepted=accepted).languages
    return every
