"""Holds the English words that ask, by what answers them."""

from __future__ import annotations

import re

from guardbind.text.asking import LENGTHS, MASSES, SPEEDS, Interrogatives
from guardbind.text.wordlists import either, wordlist

__all__ = ["ASKING"]

_LENGTH = rf"{LENGTHS}|(?:milli|centi|kilo)?met(?:er|re)s?\b|inch(?:es)?\b|feet\b|foot\b|yards?\b|miles?\b"
_TIME = r"(?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|terms?|nights?|min|sec|hrs?|[hsd])\b"
_MASS = rf"{MASSES}|(?:kilo)?grams?\b|kilos?\b|pounds?\b|tons?\b|tonnes?\b"
_AREA = r"(?:[mck]?m\s?(?:2|\u00b2)|square|acres?|hectares?|ha|people|seats|litres?|liters?|[MGKT]i?B)\b"
_HEAT = r"(?:\u00b0|degrees?\b)"
_MONEY = r"(?:%|percent\b)"
# "Who drives with Ann" asks for no driver.
_WHOM = r"(?! (?:with|to|in|into|from|at|for|on|by|past|behind|up|off|out|away|without|about)\b)"
_AGENTS = {
    **{"drives": ("driver",), "leads": ("leader", "lead"), "manages": ("manager",), "owns": ("owner",)},
    **{"keeps": ("keeper",), "teaches": ("teacher",), "trains": ("trainer",), "coaches": ("coach",)},
    **{"directs": ("director",), "directed": ("director",), "edits": ("editor",), "designed": ("designer",)},
    **{"wrote": ("author", "writer"), "supervises": ("supervisor",), "hosts": ("host",), "sponsors": ("sponsor",)},
    **{"conducts": ("conductor",), "reviews": ("reviewer",), "supplies": ("supplier",)},
    **{"makes": ("maker", "manufacturer"), "publishes": ("publisher",), "published": ("publisher",)},
}

ASKING = Interrogatives(
    kinds={
        "none": either(
            "why|how come|what for|(?:which|what) (?:way|kind|sort|type)",
            "how(?= (?:is|are|was|were|do|does|did|can|could|should|would|will|has|have|often|come)\\b)",
        ),
        "measure": either("how (?!(?:much|many|soon|to|about|i|you|we)\\b)(?P<degree>[a-z]+)"),
        "time": either("(?:since |until |till )?when|what time|(?:what|which) (?:day|date|weekday|month)|how soon"),
        "price": either("how much (?:do|does|did)|at what price"),
        "amount": either("how much|(?:what|which) (?:amount|sum)"),
        "name": either("who|whom", "(?:what|which) (?:person|city|town|village|country|company|firm)"),
        "place": either("where"),
        "any": either("what|which|whose|how many"),
    },
    measures={
        **dict.fromkeys(("wide", "deep", "thick", "tall", "far"), _LENGTH),
        **dict.fromkeys(("high", "low", "steep"), f"{_LENGTH}|{_MONEY}|{_HEAT}|[^\\W\\d_]"),
        **dict.fromkeys(("large", "big", "small"), f"{_LENGTH}|{_AREA}|{_MASS}"),
        "long": f"{_LENGTH}|{_TIME}|pages?\\b|words?\\b",
        "short": f"{_LENGTH}|{_TIME}",
        "old": _TIME,
        "late": _TIME,
        "heavy": _MASS,
        "fast": SPEEDS,
        "warm": _HEAT,
        "cold": _HEAT,
        "hot": _HEAT,
    },
    nouns=wordlist("person city town village country company firm amount sum"),
    times=either(
        "(?:mon|tues|wednes|thurs|fri|satur|sun)days?|noon|midnight|morning|afternoon|evening|today|tomorrow|daily"
        "|weekly|monthly|spring|summer|autumn|fall|winter|easter|christmas|\\d{1,2} ?[ap]\\.?m|o['\u2019]clock"
    ),
    aside=re.compile(
        r"\b(?:before|after|behind|beside|between|near|facing|opposite|above|below|against|beyond|past|inside|outside"
        r"|without|around|across|along|until|like|unlike|besides)"
        r"\s+(?:(?:the|my|our|your)\s+)?\Z",
        re.IGNORECASE,
    ),
    within=re.compile(r"\b(?:in|on|at|within|with|since)\s+(?:(?:the|my|our|your)\s+)?\Z", re.IGNORECASE),
    former=re.compile(
        r"\A\W*(?:before|earlier|once),|\bbefore\s*(?:\?|\Z)|\bbefore\s+(?:this|that|it|now|then)\b"
        r"|\b(?:previously|formerly|used\s+to|in\s+the\s+past|back\s+then)\b",
        re.IGNORECASE,
    ),
    apart=wordlist(
        "old older new newer young younger little big small large late elder senior junior second third other another",
        "former real true fake false upper lower left right inner outer poor dear great",
    ),
    polite=either(
        "(?:can|could|would|will) you (?:please |kindly |quickly )?(?:tell|give|send|show|remind) (?:me|us)",
        "(?:can|could|would|will) you (?:please |kindly |quickly )?"
        "(?:look up|name|state) (?:the|my|his|her|\\w+['\u2019]s)",
        "would you mind (?:telling|giving|sending|showing) (?:me|us)",
    ),
    # Times of an opening or a departure are left out: who tells them often tells exceptions, too.
    implied=(
        (either("how heavy (?:is|are)|(?:how much|what) (?:do|does) [^?.!\\n]{1,80} weigh"), ("weight",)),
        (either("how (?:tall|high) (?:is|are)"), ("height",)),
        (either("how wide (?:is|are)"), ("width",)),
        (either("how deep (?:is|are)"), ("depth",)),
        (either("how thick (?:is|are)"), ("thickness",)),
        (either("how long (?:is|are)"), ("length", "duration", "running time", "runtime")),
        (either("how long (?:do|does) [^?.!\\n]{1,80} (?:last|run)"), ("duration", "running time", "runtime")),
        (either("how old (?:is|are)"), ("age",)),
        (either("how (?:warm|cold|hot) is"), ("temperature", "temp")),
        (either("how fast (?:is|are)"), ("speed", "top speed")),
        (either("how (?:big|large) (?:is|are)"), ("size", "area")),
        (either("how much (?:do|does) [^?.!\\n]{1,80} earn"), ("salary", "wage", "pay")),
        (
            either("when (?:do|does|will) [^?.!\\n]{1,80} expire"),
            ("expiry", "expiry date", "expires", "expiration", "expiration date", "valid until"),
        ),
        (
            either("when (?:is|was|were) [^?.!\\n]{1,80} born"),
            ("born", "birthday", "date of birth", "birth date", "dob"),
        ),
        *((either(f"who {verb}{_WHOM}"), nouns) for verb, nouns in _AGENTS.items()),
    ),
)
