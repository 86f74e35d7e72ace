"""What extraction makes of a prompt, beside the facts that the prompt was written from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from guardbind.evidence import Located, locate
from guardbind.extraction import classify, extract_prompt
from guardbind.text.english import ENGLISH
from guardbind.text.words import words
from guardbind_bench.measures.answers_prompt import Prompt, Span
from guardbind_bench.prompts.text_trial import Fact

__all__ = ["Extraction", "extraction"]

_WORD = re.compile(r"[^\W_]+")
_JOINING = frozenset({"a", "an", "my", "of", "the", "your"})
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, slots=True)
class Extraction:
    """How many of the facts were bound.

    Attributes:
        facts: Facts of the prompt.
        bound: Facts that a binding states.
        bindings: Bindings that were extracted.
        extra: Bindings that state no fact.
    """

    facts: int
    bound: int
    bindings: int
    extra: int


def extraction(prompt: Prompt, facts: Sequence[Fact]) -> Extraction:
    """Extract the bindings of a prompt and count those that are facts.

    A binding states a fact when one of its mentions holds the place of the fact's value, its value is the fact's in
    some form, and attribute and owner agree: the attributes have the same words, apart from case and plural, and from
    generic ones that one of them leaves out ("badge" for "badge number"), and the fact's owner, where it has one, is
    among the binding's owners or in its key.
    """
    items = locate(extract_prompt(prompt.text).bindings, prompt.text).items
    pairs = [
        (fact, item.index)
        for fact, (truth, span) in enumerate(zip(facts, prompt.facts, strict=True))
        for item in items
        if span is not None and _states(item, truth, span)
    ]
    bound, stating = {fact for fact, _ in pairs}, {item for _, item in pairs}
    return Extraction(len(facts), len(bound), len(items), len(items) - len(stating))


def _states(item: Located, fact: Fact, span: Span) -> bool:
    if not any(mention.chars[0] <= span[0] and span[1] <= mention.chars[1] for mention in item.mentions):
        return False
    written = [surface for surface in (item.value, *item.aliases) if surface is not None]
    if not set(written) & set(fact.forms) and classify(fact.value) not in map(classify, written):
        return False
    return _attribute_agrees(item, fact) and _owner_agrees(item, fact)


def _attribute_agrees(item: Located, fact: Fact) -> bool:
    asked = _stems(fact.attribute)
    found = _stems(item.attribute) if item.attribute else _stems(item.key) - _stems(fact.owner or "")
    return bool(asked and found) and (asked <= found or found <= asked) and asked ^ found <= ENGLISH.generic


def _stems(name: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(name)) - _JOINING


def _owner_agrees(item: Located, fact: Fact) -> bool:
    if fact.owner is None:
        return True
    owner = _words(fact.owner)
    return any(owner == _words(name) for name in item.owners) or owner <= _words(item.key)


def _words(name: str) -> frozenset[str]:
    """Return the words of a name, whichever way it is written: `badgeNumber`, `badge_number`, `Badge number`."""
    return frozenset(word.casefold() for word in _WORD.findall(_HUMP.sub(" ", name)))
