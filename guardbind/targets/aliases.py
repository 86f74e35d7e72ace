"""Tells which names of the caller stand for what a prompt binds: `latitude`, where the prompt says "lat"."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from types import MappingProxyType

from guardbind.text.language import Language
from guardbind.text.words import content, words

__all__ = ["NO_FIELDS", "Stems", "attribute_stems", "key_aliases", "stem_aliases"]

Stems = tuple[str, ...]
NO_FIELDS: Mapping[str, str] = MappingProxyType({})


def attribute_stems(name: str, language: Language) -> Stems:
    """Return the words of a name by which attributes are compared: those that are about something, if any are."""
    found = words(name, language)
    return tuple(word.stem for word in (content(found) or found))


def stem_aliases(
    fields: Mapping[str, str], attributes: Collection[Stems], language: Language
) -> dict[Stems, tuple[Stems, ...]]:
    """Return the other names of attributes, as words.

    A name stands for what the prompt calls exactly as the caller says, and for nothing that only resembles it.

    Args:
        fields: What the answer calls things, and what the prompt calls them.
        attributes: What is bound.
        language: What the prompt is written in.
    """
    found: dict[Stems, dict[Stems, None]] = {}
    for said, meant in fields.items():
        name, attribute = attribute_stems(said, language), attribute_stems(meant, language)
        if name and name != attribute and attribute in attributes:
            found.setdefault(attribute, {})[name] = None
    return {attribute: tuple(names) for attribute, names in found.items()}


def key_aliases(fields: Mapping[str, str], keys: Collection[str], language: Language) -> dict[str, str]:
    """Return the other names of keys, as they may be written, each with its key.

    A name that two keys would have stands for neither. One that is a key itself is listed, and is doubtful.

    Args:
        fields: What the answer calls things, and what the prompt calls them.
        keys: The keys of a table.
        language: What the prompt is written in.
    """
    by_stems: dict[Stems, set[str]] = {}
    for key in keys if fields else ():
        by_stems.setdefault(attribute_stems(key, language), set()).add(key)
    found: dict[str, set[str]] = {}
    for said, meant in fields.items():
        for key in by_stems.get(attribute_stems(meant, language), ()):
            for form in {said, said.replace("_", " "), said.replace(" ", "_")}:
                found.setdefault(form, set()).add(key)
    return {form: held.pop() for form, held in found.items() if len(held) == 1 and form not in held}
