"""Holds the words of French items with known answers, by which a verifier is found able to judge or not."""

from __future__ import annotations

from guardbind.text.item_words import ItemDomain

__all__ = ["ITEMS"]

ITEMS = (
    ItemDomain(
        name="staff",
        owners=("Thomas", "Camille", "Karim", "Margaux", "Benoît", "Léa"),
        attributes=("numéro de badge", "numéro de poste", "numéro de casier", "numéro de bureau"),
        values=("4417", "8213", "5096", "7730", "2948", "6651"),
        states="Le {attribute} de {name} est le {value}.",
        claims="{name} a le {attribute} {value}.",
    ),
    ItemDomain(
        name="parcels",
        owners=("K-12", "K-57", "R-03", "R-88", "T-41"),
        attributes=("ville de départ", "ville d'arrivée", "prochaine étape"),
        values=("Turin", "Porto", "Gdansk", "Lyon", "Graz", "Malmö"),
        states="La {attribute} du colis {name} est {value}.",
        claims="{value} est la {attribute} du colis {name}.",
    ),
    ItemDomain(
        name="clinic",
        owners=("M. Adeyemi", "Mme Brandt", "M. Castro", "Mme Dahl", "M. Evans"),
        attributes=("dose du matin", "dose du soir", "dose initiale"),
        values=("5 mg", "10 mg", "20 mg", "40 mg", "75 mg"),
        states="{name} | {attribute} : {value}",
        claims="La {attribute} de {name} est de {value}.",
    ),
    ItemDomain(
        name="machines",
        owners=("la presse A", "la presse B", "la perceuse C", "la fraiseuse D", "la scie E"),
        attributes=("conduite", "surveillance", "maintenance"),
        values=("Olga", "Pierre", "Quentin", "Rosa", "Simon", "Tania"),
        states="{attribute} de {name} = {value}",
        claims="{value} est responsable de la {attribute} de {name}.",
    ),
    ItemDomain(
        name="rooms",
        owners=("la salle des Chênes", "la salle du Lac", "la salle Nord", "la bibliothèque", "la cave"),
        attributes=("couleur des murs", "couleur du sol", "couleur de la clé"),
        values=("vert", "gris", "blanc", "bleu", "rouge", "jaune"),
        states="D'après le plan, {name} a pour {attribute} le {value}.",
        claims="La {attribute} de {name} est le {value}.",
    ),
)
