"""Lists the German words of a question that say nothing of which value it asks for, as `english_plain` does."""

from __future__ import annotations

from guardbind.text.wordlists import wordlist

__all__ = ["CARRIERS", "CODED", "PLAIN"]

_HELD = wordlist(
    "abgelegt angegebene angegebenen angegebener angezeigt aufgeführte aufgeführten aufgeführter aufgelistet",
    "ausgewiesen befindet dauert bekommen bekommt besitzen besitzt bezeichnet dahinter darunter dazugehörig",
    "dazugehörige dazugehörigen dazugehöriger dokumentiert drin drinsteht eingetragene eingetragenen eingetragener",
    "entsprechen entsprechend entsprechende entsprechenden entsprechender entsprechendes entspricht erfasst erfasste",
    "erfassten erscheint erwähnt erwähnte erwähnten fand festgehalten finden findet führt gefunden geführt gehörend",
    "gehörende gehörig gehörte gelistet genannt genannte genannten gespeichert gespeicherte gespeicherten",
    "gilt gültig nutzen nutzt benutzt verwenden verwendet",
    "heißen heißt hinter hinterlegt hinterlegte hinterlegten hält lautete liegt nennt notiert notierte notierten",
    "passend passende passenden passender passt registriert registrierte registrierten stand steckt tragen trägt",
    "verfügt vergeben verknüpft vermerkt vermerkte vermerkten verzeichnet verzeichnete verzeichneten verzeichneter",
    "vorliegt zugehörig zugehörige zugehörigen zugehöriger zugeordnet zugeordnete zugeordneten zugeordneter",
    "zugewiesen zugewiesene zugewiesenen",
)

_ASKED = wordlist(
    "ablesen anhand anzeigen ausgeben auskunft auslesen beantwortet benötige benötigen benötigt brauche brauchen",
    "braucht bräuchte darf durchgeben dürfte einfügen einsetzen eintragen ergänze ergänzen erinnere erinnern",
    "ermitteln ermittle fehlt frag fragt gern gerne gesucht gesuchte gesuchten gucken helfen heraus",
    "heraussuchen hilf",
    "hilfst hätte interessieren interessiert kriege kurze kurzen könnten könntest lesen lies mitteilen muss möchte",
    "möchten möge müssen müsste nachschauen nachschlagen nachsehen raus rausfinden raussuchen rufe sagen",
    "sagst schaue",
    "schauen schick schicke schicken sehen setz setze sieh sollte such suchen suchst teil teile teilen vergessen",
    "verraten verrätst vervollständige vervollständigen weiß weißt wiederhole wiederholen will willst wissen wollen",
    "wollte wollten wähle wählen wäre würden würdest wüsste zitiere übernehmen übernimm",
)

_MANNER = wordlist(
    "ausschließlich betreff betreffend betreffende betreffenden bezüglich bitteschön bloß dafür danach",
    "dankbar daraus",
    "davon dazu demnach denn direkt eben eigene eigentlich einmal erklärung etwas exakt exakte exakten exakter folgt",
    "frage genaue genauen genauer genaues gerade gesagt hieraus hierfür hierzu hinsichtlich jemand",
    "jeweilig jeweilige",
    "jeweiligen jeweils kommentar konkret konkrete konkreten korrekt korrekte korrekten lediglich liebe lieber mehr",
    "moment nochmal nochmals präzise richtig richtige richtigen richtiger schlicht schnell sofort sonst",
    "tatsächlich unverändert vielen",
    "vielleicht weitere wirklich wohl wortwörtlich wörtlich ziffer zusatz",
)

CARRIERS = wordlist(
    "absatz abschnitt akte akten angaben anhang anlage antwort artikel auflistung aufstellung ausgabe auszug bericht",
    "bestand blatt block brief buch chat csv datei dateien daten datenbank datensatz dokument dokumente eingabe",
    "eintrag eintragung einträge ergebnis fließtext formular gespräch html info information informationen ini",
    "inventar inventarliste json karte kartei karteikarte katalog konfiguration kontext liste listen log mail",
    "material meldung nachricht notiz notizen objekt ordner plan protokoll quelle register seite sitzungsprotokoll",
    "spalte system tabelle tabellen text transkript unterlagen verlauf verzeichnis vorlage xml yaml zeile zeilen",
    "zettel zusammenfassung übersicht",
)

CODED = wordlist(
    "antwort code eintrag ergebnis gegenstück guid hash id kennung paar rechte rechten sache schlüssel seite token",
    "treffer uuid wert zeichenfolge zeichenkette zuordnung",
)

PLAIN = _HELD | _ASKED | _MANNER
