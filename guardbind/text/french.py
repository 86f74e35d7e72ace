r"""Holds every word list of French.

As in `guardbind.text.english`, a space stands for white space where `either` compiles; `[ \t]` stays on its line.

"De" stands between the nouns of one attribute ("numéro de badge") as it does before who has it ("de Alice", "de la
commande 1001"): only a name, a number or an article tells the second. "D'" and "l'" are words of their own.
"""

from __future__ import annotations

import re

from guardbind.text.citing import Citing
from guardbind.text.french_asking import ASKING
from guardbind.text.french_disowning import DISOWNING
from guardbind.text.french_items import ITEMS
from guardbind.text.french_nouns import NOUNS
from guardbind.text.french_plain import CARRIERS, CODED, PLAIN
from guardbind.text.french_speech import CHANGES, SPEECH
from guardbind.text.french_unsettling import UNSETTLING
from guardbind.text.language import Language, Marks, Questions, Statements, Vocabulary, either, wordlist
from guardbind.text.stems import snowball

__all__ = ["FRENCH"]

_DOUBTS = wordlist(
    "si s' s\u2019 supposons supposé admettons quel quelle quels quelles qui quand où comment pourquoi combien ne n'",
    "n\u2019 pas jamais aucun aucune",
)
_ADVERBS = wordlist(
    "seulement déjà encore toujours aussi également ensuite puis alors plus auparavant autrefois maintenant désormais",
    "actuellement pourtant cependant toutefois",
)
_UNTRUE = "(?:faux|fausse|inexacte?|incorrecte?|erronée?|mensonger|un mensonge|une erreur|pas vrai|pas exacte?)"
_SAID = (
    "(?:dit|dire|disent|disait|prétend(?:u|ent|ait)?|affirm(?:e|ent|é|ait)|croi(?:t|ent|s)|croyait|pens(?:e|ent|ait|é)"
    "|cru|écrit|confirm(?:e|é|ent)|soutien(?:t|nent)|déclar(?:e|é|ent)|suppos(?:e|ent|é)|racont(?:e|ent|é))"
)
_UPPER = r"[A-ZÀ-ÖØ-Þ]"
_NAME = rf"{_UPPER}[\w.&-]{{0,40}}(?:[ \t]{_UPPER}[\w.&-]{{0,40}}){{0,2}}"
_OF = "(?:de[ \\t]|d['\u2019])"
_THE = "(?:(?:la|le|les|mon|ma|mes|ton|ta|votre|notre|ce|cet|cette|un|une)\\s+|l['\u2019])"
_NEVER = "(?!)"

_VOCABULARY = Vocabulary(
    stop=wordlist(
        "a à ai ainsi alors après as au aux avec avez avoir avons bien bonjour car ce cela celle celui ces cet cette",
        "ceux chez ci comme connais connaître correspond dans de des depuis dis dire dites donc donne donner",
        "donnez dont",
        "du elle elles en es est et étaient était être eu exactement extrait fait faut ici il ils indique indiquer",
        "indiquez indiqué j je juste l la là le les leur leurs lui ma mais me merci mes message moi mon n ne ni nos",
        "notre nous on ont ou où par peux peut pour pouvez pouvoir pourriez pourrais précisément qu quand que quel",
        "quelle quelles quels qui quoi rappelle rappeler rappelez réponds répondre répondez réponse s sa sans savoir",
        "se selon sera ses si soit son sont sous sur ta te tes texte toi ton trouve trouver trouvez tu un une va",
        "veuillez veux vos votre voudrais vous y donnée données dessus ci-dessus ci-dessous plaît voici voilà c d t m",
        "s'appelle appelle combien question monsieur madame mme mlle porte",
    ),
    same={
        **{"e-mail": "email", "mail": "email", "courriel": "email", "mél": "email", "emails": "email"},
        **{"coût": "prix", "tarif": "prix", "n\u00b0": "numéro", "no": "numéro", "num": "numéro", "tél": "téléphone"},
        **{"portable": "mobile", "temp": "température", "qté": "quantité"},
    },
    first=wordlist("premier première premiers premières initial initiale initialement original originale origine"),
    latest=wordlist(
        "dernier dernière derniers dernières actuel actuelle actuels actuelles actuellement maintenant récent récente",
        "récents récentes final finale finalement définitif définitive",
    ),
    generic=wordlist("adresse code date champ id identifiant clé nom numéro montant valeur référence intitulé"),
    naming=wordlist("nom titre intitulé name"),
    contents=frozenset({"sommaire", "table des matières"}),
    trailing=wordlist("numéro id adresse nom"),
    leading=wordlist("numéro adresse"),
    plain=PLAIN,
    places=CARRIERS,
    coded=CODED,
)

_MARKS = Marks(
    abbreviations=(
        *("m", "mm", "dr", "pr", "prof", "st", "ste", "p.ex", "c.-à-d", "cf", "env", "resp", "hab"),
        *("av", "bd", "boul", "fbg", "pl", "arr", "dép", "éd"),
    ),
    counted=("no", "nos", "n", "art", "p", "pp", "chap", "fig", "tél", "vol", "réf", "max", "min", "app", "bât", "ét"),
    closing=("etc", "cie", "sté", "ets", "inc", "ltd", "h.t", "t.t.c"),
    legal_forms=wordlist("sa sarl sas sasu eurl scop snc ltd inc"),
    ordinals=False,
    ordinal_before=frozenset(),
    nouns_are_capital=False,
    listing="et|ou|ainsi que",
    joining="et",
    opening="et|mais|ou|que|donc|alors|puis|or|car|maintenant",
    of="(?:de|d['\u2019]|du)",
    possessive=_NEVER,
    genitives=(),
    elided="d|l|qu|n|s|j|c|m|t|jusqu|lorsqu|puisqu",
    of_joins=wordlist("de d' d\u2019"),
)

_QUESTIONS = Questions(
    computed=either(
        "combien [^?.!\\n]{1,60} utilise(?:nt)?",
        "somme|additionn\\w+|ajout\\w+|ensemble|au total|différence|écart|moins|soustra\\w+|multipli\\w+|fois"
        "|divis\\w+",
        "moyenne?|médiane?|double[rz]?|doublée?|moitié|pourcentage|pour cent|combien de(?! temps)",
        "combien y a|nombre de",
        "à l['\u2019]envers|inverse[rsz]?|converti\\w*|arrondi\\w*|tradui\\w+|épel\\w+|calcul\\w*",
        "forme courte|abrég\\w*|quel siècle|quelle décennie",
        "réécri\\w+|reformul\\w+|paraphras\\w+",
        "(?:chiffres?|lettres?|caractères?|partie|préfixe|suffixe|domaine|mois|année|jour) (?:de|du|des|d['\u2019])",
        r"(?:premiers?|premières?|derniers?|dernières?) (?:deux|trois|quatre|cinq|six|sept|huit|neuf|dix|\d+)"
        r"|(?:deux|trois|quatre|cinq|six"
        r"|\d+) (?:premiers?|premières?|derniers?|dernières?)|initiales|deuxième|second[es]?|troisième",
        "précédent(?:e|s|es)?|avant cela|ancien(?:ne)?s?|compar\\w+|plus (?!récente?s?\\b)\\w+|échang\\w+|remplac\\w+",
        "renomm\\w+|copi(?:er|ez|ée?)|remise de|retard\\w*|masqu\\w+|anonymis\\w+|cach(?:er|ez)",
        "si|supposons|suppose[zr]?|imagin\\w+|invent\\w+|génér(?:er|ez|e)|crée[rz]?|modifie[rz]?|change[rz]"
        "|augment\\w+",
        "diminu\\w+|maximum|minimum|maximale?|minimale?|hier|avant-hier|semaine dernière|mois dernier|année dernière",
        "il y a \\w+ (?:jours?|mois|ans?|semaines?)",
    ),
    several=either("tous|toutes|chaque|chacune?|deux|trois|quatre|cinq|sept|huit|dix|douzaine|plusieurs"),
    negated=re.compile(
        "\\b(?:ne|pas|jamais|aucune?|ni|sauf|excepté|hormis|sans|plutôt|au\\s+lieu|autre\\s+que|à\\s+part|fausse|faux"
        "|incorrecte?|erronée?)\\b|\\bn['\u2019](?=\\w)",
        re.IGNORECASE,
    ),
    condition=re.compile("\\s*(?:si\\b|s['\u2019]il|sinon\\b|à\\s+moins|ne\\b|sauf\\b|lorsque\\b)", re.IGNORECASE),
    who=either("(?:à|de) qui|qui|quel(?:le)?s?|lequel|laquelle|que"),
    which=wordlist("quel quelle quels quelles"),
    cues={
        "date": either("quand|à quelle date|quel jour|quelle date"),
        "money": either("combien coûte\\w*|combien|coûte\\w*|prix|coût|payée?s?"),
        "email": re.compile(r"\A(?!.*\bqui\b).*\b(?:e-?mail|courriel)\b", re.IGNORECASE | re.DOTALL),
        "url": either("url|lien|site"),
    },
    cue_words=wordlist("coûte coûtent coûtait prix coût payé payée date jour email courriel url lien site"),
    plural=either("sont|étaient"),
    past=either("était|étaient|avant|auparavant|autrefois|précédemment|puis|ensuite"),
    whose=re.compile(r"\b(?:mon|ma|mes|ton|ta|tes|votre|vos|notre|nos|son|sa|ses|leurs?)\s+(?:\w+\s+){0,2}\Z", re.I),
    corrected=either("correction|rectification|erratum|je voulais dire|au temps pour moi|échangés?|confondus?"),
    form=re.compile(rf"\b(?:en|au\s+format|sous\s+forme\s+de|sans|par)\s+{_THE}?(?P<form>[^\W\d_]+)", re.IGNORECASE),
    limits=either(
        "comprend|comprenant|entre|au moins|au plus|environ|à peu près|a dit|disait|pensait|commence(?:nt)? par",
        "(?:se )?termine(?:nt)? par|contien(?:t|nent)|supérieure? à|inférieure? à",
    ),
    behind=re.compile(rf"\b(?:(?:sur|dans|de|pour|à|chez|avec|en)\s+{_THE}?|(?:du|au|des|aux)\s+)\Z", re.IGNORECASE),
    head=re.compile(rf"(?P<head>[^\W_]+)\s+(?:(?:du|des)\s+|de\s+{_THE}?|d['\u2019](?:une?\s+)?)\Z", re.IGNORECASE),
    related=re.compile(rf"\b(?P<noun>[^\W\d_]+)\s+(?:(?:du|des)\s+|de\s+{_THE}?|d['\u2019])\Z", re.IGNORECASE),
    owned=re.compile(rf"{_NEVER}(?P<noun>\w+)"),
    order=re.compile(
        r"\b(?P<unwanted>pas\s+(?:le\s+|la\s+)?)?"
        r"(?:(?P<first>(?:premi(?:er|ère)s?|initiale?(?:ment)?|d['\u2019]origine|originale?)\b(?!,))"
        r"|(?:derni(?:er|ère)s?|actuel(?:le)?s?|actuellement|récente?s?|finale?|définiti(?:f|ve))\b)",
        re.IGNORECASE,
    ),
    idle=either(
        "(?:seulement|uniquement|juste|simplement) (?:par|avec) la valeur|(?:par|avec) la valeur (?:seule|uniquement)",
        "(?:en|par|avec) (?:une (?:seule |courte )?(?:phrase|ligne)|un (?:seul )?mot|quelques mots)|en bref",
        "dans le (?:texte|tableau|document|message)(?: (?:ci-dessus|ci-dessous))?",
        "si possible|sans (?:autres? )?(?:explications?|commentaires?)",
    ),
    example=re.compile(
        r"\b(?:par\s+exemple|p\.\s?ex\.|exemple(?:\s+de\s+\w+)?\s?:|format\s?:|comme\s+ceci|comme\s+suit|tel\s+que)"
        r"[^\n]{0,40}\Z",
        re.IGNORECASE,
    ),
)

_BEING = "est|sont|était|étaient|vaut|égale|devient|reste|s['\u2019]élève[ \\t]à|s['\u2019]élevait[ \\t]à"
_NUMBERED = (
    "(?:(?:porte|portait|a|avait)[ \\t](?:pour|comme)|(?:porte|portait)[ \\t](?:le|la))[ \\t]"
    "(?P<kind>numéro|code|référence|nom|prix)"
)
_CHANGED = (
    "changée?s?|modifiée?s?|corrigée?s?|passée?s?|augmentée?s?|portée?s?|réduite?s?|baissée?s?|déplacée?s?|reportée?s?"
    "|fixée?s?|mise?s?|ramenée?s?"
)
_NOW = "désormais|maintenant|actuellement|à[ \\t]présent|dorénavant"

_STATEMENTS = Statements(
    verbs=(
        rf"{_NUMBERED}"
        rf"|(?:(?:(?:a|ont|avait)[ \t]été|est|était)[ \t](?:{_CHANGED})|passe|passait)[ \t](?P<from>de|du)"
        rf"|(?:(?:a|ont|avait)[ \t]été|est)[ \t](?:{_CHANGED})[ \t](?:en|à|au)|passe[ \t]à"
        rf"|(?:{_BEING})(?:[ \t](?:{_NOW}|toujours|encore))?(?:[ \t]de(?=[ \t]\S))?"
        r"|(?P<has>a|avait|possède|détient|porte)"
    ),
    new=re.compile(rf"\b(?:{_NOW}|en|à|au)[ \t]+\Z"),
    to="à|en|au",
    at="le|à|au|en|dans|du",
    being=f"{_BEING}|(?:est|sont)[ \\t]de|s['\u2019]élève[ \\t]à",
    equal="est|sont|était|étaient|vaut|égale",
    changed=r"(?:changée?|modifiée?|corrigée?|fixée?|passée?|portée?|reportée?)\s+(?:en|à|au)",
    determiners=wordlist(
        "le la les l' l\u2019 un une des mon ma mes ton ta tes votre vos notre nos ce cet cette ces",
    ),
    the=wordlist("le la les"),
    mine=wordlist("mon ma mes notre nos votre vos ton ta tes"),
    others=wordlist("son sa ses leur leurs"),
    doubts=_DOUBTS,
    denied=either(
        rf"(?:il|ce|cela|ceci|c['\u2019]) ?(?:est|serait|était) (?:simplement |tout simplement |bien )?{_UNTRUE}",
        "(?:il|ce) n['\u2019]est pas (?:vrai|exact|correct|certain|sûr)|(?:faux|inexact|incorrect)(?= ?:)",
        f"(?:personne|nul|aucun \\w+)\\b[^.;:]{{0,40}}\\b{_SAID}",
        f"(?:certains|certaines|plusieurs|beaucoup|on)\\b[^.;:]{{0,40}}\\b{_SAID}|selon la rumeur|la rumeur"
        f"|le bruit court",
        f"l['\u2019]affirmation|n['\u2019](?:a|ont|ai|avons|est) (?:jamais |pas )?{_SAID}|ne {_SAID} (?:pas|jamais)",
        "dout(?:e|ent|ons|er|ait)|ni(?:e|ent) que|nie(?:r|nt)?|dément(?:i|ent)?|contest(?:e|ent|é)|réfut(?:e|ent|é)",
        f"{_SAID} (?:que|qu['\u2019])",  # somebody else says so
        "faussement|à tort|prétendument|soi-disant|par erreur",
    ),
    denied_after=re.compile(
        "[\"'\u201c\u00bb)]*\\s?[.,;]?\\s+(?:ce\\s+qui|mais\\s+(?:c['\u2019]|cela\\s+|ce\\s+)|c['\u2019]"
        "|cela\\s+|ce)\\s*"
        f"(?:est|serait|était|n['\u2019]est)\\s+(?:pas\\s+)?(?:{_UNTRUE}|vrai|exact|correct|le\\s+cas)\\b"
        "(?!\\s*:|,?\\s+que\\b)",
        re.IGNORECASE,
    ),
    contrast=either("mais|cependant|toutefois|pourtant|en réalité|en fait|en revanche|bien que|tandis que|alors que"),
    not_names=_DOUBTS
    | wordlist(
        "il elle ils elles ce cela ceci ça c' c\u2019 j' j\u2019 je tu nous vous on y en tout tous toutes certains",
        "même environ presque plus moins sur dans pour avec par comme à au aux chez vers entre que qu' qu\u2019",
        "quelque",
    ),
    of=wordlist("de d' d\u2019 du des pour"),
    on=wordlist(
        "et mais ou car donc que qui où quand lorsque si à au aux dans par pour depuis jusqu sur avec sans chez",
        "vers le",
        "la les de du des d' en est a sont dont comme selon ce cette aujourd'hui pendant après avant sous soit",
    )
    | _ADVERBS,
    adverbs=_ADVERBS,
    range=wordlist("à ou et"),
    belongs=re.compile(
        rf"(?<=[\w)€$£%])[ \t](?P<verb>est|était|comme)[ \t](?:le[ \t]|la[ \t]|l['\u2019])"
        rf"(?P<attribute>[\w'\u2019-]{{1,40}}(?:[ \t][\w'\u2019-]{{1,40}}){{0,4}}?)[ \t]{_OF}(?P<owner>{_NAME})(?<=\w)"
        r"(?=[.,;!]|[ \t]et\b|[ \t]*[\r\n]|[ \t]*\Z)"
    ),
    noted="comme",
    whose=re.compile(
        rf"(?:\A|(?<=[\s\"'(]))(?:Pour|Chez|Concernant)[ \t]{_THE}?"
        rf"(?P<owner>(?:[^\W\d_][\w-]{{1,20}}[ \t])?(?:{_NAME}|#?\d[\w-]{{0,20}}))[ \t]?,[ \t]\Z"
    ),
    owner=re.compile(rf"{_NEVER}(?P<owner>\w)"),
    owned=re.compile(
        rf"{_NEVER}(?P<owner>.)(?P<attribute>.)|(?P<noun>.{{1,60}}?)[ \t]"
        rf"(?:(?:{_OF}|pour[ \t])(?:(?:la|le|les)[ \t]|l['\u2019])?|du[ \t]|des[ \t])"
        rf"(?P<of>(?:{_UPPER}|[^\W\d_]{{2,20}}[ \t][\w-]*\d).{{0,60}})"
    ),
    states=wordlist("statut état"),
    clause=re.compile(
        "(?<![\\w'\u2019.@-])(?:je|tu|il|elle|nous|vous|ils|elles|on|est|sont|était|étaient|suis|êtes|sera|ont|avait|"
        "avons|avez|peut|peux|pouvez|doit|devez|faut|dit|disait|demande|répondit|merci|veuillez|j['\u2019]\\w*|"
        "c['\u2019]\\w+|n['\u2019]\\w+|qu['\u2019]\\w+)(?![\\w.@-])",
        re.IGNORECASE,
    ),
    clause_names=frozenset(),
    request=re.compile(
        "(?:merci[ \t]de\\b|veuillez\\b|s['\u2019]il[ \t](?:te|vous)[ \t]pla[iî]t|(?:réponds|répondez|écris"
        "|écrivez|donne|"
        "donnez|dis|dites|indique|indiquez|montre|montrez|trouve|trouvez|cherche|cherchez|rappelle|rappelez|cite|citez|"
        "utilise|utilisez|affiche|affichez)(?:[ \t-](?:moi|nous|le|la|les|un|une|en|avec|par|seulement|uniquement|"
        "exactement|sur|pour|l['\u2019]))\\b"
        "|(?:je|nous)[ \\t](?:voudrais|voudrions|veux|voulons|souhaite|souhaitons|cherche|cherchons)"
        "[ \\t](?:connaître|savoir|avoir|le|la|l['\u2019]))",
        re.IGNORECASE,
    ),
    placeholder="VALEUR|RÉPONSE|REPONSE|VALUE|ANSWER",
    assign="set|let|var|const|export|définir",
    questions=wordlist("question requête demande query q"),
    number_mark=r"[Nn]\u00b0|[Nn]o\.?[ \t]|[Nn]uméro[ \t]",
    hers=re.compile(r"\b(?:son|sa|leur)[ \t]\Z", re.IGNORECASE),
    no_nouns=wordlist(
        "et comme à au appelez appeler appelle composez voir pour de du des le la les en dans sur par ou avec",
        "sous vers",
        "est était depuis selon dès",
    ),
    each="@|à",
    every="l['\u2019]unité|pièce|chacune?",
    value_headings=wordlist("valeur value"),
    asked_of_keys={"money": "prix", "date": "date"},
    value="valeur",
    possession="{attribute} de {owner}",
)

FRENCH = Language(
    name="french",
    locale="fr_FR",
    stemming=snowball("french"),
    vocabulary=_VOCABULARY,
    marks=_MARKS,
    questions=_QUESTIONS,
    statements=_STATEMENTS,
    speech=SPEECH,
    changes=CHANGES,
    disowning=DISOWNING,
    unsettling=UNSETTLING,
    asking=ASKING,
    items=ITEMS,
    nouns=NOUNS,
    citing=Citing(
        parts="texte|extrait",
        leads="voir",
        counting="n°",
        joining="et",
        headings="références|bibliographie",
        ranges="sont",
    ),
)
"""French."""
