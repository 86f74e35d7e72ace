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
_SAYS = (
    "(?:dice|dicen|dijo|dijeron|decía|afirma|afirman|afirmó|asegura|aseguran|aseguró|escribe|escriben|escribió|declara"
    "|declaró|cuenta|cuentan|contó|contaron|responde|respondió|replica|replicó|objeta|objetó|grita|gritó|jura"
    "|juran|juró"
    "|cree|creen|creía|piensa|piensan|pensaba|opina|opinan|sospecha|murmura|murmuran|susurra|susurró|sopla|sopló|supone"
    "|insiste|insistió|sugiere|sugirió|ríe|rio|rió|bromea|bromeó|sostiene|sostienen|comenta|comentan|comentó|oye|oyó"
    "|oído|leído|rumorea|perjura|dicho|afirmado|asegurado|contado|escrito)"
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
            "según (?:un|una|mi|mis|algun[oa]s?|alguien|él|ella|ellos|ellas)|para (?:él|ella|ellos|ellas)|a decir de",
            "(?:si|de) (?:hacer|hacemos|haces) caso",
        ),
        "denied": either(
            "al contrario de|ninguna prueba|mentiras?|es falso(?= que|:)|lejos de",
            "invento|pura ficción|no cre(?:as|an|áis|a) que|se equivoca quien",
        ),
        "example": either(
            r"por ejemplo|p\. ej|ejemplo(?=\s*:)|modelo(?=\s*:)",
            "en (?:la|el|una|un|esta|este) (?:historia|cuento|novela|película|sueño|juego|chiste)",
            "soñado|soñé|borrador|esbozo|(?:nunca|no|sin) (?:se )?(?:firm|public|aprob|valid|envi)\\w+",
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
    complement=re.compile(
        r"\bque(?:[ \t]+(?:el|la|los|las|una?|mi|mis|su|sus|nuestr[oa]|este|esta))?[ \t]*[\"'\u201c\u00ab]?[ \t]*\Z",
        re.IGNORECASE,
    ),
    asserted=either(
        "not[aeo]|noten|ten(?:er|ga|gan|ed)? en cuenta|recuerd\\w+|recorda\\w+|sab\\w+|sé|confirm\\w+|consta"
        "|verific\\w+",
        "comprob\\w+|cierto|verdad|clar[oa]|segur[oa]|evidente|muestra|muestran|inform\\w+|olvid\\w+"
        "|establec\\w+|indic\\w+",
        "avis\\w+|señal\\w+|ya|porque|puesto|dado|resulta",
    ),
    unforgotten=either("no (?:te |se |os )?olvid\\w+"),
    saying=re.compile(
        rf"\b(?P<who>[^\W\d_][\w-]*)\s+(?:(?:me|nos|le|les|se|lo)\s+)?(?:(?:ha|he|han|hemos|había)\s+)?(?:siempre\s+)?"
        rf"{_SAYS}(?=\s*(?:que\b|:))",
        re.IGNORECASE,
    ),
    said_by=re.compile(
        r"[\"'\u201d\u00bb)\s]*,?\s+según\s+(?:(?:el|la|los|las|una?|mi|mis|su|nuestr[oa])\s+)?(?P<by>\w[\w-]*)",
        re.IGNORECASE,
    ),
    hearsay=either(rf"{_SAYS}|se (?:dice|oye|rumorea|comenta|cuenta)|rumor(?:es)?|al parecer|por lo visto"),
    placing=either(
        "en|a|al|desde|tras|para|por|con|de|del|durante|sobre|bajo|según|cada|conforme|el (?:\\d|lunes|martes|miércoles"
        "|jueves|viernes|sábado|domingo)"
    ),
    plain=wordlist(
        "también y pero pues entonces así sí no bueno ok hoy ahora hola querido querida nota luego después "
        "finalmente primero",
        "todavía aún aquí allí bien info recordatorio pd atención resumen porque como actualmente además este "
        "esta el la los",
        "las nuestro nuestra nuestros mi mis un una total todo toda corrección errata perdón desde nuevo nueva "
        "último última",
        "igualmente asimismo eh",
    ),
    past=either("era|eran|fue|fueron|tenía|tenían"),
    sources=wordlist(
        "nosotros yo he hemos documento informe factura contrato expediente registro ficha tabla base página "
        "manual etiqueta",
        "reglamento certificado acta boletín recibo lista catálogo artículo cláusula horario sistema archivo "
        "carta texto",
        "cuaderno albarán ticket",
    ),
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
