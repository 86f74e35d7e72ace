"""Holds the French words by which a whole list is said not to hold, or things to have changed places."""

from __future__ import annotations

import re

from guardbind.text.disowning import Disowning
from guardbind.text.wordlists import either, wordlist

__all__ = ["DISOWNING"]

_LISTE = "(?:listes?|tableaux?|numéros|chiffres|valeurs|entrées|données|plans?|planning|version|ci-dessus|ci-dessous)"

DISOWNING = Disowning(
    withdrawn=either(
        "annul\\w*|retire|rectificatif|erron\\w*|inexact\\w*|pas exact\\w*",
        "pas (?:ça|vrai|bon|correct\\w*)|tromp\\w*|oubli(?:e|ez)|laissez? tomber|efface\\w*|supprim\\w*",
        "reste à|(?:reste|demeure) (?:ouverte?|incertaine?)|en sait rien|pas encore|inconnu\\w*|à (?:déterminer"
        "|vérifier|confirmer)|plus valable",
        "ne vaut plus",
    ),
    told=either(
        "(?:ce que|tout ce que) (?:j['\u2019]ai|nous avons|j['\u2019]avais|j['\u2019]écrivais|je disais) (?:\\w+ )?"
        "(?:dit|écrit|donné|indiqué|noté|raconté)",
        "(?:le|la|les|mon|ma|ce|cette|l['\u2019])\\s?(?:montant|chiffre|valeur|nombre|donnée|données|information"
        "|info|indication"
        "|entrée|phrase|ligne|note) (?:de|du|des|pour|sur|concernant|d['\u2019])",
        "par (?:mégarde|erreur|inadvertance)|à tort",
    ),
    asker=either(
        "(?:je|nous) (?:ne |n['\u2019])(?:\\w+ )?(?:sais|savons|connais|trouve|trouvons|souviens|rappelle|retrouve)",
        "j['\u2019]ai oublié",
    ),
    labels=either(
        "propositions?|provisoires?|refusée?s?|rejetée?s?|non confirmée?s?|à confirmer|caduc(?:s|que"
        "|ques)?|sans valeur|pour (?:le |les )?tests?",
        "bidons?|ne (?:pas|plus) (?:se fier|croire)|avant le \\w+|(?:ancien|avant|autrefois)(?=\\W*$)",
        "plus valables?|plus valides?|plus en vigueur|n['’]est plus|périmée?s?|obsolètes?|caduque?s?"
        "|brouillons?|exemples?|modèles?",
        "fictifs?|fictives?|inventée?s?|imaginaires?|données de test|archiv\\w*|expirée?s?|annulée?s?"
        "|retirée?s?|faux|fausses?",
        "ne (?:pas|plus) utiliser|remplacée?s?|nul et non avenu",
        f"(?:ancien(?:ne)?s?|vieux|vieille|précédente?s?) {_LISTE}|{_LISTE} (?:précédente?s?|ancien(?:ne)?s?)",
        "(?:l['’])?(?:an(?:née)?|mois) (?:dernier|dernière|passée?)",
    ),
    notes=either(
        r"(?:c['’]est|c['’]était|ce n['’](?:est|était) qu|tout (?:cela|ça) est|ce sont|ce ne sont qu)\b[^.\n]{0,30}"
        r"(?:exemples?|brouillon|invent|blague|faux|fausse|fiction|test|plan d['’]avant|l['’]an(?:née)? derni\w*"
        r"|proposition|mensonge)(?! que)",
        r"rien (?:de (?:tout )?(?:cela|ça|ceci)|n['’](?:y )?est|de ce qui)\b[^.\n]{0,40}(?:vrai|exact"
        r"|juste|valable|correct)|tout a changé",
        r"(?:oublie[zr]?|ignore[zr]?|jete[zr]?|ne (?:croye|croi|vous fie|te fie)\w*) (?:tout "
        r"|pas )?(?:cela|ça|ceci|cette liste|cette)",
        rf"(?:ignore[zr]?|oublie[zr]?|ne tene[zr] pas compte)\b[^.\n]{{0,30}}{_LISTE}",
        rf"(?:rien|tout|toute?s?|tous|aucune?|ces|cette|ce|{_LISTE})\b[^.\n]{{0,60}}\b(?:est|sont|était"
        rf"|étaient|a|ont)\b[^.\n]{{0,30}}\b"
        r"(?:inventée?s?|périmée?s?|obsolètes?|faux|fausses?|remplacée?s?|annulée?s?|échangée?s?"
        r"|modifiée?s?|changé|plus valables?"
        r"|déplacée?s?|renumérotée?s?|exemples?)",
    ),
    below=either("ci-dessous|suivante?s?"),
    reshuffled=either(
        "redistribuée?s?|réattribuée?s?|réorganisée?s?|réaffectée?s?|de nouveaux? \\w+|de nouvelles? \\w+",
        "échang\\w+|interverti\\w*|permut\\w+|renomm\\w+|renumérot\\w+|décalée?s?|déplacée?s?"
        "|augmentée?s?|diminuée?s?|doublée?s?",
        "remplacée?s?|(?:il )?(?:fallait|faut|falloir) lire|au lieu|à la place|erratum|ment|menti",
    ),
    unchanged=either("rien n['’]a changé"),
    affirmed=either(
        "(?:est|sont) (?:toujours |encore |tous |toutes )*(?:corrects?|correctes?|exacte?s?|valables?"
        "|valides?|à jour|complets?|complètes?|définitif"
        "|définitive|confirmée?s?|vraie?s?|justes?|de|en|pour|ici)",
    ),
    about=re.compile(
        r"\A\W*(?:la|le|les|cette|ces|ce)\s+"
        + _LISTE
        + r"\b(?: ci-dessus)? (?:est|sont|était|étaient|appartient|date|vient)\b",
        re.IGNORECASE,
    ),
    older=wordlist(
        "ancien ancienne anciens anciennes précédent précédente précédents précédentes vieux vieille vieilles"
    ),
)
