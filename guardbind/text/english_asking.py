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
)
