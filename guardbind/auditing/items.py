"""Makes items with known labels, by which it is found out whether a verifier can do the task."""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

from guardbind.auditing.trace import ContextSpan

__all__ = ["ITEM_LANGUAGE", "VerifierItem", "verifier_items"]

ITEM_LANGUAGE = "english"

Label = Literal["YES", "NO", "UNSURE"]

# Domain: names, attributes, values, how a span states it, how a claim does.
_DOMAINS: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], str, str]] = {
    "staff": (
        ("Ines", "Tomas", "Priya", "Kofi", "Marta", "Yusuf"),
        ("desk", "shift", "locker", "badge"),
        ("4417", "8213", "5096", "7730", "2948", "6651"),
        "{name}'s {attribute} number is {value}.",
        "The {attribute} number of {name} is {value}.",
    ),
    "parcels": (
        ("parcel K-12", "parcel K-57", "parcel R-03", "parcel R-88", "parcel T-41"),
        ("destination", "origin", "next stop"),
        ("Turin", "Porto", "Gdansk", "Lyon", "Graz", "Malmö"),
        "The {attribute} of {name} is {value}.",
        "{value} is the {attribute} of {name}.",
    ),
    "clinic": (
        ("Mr Adeyemi", "Ms Brandt", "Mr Castro", "Ms Dahl", "Mr Evans"),
        ("morning dose", "evening dose", "starting dose"),
        ("5 mg", "10 mg", "20 mg", "40 mg", "75 mg"),
        "{name} | {attribute}: {value}",
        "The {attribute} of {name} is {value}.",
    ),
    "machines": (
        ("press A", "press B", "lathe C", "mill D", "saw E"),
        ("operator", "inspector", "supervisor"),
        ("Olga", "Piet", "Quinn", "Rosa", "Sven", "Tara"),
        "{attribute} of {name} = {value}",
        "{value} is the {attribute} of {name}.",
    ),
    "rooms": (
        ("the oak hall", "the attic", "the east wing", "the cellar", "the library"),
        ("floor covering", "wall colour", "key colour"),
        ("green", "grey", "white", "blue", "red", "yellow"),
        "In the plan, the {attribute} of {name} is given as {value}.",
        "The {attribute} of {name} is {value}.",
    ),
}
_LABELS: tuple[Label, ...] = ("YES", "NO", "UNSURE")


class VerifierItem(NamedTuple):
    """An item: spans, a claim, and the right answer."""

    domain: str
    spans: tuple[ContextSpan, ...]
    claim: str
    label: Label


def verifier_items(count: int, seed: int) -> list[VerifierItem]:
    """Return items of several domains, as many of each answer; `count` is rounded down to a multiple of three.

    Two or three spans state values of one attribute of different owners, in an order of chance. YES: the claim states
    one of them in other words. NO: it states the value of another owner, or one that stands nowhere. UNSURE: it is
    about an owner or an attribute that no span speaks of.

    >>> [item.label for item in verifier_items(3, 0)]
    ['YES', 'NO', 'UNSURE']
    """
    draw = random.Random(seed)
    domains = list(_DOMAINS)
    return [
        _item(domains[place // len(_LABELS) % len(domains)], _LABELS[place % len(_LABELS)], draw)
        for place in range(count // len(_LABELS) * len(_LABELS))
    ]


def _item(domain: str, label: Label, draw: random.Random) -> VerifierItem:
    names, attributes, values, stated, claimed = _DOMAINS[domain]
    shown = draw.randint(2, 3)
    owners = draw.sample(names, shown + 1)
    attribute, other = draw.sample(attributes, 2)
    given = draw.sample(values, shown + 1)
    texts = [
        stated.format(name=name, attribute=attribute, value=value)
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
    claim = claimed.format(name=name, attribute=attribute, value=value)
    draw.shuffle(texts)
    spans = tuple(ContextSpan(id=f"S{place}", text=_begun(text)) for place, text in enumerate(texts, start=1))
    return VerifierItem(domain, spans, _begun(claim), label)


def _begun(text: str) -> str:
    return text[:1].upper() + text[1:]
