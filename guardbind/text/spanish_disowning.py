"""Holds the Spanish words by which a whole list is said not to hold, or things to have changed places."""

from __future__ import annotations

import re

from guardbind.text.disowning import Disowning
from guardbind.text.wordlists import either, wordlist

__all__ = ["DISOWNING"]

_LISTADO = (
    "(?:listas?|tablas?|números|cifras|valores|entradas|datos|plan(?:es)?|horarios?|versión|arriba"
    "|anterior(?:es)?|abajo)"
)

DISOWNING = Disowning(
    withdrawn=either(
        "anul\\w*|retir\\w*|rectific\\w*|est(?:á|aba) mal|err[oó]ne[oa]|errore?s?|equivoc\\w*",
        "confundid\\w*|olvida\\w*|borra\\w*|descart\\w*|no es (?:así|cierto|verdad|eso|correcto)",
        "por (?:ver|averiguar|confirmar|decidir|definir|fijar|determinar)|en el aire|pendiente|no consta"
        "|no se sabe|desconocid\\w*",
        "todavía no|aún no|ya no vale|metí la pata|de otr[oa]",
    ),
    told=either(
        "lo que (?:yo )?(?:dije|escribí|puse|conté|di|anoté|indiqué|he dicho|he escrito|dijimos|pusimos)",
        "(?:la|el|los|mi|esa|ese|este|esta) (?:cifra|número|importe|valor|dato|datos|cantidad|información"
        "|entrada|frase|línea"
        "|nota|monto) (?:de|del|para|sobre)",
        "por (?:descuido|error|equivocación)|sin querer",
    ),
    asker=either(
        "no (?:lo |me )?(?:sé|sabemos|recuerdo|encuentro|acuerdo|conozco|veo)|olvidé|he olvidado|se me olvidó"
    ),
    labels=either(
        "propuestas?|provisional(?:es)?|rechazad[oa]s?|sin (?:confirmar|vigencia|valor)|no vigentes?"
        "|ficticios|ficticias|de prueba|para pruebas?",
        "equivocad[oa]s?|erróne[oa]s?|no (?:fiarse|confiar)|antes del? \\w+|(?:antiguo|antes|viejo)(?=\\W*$)",
        "ya no (?:es válid[oa]s?|vale|rige|sirve)|no válid[oa]s?|inválid[oa]s?|obsolet[oa]s?"
        "|caducad[oa]s?|vencid[oa]s?|borrador(?:es)?",
        "ejemplos?|plantillas?|ficticio|ficticia|inventad[oa]s?|datos de prueba|archiv\\w*|anulad[oa]s?"
        "|cancelad[oa]s?|retirad[oa]s?",
        "no usar|no utilizar|fals[oa]s?|sustituid[oa]s?|reemplazad[oa]s?|sin efecto",
        f"(?:viej[oa]s?|antigu[oa]s?|anterior(?:es)?) {_LISTADO}|{_LISTADO} (?:viej[oa]s?|antigu[oa]s?"
        f"|anterior(?:es)?)",
        "(?:año|mes) pasado|semana pasada",
    ),
    notes=either(
        r"(?:esto|eso|todo (?:esto|eso)|es|era|eran|son) (?:es |era |son |eran )?(?:solo |sólo "
        r"|todo )?(?:un |una |el |la |los |las )?"
        r"(?:ejemplos?|borrador|inventad\w+|broma|mentira|falso|falsa|ficción"
        r"|plan (?:del?|de la) \w+ pasad\w+|plan de antes)(?! que)",
        r"nada de (?:esto|eso|lo)\b[^.\n]{0,30}(?:cierto|verdad|correcto|válido|vale)|(?:ha"
        r"|han) cambiado (?:todo|todos|todas)|todo ha cambiado",
        r"(?:olvid\w+|ignor\w+|descart\w+|borr\w+|no (?:us|cre|te fí)\w+) (?:todo |de )?(?:esto|eso|esa"
        r"|esta|ese|este)|ya no (?:vale|sirve|rige|son|es)n?",
        rf"(?:ignor[ae]\w*|olvid[ae]\w*|no (?:use|usen|tenga)\w*)\b[^.\n]{{0,30}}\b{_LISTADO}",
        rf"(?:nada|todo|todos|todas|ningun[oa]|est[eao]s?|{_LISTADO})\b[^.\n]{{0,60}}\b(?:es|son|era|eran"
        rf"|están?|ha|han|fue|fueron)\b"
        r"[^.\n]{0,30}\b(?:inventad[oa]s?|obsolet[oa]s?|fals[oa]s?|sustituid[oa]s?|reemplazad[oa]s?"
        r"|anulad[oa]s?|cambiad[oa]s?|cambiado"
        r"|movid[oa]s?|renumerad[oa]s?|ejemplos?|ya no)",
    ),
    below=either("abajo|siguientes?|a continuación"),
    reshuffled=either(
        "repartido de nuevo|redistribuid[oa]s?|reasignad[oa]s?|reorganizad[oa]s?|nuev[oa]s? \\w+ (?:para|desde)",
        "intercambi\\w+|permut\\w+|renombr\\w+|renumer\\w+|desplazad[oa]s?|trasladad[oa]s?|subido|bajado"
        "|duplicado|reemplazad[oa]s?",
        "hay que leer|(?:debe|debía|debería) (?:decir|poner|leerse)|sustituid[oa]s?|en lugar de|en vez de"
        "|donde dice|léase|fe de erratas|miente|mintió",
    ),
    unchanged=either("nada ha cambiado"),
    affirmed=either(
        "(?:es|son|está|están) (?:todos |todas |aún |todavía )*(?:correct[oa]s?|válid[oa]s?"
        "|actualizad[oa]s?|complet[oa]s?|definitiv[oa]s?|confirmad[oa]s?"
        "|vigentes?|ciert[oa]s?|de|en|para|aquí|al día)",
    ),
    about=re.compile(
        r"\A\W*(?:la|el|los|las|esta|estas|estos|este|esa|esos)\s+"
        + _LISTADO
        + r"\b(?: de arriba)? (?:es|son|era|eran|está|están|fue|pertenece)\b",
        re.IGNORECASE,
    ),
    older=wordlist("antiguo antigua antiguos antiguas viejo vieja viejos viejas anterior anteriores"),
)
