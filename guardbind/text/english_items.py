"""Holds the words of English items with known answers, by which a verifier is found able to judge or not."""

from __future__ import annotations

from guardbind.text.item_words import ItemDomain

__all__ = ["ITEMS"]

ITEMS = (
    ItemDomain(
        name="staff",
        owners=("Ines", "Tomas", "Priya", "Kofi", "Marta", "Yusuf"),
        attributes=("desk", "shift", "locker", "badge"),
        values=("4417", "8213", "5096", "7730", "2948", "6651"),
        states="{name}'s {attribute} number is {value}.",
        claims="The {attribute} number of {name} is {value}.",
    ),
    ItemDomain(
        name="parcels",
        owners=("parcel K-12", "parcel K-57", "parcel R-03", "parcel R-88", "parcel T-41"),
        attributes=("destination", "origin", "next stop"),
        values=("Turin", "Porto", "Gdansk", "Lyon", "Graz", "Malmö"),
        states="The {attribute} of {name} is {value}.",
        claims="{value} is the {attribute} of {name}.",
    ),
    ItemDomain(
        name="clinic",
        owners=("Mr Adeyemi", "Ms Brandt", "Mr Castro", "Ms Dahl", "Mr Evans"),
        attributes=("morning dose", "evening dose", "starting dose"),
        values=("5 mg", "10 mg", "20 mg", "40 mg", "75 mg"),
        states="{name} | {attribute}: {value}",
        claims="The {attribute} of {name} is {value}.",
    ),
    ItemDomain(
        name="machines",
        owners=("press A", "press B", "lathe C", "mill D", "saw E"),
        attributes=("operator", "inspector", "supervisor"),
        values=("Olga", "Piet", "Quinn", "Rosa", "Sven", "Tara"),
        states="{attribute} of {name} = {value}",
        claims="{value} is the {attribute} of {name}.",
    ),
    ItemDomain(
        name="rooms",
        owners=("the oak hall", "the attic", "the east wing", "the cellar", "the library"),
        attributes=("floor covering", "wall colour", "key colour"),
        values=("green", "grey", "white", "blue", "red", "yellow"),
        states="In the plan, the {attribute} of {name} is given as {value}.",
        claims="The {attribute} of {name} is {value}.",
    ),
)
