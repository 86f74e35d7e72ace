"""Holds the Spanish words that leave open which value holds, or take it back where it stands."""

from __future__ import annotations

from guardbind.text.unsettling import Unsettling
from guardbind.text.wordlists import either, wordlist

__all__ = ["UNSETTLING"]

UNSETTLING = Unsettling(
    led=either(
        "era|eran|antes|primero|anteriormente|antiguamente|antigu[oa]|de|no|aproximadamente|aprox|unos|unas",
        "cerca de|máx\\w*",
        "mín\\w*|al menos|como máximo|hasta|más de|menos de|quizás?|tal vez|probablemente|p\\. ?ej|por ejemplo",
        "junto a",
    ),
    trailed=either(
        "o|u|hasta|aprox\\w*|máx\\w*|mínimo|fals[oa]|inválid[oa]|sin confirmar|por confirmar|quizás?|tal vez",
        "cancelad[oa]",
        "anulad[oa]|eliminad[oa]|tachad[oa]|caducad[oa]|obsolet[oa]|ejemplo|previst[oa]|propuest[oa]|borrador",
        "rechazad[oa]",
        "broma|dice|según|si|salvo|más|menos|error|inventad[oa]|mentira|(?:el )?año pasado",
    ),
    turned=either("luego|después|ahora|nuev[oa]|desde|hoy|no|perdón|mejor dicho|o sea|actualmente|y"),
    belied=either(
        "miente|mienten|mintió|mentiros[oa]|siempre se equivoca|broma|chiste|(?:falso|mentira)(?=:)",
        "(?:fals[oa]|viej[oa]|antigu[oa]) (?:\\w+ )?(?:folleto|lista|hoja|nota|cartel|página|tabla|plan|mapa"
        "|informe|versión)",
        "(?:folleto|lista|hoja|nota|cartel|página|tabla|plan|mapa|informe|artículo|versión|carta|mensaje)"
        " (?:equivocad[oa]|fals[oa]|erróne[oa]|obsolet[oa]|caducad[oa])",
    ),
    taken_back=either(
        "(?:es|era|fue) (?:una )?(?:mentira|broma|chiste|falso)|jaja|o no|verdadero o falso|no (?:lo|le|la) creas?",
        "\\w+ (?:se )?lo (?:ha )?invent(?:ó|ado|é)|inocente|según \\w+ al menos",
        # Who speaks corrects himself: "4417, no, espera, ese es el de la bici".
        "(?:(?:ah|eh|uy|ay|oh),? )*(?:no|espera|espere|perdón|perdona)"
        "(?:[,.!\u2026 ]+(?:no|espera|espere|perdón|perdona|ese|esa|eso)\\b)+",
        "me (?:he equivocado|equivoqué|confundí|he confundido)",
    ),
    totals=wordlist("total totales suma subtotal"),
)
