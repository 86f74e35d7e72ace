r"""Holds every word list of English, as the language that a guard reads by default.

Plain words stand in word lists; what needs more is a regular expression. In those that `either` compiles a space stands
for white space; `[ \t]` is a space within one line.
"""

from __future__ import annotations

import re

from guardbind.text.citing import Citing
from guardbind.text.english_asking import ASKING
from guardbind.text.english_disowning import DISOWNING
from guardbind.text.english_items import ITEMS
from guardbind.text.english_nouns import NOUNS
from guardbind.text.english_plain import CARRIERS, CODED, PLAIN
from guardbind.text.english_speech import CHANGES, SHIFTED, SPEECH, TELLING
from guardbind.text.english_unsettling import UNSETTLING
from guardbind.text.forms import Forms
from guardbind.text.language import Language, Marks, Questions, Statements, Vocabulary, either, wordlist
from guardbind.text.stems import plural_s

__all__ = ["ENGLISH"]

_DOUBTS = wordlist("if whether unless suppose assuming what which who where when why how not")
_ADVERBS = wordlist("only already still yet too also ago later earlier instead then")
_UNTRUE = "(?:false|untrue|wrong|incorrect|a lie|a myth|not true|not right|not correct|not the case)"
_DONE = r"(?:has|have|had)[ \t](?:now[ \t]|since[ \t])?(?:been[ \t])?"
_FORMERLY = "formerly|previously|originally|initially"
_SAID = (
    "(?:said|says?|saying|claim(?:s|ed)?|think|thinks|thought|believed?|believes|wrote|stated?|states|confirmed"
    "|confirm|told (?:me|us|you)|assumed?)"
)

_VOCABULARY = Vocabulary(
    stop=wordlist(
        "a above according again an and answer any are as ask at be been being belong belongs brief briefly by",
        "can check conversation could csv did do does earlier entry exact exactly find for format from full get",
        "give had has have having her here his how i in into is it its json just know listed look markdown me much",
        "message my need no of ok on only or our please quote recorded registered reply report return say",
        "sentence belongs belong associated stored",
        "short show shown so stated sure table tell text than that the their them then there these this",
        "those to under unknown up us using want was we were what when where which who whom whose why will with",
        "would write yaml yes you your mr mrs ms dr prof",
    ),
    same={
        **{"e-mail": "email", "mail": "email", "emails": "email"},
        **{"cost": "price", "costs": "price", "nr": "number", "num": "number"},
        **{"ext": "extension", "temp": "temperature", "qty": "quantity", "dept": "department", "avail": "available"},
        **{"mem": "memory"},
    },
    first=wordlist("first original originally initial initially earliest"),
    latest=wordlist("last latest current currently final finally newest recent recently now"),
    generic=wordlist("address amount code date field id identifier key name number value label"),
    naming=wordlist("name title"),
    contents=frozenset({"contents", "table of contents"}),
    trailing=wordlist("number id address name"),
    dating=wordlist("date"),
    plain=PLAIN,
    places=CARRIERS,
    coded=CODED,
)

_MARKS = Marks(
    abbreviations=(
        *("mr", "mrs", "ms", "dr", "prof", "st", "mt", "ft", "lt", "sgt", "capt", "gen", "gov", "rev", "hon"),
        *("e.g", "i.e", "vs", "approx", "cf"),
    ),
    counted=(
        *("no", "nr", "fig", "figs", "vol", "art", "p", "pp", "ch", "sec", "eq", "tel", "ext", "max", "min", "avg"),
        *("incl", "excl", "temp", "apt", "rm", "bldg", "ver", "v", "qty", "wt", "lvl", "pt"),
    ),
    closing=("etc", "inc", "ltd", "co", "corp", "bros", "jr", "sr", "dept", "est", "ave", "rd", "blvd", "a.m", "p.m"),
    legal_forms=wordlist("ltd inc llc llp plc corp gmbh kg ag pty limited"),
    ordinals=False,
    ordinal_before=frozenset(),
    nouns_are_capital=False,
    listing="and|or",
    joining="and",
    opening="and|but|or|that|so|then|now",
    of="of",
    possessive=r"['\u2019]s?",
    genitives=(),
)

_QUESTIONS = Questions(
    computed=either(
        r"sum|add(?:s|ed|ing)?|together|altogether|combined|difference|plus|minus|subtract(?:s|ed|ing)?",
        r"multipl(?:y|ied)|times|divided?|average|mean|median|twice|doubles?d?|halves?d?|half|percent(?:age)?",
        r"how (?:many|much) [^?.!\n]{1,60} uses?",
        r"how many|count|how much (?:more|less)|revers(?:e|ed)|backwards?|convert(?:ed)?|round(?:ed)?",
        r"translate[ds]?|spell(?:ed)?|rewrit(?:e|ten)|reword(?:ed)?|rephrased?|paraphrased?|anonymi[sz]ed?",
        r"(?:digits?|letters?|characters?|part|prefix|suffix|domain|month|year|weekday|day)(?= (?:of|in|is)\b)",
        "short(?:ened)? form|abbreviated?|(?:which|what) (?:century|decade)",
        r"(?:first|last) (?:two|three|four|five|six|seven|eight|nine|ten|\d+)|initials|second|third|previous(?:ly)?",
        r"before (?:that|it)|days? (?:after|before)|compare[ds]?|longer|shorter|larger|smaller|cheaper|higher|lower",
        r"highest|lowest|cheapest|most expensive|than|swap(?:s|ped)?|trade[ds]?|cop(?:y|ied)|replaced?",
        r"renamed?|spen[dt]|discount(?:ed)?|delay(?:ed)?|mask|redact|hide",
        r"in (?:feet|inches|pounds|miles|euros|dollars)",
        r"if|suppose|assum(?:e|ing)|imagine|pretend|generate|create|change|update|invent|increment|decrement|maximum",
        r"minimum|checksum|last (?:week|month|year|time)|yesterday|ago",
    ),
    several=either("both|each|every|two|three|four|five|six|seven|eight|nine|ten|dozen"),
    negated=re.compile(
        r"\b(?:not|never|neither|nor|except|unlike|without|besides|instead|rather|other\s+than|apart\s+from|wrong"
        r"|incorrect)\b|n['\u2019]t\b",
        re.IGNORECASE,
    ),
    condition=re.compile(r"\s*(?:if|unless|otherwise|do\s+not|don['\u2019]t|never|where)\b", re.IGNORECASE),
    who=either("wh(?:o|om|ose|ich|at)"),
    which=wordlist("which what whose"),
    cues={
        "date": either("when|what (?:date|day)"),
        "money": either("how much|costs?|price|paid|pay"),
        "email": re.compile(r"\A(?!.*\bwho\b).*\be-?mail\b", re.IGNORECASE | re.DOTALL),
        "url": either("url|link|website"),
    },
    cue_words=wordlist("pay paid price date day email url link website"),
    plural=either("are|were"),
    past=either("was|were|from|used to|before|previously|earlier|then|after"),
    whose=re.compile(r"\b(?:my|your|our|his|her|its|their)\s+(?:\w+\s+){0,2}\Z", re.IGNORECASE),
    corrected=either("correction|scratch that|i meant|my mistake|exchanged|swapped|reassigned"),
    form=re.compile(r"\b(?:in|as|without|per)\s+(?:the\s+|an?\s+)?(?P<form>[^\W\d_]+)", re.IGNORECASE),
    limits=either(
        "includes?|including|between|at least|at most|over|about|around|said|thought|starts? with",
        "begins? with|ends? with|contains?",
        r"(?<!stored\s)(?<!listed\s)(?<!filed\s)(?<!kept\s)(?<!given\s)(?<!found\s)under",
    ),
    behind=re.compile(
        r"\b(?:on|in|of|from|for|at|with|to)\s+(?:(?:the|this|that|my|your|our|an?)\s+)?\Z", re.IGNORECASE
    ),
    head=re.compile(
        r"(?P<head>[^\W_]+)\s+of\s+(?:(?:the|an?|my|your|our|this|that)\s+)?"
        r"(?:[\w.-]+(?:\s+[\w.-]+)?['\u2019]s\s+)?\Z"
    ),
    related=re.compile(r"\b(?P<noun>[^\W\d_]+)\s+of\s+\Z"),
    owned=re.compile(r"['\u2019]s\s+(?P<noun>[^\W\d_]+)"),
    order=re.compile(
        r"\b(?P<unwanted>not\s+(?:the\s+|its\s+)?)?"
        r"(?:(?P<first>(?:first|original(?:ly)?|initial(?:ly)?|earliest)\b(?!,))"
        r"|(?:last|latest|current(?:ly)?|final(?:ly)?|newest|most\s+recent)\b)",
        re.IGNORECASE,
    ),
    example=re.compile(
        r"\b(?:for\s+example|for\s+instance|e\.g\.|such\s+as|example(?:\s+output)?:|format:|like\s+this)[^\n]{0,40}\Z",
        re.IGNORECASE,
    ),
    made=either(
        "(?:raise|lower|increase|decrease|reduce|extend|shorten|postpone) [^?.!\\n]{1,60} by "
        "(?:\\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|half)",
        "generate|create|change|update|cop(?:y|ied)|replaced?|renamed?|delay(?:ed)?|hide|round(?:ed)?",
    ),
    idle=either(
        "corresponding|respective|in the end|after all|at the moment|at present|so far",
        "in (?:one|a|a single|two|a few|few) (?:short )?words?",
        "in (?:one|a|a single) (?:short )?(?:sentence|line|phrase)|in (?:short|brief|full)",
        "with (?:one|a|a single) word|(?:with|by) (?:just |only )?the (?:bare )?value(?: only| alone)?(?=[.!,;]|$)",
        "(?:once|twice|three times|several times) (?:a|per|every|each) (?:day|week|month|year|night|shift)",
        "in the (?:text|table|list|document|message|note|passage|prompt|data)(?: (?:above|below))?",
        "if you (?:can|could|please|know|remember|would)|if possible",
        "without (?:any )?(?:explanation|comment|further ado)|no (?:explanations?|comments?)(?=[.!,;])",
        "of course|by the way|as far as you know|for my records|(?:do not|don['\u2019]t) (?:explain|elaborate)",
    ),
    carriers=wordlist("bill document email form invoice letter list mail note page receipt sheet slip text ticket"),
)

_STATEMENTS = Statements(
    verbs=(
        r"(?:is|was|are|were|equals|becomes|became)(?![ \t][a-z]{5,11}[ \t](?:up[ \t]|down[ \t]|back[ \t])?from\b)"
        rf"(?:[ \t](?:now|currently|still|again|once|actually|really|in[ \t]fact|{_FORMERLY}))?"
        rf"(?:[ \t](?:equal|{SHIFTED})[ \t]to)?"
        r"|used[ \t]to[ \t]be|(?:has|have|had)[ \t](?:since[ \t])?become"
        rf"|(?:{_DONE}|(?:was|were|got)[ \t])?(?P<from>{SHIFTED})[ \t]from"
        rf"|(?:{_DONE}|got[ \t])?{SHIFTED}[ \t](?:now[ \t])?to"
        r"|(?P<has>has|had)"
    ),
    new=re.compile(r"(?:now|to)[ \t]+\Z"),
    to="to",
    at="at|on|in",
    being="is|are|was|were|be|been|equals|reads",
    equal="is|was|are|were|be|equals",
    changed=r"(?:changed|corrected|moved|set|updated)\s+to",
    determiners=wordlist("the a an my your our this that"),
    the=frozenset({"the"}),
    mine=wordlist("my our your"),
    others=wordlist("his her its their"),
    doubts=_DOUBTS,
    denied=either(
        rf"(?:it|this|that|which|what) (?:is|was) (?:simply |just |plainly )?{_UNTRUE}",
        rf"(?:it|that)['\u2019]s {_UNTRUE}|(?:it|that) (?:isn|wasn)['\u2019]t (?:true|right|correct|so|the case)",
        rf"{_UNTRUE} (?:is|was)|(?:false|untrue|incorrect)(?=:)",
        rf"(?:nobody|no one|none of \w+|few) (?:has |have |had )?(?:ever |really )?{_SAID}",
        rf"(?:some|many)(?: people)? (?:wrongly )?{_SAID}|rumou?r has it|the rumou?r that|the claim that",
        r"doubt(?:s|ed|ful)?|den(?:y|ies|ied)|dispute[sd]?|disbelieve[sd]?",
        rf"(?:do|does|did)(?: not|n['\u2019]t) {_SAID}|never {_SAID}",
        "wrongly|falsely|mistakenly|erroneously|incorrectly|allegedly|supposedly",
    ),
    denied_after=re.compile(
        rf"[\"'\u201d)]*[.,;]?\s+(?:which|that|this|but\s+(?:that|this|it))\s+"
        rf"(?:(?:is|was)\s+{_UNTRUE}|(?:is|was)n['\u2019]t\s+true)\b(?!\s*:|,?\s+that\b)",
        re.IGNORECASE,
    ),
    contrast=either("but|however|yet|although|though|whereas|in fact|actually|instead|rather"),
    not_names=_DOUBTS
    | wordlist(
        "it this that these those there here he she they we i you one all some never also only about around at over",
        "than more less up to on in for with from as by",
    ),
    of=wordlist("of for"),
    on=wordlist(
        "and but so as at because by for from if in of on per since until when where which while who with not now",
        "today again is was has after before following despite during under over into due thanks via these",
    )
    | _ADVERBS,
    adverbs=_ADVERBS,
    range=wordlist("to or more less fewer higher lower"),
    belongs=re.compile(
        r"(?<=[\w)])[ \t](?P<verb>is|was|as)[ \t](?P<owner>[A-Z][\w.&-]{0,40}(?:[ \t][A-Z][\w.&-]{0,40}){0,2})"
        r"['\u2019]s[ \t](?P<attribute>[\w-]{1,40}(?:[ \t][\w-]{1,40}){0,3}?)"
        r"(?=[.,;!]|[ \t]and\b|[ \t]*[\r\n]|[ \t]*\Z)"
    ),
    noted="as",
    whose=re.compile(
        r"(?:\A|(?<=[\s\"'(]))For[ \t](?:(?:the|our|my)[ \t])?"
        r"(?P<owner>(?:[a-z][\w-]{1,20}[ \t])?[A-Z#\d][\w.&#-]{0,40}(?:[ \t][A-Z#\d][\w.&#-]{0,40}){0,3}),[ \t]\Z"
    ),
    owner=re.compile(r"(?P<owner>[\w.&#-]{1,60}?)(?:['\u2019]s|(?<=s)['\u2019])\Z"),
    owned=re.compile(
        r"(?P<owner>[^'\u2019]{1,60})['\u2019]s[ \t](?P<attribute>.{1,60})"
        r"|(?P<noun>.{1,60}?)[ \t](?:of|for)[ \t](?:(?:the|our|my)[ \t])?"
        r"(?P<of>(?:[A-Z]|[a-z]{2,20}[ \t]#?[A-Z]*[\w-]*\d).{0,60})"
    ),
    states=wordlist("status state"),
    clause=re.compile(
        r"(?<![\w'’.@-])(?:i|we|you|he|she|they|it|this|that|there|is|are|was|were|am|be|been|has|have|had|will|would|"
        r"can|could|should|shall|must|may|might|does|did|said|says|say|asked|replied|please)(?![\w.@-])",
        re.IGNORECASE,
    ),
    clause_names=wordlist("May Will"),
    # Alone some of these words are nouns ("Return date: 3 May").
    request=re.compile(
        r"(?:please\b|(?:reply|answer|respond|return|write|give|tell|show|find|print|output|say|state|list|report|name"
        r"|repeat|quote|use|look)[ \t](?:in|with|as|the|an?|me|us|only|using|exactly|by|to|up|for)\b"
        r"|(?:I|we)(?:['\u2019]d|[ \t]would)?[ \t](?:like|need|want|wish)[ \t](?:to[ \t](?:know|see|learn)|the)\b)",
        re.IGNORECASE,
    ),
    placeholder="VALUE|ANSWER",
    assign="set|let|var|const|export|update|updated",
    questions=wordlist("question query q"),
    number_mark=r"[Nn]o\.|[Nn]r\.",
    hers=re.compile(r"\b(?:his|her|its|their)[ \t]\Z", re.IGNORECASE),
    no_nouns=wordlist(
        "and as at by call called close closed closes dial fix fixed fixes for from",
        "in like of on or over per ranked see than the to under until via with",
    ),
    each="@|at",
    every="each",
    value_headings=wordlist("value"),
    asked_of_keys={"money": "price", "date": "date"},
    value="value",
    possession="{owner}'s {attribute}",
)

_FORMS = Forms(
    answers=wordlist("answer a response reply"),
    inputs=wordlist("input"),
    outputs=wordlist("output"),
    examples=r"(?:(?:for|an|one|some)[ ])?examples?(?:[ ](?:answers?|replies|output|questions?))?",
    template=either("fill (?:it |them |this |that )?(?:in|out)|template|example|for instance|such as|e\\.g\\."),
    asked_form=either("format|form|schema|structure|like this|as follows"),
    mail_headers=wordlist("from to cc bcc subject date sent reply-to"),
    labels=wordlist(
        "note notes hint tip correction update updates reminder warning caution observation observations thought",
        "action result results output answer response summary info information example examples input remember ps",
        "fyi memory",
    ),
)

ENGLISH = Language(
    name="english",
    locale="en_US",
    stemming=plural_s,
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
        sources="document|doc|source|span|passage|ref|chunk",
        parts="context|reference|result|snippet|excerpt|article|section|footnote|note",
        leads=r"see|cf\.?|from|via",
        counting=r"no\.?|nr\.?",
        joining="and",
        headings="references?|sources?|citations?|bibliography|footnotes?|works cited",
        ranges="in|range|interval|between|from|within|values?|array|list|vector|[wa]re|was|is|equals?",
        units="ft|in|sec|yd|mi|sq",
        addressed=re.compile(
            r"(?i:\b(?:answer|reply|respond|output|say|write|print|return|choose)\b[^.!?\n]{0,60})"
            r"(?<!\w)[\"'“]?(?:YES|UNSURE)\b"
            r"|(?i:\b(?:ignore|disregard|forget)\b[^.!?\n]{0,40}"
            r"\b(?:instructions?|rules?|above|previous|context|spans?|claim)\b)"
            r"|(?i:\bone word, yes, no or unsure\b"
            r"|\bthe claim (?:is|must be) (?:true|supported|correct|entailed))"
        ),
    ),
    telling=TELLING,
)
"""English."""
