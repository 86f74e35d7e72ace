"""Holds the English words that leave open which value holds, or take it back where it stands."""

from __future__ import annotations

from guardbind.text.unsettling import Unsettling
from guardbind.text.wordlists import either, wordlist

__all__ = ["UNSETTLING"]

UNSETTLING = Unsettling(
    led=either(
        "was|were|had been|used to be|formerly|previously|originally|initially|first|old|from|not|never",
        "approx\\w*|about",
        "around|circa|ca|roughly|max\\w*|min\\w*|at (?:least|most)|up to|over|under|below|above|maybe|perhaps",
        "probably",
        "possibly|either|neither|enter|choose|pick|tick|select|fill in|e\\.?g|for example|such as|next to|near",
    ),
    trailed=either(
        "or|until|till|old(?=\\W*\\Z|[,;)])|guess\\w*|approx\\w*"
        "|max(?:imum)?(?! ?\\d)|minimum(?! ?\\d)|(?<!\\d)(?<!\\d\\s)min(?! ?\\d)|at (?:least|most)|or so|wrong|false",
        "incorrect|untrue",
        "invalid|not (?:valid|true|real|right|correct|sure|confirmed|final|any ?more)|void|unconfirmed",
        "unverified|tbc|tbd",
        "to be (?:confirmed|checked)|maybe|perhaps|probably|cancell?ed|deleted|removed|withdrawn|crossed out|struck",
        "expired|outdated|obsolete|superseded|example|sample|placeholder|e\\.?g|planned|proposed|draft|rejected",
        "disputed",
        "(?:just )?(?:kidding|joking)|joke|lie|last (?:year|month|week)|(?:\\w+ )?(?:says|said|thinks|claims)",
        "if|unless|plus",
        "minus|tick one|choose one|typo|mistake|error|fake|made up|invented|haha|lol",
    ),
    turned=either(
        "then|later|afterwards|after that|now|new|since|changed to|moved to|corrected to|no|sorry|oops|i\\.?e|rather"
        "|actually|meaning|today|and now|currently|instead"
    ),
    belied=either(
        "lies|lied|lying|liars?|always wrong|never right|yeah right|as if|jokes?|prank",
        "(?:wrong|false|untrue|lie|fake)(?=:)",
        "(?:wrong|false|mistaken|fake|bogus|outdated|obsolete|old|forged|unreliable|last (?:year|month|week)['’]s)"
        " (?:\\w+ )?(?:leaflet|list|sheet|sign|notes?|notice|poster|page|table|plan|map|brochure|count|report|article"
        "|schedule|roster|copy|version|news|email|letter|message|board|book|file|label)",
    ),
    taken_back=either(
        "(?:just |only |i am |i['’]m )*(?:kidding|joking)|haha|lol|or is it|true or false|right or wrong|yes or no",
        "(?:i|\\w+) (?:just |simply )?(?:made (?:that|it|this) up|lied|invented (?:that|it|this))|as if|not really",
        "(?:do not|don['’]t|never) (?:believe|trust|use|write|repeat) (?:that|it|this|him|her|them)",
        "at least \\w+ \\w+ so",
        "(?:everyone|everybody|some|people|they|\\w+) (?:says?|thinks?|claims?) so|april fool",
        "that was (?:a lie|a joke|wrong)",
        # Who speaks corrects himself: "4417, no wait, that is the one of the bike shed".
        "(?:(?:oh|uh|um|er|erm|ah),? )*(?:no|nope|wait|hold on|hang on|scratch that|strike that)"
        "(?:[,.!\u2026 ]+(?:no|wait|sorry|hold on|hang on|that|it|this)\\b)+",
        "(?:(?:oh|uh|um|er|erm|ah),? )*(?:scratch that|strike that|hang on)",
        "(?:i )?(?:mix|mixed) (?:that|it|them|those) up",
    ),
    totals=wordlist("total totals sum altogether overall subtotal"),
)
