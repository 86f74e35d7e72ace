"""Holds the German words by which a whole list is said not to hold, or things to have changed places."""

from __future__ import annotations

import re

from guardbind.text.disowning import Disowning
from guardbind.text.wordlists import either, wordlist

__all__ = ["DISOWNING"]

_AUFGELISTET = (
    "(?:listen?|tabellen?|zahlen|nummern|werte|einträge|daten|angaben|pl(?:an|äne)|fassung|version|obigen?|oben|unten)"
)

DISOWNING = Disowning(
    withdrawn=either(
        "nehme (?:\\w+ ){0,3}zurück|zurück(?:genommen|gezogen)|noch offen|noch nicht|noch geklärt",
        "ungeklärt|unbekannt|gilt nicht|ist (?:falsch|hinfällig|ungültig|ein (?:fehler|irrtum))",
        "stimmt nicht|so ist es nicht|streichen|gestrichen|vergiss|ignorier\\w*|nicht beachten",
        "beachte \\w+ \\w+|verwechselt|nachgesehen werden|habe ich nicht",
        "bisher nicht|steht (?:noch )?(?:aus|in den sternen)|muss noch|nicht vor|nicht bekannt|quatsch|unsinn",
    ),
    told=either(
        "(?:was|alles|das) (?:ich|wir)(?: \\w+){0,4} (?:gesagt|geschrieben|erzählt|angegeben|notiert|behauptet"
        "|geschickt)\\w*",
        "(?:die|der|das|diese|dieser|meine|mein|unsere) (?:zahl|angabe|wert|eintrag|betrag|aussage|notiz|zeile"
        "|ziffer|auskunft"
        "|information|angaben|daten|satz) (?:bei|zu|für|von|über)",
        "versehentlich|aus versehen|irrtümlich\\w*|fälschlich\\w*|aus unachtsamkeit",
    ),
    asker=either(
        "(?:ich|wir) (?:\\w+ )?(?:weiß|wissen|kenne|kennen|finde|finden|erinnere|sehe)|wei(?:ß|ss) ich|vergessen"
    ),
    labels=either(
        "abgelehnt|vorschl(?:ag|äge)|vorläufig|unbestätigt|nicht (?:bestätigt|beschlossen|verbindlich"
        "|vertrauen)|verworfen|test(?:en|liste|werte)?",
        "ungültige[nrs]?|falsche[nrs]?|fehlerhaft\\w*|gefälscht\\w*|fantasie\\w*|unsinn|quatsch"
        "|aus dem alten \\w+|(?:alt|früher|ehemals)(?=\\W*$)",
        "gilt nicht(?: mehr)?|nicht mehr (?:gültig|aktuell)|ungültig|veraltet|überholt|entwürfe|entwurf"
        "|beispiele?|muster|vorlage",
        "erfunden|frei erfunden|fiktiv|testdaten|archiv\\w*|abgelaufen|storniert|abgesagt|aufgehoben"
        "|zurückgezogen|falsch|unwahr",
        "nicht verwenden|nicht benutzen|platzhalter|ersetzt|hinfällig",
        f"(?:alte[rs]?|frühere[rs]?|vorige[rs]?|ehemalige[rs]?|letzte[rs]?) {_AUFGELISTET}",
        "(?:letztes|voriges|vergangenes) jahr|vom letzten jahr|vorjahr\\w*",
    ),
    notes=either(
        r"(?:das|dies) (?:ist|sind|war|waren|stimmt)\b[^.\n]{0,30}\b(?:erfunden|beispiele?|unsinn"
        r"|quatsch|entwurf|muster|test|falsch"
        r"|gelogen|veraltet|ausgedacht|scherz|witz|(?:letzten|vorigen|vergangenen) (?:jahr"
        r"|monat)\w*|(?:stand|plan|liste) vor|vorschlag)(?!,? dass)",
        r"nichts (?:davon|hiervon|mehr|von)\b[^.\n]{0,30}\b(?:stimmt|gilt|richtig|wahr|gültig)"
        r"|alles (?:ge|ver)ändert|hat sich alles",
        r"(?:vergiss|ignorier\w*|streich\w*|lösch\w*|glaub\w*|nutze|benutz\w*|verwende\w*) (?:das|es|sie"
        r"|diese|ihr|dem)\b",
        r"(?<!andere\s)(?:stimmt|stimmen|gilt|gelten) (?:alle |so )*(?:nicht|nicht mehr)(?! ?,? dass)"
        r"|(?:ich|wir) (?:habe"
        r"|haben) (?:das|es|alles) \w*(?:erfunden|ausgedacht)",
        rf"(?:ignorier\w*|vergiss|vergessen sie|verwende\w* nicht)\b[^.\n]{{0,30}}\b{_AUFGELISTET}",
        rf"(?:nichts|alles?|keine[rs]?|alle|sämtliche|diese[rs]?|{_AUFGELISTET})\b[^.\n]{{0,60}}\b(?:ist"
        rf"|sind|war|waren|wurden?|hat|haben|gilt"
        r"|gelten)\b[^.\n]{0,30}\b(?:erfunden|ungültig|veraltet|überholt|falsch|ersetzt|vertauscht"
        r"|geändert|verschoben|umgezogen|nicht"
        r" mehr|beispiele?|entwurf|umnummeriert|neu nummeriert)",
    ),
    below=either("unten|folgenden?|nachfolgend"),
    reshuffled=either(
        "neu (?:verteilt|vergeben|geordnet|zugeteilt)|umverteilt|umgestellt|umgezogen"
        "|neue[nrs]? \\w+ (?:bekommen|erhalten)",
        "(?:ver|ge)?tausch\\w*|umbenannt|umnummeriert|neu nummeriert|verschoben|gewechselt|vertauscht"
        "|gestiegen|gesunken|verdoppelt|(?:muss|sollte?) (?:es |das )?(?:\\w+ ){0,4}(?:heißen|lauten|stehen)",
        "halbiert|ersetzt|statt|anstelle|berichtigung|lügt|gelogen",
    ),
    unchanged=either("nichts (?:hat sich )?(?:daran )?geändert"),
    affirmed=either(
        "(?:ist|sind|stimmt|stimmen|gilt|gelten) (?:noch |alle |nun |jetzt |weiter(?:hin)? )*(?:richtig"
        "|gültig|aktuell|korrekt|vollständig|endgültig"
        "|bestätigt|geprüft|wahr|sortiert|für|von|in|aus|hier|unten|oben|verbindlich)",
    ),
    about=re.compile(
        r"\A\W*(?:die|diese|der|dieser|das|dieses|obige)\s+(?:ganze |alte |obige )?"
        + _AUFGELISTET
        + r"\b(?: oben| hier)? (?:ist|sind|war|waren|wurden?|stammt|stammen|gehört|hat|haben)\b",
        re.IGNORECASE,
    ),
    older=wordlist(
        "alt alte alten alter altes früher frühere früheren ehemalige ehemaligen vorige vorigen bisherige bisherigen"
    ),
)
