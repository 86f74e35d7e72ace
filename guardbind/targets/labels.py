"""Tells by which words the bindings of a table are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from guardbind.evidence import EvidenceTable, Located
from guardbind.targets.aliases import NO_FIELDS, Stems, attribute_stems, stem_aliases
from guardbind.text.asking import UNITS
from guardbind.text.english import ENGLISH
from guardbind.text.language import Language
from guardbind.text.layout import Span, folded, longest, occurrences
from guardbind.text.values import ValueType, classify
from guardbind.text.words import content, words

__all__ = ["LabelTable", "Labels", "Named", "label_table"]

_NUMBERED = re.compile(r"[ \u00a0](?:[A-Z]|\d[\w-]*)(?!\w)")
# "Lau, Wendy", as a list of guests has her
_INVERTED = re.compile(r"(?P<family>[^\W\d_][\w'\u2019-]{1,30}), (?P<given>[^\W\d_][\w'\u2019-]{1,30})")
_MOST_WORDS = 8  # of a name whose parts may stand for it
_MARKS = ".,;:!?()[]\"'"
_REACH = 40  # characters before a name in which the word before it is looked for


@dataclass(frozen=True, slots=True)
class Labels:
    """How one binding is called.

    Attributes:
        item: Its index in the table.
        attribute: The words of what is asked, in order.
        core: The same without words that people leave out; empty if nothing else is left.
        owners: Names that say whose value it is, as they are written: those of its record, but for the value itself.
        lent: Those of them that are only of something around what it is of, or in it.
        kinds: The words of what that is called.
        type: What kind of value it is.
    """

    item: int
    attribute: tuple[str, ...]
    core: tuple[str, ...]
    owners: frozenset[str]
    type: ValueType
    lent: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Named:
    """A place where a text names an owner.

    Attributes:
        span: Its characters, half-open.
        owners: Whom the name may stand for.
    """

    span: Span
    owners: frozenset[str]


@dataclass(frozen=True)
class LabelTable:
    """The labels of a table.

    Attributes:
        labels: Those of each binding that has a known value.
        owners: Every owner's name; a part of a name stands for the whole where no other owner shares it.
        genitives: The same by the forms of these names that say by an ending that they own something.
        vocabulary: Words of all keys.
        modifiers: Those of them that may stand before an attribute and leave it what it is: what keys say besides
            their attribute ("shipping" of `shipping.status`), and attributes of one word ("customer").
        language: What the words are of.
        aliases: Other names that the caller has for an attribute, by its words.
        surfaces: The surfaces of all values.
    """

    labels: tuple[Labels, ...]
    owners: Mapping[str, frozenset[str]]
    genitives: Mapping[str, frozenset[str]]
    vocabulary: frozenset[str]
    modifiers: frozenset[str] = frozenset()
    language: Language = ENGLISH
    aliases: Mapping[Stems, tuple[Stems, ...]] = field(default_factory=dict)
    surfaces: tuple[str, ...] = ()

    @cached_property
    def items(self) -> Mapping[int, Labels]:
        """The labels by the index of their binding."""
        return {label.item: label for label in self.labels}

    @cached_property
    def values_but_names(self) -> tuple[str, ...]:
        """The surfaces of all values that are not the name of an owner as well, but for names with a digit."""
        names = {name for label in self.labels for name in label.owners if not any(map(str.isdecimal, name))}
        return tuple(surface for surface in self.surfaces if surface not in names)

    def in_name(self, stem: str) -> bool:
        """Whether a word is one of a name."""
        # Most that are asked for are the whole name of something, and spare looking at all others.
        if stem in self.owners and any(word.stem == stem for word in words(stem, self.language)):
            return True
        return stem in self.name_words

    @cached_property
    def name_words(self) -> frozenset[str]:
        """The words of all names."""
        return frozenset(word.stem for name in (*self.owners, *self.genitives) for word in words(name, self.language))

    def of(self, item: int) -> Labels:
        """Return the labels of a binding."""
        return self.items[item]

    def is_whole(self, written: str) -> bool:
        """Whether something is a whole name, as the name of a table is written or in another case."""
        name = folded(written)
        return any(folded(whole) == name for whole in self.owners.get(name, ()))

    def without_names(self, text: str) -> str:
        """Return a text with marks in place of whole names of several words, whose words say nothing by themselves.

        "Seven Lanterns" speaks of no seven things, and "Under Hollow Hill" of nothing under another.
        """
        for start, end in (mention.span for mention in self.mentions(text) if mention.owners):
            written = text[start:end]
            if " " in written and written[0].isupper() and self.is_whole(written):
                text = f"{text[:start]}{'_' * (end - start)}{text[end:]}"
        return text

    def mentions(self, text: str) -> list[Named]:
        """Return where a text names owners, in the order of the text.

        A name that may be another one ("Jonas Code", of Jona or of Jonas) or is another one ("von Andreas", where only
        Andrea is known) stands for nobody, and so does a word of a name with another letter or number behind it.
        """
        found = occurrences(folded(text), {*self.owners, *self.genitives})
        kept = longest(span for span, _ in found)
        return [Named(span, self._meant(text, span, name)) for span, name in found if span in kept]

    def _meant(self, text: str, span: Span, name: str) -> frozenset[str]:
        """Return whom a name stands for at a place."""
        if not self.language.marks.spaced and not _whole(text, span, self.language):
            return frozenset()  # of "张伟明", where only 张伟 is known
        itself, owning = (table.get(name, frozenset()) for table in (self.owners, self.genitives))
        marks = self.language.marks
        if _NUMBERED.match(text, span[1]) and all(folded(whole) != name for whole in itself):
            itself = frozenset()  # "Model A", where only Model B is known
        if not any(name.endswith(ending) for ending in marks.genitives):
            return itself
        said = self.language.statements
        before = "".join(text[max(0, span[0] - _REACH) : span[0]].split()[-1:]).lower()
        if before in said.of & said.determiners:
            return itself | owning  # "die Höhe des Turms"
        if before in said.of | said.determiners or not self.language.owning.match(text, span[1]):
            return itself
        return frozenset() if itself else owning


def _whole(text: str, span: Span, language: Language) -> bool:
    """Whether a name begins and ends with a word, in a script without spaces."""
    found, joining = words(text, language), language.statements.on | language.statements.of
    behind = next((text[word.start : word.end] for word in found if word.start == span[1]), "")
    if len(behind) == 1 and language.script and language.script.match(behind) and behind not in joining:
        return False  # it may be one more character of a name
    return any(word.start == span[0] for word in found) and any(word.end == span[1] for word in found)


def label_table(
    table: EvidenceTable, language: Language = ENGLISH, fields: Mapping[str, str] = NO_FIELDS
) -> LabelTable:
    """Return the labels of everything that has a value.

    Args:
        table: What the prompt binds.
        language: What it is written in.
        fields: What the answer calls things, and what the prompt calls them.
    """
    columns: dict[str, tuple[Stems, Stems]] = {}
    labels = [_labels(item, language, columns) for item in table.items if item.value is not None]
    owners: dict[str, set[str]] = {}
    parts: Counter[str] = Counter()
    parted: dict[str, Sequence[str]] = {}
    names = {name for label in labels for name in label.owners}
    for name in names:
        owners.setdefault(folded(name), set()).add(name)
        if inverted := _INVERTED.fullmatch(name):
            owners.setdefault(folded(f"{inverted['given']} {inverted['family']}"), set()).add(name)
        if pieces := _parts(name, language):
            parted[name] = pieces
            parts.update(set(pieces))
    lone = {name: kept for name, pieces in parted.items() if (kept := [part for part in pieces if parts[part] == 1])}
    told = _records_of_words(table) if lone else {}
    whole_keys = {folded(item.key) for item in table.items} if lone else set()
    for name, pieces in lone.items():
        having = told.get(folded(name), set())
        for part in pieces:
            # An "amphora" is not the Etruscan one alone where the title of another record has the word too, and a
            # "director" not the deputy one, where a director is a key.
            if told.get(part, having) <= having and part not in whole_keys:
                owners.setdefault(part, set()).add(name)
    genitives: dict[str, set[str]] = {}
    for called, whole in owners.items():
        for form in language.genitives(called):
            genitives.setdefault(form, set()).update(whole)
    keys = {item.index: [word.stem for word in words(item.key, language)] for item in table.items}
    attributes = [stem for label in labels for stem in label.attribute]
    aliases = stem_aliases(fields, {label.attribute for label in labels}, language)
    attributes += [stem for names in aliases.values() for name in names for stem in name]
    beside = {stem for label in labels for stem in keys[label.item] if stem not in label.attribute}
    single = {stem for label in labels for stems in (label.attribute, label.core) if len(stems) == 1 for stem in stems}
    return LabelTable(
        tuple(labels),
        {name: frozenset(whole) for name, whole in owners.items()},
        {form: frozenset(whole) for form, whole in genitives.items()},
        frozenset(attributes).union(*keys.values()),
        frozenset(beside | single),
        language,
        aliases,
        tuple(surface for item in table.items for surface in item.surfaces),
    )


def _records_of_words(table: EvidenceTable) -> Mapping[str, set[str]]:
    """Return in which records each value stands, and each of its words, as `folded` writes them."""
    found: dict[str, set[str]] = {}
    for item in table.items:
        if item.record is not None and item.value is not None:
            pieces = item.value.split()[:_MOST_WORDS]
            for said in (item.value, *(piece.strip(_MARKS) for piece in pieces)):
                found.setdefault(folded(said), set()).add(item.record.id)
    return found


def _stems_and_core(called: str, language: Language) -> tuple[Stems, Stems]:
    """Return the words of an attribute, and of these what people do not leave out."""
    attribute = attribute_stems(called, language)
    # "Weight (kg)" is a weight; asked for in pounds it is none, because nothing here is called so.
    bare = attribute[:-1] if len(attribute) > 1 and re.fullmatch(UNITS, attribute[-1]) else attribute
    return attribute, tuple(stem for stem in bare if stem not in language.generic)


def _labels(item: Located, language: Language, known: dict[str, tuple[Stems, Stems]]) -> Labels:
    called = item.key if item.attribute is None else item.attribute
    if called not in known:
        known[called] = _stems_and_core(called, language)
    attribute, core = known[called]
    assert item.value is not None
    names = item.owners if item.record is None else (*item.owners, *item.record.names)
    owners = frozenset(names).difference(item.surfaces)
    kind = classify(item.value).type
    if item.nesting is None:
        return Labels(item.index, attribute, core, owners, kind)
    kinds = frozenset(word.stem for said in item.nesting.kinds for word in content(words(said, language)))
    return Labels(item.index, attribute, core, owners, kind, owners.intersection(item.nesting.lent), kinds)


def _parts(name: str, language: Language) -> Sequence[str]:
    """Return the words of a name of several words that may stand for it: "Alice" for Alice Moreno."""
    pieces = name.split()
    if len(pieces) < 2 or len(pieces) > _MOST_WORDS:
        return ()
    bare = [folded(piece.strip(_MARKS)) for piece in pieces]
    return [piece for piece in bare if len(piece) > 2 and piece.isalnum() and language.stem(piece) not in language.stop]
