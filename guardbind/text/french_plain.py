"""Lists the French words of a question that say nothing of which value it asks for, as `english_plain` does."""

from __future__ import annotations

from guardbind.text.wordlists import wordlist

__all__ = ["CARRIERS", "CODED", "PLAIN"]

_HELD = wordlist(
    "dure durent affecté affectée affectés affiche affiché affichée apparaissant apparaît appartenant appartient",
    "associé associée associés attribué attribuée attribués cité citée concernant concerne concerné concernée",
    "utilise utilisent",
    "conservé conservée consigné consignée contenu correspondant correspondante correspondent donné désigne désigné",
    "détaille détenu détient enregistré enregistrée enregistrés existe figurant figure fourni fournie indiquée",
    "indiquées indiqués inscrit inscrite inscrits lire listé listée lit lié liée liés lu marqué marquée mentionné",
    "mentionnée mentionnés noté notée notés occupe pointe portant possède possédé précisé précisée présent présente",
    "rattaché rattachée relatif relative renseigné renseignée renvoie repris repère reste retrouve revient référencé",
    "référencée répertorié répertoriée saisi saisie signalé signalée spécifié spécifiée stocké stockée tient trouvé",
    "trouvée vaut vient",
)

_ASKED = wordlist(
    "aide aider aidez aimerais aimerait aimerions appeler appelle aurais besoin cherche chercher cherchez cherchons",
    "cite citer citez communique communiquer communiquez complète compléter complétez composer confirme confirmer",
    "confirmez consulte consulter consultez demande demander demandé désire extraire extrais extrayez faire fais",
    "faites faudrait fournir fournis fournissez ignore importe insérer intéresse laisse lis note noter noterai",
    "obtenir oublie oublié pourrait prendre précise préciser précisez quelqu'un quelqu'une recherche rechercher",
    "recopie recopier recopiez redire redis redonne redonner redonnez relever relevez relève remplir remplis",
    "remplissez renvoie renvoyer reporte reporter retrouver retrouvez sache sais saurais savez sort sortir souhaite",
    "souhaiterais souhaitons tape taper veut voir vois voudrait voulons voyez vérification vérifie vérifier vérifiez",
    "écrire écris écrivez",
)

_MANNER = wordlist(
    "ajout avance bon bonne bref brièvement ceci chose clair clairement commentaire correct correcte côté directement",
    "déjà ensuite exact exacte exacts explication gentil gentiment grand immédiatement instant juste littéralement",
    "moment niveau petit petite propos propre précis précise quelque question rapide rapidement remercie remerciement",
    "respectif respective rien seul seule seulement simple simplement stp strictement svp tel telle telles",
    "textuellement uniquement vite voire vrai vraie",
)

CARRIERS = wordlist(
    "annexe annuaire archive archives article base bloc bordereau carnet catalogue chapitre chat colonne compte-rendu",
    "contexte conversation courrier csv dictionnaire document documents donnée données dossier dépêche encadré",
    "enregistrement enregistrements entrée entrées extrait feuille fiche fiches fichier formulaire html information",
    "informations infos inventaire journal json lettre ligne lignes listage liste listes log logs message messages",
    "mémo note notes objet outil page pages panneau paragraphe passage procès-verbal profil programme rapport",
    "registre relevé requête rubrique récapitulatif réponse résultat résultats résumé section source système tableau",
    "tableaux texte xml yaml échange",
)

CODED = wordlist(
    "chaîne clé code correspondance côté droite empreinte entrée guid hash id identifiant jeton paire réponse",
    "résultat uuid valeur équivalent",
)

PLAIN = _HELD | _ASKED | _MANNER
