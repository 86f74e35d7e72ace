"""Holds the words by which French says that a statement is no evidence, and that a value is no longer one."""

from __future__ import annotations

import re

from guardbind.text.language import either, wordlist
from guardbind.text.speech import Changes, Speech

__all__ = ["CHANGES", "SPEECH"]

_DOUBTFUL = (
    "peut-être|probablement|sans doute|apparemment|soi-disant|prétendument|éventuellement|vraisemblablement"
    "|théoriquement"
)
_FORMERLY = (
    "avant|auparavant|autrefois|jadis|anciennement|précédemment|à l'origine|initialement|l'an dernier"
    "|l'année dernière|le mois dernier|la semaine dernière"
)
_UNTIL = "(?:jusqu'|avant|il y a) ?[^,.;:]{1,40}"

SPEECH = Speech(
    partitive=re.compile(r"\bune?[ \t]des[ \t]\Z", re.IGNORECASE),
    frames={
        "supposed": either(
            "si|supposons|supposez|supposé|à supposer|admettons|imaginons|imagine|imaginez|au cas où|pourvu"
            "|à condition|à moins|lorsque|dès que|faisons comme|mettons|disons|je parie"
        ),
        "doubted": either(
            f"{_DOUBTFUL}|il paraît|il semble|on dit|rumeurs?|ouï-dire|pas sûre?|incertaine?",
            "je (?:crois|pense|suppose)",
            "à mon avis|selon (?:moi|une?|mon|ma|mes|certaine?s|quelqu['\u2019]un)|dit-on",
        ),
        "denied": either(
            "contrairement à|aucune (?:preuve|trace)|mensonges?|c'est faux(?= que| :|:)|loin d'être",
            "(?:ne )?(?:croyez|crois) pas|erreur de (?:penser|croire)",
        ),
        "example": either(
            r"par exemple|p\. ex|exemple(?=\s*:)|modèle(?=\s*:)",
            "dans (?:une?|le|la|l['\u2019]|ce|cette) ?(?:histoire|conte|roman|film|rêve|jeu|blague|chanson)",
            "rêvé|phrase type",
        ),
        "said": either(
            "(?:a|ont|avait|avaient) (?:dit|affirmé|prétendu|écrit|déclaré|raconté|répondu|crié|juré)(?=\\s*:| que)",
            "(?:dit|affirme|prétend|écrit|déclare|raconte|répond|crie|lance|lancé)(?=\\s*:)",
        ),
    },
    leads={"former": either(f"{_FORMERLY}|{_UNTIL}"), "doubted": either(_DOUBTFUL)},
    inside={
        "former": either(_FORMERLY),
        "doubted": either(f"{_DOUBTFUL}|serait|pourrait|devrait|inconnue?"),
        "planned": either("sera|seront|prévue?"),
    },
    tails={
        "former": re.compile(rf"\s*,?\s*(?:{_FORMERLY}|jusqu'|il y a)\b", re.IGNORECASE),
        "doubted": re.compile(rf"\s*,?\s*\(?(?:{_DOUBTFUL}|je (?:crois|pense)|dit-on)\b", re.IGNORECASE),
    },
    past=either("était|étaient|fut|furent|avait|avaient"),
    sources=wordlist("nous je document rapport facture contrat dossier registre fiche tableau base page courrier"),
)

CHANGES = Changes(
    stale=either(
        "au lieu|plutôt|remplacée?s?|a changé|ont changé|n'est plus|ne sont plus|périmée?s?|obsolètes?|désormais",
        "en fait|finalement|annulée?s?|modifiée?s?|correction|rectification|en réalité|caduque?s?|erreur de ma part",
        "(?:oublie[zr]?|ignore[zr]?) (?:ce que|ce qui|ça|cela|le|la|les)|ne tene[zr] plus|(?:me suis|s'est) trompée?",
        "personne ne sait|on ne sait plus|n'est plus valable|autant pour moi|au temps pour moi",
    ),
    but=re.compile(r",?[ \t]+mais[ \t]+(?=\S)"),
    newer=either("nouveau|nouvelle|nouvel|actuel|actuelle|correcte?"),
)
