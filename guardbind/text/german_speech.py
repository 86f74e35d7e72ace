"""Holds the words by which German says that a statement is no evidence, and that a value is new."""

from __future__ import annotations

import re

from guardbind.text.language import either, wordlist
from guardbind.text.speech import Changes, Speech, Telling

__all__ = ["CHANGES", "SHIFTED", "SPEECH", "TELLING"]

_UNTRUE = "(?:falsch|unwahr|gelogen|unrichtig|nicht wahr|nicht richtig|nicht korrekt|nicht der fall)"
_DOUBTFUL = (
    "vielleicht|möglicherweise|eventuell|wahrscheinlich|vermutlich|angeblich|anscheinend|scheinbar|womöglich|mutmaßlich"
    "|unbestätigt|hypothetisch|theoretisch|gerüchteweise|wohl|dem vernehmen nach"
)
_FORMERLY = "früher|ehemals|vormals|ursprünglich|zunächst|anfangs|bisher|bis vor kurzem|einst|damals|zuvor|vorher"
_ONE = r"(?P<who>[^\W\d_][\w'\u2019-]*)"
_SAYS = (
    "(?:sagt|sagte|sagten|behauptet|behauptete|behaupten|meint|meinte|meinen|glaubt|glaubte|glauben|denkt|dachte|denken"
    "|schrieb|schreibt|erzählt|erzählte|vermutet|vermutete|schätzt|schätzte|schwört|schwor|beteuert|beteuerte"
    "|antwortete"
    "|rief|flüsterte|scherzte|log|träumte|spekuliert|munkelt)"
)
_TO = "(?:auf|zu|nach|in)"
_NOT_SO = (
    rf"(?:(?:aber|jedoch|nur|bloß|alles|leider|einfach|schlicht)\s+)*(?:(?:ein|eine|das)\s+)?(?:{_UNTRUE}"
    rf"|gerücht|witz|scherz"
    r"|beispiel|annahme|vermutung|schätzung|irrtum|fehler|tippfehler|lüge|erfunden|veraltet|überholt"
    r"|unbestätigt|fraglich"
    r"|nicht\s+(?:so|mehr\s+\w+|bestätigt|sicher))"
)

SPEECH = Speech(
    partitive=re.compile(r"\beine[rs]?[ \t]der[ \t]\Z", re.IGNORECASE),
    frames={
        "denied": either(
            "entgegen|im gegensatz zu|kein(?:e|en)? (?:beleg|beweis|hinweis)e?|falsche (?:behauptung|meldung|angabe)",
            "lüge|märchen|von wegen|(?:ist|sind) (?:falsch|unwahr|gelogen)(?=:)",
        ),
        "doubted": either(
            "gerüchte?n?|gerüchteweise|hörensagen|man (?:munkelt|hört|sagt)|es heißt",
            "(?:nicht|un)sicher|nicht genau|unklar|ungewiss",
            "(?:ich|wir) (?:glaube|glauben|denke|denken|meine|meinen|vermute|vermuten|schätze|schätzen|hoffe"
            "|hoffen|fürchte)",
            "für (?:ihn|sie(?=\\s+(?:ist|liegt|beträgt|gilt))|ihnen)|wenn man (?:\\w+ ){1,3}glaub\\w*",
            "(?:meiner|seiner|ihrer|unserer) (?:meinung|ansicht) nach|soweit (?:ich|wir) (?:weiß|wissen)|keine ahnung",
            "(?:manche|einige|viele|leute|jemand|irgendwer|niemand|keiner|alle) \\w+|es scheint|offenbar|anscheinend",
        ),
        "supposed": either(
            "falls|wenn|sofern|angenommen|nehmen wir (?:\\w+ )?an|(?:mal )?gesetzt|ich wette|kann sein",
            "stell(?:en)? (?:dir|euch|sie sich|wir uns) vor",
            "sagen wir|tun wir so|tu so|als ob|vorausgesetzt|es sei denn|sobald|solange|unter der bedingung"
            "|was wäre|würde",
            "hätte|wäre",
        ),
        "commanded": re.compile(
            r"(?:(?:\A|[,;:\u2026-])\s*|\b(?:und|dann|immer|nie|niemals|bitte|so|nicht)\s+)(?:sag|sage"
            r"|sagen\s+sie|antworte"
            r"|antworten\s+sie|schreib|schreibe|schreiben\s+sie|behaupte|erzähl|erzähle|wiederhole|gib\s+aus"
            r"|gib\s+an|nenne"
            r"|lüge|frag|frage)\b",
            re.IGNORECASE,
        ),
        "example": either(
            r"zum beispiel|beispielsweise|z\.\s?b|etwa so",
            r"(?:ein |das |als )?(?:beispiel|muster(?:satz)?|vorlage)(?=\s*[:,])",
            r"(?:im|in einem|in diesem) (?:nie \w+ )?(?:film|roman|märchen|witz|traum)|in (?:der"
            r"|einer) geschichte|träumte|geträumt",
        ),
        "planned": either(
            "(?:wir|sie|ich|er) (?:planen|plant|plane|wollen|will|möchten|möchte)|\\w*entwurf|vorschlag|(?:nie"
            "|noch nicht|nicht) (?:unterschrieben|unterzeichnet|veröffentlicht|abgeschickt)\\w*"
        ),
    },
    leads={"doubted": either(_DOUBTFUL), "former": either(_FORMERLY), "denied": either("nicht|nie|niemals")},
    inside={
        "former": either(_FORMERLY),
        "denied": either("nicht|nie|niemals|kein|keine|keineswegs"),
        "doubted": either(f"{_DOUBTFUL}|unbekannt|offen|noch offen|könnte|dürfte|soll|sollte"),
        "planned": either("wird|werden|würde|geplant"),
    },
    tails={
        "denied": re.compile(
            rf"[\"'\u201c)]*(?:[.!,;]?[\"'\u201c)]*\s+(?:was|das|es|aber\s+das|doch\s+das)\s+(?:ist|war)\s+{_NOT_SO}\b"
            rf"(?!\s*:|,?\s+dass\b)|,?\s*(?:ist|war)\s+{_NOT_SO}\b|,?\s*\(?(?:{_UNTRUE})\b"
            r"|[.!,;]\s+(?:und\s+)?alles\s+andere\s+(?:gilt\s+nicht|ist\s+falsch)"
            r"|[.!;]\s+(?:ignoriere|vergiss|ignorieren\s+sie)\s+(?:alles|jede)"
            r"|[.!,;]\s+(?:aber\s+)?(?:niemand|keiner)\s+glaubt\s+(?:das|es|daran)\b"
            r"|[.!;]\s+(?:das|es)\s+stimmt\s+(?:so\s+|aber\s+)?nicht\b(?!\s*:|,?\s+dass\b))",
            re.IGNORECASE,
        ),
        "doubted": re.compile(
            rf"[\"'\u201c)]*,?\s*\(?(?:(?:{_DOUBTFUL}|glaube\s+ich|denke\s+ich|vermute\s+ich|meine\s+ich|schätze\s+ich"
            r"|soweit\s+(?:ich|wir)|oder\s+so|heißt\s+es|wie\s+es\s+heißt)\b|\?)",
            re.IGNORECASE,
        ),
        "supposed": re.compile(
            r"[\"'\u201c)]*(?:\s+[\w-]+){0,4}?,?\s+(?:wenn|falls|sofern|es\s+sei\s+denn|vorausgesetzt|solange"
            r"|nur\s+wenn)\b",
            re.IGNORECASE,
        ),
        "former": re.compile(
            rf"[\"'\u201c)]*(?:\s+[\w-]+){{0,3}}?,?\s+(?:bis|vor|{_FORMERLY}|letztes\s+jahr|letzte\s+woche"
            r"|letzten\s+monat)\b",
            re.IGNORECASE,
        ),
        "planned": re.compile(
            r"[\"'\u201c)]*,?\s+(?:ab\s+(?:nächste[mnr]?|morgen|kommende[mnr]?)|nächste[nrs]?\s+(?:jahr|monat"
            r"|woche))\b",
            re.IGNORECASE,
        ),
        "example": re.compile(r"[\"'\u201c)]*,?\s*\(?(?:zum\s+beispiel|z\.\s?b\b|beispielsweise)", re.IGNORECASE),
    },
    past=either("war|waren|wurde|wurden|hatte|betrug|lautete|hieß"),
    complement=re.compile(r"\bdass(?:[ \t]+(?:der|die|das|ein|eine))?[ \t]*[\"'\u201e]?[ \t]*\Z", re.IGNORECASE),
    asserted=either(
        "beachte|beachten sie|merke|wissen|weiß|bestätigt|bestätigte|fest|tatsache|klar|sicher|zeigt|ergab"
        "|steht|richtig"
    ),
    saying=re.compile(rf"\b{_ONE}\s+(?:hat\s+|haben\s+)?(?:\w+lich\s+)?{_SAYS}\b", re.IGNORECASE),
    said_by=re.compile(
        r"[\"'\u201c)]*,?\s+(?:so\s+)?(?:laut\s+(?:der\s+|dem\s+|den\s+|einem\s+|einer\s+)?(?P<by>\w[\w'\u2019-]*)"
        rf"|{_SAYS}\s+(?:der\s+|die\s+|das\s+)?(?P<name>\w[\w'\u2019-]*)|so\s+(?P<so>[A-ZÄÖÜ][\w-]*)(?=[.,;!]))",
    ),
    hearsay=either(
        f"{_SAYS}|heißt es|gehört haben|hört man|hörte|erzählt wird|wird erzählt|munkelt|gerüchte?|angeblich|man sagt"
    ),
    sources=wordlist(
        "wir ich handbuch etikett vertrag rechnung bericht protokoll akte datei seite brief dokument hinweis schild",
        "quittung formular tabelle datenbank system register webseite artikel klausel abschnitt richtlinie anleitung",
        "datenblatt fahrplan kalender bescheid zeugnis liste katalog pass auftrag anzeige plan karte rezept",
        "gesetz regel",
    ),
    telling=re.compile(
        rf"(?:\A|[.;:!?(])\s*(?:(?:der|die|das|mein|meine|ein|eine)\s+)?{_ONE}(?:\s+[A-ZÄÖÜ]\w+)?\s+(?:nicht\s+)?"
        rf"{_SAYS}\s*,\s*\Z",
        re.IGNORECASE,
    ),
)

SHIFTED = (
    "(?:geändert|verlegt|verschoben|erhöht|gesenkt|angehoben|herabgesetzt|korrigiert|aktualisiert|angepasst|verlängert"
    "|verkürzt|umgestellt|gewechselt|umbenannt|gesetzt|berichtigt|reduziert|vorverlegt)"
)
"""Verbs behind which a value takes the place of another one."""

CHANGES = Changes(
    cue=re.compile(
        r"(?:(?:update|korrektur|berichtigung|änderung|nachtrag|aktualisierung|neu)(?=\s*[:,\u2013\u2014-])"
        r"|entschuldigung|entschuldige|sorry|pardon|tut\s+mir\s+leid|ups|halt|moment|nein(?=,)|doch(?=,)"
        r"|(?:ich\s+)?meinte(?:\s+ich)?|mein\s+fehler|genauer|vielmehr|richtig\s+ist|eigentlich|tatsächlich|jetzt|nun)"
        r"\b[\s,.:!;\u2013\u2014-]*",
        re.IGNORECASE,
    ),
    sorry=re.compile(
        r"\s*(?:entschuldigung|entschuldige|sorry|pardon|tut\s+mir\s+leid|ups|korrektur|berichtigung"
        r"|mein\s+fehler|halt|nein"
        r"|(?:das|es)\s+(?:war|ist|stimmt)\s+(?:falsch|nicht|veraltet)|ich\s+(?:habe\s+mich\s+(?:geirrt|vertan)"
        r"|meinte))\b",
        re.IGNORECASE,
    ),
    pronoun=re.compile(
        r"(?:(?:es|das|sie|er|dies)\s+(?:ist|sind|war|waren|lautet|beträgt|heißt|muss)|(?:ist|lautet"
        r"|beträgt)\s+(?:es|sie|er))"
        r"(?P<now>(?:\s+(?:jetzt|nun|aktuell|inzwischen|mittlerweile|früher|ursprünglich|zuvor|vorher"
        r"|eigentlich))*)\s+(?=\S)",
        re.IGNORECASE,
    ),
    moved=re.compile(
        rf"(?:(?:es|das|sie|er|dies)\s+)?(?:(?:wurde|wird|ist|wurden|inzwischen|nun|jetzt|später"
        rf"|dann)\s+)*(?:{SHIFTED}\s+)?"
        rf"(?:(?<=wurde\s)|(?<=wird\s)|(?<=dann\s)|(?<=jetzt\s)|(?<=nun\s)|(?<=geändert\s)|(?<=verlegt\s)"
        rf"|(?<=verschoben\s)"
        rf"|(?<=erhöht\s)|(?<=gesenkt\s))(?:von\s+(?P<old>[^.;:\n]{{1,40}}?)\s+)?{_TO}\s+(?=\S)",
        re.IGNORECASE,
    ),
    refers=either("er|sie|es|ihn|ihm|das|dies|stattdessen|neue[nrs]?|jetzt|nun|vielmehr|seitdem|nimm|nehmen"),
    newer=either("neue[nrs]?|aktuelle[nrs]?|richtige[nrs]?|korrigierte[nrs]?|jetzige[nrs]?"),
    hers=either("sein(?:e|er)?|ihr(?:e|er)?|dessen|deren"),
    at=re.compile(r"(?:(?:am|an|in|im|um|auf|zu|nach)\s+)?(?:(?:der|die|das|den|dem)\s+)?", re.IGNORECASE),
    instead=re.compile(r",?\s+(?:statt|anstatt|anstelle|(?:und\s+)?nicht)\b", re.IGNORECASE),
    stale=either(
        "korrektur|berichtigung|ich meinte|mein fehler|vertauscht|getauscht|verwechselt|stimmt nicht mehr"
        "|gilt nicht mehr",
        f"(?:hat|haben) sich (?:inzwischen )?geändert|(?:wurde|wurden|ist) (?:inzwischen )?{SHIFTED}|nicht mehr"
        f"|veraltet",
        "stattdessen|eigentlich|ersetzt durch|(?:später|inzwischen|dann) (?:geändert|gewechselt)|tippfehler|nur noch",
        "vergiss (?:das|was|die|den)|vergessen sie|ignorier\\w* (?:das|was|die|den)|vertan|versehen|geirrt|irrtum",
        "niemand weiß|ungültig|widerrufen|hinfällig|durcheinandergebracht|aufgehoben|storniert|verworfen",
        "überholt|abgelaufen|update(?=:)|(?:das|es) (?:war|ist) falsch",
    ),
    no_longer=re.compile(
        r"(?<=[\w)\"'\u2019])[ \t]+(?:ist|war|lautet|beträgt|heißt)[ \t]+nicht(?:[ \t]+mehr)?[ \t]+(?=\S)"
    ),
    but=re.compile(r",?[ \t]+sondern(?:[ \t]+(?:jetzt|nun|ist|inzwischen))*[ \t]+(?=\S)"),
)

TELLING = Telling(
    verbs={
        **{"kostet": "Preis", "kostete": "Preis", "wiegt": "Gewicht", "wog": "Gewicht", "dauert": "Dauer"},
        **{"beginnt um": "Beginn", "endet um": "Ende", "öffnet um": "Öffnung", "schließt um": "Schließung"},
        **{"fährt um": "Abfahrt", "kommt um": "Ankunft", "misst": "Größe", "verdient": "Gehalt"},
    },
    counting=wordlist("gibt gewährt erlaubt enthält umfasst fasst braucht benötigt bietet verbraucht zählt"),
    placing=(
        r"(?:steht|stand|liegt|lag|ist|war|sitzt|läuft|hängt|hält|gehört|wohnt|wartet|parkt|lauscht|findet)[ \t]"
        r"(?:auf|an|in|im|am|aus|bei|unter|über)"
    ),
    named=dict.fromkeys(
        wordlist("januar februar märz april mai juni juli august september oktober november dezember"), "Monat"
    )
    | dict.fromkeys(wordlist("montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag"), "Tag"),
)
