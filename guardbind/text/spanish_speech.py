"""Holds the words by which Spanish says that a statement is no evidence, and that a value is no longer one."""

from __future__ import annotations

import re

from guardbind.text.language import either, wordlist
from guardbind.text.speech import Changes, Speech

__all__ = ["CHANGES", "SPEECH"]

_DOUBTFUL = (
    "quizás?|tal vez|acaso|a lo mejor|posiblemente|probablemente|aparentemente|presuntamente|supuestamente|teóricamente"
)
_FORMERLY = (
    "antes|anteriormente|antiguamente|previamente|originalmente|inicialmente|el año pasado|el mes pasado"
    "|la semana pasada"
)
_UNTIL = "(?:hasta|antes de|hace) [^,.;:]{1,40}"

SPEECH = Speech(
    partitive=re.compile(r"\bun[ao]?[ \t]de[ \t]l[ao]s[ \t]\Z", re.IGNORECASE),
    frames={
        "supposed": either(
            "si|supongamos|suponiendo|supón|imaginemos|imagina|imagine|en caso de|siempre que|a menos que"
            "|con tal de|cuando|hagamos como|pongamos|digamos|apuesto"
        ),
        "doubted": either(
            f"{_DOUBTFUL}|parece|se dice|dicen|rumor(?:es)?|no (?:estoy|es) segur[oa]|(?:creo|pienso|supongo) que",
            "en mi opinión|según dicen|se (?:oye|comenta|cuenta)|cuentan",
            "según (?:un|una|mi|mis|algun[oa]s?|alguien)",
        ),
        "denied": either(
            "al contrario de|ninguna prueba|mentiras?|es falso(?= que|:)|lejos de",
            "no cre(?:as|an|áis|a) que|se equivoca quien",
        ),
        "example": either(
            r"por ejemplo|p\. ej|ejemplo(?=\s*:)|modelo(?=\s*:)",
            "en (?:la|el|una|un|esta|este) (?:historia|cuento|novela|película|sueño|juego|chiste)",
            "soñado|soñé",
        ),
        "said": either(
            "(?:dijo|dijeron|afirmó|aseguró|escribió|declaró|contó|respondió|gritó|juró|ha dicho)(?=\\s*:| que)",
            "(?:dice|afirma|asegura|escribe|declara|cuenta|responde|grita|comenta|comentó)(?=\\s*:)",
        ),
    },
    leads={"former": either(f"{_FORMERLY}|{_UNTIL}"), "doubted": either(_DOUBTFUL)},
    inside={
        "former": either(_FORMERLY),
        "doubted": either(f"{_DOUBTFUL}|sería|podría|debería|desconocid[oa]"),
        "planned": either("será|serán|previst[oa]"),
    },
    tails={
        "former": re.compile(rf"\s*,?\s*(?:{_FORMERLY}|hasta|hace)\b", re.IGNORECASE),
        "doubted": re.compile(rf"\s*,?\s*\(?(?:{_DOUBTFUL}|creo|pienso|según dicen)\b", re.IGNORECASE),
    },
    past=either("era|eran|fue|fueron|tenía|tenían"),
    sources=wordlist("nosotros yo documento informe factura contrato expediente registro ficha tabla base página"),
)

CHANGES = Changes(
    stale=either(
        "en vez|en lugar|reemplazad[oa]s?|sustituid[oa]s?|ha cambiado|cambió|han cambiado|ya no|obsolet[oa]s?|ahora",
        "en realidad|finalmente|anulad[oa]s?|modificad[oa]s?|corrección|rectificación|error mío|caducad[oa]s?",
        "(?:olvid[ae]n?|olvidad|ignor[ae]n?|ignorad) (?:lo|eso|esto|el|la)|me equivoqué|se equivocó|nadie sabe",
    ),
    but=re.compile(r",?[ \t]+sino[ \t]+(?=\S)"),
    newer=either("nuev[oa]s?|actual|correct[oa]"),
)
