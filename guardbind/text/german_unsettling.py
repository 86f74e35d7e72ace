"""Holds the German words that leave open which value holds, or take it back where it stands."""

from __future__ import annotations

from guardbind.text.unsettling import Unsettling
from guardbind.text.wordlists import either, wordlist

__all__ = ["UNSETTLING"]

UNSETTLING = Unsettling(
    led=either(
        "war|waren|früher|bisher|zuerst|erst|zunächst|anfangs|ehemals|vormals|alt|alte[rs]?|von|nicht|etwa",
        "ungefähr|ca|circa",
        "rund|maximal|max|mindestens|min|höchstens|bis zu|über|unter|vielleicht|entweder|wahrscheinlich",
        "vermutlich|z\\.? ?b",
        "zum beispiel|neben|bei",
    ),
    trailed=either(
        "oder|bis|alt|geschätzt|schätzung|ca|max|maximal|mindestens|falsch|ungültig|unbestätigt|vielleicht|vermutlich",
        "storniert|gestrichen|gelöscht|abgelaufen|veraltet|überholt|beispiel|muster|platzhalter|geplant|vorgeschlagen",
        "entwurf|abgelehnt|scherz|witz|letztes jahr|sagt|laut|falls|wenn|plus|minus|tippfehler|irrtum|erfunden",
        "gelogen",
        "nicht (?:gültig|wahr|sicher|bestätigt|mehr)",
    ),
    turned=either("dann|später|danach|jetzt|nun|neu|heute|seit|künftig|geändert auf|nein|sorry|quatsch|also|bzw"),
    belied=either(
        "lügt|lügen|gelogen|lügner(?:in)?|immer falsch|liegt falsch|von wegen|witz|scherz|(?:falsch|unwahr|lüge)(?=:)",
        "(?:falsche|fehlerhafte|veraltete|alte|gefälschte|letztjährige)[mnrs]? (?:\\w+ )?(?:zettel|liste|plan"
        "|blatt|schild"
        "|aushang|plakat|seite|tabelle|karte|zählung|bericht|artikel|fassung|version|nachricht|mail|brief",
        "tafel|buch|datei)s?",
    ),
    taken_back=either(
        "(?:war |das war |ist |nur |bloß |ein )*(?:scherz|witz|spaß|quatsch|gelogen|erfunden)|haha",
        "oder (?:doch )?(?:nicht|etwa)",
        "richtig oder falsch|wahr oder falsch|stimmt[’']?s|(?:glaub|glaube|glauben sie) (?:das|ihm|ihr"
        "|mir) nicht|april",
        # Who speaks corrects himself: "4417, nee warte, das ist der vom Keller".
        "(?:(?:ach|äh|ähm|oh|ah|hm),? )*(?:nein|nee|ne|quatsch|halt|stopp|warte|warten sie|moment)"
        "(?:[,.!\u2026 ]+(?:nein|nee|warte|warten sie|moment|mal|halt|stopp|sorry|quatsch|das)\\b)+",
        "(?:das )?(?:hab|habe) ich (?:jetzt |da |grad )?(?:verwechselt|vertauscht)",
        "da (?:hab|habe) ich mich (?:geirrt|vertan)",
        "(?:das )?(?:hat|habe) \\w+ (?:sich )?(?:nur )?(?:erfunden|ausgedacht)|sagt (?:zumindest|jedenfalls) \\w+",
    ),
    totals=wordlist("summe gesamt gesamtsumme gesamtbetrag insgesamt total zusammen zwischensumme"),
)
