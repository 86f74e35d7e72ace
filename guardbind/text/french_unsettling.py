"""Holds the French words that leave open which value holds, or take it back where it stands."""

from __future__ import annotations

from guardbind.text.unsettling import Unsettling
from guardbind.text.wordlists import either, wordlist

__all__ = ["UNSETTLING"]

UNSETTLING = Unsettling(
    led=either(
        "était|étaient|avant|d['’]abord|auparavant|autrefois|anciennement|ancien(?:ne)?|de|pas|environ|vers",
        "max\\w*|min\\w*",
        "au (?:moins|plus)|jusqu['’]à|plus de|moins de|peut-être|soit|probablement|p\\. ?ex|par exemple|près de",
    ),
    trailed=either(
        "ou|jusqu['’](?:à|au|en)|environ|max|maximum|au (?:moins|plus)|faux|fausse|invalide|non confirmée?|peut-être",
        "à confirmer|annulée?|supprimée?|rayée?|expirée?|périmée?|obsolète|exemple|prévue?|proposée?|brouillon",
        "refusée?",
        "blague|dit|selon|si|sauf|plus|moins|erreur|inventée?|mensonge|l['’]an(?:née)? (?:dernier|dernière|passée?)",
    ),
    turned=either(
        "puis|ensuite|maintenant|désormais|nouveau|nouvelle|depuis|non|pardon|enfin|plutôt|aujourd['’]hui|et"
    ),
    belied=either(
        "ment|mentent|menti|menteu(?:r|se)|toujours tort|blague|plaisanterie|(?:faux|mensonge)(?= ?:)",
        "(?:fausse?|mauvaise?|vieille|vieux|ancien(?:ne)?) (?:\\w+ )?(?:affiche|liste|feuille|note|page"
        "|tableau|plan|carte"
        "|rapport|article|version|lettre|message|dépliant|brochure)",
        "(?:affiche|liste|feuille|note|page|plan|carte|rapport|article|version|lettre|message|dépliant|brochure)"
        " (?:fausse?|erronée?|périmée?|obsolète)",
    ),
    taken_back=either(
        "je plaisante|c['’](?:est|était) (?:un mensonge|une blague|une plaisanterie|faux|inventé)|haha|ou (?:pas|non)",
        "vrai ou faux|(?:ne le croi[st]|n['’]y croi[st]|ne croyez) (?:pas|rien)|poisson d['’]avril",
        "\\w+ l['’]a inventé",
        # Who speaks corrects himself: "4417, non attends, c'est celui du vélo".
        "(?:(?:ah|euh|oh|heu),? )*(?:non|attends|attendez|minute|pardon)"
        "(?:[,.!\u2026 ]+(?:non|attends|attendez|minute|pardon|ça|c['’]est|ce n['’]est)\\b)+",
        "je (?:me suis trompée?|confonds|mélange)|j['’]ai confondu",
    ),
    totals=wordlist("total totaux somme ensemble sous-total"),
)
