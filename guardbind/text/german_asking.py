"""Holds the German words that ask, by what answers them."""

from __future__ import annotations

import re

from guardbind.text.asking import LENGTHS, MASSES, SPEEDS, Interrogatives
from guardbind.text.wordlists import either, wordlist

__all__ = ["ASKING"]

_LENGTH = rf"{LENGTHS}|(?:Milli|Zenti|Kilo)?[Mm]etern?\b|Meilen?\b|Zoll\b|Fuß\b"
_TIME = r"(?:Sekunden?|Minuten?|Stunden?|Tagen?|Tage?|Wochen?|Monaten?|Monate?|Jahren?|Jahre?|Nächten?|min|h|s|d)\b"
_MASS = rf"{MASSES}|(?:Kilo)?[Gg]ramm\b|Kilo\b|Pfund\b|Tonnen?\b"
_AREA = r"(?:[mck]?m\s?(?:2|\u00b2)|Quadrat\w*|Hektar|ha|Personen|Plätze|Liter|[MGKT]i?B)\b"
_HEAT = r"(?:\u00b0|Grad\b)"
# "Wer fährt mit Anna" asks for no driver.
_WHOM = r"(?! (?:mit|ohne|nach|zu|zum|zur|in|im|ins|an|am|ab|auf|aus|bei|beim|durch|für|über|um|von|vom|vor)\b)"
_AGENTS = {
    **{"wer leitet": ("Leiter", "Leiterin", "Leitung"), "wer fährt": ("Fahrer", "Fahrerin")},
    **{"wer betreut": ("Betreuer", "Betreuerin", "Betreuung"), "wer trainiert": ("Trainer", "Trainerin")},
    **{"wer unterrichtet": ("Lehrer", "Lehrerin", "Lehrkraft"), "wer pflegt": ("Pfleger", "Pflegerin")},
    **{"wer liefert": ("Lieferant",)},
    **{"wem gehört": ("Besitzer", "Besitzerin", "Eigentümer", "Eigentümerin", "Halter", "Halterin")},
}

ASKING = Interrogatives(
    polite=either(
        "(?:kannst du|können sie|könntest du|könnten sie|würdest du|würden sie) (?:mir|uns) "
        "[^?.!\\n]{0,80}\\b(?:sagen|nennen|geben|zeigen|nachsehen|nachschauen|heraussuchen)",
        "(?:sagst du|sagen sie|nennst du|nennen sie|gibst du|geben sie) (?:mir|uns) "
        "(?:bitte |mal |kurz )*(?:die|der|das|den)",
    ),
    kinds={
        "none": either("warum|wieso|weshalb|wozu|wie oft|wie(?= (?:kann|kommt|komme|funktioniert|geht)\\b)"),
        "measure": either(
            "wie (?!(?:viele?|lautet|lauten|lautete|heißt|heißen|hieß|ist|sind|war|waren|wird|werden|wurde|folgt|oben"
            "|angegeben|bitte|ich|du|sie|er|es|wir|man|der|die|das|sich|war|bald|nennt|steht|schreibt)\\b)"
            "(?P<degree>[^\\W\\d_]+)"
        ),
        "time": either("(?:seit |bis |ab )?wann|an welchem (?:tag|datum)|um wie ?viel uhr|welcher tag|welches datum"),
        "price": either("(?:wie ?viel|was) koste(?:t|te|ten|n)|zu welchem preis"),
        "amount": either("wie ?viel|welche[mnr]? (?:betrag|summe)"),
        "name": either("wer|wen|wem|welche[mnrs]? (?:person|stadt|ort|land|firma)"),
        "place": either("wo|wohin|woher"),
        "any": either("was|welche[mnrs]?|wessen|wie ?viele|wie"),
    },
    measures={
        **dict.fromkeys(("breit", "tief", "dick", "weit"), _LENGTH),
        # "Wie hoch ist" asks for any amount: one is told from a number that names something by its size or its unit.
        **dict.fromkeys(("hoch", "niedrig"), f"{_LENGTH}|%|{_HEAT}|[^\\W\\d_]|(?<=\\d\\d\\d)\\Z|(?<=[.,]\\d\\d)\\Z"),
        **dict.fromkeys(("groß", "klein"), f"{_LENGTH}|{_AREA}|{_MASS}|[€$]|(?<=\\d\\d\\d)\\Z"),
        **dict.fromkeys(("lang", "lange", "kurz"), f"{_LENGTH}|{_TIME}|Seiten?\\b"),
        "alt": _TIME,
        "schwer": _MASS,
        "schnell": SPEEDS,
        **dict.fromkeys(("warm", "kalt", "heiß"), _HEAT),
    },
    nouns=wordlist("person stadt ort land firma betrag"),
    times=either(
        "(?:mon|diens|donners|frei|sams|sonn)tags?|mittwochs?|mittags?|mitternacht|morgens?|vormittags?|nachmittags?"
        "|abends?|heute|täglich|wöchentlich|monatlich|frühling|sommer|herbst|winter|ostern|weihnachten|uhr"
    ),
    aside=re.compile(
        r"\b(?:neben|gegenüber(?:\s+von)?|vor|nach|zwischen|über|ohne|um|rund\s+um"
        r"|bis)\s+(?:(?:der|dem|den|das|die|meiner?|unserer?)\s+)?\Z",
        re.IGNORECASE,
    ),
    within=re.compile(
        r"\b(?:an|am|auf|in|im|bei|beim|mit|seit)\s+(?:(?:der|dem|den|das|die|meiner?|unserer?)\s+)?\Z", re.IGNORECASE
    ),
    former=either("vorher|zuvor|früher|ehemals|vormals|einst|damals|davor"),
    apart=wordlist(
        "alte alten alter altes neue neuen neuer neues junge jungen junger kleine kleinen kleiner große großen",
        "großer andere anderen anderer zweite zweiten zweiter dritte dritten ehemalige ehemaligen echte echten",
        "falsche falschen linke linken rechte rechten obere oberen untere unteren ältere älteren jüngere jüngeren",
    ),
    implied=(
        (either("wie schwer (?:ist|sind)|(?:was|wie ?viel) wieg(?:t|en)"), ("Gewicht",)),
        (either("(?:was|wie ?viel) koste(?:t|n)"), ("Preis",)),
        (either("wie hoch (?:ist|sind)"), ("Höhe",)),
        (either("wie breit (?:ist|sind)"), ("Breite",)),
        (either("wie tief (?:ist|sind)"), ("Tiefe",)),
        (either("wie dick (?:ist|sind)"), ("Dicke",)),
        (either("wie lang (?:ist|sind)"), ("Länge", "Dauer", "Laufzeit", "Spieldauer")),
        (either("wie lange? (?:dauer|läuf)t"), ("Dauer", "Laufzeit", "Spieldauer")),
        (either("wie alt (?:ist|sind)"), ("Alter",)),
        (either("wie (?:warm|kalt|heiß) ist"), ("Temperatur", "Temp")),
        (either("wie schnell (?:ist|sind)"), ("Geschwindigkeit", "Tempo")),
        (either("wie groß (?:ist|sind)"), ("Größe", "Fläche")),
        (either("wann (?:ist|wurde) [^?.!\\n]{1,80} geboren"), ("Geburtsdatum", "Geburtstag", "geb")),
        *((either(f"{verb}{_WHOM}"), nouns) for verb, nouns in _AGENTS.items()),
    ),
)
