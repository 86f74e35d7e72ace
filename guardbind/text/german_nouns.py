"""Lists the German nouns that say of which kind something is, as `nouns` tells them apart."""

from __future__ import annotations

from guardbind.text.nouns import Nouns
from guardbind.text.wordlists import wordlist

__all__ = ["NOUNS"]

NOUNS = Nouns(
    things=wordlist(
        "abteilung auto bestellung boot buch bus fahrzeug fabrik farm filiale flug gebäude gericht gerät haus hotel",
        "klasse klinik kurs labor laden lager lieferung linie maschine modell museum niederlassung paket pflanze probe",
        "produkt projekt raum rechnung restaurant rezept saal schiff schule sendung server standort station ticket",
        "vorgang wagen werk werkstatt wohnung zimmer zug zweigstelle",
    ),
    places=wordlist(
        "abteilung filiale klinik labor laden lager museum niederlassung schule standort station werk werkstatt",
        "zweigstelle",
    ),
    links=wordlist("in von"),
    fields=wordlist(
        "angabe attribut begriff eigenschaft eintrag eintragung feld kategorie merkmal punkt rubrik spalte stichwort",
        "stichpunkt überschrift zeile wert datenfeld feldname",
    ),
    entries=wordlist("angabe auskunft eintrag information wert"),
)
