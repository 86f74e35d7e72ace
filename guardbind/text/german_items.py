"""Holds the words of German items with known answers, by which a verifier is found able to judge or not."""

from __future__ import annotations

from guardbind.text.item_words import ItemDomain

__all__ = ["ITEMS"]

ITEMS = (
    ItemDomain(
        name="staff",
        owners=("Anke", "Jörg", "Leyla", "Matthias", "Svenja", "Emre"),
        attributes=("Telefonnummer", "Spindnummer", "Ausweisnummer", "Büronummer"),
        values=("4417", "8213", "5096", "7730", "2948", "6651"),
        states="Die {attribute} von {name} ist {value}.",
        claims="{name} hat die {attribute} {value}.",
    ),
    ItemDomain(
        name="parcels",
        owners=("Paket K-12", "Paket K-57", "Paket R-03", "Paket R-88", "Paket T-41"),
        attributes=("Zielort", "Absendeort", "nächste Halt"),
        values=("Turin", "Porto", "Danzig", "Lyon", "Graz", "Malmö"),
        states="Der {attribute} von {name} ist {value}.",
        claims="{value} ist der {attribute} von {name}.",
    ),
    ItemDomain(
        name="clinic",
        owners=("Herr Adeyemi", "Frau Brandt", "Herr Castro", "Frau Dahl", "Herr Evans"),
        attributes=("Morgendosis", "Abenddosis", "Anfangsdosis"),
        values=("5 mg", "10 mg", "20 mg", "40 mg", "75 mg"),
        states="{name} | {attribute}: {value}",
        claims="{name} bekommt als {attribute} {value}.",
    ),
    ItemDomain(
        name="machines",
        owners=("Presse A", "Presse B", "Drehbank C", "Fräse D", "Säge E"),
        attributes=("Bedienung", "Prüfung", "Wartung"),
        values=("Olga", "Piet", "Quentin", "Rosa", "Sven", "Tara"),
        states="{attribute} von {name} = {value}",
        claims="Für die {attribute} von {name} ist {value} zuständig.",
    ),
    ItemDomain(
        name="rooms",
        owners=("Raum Eiche", "Raum Linde", "Raum Ahorn", "Raum Birke", "Raum Ulme"),
        attributes=("Wandfarbe", "Bodenfarbe", "Schlüsselfarbe"),
        values=("Grün", "Grau", "Weiß", "Blau", "Rot", "Gelb"),
        states="Laut Plan hat {name} als {attribute} {value}.",
        claims="Die {attribute} von {name} ist {value}.",
    ),
)
