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
_SAYS = (
    "(?:dit|disent|disait|affirme|affirment|affirmé|prétend|prétendent|prétendu|écrit|écrivent|déclare|déclarent"
    "|déclaré"
    "|raconte|racontent|raconté|répond|répondu|rétorque|rétorqué|réplique|répliqué|objecte|objecté|crie|crié"
    "|jure|jurent"
    "|juré|assure|assurent|assuré|soutient|soutiennent|soutenu|croit|croient|cru|pense|pensent|pensé|estime|estiment"
    "|estimé|soupçonne|murmure|murmuré|souffle|soufflé|chuchote|chuchoté|suppose|insiste|insisté|suggère|suggéré|rit|ri"
    "|lance|lancé|plaisante|plaisanté|entendu|lu|colporte|colporté)"
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
            "à (?:en croire|ce qu['\u2019](?:on|ils?|elles?|il paraît)|ce que|l'en croire)|pour (?:lui|elle|eux"
            "|elles)|\\w+-t-(?:on|il|elle)",
            "à mon avis|selon (?:moi|lui|elle|eux|elles|une?|mon|ma|mes|certaine?s|quelqu['\u2019]un)|dit-on",
        ),
        "denied": either(
            "contrairement à|aucune (?:preuve|trace)|mensonges?|c'est faux(?= que| :|:)|loin d'être",
            "(?:ne )?(?:croyez|crois) pas|erreur de (?:penser|croire)|invention|pure fiction|n'importe quoi",
        ),
        "example": either(
            r"par exemple|p\. ex|exemple(?=\s*:)|modèle(?=\s*:)",
            "dans (?:une?|le|la|l['\u2019]|ce|cette) ?(?:histoire|conte|roman|film|rêve|jeu|blague|chanson)",
            "rêvé|phrase type|brouillon|ébauche|(?:jamais|pas|non) (?:encore )?(?:signée?|publiée?|validée?|envoyée?)",
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
    complement=re.compile(
        r"\b(?:que|qu['\u2019])(?:[ \t]*(?:le|la|les|l['\u2019]|une?|mon|ma|mes|notre|nos|son|sa|votre|ce"
        r"|cette))?[ \t]*"
        r"[\"'\u201c\u00ab]?[ \t]*\Z",
        re.IGNORECASE,
    ),
    asserted=either(
        "note[zr]?|noté|sache[zr]?|sachant|savons|savez|sais|sait|rappel\\w*|souviens|souvenez|retene[zr]|confirm\\w*",
        "établie?|vrai|exact|claire?|certaine?|sûre?|évident|constat\\w*|montre|montrent|vérifiée?|inform\\w*"
        "|signal\\w*|précis\\w*|oublie[zr]?|puisque|parce|est-ce|il s'avère|attest\\w*|stipul\\w*",
    ),
    unforgotten=either("(?:n['\u2019]|pas )oubli\\w*"),
    saying=re.compile(
        rf"\b(?P<who>[^\W\d_][\w'\u2019-]*)\s+(?:(?:a|ai|ont|avons|avez|avait|avaient)\s+)?(?:toujours\s+|souvent\s+)?"
        rf"{_SAYS}(?=\s*(?:que\b|qu['\u2019]|:))",
        re.IGNORECASE,
    ),
    said_by=re.compile(
        r"[\"'\u201d\u00bb)\s]*,?\s+(?:selon|d['\u2019]après|au dire de|aux dires de)\s+"
        r"(?:(?:le|la|les|une?|mon|ma|mes|notre|son|sa|des|de)\s+|l['\u2019])?(?P<by>\w[\w'\u2019-]*)",
        re.IGNORECASE,
    ),
    hearsay=either(
        rf"{_SAYS}|on dit|dit-on|paraît(?:-il)?|semble-t-il|rumeurs?|bruit court|selon (?:lui|elle|eux|moi|une?)"
        rf"|prétend\\w*"
    ),
    placing=either(
        "dans|à|au|aux|en|le (?:\\d|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche)|depuis|après|pour|avec"
        "|de|du|des"
        "|dès|sur|par|chez|pendant|durant|sous|chaque|selon|d['\u2019]après|conformément|suivant|concernant|chez"
        "|d['\u2019]ici"
    ),
    plain=wordlist(
        "l l\u2019 d d\u2019 aussi et mais donc alors ainsi oui non bon ok aujourd'hui maintenant bonjour salut cher"
        " chère note remarque puis",
        "ensuite enfin premièrement encore ici là bien info rappel nb ps attention résumé car comme depuis "
        "actuellement",
        "également désormais ce le la les notre nos mon ma mes un une total tout toute quant voici voilà "
        "également donc",
        "pareillement mise correction erratum désolé pardon dorénavant nouveau nouvelle dernier dernière bref or",
    ),
    past=either("était|étaient|fut|furent|avait|avaient"),
    sources=wordlist(
        "nous je j'ai j ai avons document rapport facture contrat dossier registre fiche tableau base page courrier",
        "manuel étiquette notice règlement bail certificat procès-verbal bulletin reçu ticket liste catalogue article",
        "clause horaire système fichier lettre relevé bordereau cahier carnet texte",
    ),
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
