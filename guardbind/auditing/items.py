"""Makes items with known labels, by which it is found out whether a verifier can do the task."""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.trace import ContextSpan
from guardbind.registry import AUTO, LANGUAGES
from guardbind.text.english import ENGLISH
from guardbind.text.item_words import ItemDomain
from guardbind.text.language import Language

__all__ = ["VerifierItem", "item_language", "verifier_items"]

Label = Literal["YES", "NO", "UNSURE"]

_LABELS: tuple[Label, ...] = ("YES", "NO", "UNSURE")


class VerifierItem(NamedTuple):
    """An item: spans, a claim, and the right answer."""

    domain: str
    spans: tuple[ContextSpan, ...]
    claim: str
    label: Label


def item_language(config: AuditConfig, context: Language | None = None) -> Language:
    """Return the language of the items that a verifier is asked.

    It is the one that the settings name, or that of the context; English where it has no items, or nothing is known.

    Args:
        config: The settings.
        context: What the context is written in; None where there is none yet.
    """
    wanted = context
    if config.items_language != AUTO:
        wanted = LANGUAGES.get(config.items_language)
    elif wanted is None and config.language != AUTO:
        wanted = LANGUAGES.get(config.language)
    return wanted if wanted is not None and wanted.items else ENGLISH


def verifier_items(count: int, seed: int, language: Language = ENGLISH) -> list[VerifierItem]:
    """Return items of several domains, as many of each answer; `count` is rounded down to a multiple of three.

    Two or three spans state values of one attribute of different owners, in an order of chance. YES: the claim states
    one of them in other words. NO: it states the value of another owner, or one that stands nowhere. UNSURE: it is
    about an owner or an attribute that no span speaks of.

    Args:
        count: How many.
        seed: Draws them.
        language: What they are written in; one that has items.

    >>> [item.label for item in verifier_items(3, 0)]
    ['YES', 'NO', 'UNSURE']
    """
    draw = random.Random(seed)
    domains = language.items
    return [
        _item(domains[place // len(_LABELS) % len(domains)], _LABELS[place % len(_LABELS)], draw)
        for place in range(count // len(_LABELS) * len(_LABELS))
    ]


def _item(domain: ItemDomain, label: Label, draw: random.Random) -> VerifierItem:
    shown = draw.randint(2, 3)
    owners = draw.sample(domain.owners, shown + 1)
    attribute, other = draw.sample(domain.attributes, 2)
    given = draw.sample(domain.values, shown + 1)
    texts = [
        domain.states.format(name=name, attribute=attribute, value=value)
        for name, value in zip(owners[:shown], given[:shown], strict=True)
    ]
    about = draw.randrange(shown)
    name, value = owners[about], given[about]
    if label == "NO":
        # A value of another owner, or one that no span has.
        value = given[shown if draw.random() < 0.5 else (about + 1) % shown]
    elif label == "UNSURE" and draw.random() < 0.5:
        name = owners[shown]
    elif label == "UNSURE":
        attribute = other
    claim = domain.claims.format(name=name, attribute=attribute, value=value)
    draw.shuffle(texts)
    spans = tuple(ContextSpan(id=f"S{place}", text=_begun(text)) for place, text in enumerate(texts, start=1))
    return VerifierItem(domain.name, spans, _begun(claim), label)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
