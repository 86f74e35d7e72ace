r"""Holds every word list of German.

As in `guardbind.text.english`, a space stands for white space where `either` compiles; `[ \t]` stays on its line.

Every noun has a capital letter in German, so a capital tells no name from a noun: a name is told by what stands before
it ("von Anna") or by its ending before a noun ("Annas Kundennummer").
"""

from __future__ import annotations

import re

from guardbind.text.citing import Citing
from guardbind.text.forms import Forms
from guardbind.text.german_asking import ASKING
from guardbind.text.german_disowning import DISOWNING
from guardbind.text.german_items import ITEMS
from guardbind.text.german_nouns import NOUNS
from guardbind.text.german_plain import CARRIERS, CODED, PLAIN
from guardbind.text.german_speech import CHANGES, SPEECH, TELLING
from guardbind.text.german_unsettling import UNSETTLING
from guardbind.text.language import Language, Marks, Questions, Statements, Vocabulary, either, wordlist
from guardbind.text.stems import snowball

__all__ = ["GERMAN"]

_DOUBTS = wordlist(
    "ob falls wenn sofern angenommen was welche welcher welches welchen welchem wer wem wen wessen wo wann",
    "warum wie nicht kein keine keinen",
)
_ADVERBS = wordlist(
    "noch erst schon bereits nur auch sogar",
    "allerdings jedoch doch dann danach davor damals seitdem seither insgesamt immer weiterhin",
)
_UNTRUE = "(?:falsch|unwahr|gelogen|unrichtig|nicht wahr|nicht richtig|nicht korrekt|nicht der fall)"
_SAID = (
    "(?:behaupte[tn]?|behauptete[tn]?|sag(?:e|t|en|te|ten)|gesagt|glaub(?:e|t|en|te|ten)|geglaubt|mein(?:e|t|en|te|ten)"
    "|gemeint|denk(?:e|t|en)|dachte|dachten|gedacht|schrieb|schreibt|geschrieben|bestätigt|erklärt)"
)
_UPPER = r"[A-ZÄÖÜ]"
_NAME = rf"{_UPPER}[\w.&-]{{0,40}}(?:[ \t]{_UPPER}[\w.&-]{{0,40}}){{0,2}}"

_VOCABULARY = Vocabulary(
    stop=wordlist(
        "ab aber alle allem allen aller alles als also am an angeben angegeben antwort antworte antworten auf",
        "aufgeführt aus bei beim beantworte beantworten bin bis bist bitte da damit danke dann das dass dazu",
        "dein deine deinem deinen deiner dem den denn der des die dies diese diesem diesen dieser dieses dir",
        "doch du durch ein eine einem einen einer eines einfach eingetragen er es euch euer für fertig",
        "finde folgende folgenden folgender folgendes frage fragen ganz geben gebe gehöre gehören gehört gemäß",
        "genau gespräch gib gibt habe haben hallo hast hat hatte hatten hier ich ihm ihn ihnen ihr ihre ihrem",
        "ihren ihrer im in ist ja kann kannst kein keine können könnte kurz laut lautet lauten mal man mein",
        "meine meinem meinen meiner mich mir mit nach nachricht nein nenne nennen nenn noch nun nur ob oben",
        "oder sag sage sagen satz schau schreib schreibe schreiben sein seine seinem seinen seiner sich sie",
        "sind so sowie steht stehen suche tabelle text über um und uns unser unsere unten unter verrate vom von",
        "vor wäre war waren was weiter welche welchem welchen welcher welches wem wen wenn wer werde werden",
        "wessen wie wieder wir wird wo wurde wurden würde zeig zeige zu zum zur herr herrn frau",
    ),
    same={
        **{"e-mail": "email", "mail": "email", "emails": "email", "e-mail-adresse": "email", "mailadresse": "email"},
        **{"emailadresse": "email", "kosten": "preis", "nr": "nummer", "datums": "datum"},
        **{"temp": "temperatur", "abt": "abteilung", "tel": "telefon"},
    },
    first=wordlist(
        "erste ersten erster erstes zuerst anfangs ursprünglich ursprüngliche ursprünglichen ursprünglicher"
    ),
    latest=wordlist(
        "letzte letzten letzter letztes zuletzt aktuell aktuelle aktuellen aktueller aktuelles derzeit",
        "derzeitige derzeitigen jetzt jetzige jetzigen neueste neuesten neuester heute schließlich endgültig",
        "endgültige",
    ),
    generic=wordlist("adresse betrag höhe code datum feld id kennung nummer name wert bezeichnung schlüssel"),
    naming=wordlist("name titel bezeichnung"),
    contents=frozenset({"inhalt", "inhaltsverzeichnis"}),
    trailing=wordlist("nummer id adresse name"),
    plain=PLAIN,
    places=CARRIERS,
    coded=CODED,
)

_MARKS = Marks(
    abbreviations=(
        *("z.b", "d.h", "u.a", "o.ä", "i.d.r", "s.o", "s.u", "v.a", "z.t", "u.u", "i.a", "a.a.o", "m.e"),
        *("bzw", "ca", "vgl", "ggf", "evtl", "inkl", "zzgl", "exkl", "sog", "bspw", "etw", "geb", "gest", "gegr"),
        *("dr", "prof", "hr", "fr", "frl", "fa", "st", "dipl", "ing", "med", "jur", "phil", "mag", "sen", "jun"),
    ),
    counted=("nr", "nrn", "tel", "art", "abs", "abb", "kap", "bd", "s", "ziff", "pos", "anl", "tab", "best", "zi"),
    closing=("usw", "etc", "str", "-str", "co", "mio", "mrd", "tsd", "min", "max", "std", "stk", "mwst"),
    legal_forms=wordlist("kg kgaa ohg gmbh ag ltd se"),
    ordinals=True,
    ordinal_before=wordlist(
        "januar februar märz april mai juni juli august september oktober november dezember jan feb apr aug sep",
        "sept okt nov dez quartal stock etage rate mahnung klasse auflage semester jahrhundert platz mal tag",
        "woche monat jahr og ug eg obergeschoss untergeschoss reihe gang",
    ),
    nouns_are_capital=True,
    listing="und|oder|sowie",
    joining="und",
    opening="und|aber|oder|dass|sondern|denn|also|dann|nun|jetzt|sowie",
    of="von",
    possessive=r"['\u2019]s?",
    genitives=("s",),
)

_QUESTIONS = Questions(
    computed=either(
        "wie ?viele? [^?.!\\n]{1,60} (?:nutz|benutz|verwende)(?:t|en)",
        "summe|zusammen|insgesamt|addier(?:e|en|t)?|plus|minus|abzüglich|zuzüglich|differenz|unterschied",
        "subtrahier(?:e|en|t)?|multiplizier(?:e|en|t)?|mal so|geteilt|dividier(?:e|en|t)?|durchschnitt(?:lich)?",
        "mittelwert|median|doppelt(?:e|en)?|verdopp\\w+|halbier\\w*|hälfte|prozent|prozentsatz|wie ?viele?|anzahl",
        "umgekehrt|rückwärts|umrechn\\w+|rechne|gerundet(?:e|en)?|runde|übersetz\\w*|buchstabier\\w*",
        "umformulier\\w*|umgeschrieben|umschreib\\w*|paraphrasier\\w*|anonymisier\\w*",
        "(?:ziffern?|buchstaben?|zeichen|teil|monat|jahr|wochentag|tag)(?= (?:von|der|des|in|im)\\b)",
        "quersumme|prüfsumme",
        "kurzform|abgekürzt|abkürz\\w*|welche[mns]? (?:jahrhundert|jahrzehnt)",
        r"(?:ersten|letzten) (?:zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|\d+)",
        r"anfangsbuchstaben|initialen|zweite[nrs]?|dritte[nrs]?",
        "vorherige[nrs]?|vorige[nrs]?|frühere[nrs]?|davor|vergleich\\w*|länger|kürzer|größer|kleiner|billiger",
        "günstiger|teurer|höher|niedriger|höchste[nrs]?|niedrigste[nrs]?|günstigste[nrs]?|teuerste[nrs]?",
        "tausch\\w*|getauscht|ersetz\\w*|umbenannt|kopier\\w*|rabatt|verzöger\\w*|verschieb\\w*|verberge|anonymisier\\w*",
        "schwärz\\w*|falls|wenn|angenommen|stell dir vor|erfinde|erzeuge|erstelle|ändere|erhöhe|verringere|maximum",
        "minimum|letzte[nrs]? (?:woche|monat|jahr|mal)|gestern|vorgestern",
    ),
    several=either("beide[nrs]?|jede[mnrs]?|alle[nr]?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|dutzend"),
    negated=either(
        "nicht|nie|niemals|kein(?:e[mnrs]?)?|weder|noch nicht|außer|ohne|statt|anstatt|stattdessen|falsch(?:e[nrs]?)?",
        "abgesehen von|anders als|ausgenommen",
    ),
    condition=re.compile(r"\s*(?:falls|wenn|sofern|ansonsten|sonst|nie)\b", re.IGNORECASE),
    who=either("wer|wen|wem|wessen|welche[mnrs]?|was"),
    which=wordlist("welche welcher welches welchen welchem wessen was"),
    cues={
        "date": either("wann|an welchem (?:datum|tag)"),
        "money": either("wie ?viel|was kostet|kostet|preis|bezahlt|zahlt"),
        "email": re.compile(r"\A(?!.*\bwer\b).*\be-?mail", re.IGNORECASE | re.DOTALL),
        "url": either("url|link|webseite|internetadresse"),
    },
    cue_words=wordlist(
        "viel kostet zahlt bezahlt preis datum tag email url link webseite internetadresse wieviel wann"
    ),
    plural=either("sind|waren|lauten"),
    past=either("war|waren|wurde|vorher|zuvor|früher|davor|damals|dann|danach|einst"),
    whose=re.compile(r"\b(?:mein|dein|unser|sein|ihr|euer|eur)(?:e[mnrs]?)?\s+(?:\w+\s+){0,2}\Z", re.IGNORECASE),
    corrected=either("korrektur|berichtigung|ich meinte|mein fehler|vertauscht|getauscht|verwechselt|stimmt nicht"),
    form=re.compile(
        r"\b(?:in|als|ohne|pro)\s+(?:der\s+|dem\s+|den\s+|das\s+|eine?[mnr]?\s+)?(?P<form>[^\W\d_]+)", re.IGNORECASE
    ),
    limits=either(
        "enthält|enthalten|zwischen|mindestens|höchstens|über|ungefähr|etwa|circa|sagte|dachte",
        "beginnt mit|beginnen mit|endet auf|endet mit|weniger als|mehr als",
    ),
    behind=re.compile(
        r"\b(?:auf|in|im|von|vom|aus|für|an|am|bei|beim|mit|zu|zum|zur)\s+"
        r"(?:(?:der|die|das|dem|den|diese[mnrs]?|meine?[mnr]?|deine?[mnr]?|eine?[mnr]?)\s+)?\Z",
        re.IGNORECASE,
    ),
    head=re.compile(
        r"(?P<head>[^\W_]+)\s+(?:von|des|der)\s+(?:(?:der|die|das|dem|den|meine?[mnr]?|deine?[mnr]?|diese[mnrs]?)\s+)?"
        rf"(?:{_UPPER}[\w.-]+s\s+)?\Z"
    ),
    related=re.compile(r"\b(?P<noun>[^\W\d_]+)\s+(?:von|des|der)\s+\Z"),
    owned=re.compile(rf"(?:['\u2019]s?|(?<=s))\s+(?P<noun>{_UPPER}[^\W\d_]*)"),
    order=re.compile(
        r"\b(?P<unwanted>nicht\s+(?:der\s+|die\s+|das\s+|den\s+)?)?"
        r"(?:(?P<first>(?:erste[nrs]?|ursprünglich(?:e[nrs]?)?|anfänglich(?:e[nrs]?)?|zuerst)\b(?!,))"
        r"|(?:letzte[nrs]?|aktuell(?:e[nrs]?)?|derzeitige[nrs]?|jetzige[nrs]?|neueste[nrs]?|zuletzt)\b)",
        re.IGNORECASE,
    ),
    example=re.compile(
        r"\b(?:zum\s+beispiel|beispielsweise|z\.\s?b\.|beispiel(?:ausgabe)?:|format:|etwa\s+so|wie\s+folgt)"
        r"[^\n]{0,40}\Z",
        re.IGNORECASE,
    ),
    made=either(
        "(?:erhöhe|senke|verringere|verlängere|verkürze|verschiebe) [^?.!\\n]{1,60} um "
        "(?:\\d+|einen?|eine|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|die hälfte)",
        "erzeuge|erstelle|ändere|tausch\\w*|ersetz\\w*|kopier\\w*|verschieb\\w*|umbenannt|verberge|runde",
    ),
    idle=either(
        "am ende|schließlich|im moment|zur zeit|bisher",
        "(?:in|mit) einem (?:kurzen |einzigen |ganzen )?(?:wort|satz)",
        "(?:nur |bloß |allein )mit dem wert|mit dem wert allein|in wenigen worten|kurz gesagt",
        "(?:einmal|zweimal|dreimal|mehrmals) (?:am|pro|im|in der) (?:tag|woche|monat|jahr)|übrigens|falls möglich",
        "(?:ohne|keine?) (?:weitere[nrs]? )?(?:erklärung(?:en)?|erläuterung(?:en)?|kommentare?)(?=[.!,;])",
        "(?:im|in der|in dem) (?:text|tabelle|liste|dokument|nachricht|notiz)(?: (?:oben|unten))?",
    ),
    carriers=wordlist("beleg bon brief dokument formular liste mail notiz quittung rechnung seite text zettel"),
)

_STATEMENTS = Statements(
    verbs=(
        r"(?:ist|war|sind|waren|lautet|lautete|beträgt|betrug|heißt)(?![ \t]von\b)"
        r"(?:[ \t](?:jetzt|nun|aktuell|derzeit|weiterhin|wieder|nämlich|früher|ursprünglich|zuvor|vorher))?"
        r"|(?:wurde|wird)[ \t](?P<from>von)|(?:wurde|wird)[ \t](?:auf|zu)|(?P<has>hat|hatte)"
    ),
    new=re.compile(r"(?:jetzt|nun|auf|zu)[ \t]+\Z"),
    to="auf|zu",
    at="am|an|in|im|um|bei",
    being="ist|sind|war|waren|lautet|lauten|beträgt|heißt",
    equal="ist|war|sind|waren|lautet|beträgt|heißt",
    changed=r"(?:wurde|wird)\s+(?:auf|zu)",
    determiners=wordlist(
        "der die das den dem des ein eine einen einem einer eines mein meine meinen meinem meiner dein deine",
        "deinen deinem deiner unser unsere unseren unserem unserer dieser diese dieses diesen diesem jener jene",
        "jenes",
    ),
    the=wordlist("der die das den"),
    mine=wordlist("mein meine meinen meinem meiner unser unsere unseren unserem dein deine deinen deinem deiner"),
    others=wordlist("sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer"),
    doubts=_DOUBTS,
    denied=either(
        rf"(?:das |es )?(?:stimmt|gilt|trifft) (?:so |einfach |gar |überhaupt )?nicht(?: zu)?|{_UNTRUE} (?:ist|war)",
        rf"(?:ist|war|wäre|es) (?:schlicht |einfach )?{_UNTRUE}|{_UNTRUE}(?=:)",
        rf"(?:niemand|keiner|kein mensch|kaum jemand)\b[^.;:]{{0,40}}\b{_SAID}",
        rf"(?:manche|einige|viele)\b[^.;:]{{0,40}}\b{_SAID}|das gerücht|die behauptung",
        rf"{_SAID} (?:wir |ich |er |sie )?nicht",
        "bezweifl\\w+|bezweifel\\w*|zweifl\\w+|zweifel\\w*|bestreite\\w*|bestritt\\w*|leugne\\w*|dementier\\w*",
        "fälschlich(?:erweise)?|irrtümlich(?:erweise)?|zu unrecht|angeblich",
    ),
    denied_after=re.compile(
        r"[\"'\u201c)]*[.,;]?\s+(?:was|(?:aber|doch)\s+das|das)\s+(?:aber\s+|jedoch\s+)?"
        r"(?:stimmt\s+(?:aber\s+|jedoch\s+)?nicht|nicht\s+stimmt"
        rf"|(?:ist|war)\s+(?:aber\s+|jedoch\s+)?{_UNTRUE}|{_UNTRUE}\s+(?:ist|war))\b(?!\s*:|,?\s+dass\b)",
        re.IGNORECASE,
    ),
    contrast=either("aber|jedoch|sondern|allerdings|hingegen|dagegen|tatsächlich|in wahrheit|obwohl"),
    not_names=_DOUBTS
    | wordlist(
        "es dies das da hier dort er sie wir ich du ihr man alle alles einige nie auch nur etwa ungefähr über",
        "als mehr weniger auf zu an in im am für mit von vom aus bei nach vor um bis dazu damit davon danach",
    ),
    of=wordlist("von vom für des der"),
    on=wordlist(
        "und aber so wie als an am ab bei durch für von vom aus falls in im auf pro seit bis wenn wo welche der",
        "die das den mit nicht nun jetzt heute wieder ist war hat weil da damit sowie um gegen nach vor wegen trotz",
        "geändert verlegt verschoben erhöht gesenkt angehoben herabgesetzt korrigiert aktualisiert angepasst",
        "verlängert verkürzt umgestellt gesetzt berichtigt reduziert vorverlegt umbenannt",
    )
    | _ADVERBS,
    adverbs=_ADVERBS,
    range=wordlist("bis oder mehr weniger"),
    belongs=re.compile(
        rf"(?<=[\w)])[ \t](?P<verb>ist|war|als)[ \t](?P<owner>{_NAME})(?<=\w)s['\u2019]?[ \t]"
        rf"(?P<attribute>{_UPPER}[\w-]{{1,40}})(?=[.,;!]|[ \t]und\b|[ \t]*[\r\n]|[ \t]*\Z)"
    ),
    noted="als",
    whose=re.compile(rf"(?:\A|(?<=[\s\"'(]))(?:Für|Bei)[ \t](?P<owner>{_NAME})[ \t]\Z"),
    owner=re.compile(r"(?P<owner>[\w.&#-]{1,60}?)(?:['\u2019]?s|(?<=[sxzß])['\u2019])\Z"),
    owned=re.compile(
        rf"(?P<owner>{_UPPER}[\w.&-]{{1,59}}?)s[ \t](?P<attribute>{_UPPER}.{{1,60}})"
        r"|(?P<noun>.{1,60}?)[ \t](?:von|vom|für|(?=(?:der|des)[ \t].*\d)(?:der|des))[ \t]"
        rf"(?:(?:der|die|das|dem|den)[ \t])?(?P<of>{_UPPER}.{{0,60}})"
    ),
    states=wordlist("status zustand stand"),
    clause=re.compile(
        r"(?<![\w'\u2019.@-])(?:ich|wir|du|er|sie|man|es|dies|da|dort|ist|sind|war|waren|bin|wird|werden|wurde|wurden|hat|"
        r"haben|hatte|hatten|kann|können|könnte|soll|sollte|muss|müssen|darf|will|sagte|sagt|fragte|antwortete|"
        r"bitte)(?![\w.@-])",
        re.IGNORECASE,
    ),
    clause_names=frozenset(),
    request=re.compile(
        r"(?:bitte\b|(?:antworte|schreib|schreibe|gib|nenne|nenn|sag|sage|zeig|zeige|finde|suche|wiederhole|zitiere|"
        r"verwende|nutze)[ \t](?:in|mit|als|die|der|das|den|dem|ein|eine|einen|mir|uns|nur|genau|mit|auf|für)\b"
        r"|(?:ich|wir)[ \t](?:brauchen?|suchen?|benötigen?|möchten?|will|wollen|wüssten?)[ \t](?:gern[ \t])?"
        r"(?:die|der|das|den)\b)",
        re.IGNORECASE,
    ),
    placeholder="WERT|ANTWORT|VALUE|ANSWER",
    assign="set|let|var|const|export|setze",
    questions=wordlist("frage anfrage question query q"),
    number_mark=r"[Nn]r\.|[Nn]ummer[ \t]",
    hers=re.compile(r"\b(?:sein|ihr)(?:e[mnrs]?)?[ \t]\Z", re.IGNORECASE),
    no_nouns=wordlist(
        "und als am an bei ruf rufe gerufen siehe für von vom aus in wie oder auf über pro der die das den dem",
        "unter bis mit zu zur zum ist war ab seit laut",
    ),
    each="@|à|je|zu",
    every="pro stück|je stück",
    value_headings=wordlist("wert value"),
    asked_of_keys={"money": "Preis", "date": "Datum"},
    value="Wert",
    possession="{attribute} von {owner}",
)

_FORMS = Forms(
    time="Zeit",
    answers=wordlist("antwort a"),
    inputs=wordlist("eingabe"),
    outputs=wordlist("ausgabe"),
    examples="(?:zum[ ])?beispiele?",
    template=either("füllen? sie|füll(?:e|t)? (?:es |das |dies |bitte )?(?:aus|ein)|vorlage|beispiel"),
    asked_form=either("format|form|schema|struktur|so|wie folgt"),
    mail_headers=wordlist("von an cc kopie betreff datum gesendet from to subject date"),
    labels=wordlist(
        "notiz notizen hinweis anmerkung korrektur nachtrag änderung update achtung warnung erinnerung beobachtung",
        "gedanke aktion ergebnis ergebnisse ausgabe antwort zusammenfassung beispiel beispiele eingabe merke ps",
    ),
)

GERMAN = Language(
    name="german",
    locale="de_DE",
    stemming=snowball("german"),
    vocabulary=_VOCABULARY,
    marks=_MARKS,
    questions=_QUESTIONS,
    statements=_STATEMENTS,
    forms=_FORMS,
    speech=SPEECH,
    changes=CHANGES,
    disowning=DISOWNING,
    unsettling=UNSETTLING,
    asking=ASKING,
    items=ITEMS,
    nouns=NOUNS,
    citing=Citing(
        sources="quelle|dokument",
        parts="abschnitt",
        leads=r"siehe|vgl\.?",
        counting=r"nr\.?",
        joining="und",
        headings="quellen|literatur|fußnoten|fussnoten",
        ranges="sind|war(?:en)?",
    ),
    telling=TELLING,
)
"""German."""
