"""Holds the Spanish words that ask, by what answers them."""

from __future__ import annotations

import re

from guardbind.text.asking import LENGTHS, MASSES, Interrogatives
from guardbind.text.wordlists import either, wordlist

__all__ = ["ASKING"]

_LENGTH = rf"{LENGTHS}|(?:milí|centí|kiló)?metros?\b|pulgadas?\b|pies?\b"
_TIME = r"(?:segundos?|minutos?|horas?|días?|semanas?|mes(?:es)?|años?|noches?|min|h|s)\b"
_MASS = rf"{MASSES}|(?:kilo)?gramos?\b|kilos?\b|libras?\b|toneladas?\b"

ASKING = Interrogatives(
    polite=either(
        "(?:me|nos) (?:puedes|puede|podrías|podría|podéis|pueden) (?:por favor )?"
        "(?:decir|dar|indicar|mostrar|enviar|buscar|recordar|pasar)",
        "(?:puedes|puede|podrías|podría|podéis|pueden) (?:por favor )?"
        "(?:decir|dar|indicar|mostrar|enviar|buscar|recordar|pasar)(?:me|nos)",
        "(?:me|nos) (?:dices|dice|das|da|indicas|indica|pasas) (?:el|la|los|las|su|mi)",
    ),
    kinds={
        "none": either("por qué|para qué|cómo(?! (?:de |se llama|se llaman|se denomina))"),
        "measure": either(
            "cómo de (?P<degree>[^\\W\\d_]+)|(?:qué tan|cuán) (?P<much>[^\\W\\d_]+)"
            "|cuánto (?P<verb>miden?|pesan?|duran?|tiempo)"
        ),
        "time": either("(?:desde |hasta )?cuándo|qué (?:día|fecha|hora)"),
        "price": either("cuánto (?:cuesta|cuestan|costaba|costó|vale|valen)|a qué precio"),
        "amount": either("cuánto|qué (?:importe|cantidad|suma)"),
        "name": either("quién(?:es)?|qué (?:persona|ciudad|pueblo|país|empresa)"),
        "place": either("dónde|adónde"),
        "any": either("qué|cuál(?:es)?|cuánt[oa]s"),
    },
    measures={
        **dict.fromkeys(("mide", "miden", "ancho", "ancha", "largo", "larga", "alto", "alta", "lejos"), _LENGTH),
        **dict.fromkeys(("pesa", "pesan", "pesado", "pesada"), _MASS),
        **dict.fromkeys(("dura", "duran", "tiempo"), _TIME),
    },
    nouns=wordlist("persona ciudad pueblo país empresa importe cantidad suma"),
    times=either(
        "lunes|martes|miércoles|jueves|viernes|sábado|domingo|mediodía|medianoche|mañana|tarde|noche|hoy"
        "|primavera|verano|otoño|invierno|navidad|pascua"
    ),
    aside=re.compile(
        r"\b(?:antes\s+de|después\s+de|detrás\s+de|delante\s+de|frente\s+a|junto\s+a|al\s+lado\s+de|cerca\s+de|entre"
        r"|sobre|sin|contra|hacia|hasta|tras)\s+(?:(?:el|la|los|las|mi|nuestra?)\s+)?\Z",
        re.IGNORECASE,
    ),
    within=re.compile(r"\b(?:en|con|desde)\s+(?:(?:el|la|los|las|mi|nuestra?)\s+)?\Z", re.IGNORECASE),
    former=re.compile(r"\b(?:antes(?!\s+de)|anteriormente|previamente|antiguamente|antaño)\b", re.IGNORECASE),
    apart=wordlist(
        "viejo vieja viejos viejas nuevo nueva joven jóvenes pequeño pequeña grande gran otro otra segundo segunda",
        "tercer tercera antiguo antigua verdadero verdadera falso falsa mayor menor difunto difunta",
    ),
    implied=(
        (either("cuánto pesan?"), ("peso",)),
        (either("cuánto (?:cuestan?|valen?)"), ("precio",)),
        (either("cuánto mide"), ("altura", "longitud", "largo", "alto")),
        (either("cuánto duran?"), ("duración",)),
        (either("cuándo caducan?"), ("caducidad", "fecha de caducidad")),
        (either("cuándo vencen?"), ("vencimiento", "fecha de vencimiento")),
        (either("cuándo nació"), ("nacimiento", "fecha de nacimiento")),
        (either("quién dirige"), ("director", "directora", "responsable")),
        (either("quién conduce(?! (?:a|al|con|hasta|hacia|en|por)\\b)"), ("conductor", "conductora")),
        (either("quién enseña(?! (?:a|al|con|en)\\b)"), ("profesor", "profesora")),
        (either("quién entrena(?! (?:a|al|con|en)\\b)"), ("entrenador", "entrenadora")),
        (
            either("de quién es(?! (?:hij[oa]|herman[oa]|amig[oa])\\b)"),
            ("propietario", "propietaria", "dueño", "dueña"),
        ),
    ),
)
