"""Lists the French nouns that say of which kind something is, as `nouns` tells them apart."""

from __future__ import annotations

from guardbind.text.nouns import Nouns
from guardbind.text.wordlists import wordlist

__all__ = ["NOUNS"]

NOUNS = Nouns(
    things=wordlist(
        "agence appareil appartement atelier avion bateau bâtiment boutique camion chambre classe clinique",
        "colis commande",
        "cours dépôt école engin entrepôt facture ferme hôtel laboratoire livraison livre machine magasin",
        "maison modèle",
        "musée navire plante plat produit projet recette restaurant salle serveur site succursale train usine",
        "véhicule",
        "voiture vol échantillon équipe",
    ),
    places=wordlist(
        "agence atelier boutique clinique dépôt école entrepôt ferme hôtel laboratoire magasin musée site succursale",
        "usine",
    ),
    links=wordlist("de d du des à"),
    fields=wordlist(
        "attribut case catégorie champ colonne entrée intitulé libellé ligne mention propriété rubrique valeur"
    ),
    entries=wordlist("information mention valeur donnée"),
)
