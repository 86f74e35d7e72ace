"""Holds the French words that ask, by what answers them."""

from __future__ import annotations

import re

from guardbind.text.asking import LENGTHS, MASSES, Interrogatives
from guardbind.text.wordlists import either, wordlist

__all__ = ["ASKING"]

_LENGTH = rf"{LENGTHS}|(?:milli|centi|kilo)?mètres?\b|pouces?\b|pieds?\b"
_TIME = r"(?:secondes?|minutes?|heures?|jours?|semaines?|mois|années?|ans?|nuits?|min|h|s|j)\b"
_MASS = rf"{MASSES}|(?:kilo)?grammes?\b|kilos?\b|livres?\b|tonnes?\b"

ASKING = Interrogatives(
    polite=either(
        "(?:peux-tu|pouvez-vous|pourrais-tu|pourriez-vous|tu peux|vous pouvez|veux-tu|voulez-vous) (?:bien )?"
        "(?:me|nous) (?:dire|donner|indiquer|envoyer|rappeler|montrer|trouver|chercher|préciser|communiquer)",
    ),
    kinds={
        "none": either("pourquoi|comment(?! (?:s['\u2019]appelle|se nomme|s['\u2019]intitule))"),
        "measure": either("combien (?P<degree>mesurent?|pèsent?|durent?|de temps)"),
        "time": either("(?:depuis |jusqu['\u2019]à )?quand|quel jour|quelle date|quelle heure"),
        "price": either("combien coût\\w+|à quel prix"),
        "amount": either("combien|quel(?:le)? (?:montant|somme)"),
        "name": either("qui|quel(?:le)? (?:personne|ville|village|pays|entreprise|société)"),
        "place": either("où"),
        "any": either("quel(?:le)?s?|quoi|lequel|laquelle|qu['\u2019]est-ce que"),
    },
    measures={
        **dict.fromkeys(("mesure", "mesurent"), _LENGTH),
        **dict.fromkeys(("pèse", "pèsent"), _MASS),
        **dict.fromkeys(("dure", "durent", "de temps"), _TIME),
    },
    nouns=wordlist("personne ville village pays entreprise société montant somme"),
    times=either(
        "lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|midi|minuit|matin|soir|après-midi|aujourd['\u2019]hui"
        "|demain|printemps|été|automne|hiver|noël|pâques|\\d{1,2} ?h(?:eures?)?"
    ),
    aside=re.compile(
        r"(?:\b(?:avant|après|derrière|devant|entre|près\s+(?:de|du|d['\u2019])|en\s+face\s+(?:de|du|d['\u2019])"
        r"|à\s+côté\s+(?:de|du|d['\u2019])|sous|sans|contre|vers|jusqu['\u2019](?:à|au)))"
        r"\s*(?:(?:le|la|les|mon|ma|notre)\s+|l['\u2019])?\Z",
        re.IGNORECASE,
    ),
    within=re.compile(r"\b(?:sur|dans|avec|depuis|à)\s+(?:(?:le|la|les|mon|ma|notre)\s+|l['\u2019])?\Z", re.IGNORECASE),
    former=re.compile(
        r"\A\W*avant,|\bavant\s*(?:\?|\Z)|\b(?:auparavant|autrefois|précédemment|jadis|anciennement)\b",
        re.IGNORECASE,
    ),
    apart=wordlist(
        "vieux vieil vieille vieilles nouveau nouvel nouvelle jeune jeunes petit petite grand grande autre autres",
        "second seconde deuxième troisième ancien ancienne feu vrai vraie faux fausse aîné aînée cadet cadette",
    ),
    implied=(
        (either("combien pès(?:e|ent)"), ("poids",)),
        (either("combien coût(?:e|ent)"), ("prix",)),
        (either("combien mesur(?:e|ent)"), ("taille", "longueur", "hauteur")),
        (either("combien (?:de temps )?dur(?:e|ent)"), ("durée",)),
        (either("quel âge a"), ("âge",)),
        (either("quand expire"), ("expiration", "date d'expiration")),
        (either("quand est née?"), ("naissance", "date de naissance", "né", "née")),
        (either("qui dirige(?! (?:vers|avec)\\b)"), ("directeur", "directrice", "responsable")),
        (either("qui conduit(?! (?:à|au|aux|vers|avec|dans|en|sur)\\b)"), ("conducteur", "conductrice", "chauffeur")),
        (either("qui enseigne(?! (?:à|au|aux|avec|dans|en)\\b)"), ("enseignant", "enseignante", "professeur")),
        (either("qui entraîne"), ("entraîneur", "entraîneuse")),
        (either("à qui appartient"), ("propriétaire",)),
    ),
)
