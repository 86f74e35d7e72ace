"""Holds the words by which English says that a statement is no evidence, and that a value is new."""

from __future__ import annotations

import re

from guardbind.text.language import either, wordlist
from guardbind.text.speech import Changes, Speech, Telling

__all__ = ["CHANGES", "SHIFTED", "SPEECH", "TELLING"]

_UNTRUE = "(?:false|untrue|wrong|incorrect|a lie|a myth|not true|not right|not correct|not the case)"

_DOUBTFUL = (
    "maybe|perhaps|possibly|probably|presumably|supposedly|allegedly|reportedly|apparently|seemingly|theoretically"
    "|conceivably|hypothetically|ostensibly|purportedly|rumou?redly|likely|unconfirmed|unverified|tentatively"
)
_FORMERLY = (
    "formerly|previously|originally|initially|in the past|at first|until (?:recently|now|then|last \\w+)|back then"
    "|at one time|in those days"
)
_NO_SUBJECT = (
    "(?i:in|on|at|after|before|since|for|during|with|from|to|as|by|until|under|over|per|of|if|when|while"
    "|because|however"
    "|also|then|so|thus|therefore|hence|now|today|yes|no|ok|okay|hello|hi|dear|about|despite|currently"
    "|meanwhile|finally"
    "|next|first|second|third|please|note|and|but|or|that|this|these|those|here|there|where|which|who)"
)
_FICTION = (
    r"(?:in|on|per|under)\s+(?:(?:an?|the|my|his|her|our|their|some|this)\s+)?(?:\w+\s+)?(?:universe|world"
    r"|dreams?|scenario"
    r"|film|movie|story|novel|game|draft|proposal|theory|simulation|sketch|mock-?up|template|joke|paper|plans?|fiction"
    r"|exercise|riddle|puzzle|screenplay|play|example)"
)
_ONE = r"(?P<who>[^\W\d_][\w'\u2019-]*)"
_SAYS = (
    r"(?:said|says?|claim(?:s|ed)?|thinks?|thought|believes?|believed|guess(?:es|ed)|suspect(?:s|ed)?|wrote|writes?"
    r"|insist(?:s|ed)?|swears?|swore|alleges?|alleged|asserts?|asserted|told|tells?|mentioned|reckons?|argues?"
    r"|argued|estimated|assumes?|assumed|imagines?|imagined|maintains?|maintained|stated"
    r"|reported|suggested|joked?|jokes|lied|whispered|shouted|repl(?:y|ies|ied)|answered|dreamt|dreamed)"
)
_THE = r"(?:(?:the|an?|some|many|my|his|her|our|your)\s+)?"
_ADVERB = r"(?:\w+ly |also |once |just |still |even |always |never |simply )?"
_TIE = r"(?:[\"'\u201d)]*)"
_NO_MORE = r"(?!\s*:|,?\s+that\b)"  # "It is not true that": another statement is meant
_NOT_SO = (
    rf"(?:(?:just |only |merely |obviously |purely |simply |clearly |all |of course |but |in fact )*(?:an? |the )?"
    rf"(?:{_UNTRUE}|rumou?r|joke|prank|guess|hoax|scam|mistaken|example|assumption|hypothesis|hypothetical"
    rf"|estimate|placeholder|typo"
    r"|mistake|error|test|trick|made[ -]up|invented|fiction|fictional|fictitious|fake|bogus|nonsense|outdated|obsolete"
    r"|no longer \w+|not (?:so|right|true|correct|valid|the case|confirmed|certain|\w+ any ?more)|unconfirmed|doubtful"
    r"|questionable|wishful thinking|gossip|hearsay|disputed|speculation)"
    r")"
)

SPEECH = Speech(
    plain=wordlist(
        "also and but so yes no ok okay now today currently hello hi dear note please then thus therefore hence",
        "however finally",
        "meanwhile first second third next again still here there well indeed clearly fyi ps remember since as",
        "of our my the",
        "summary fact facts again all in total",
    ),
    placing=either(
        "in|on|at|after|since|for|during|with|from|as of|by|over|per|to|because of|due to|thanks to|despite"
        "|under|within|one of"
    ),
    partitive=re.compile(r"\bone[ \t]of[ \t](?:the|my|your|our)[ \t]\Z", re.IGNORECASE),
    frames={
        "denied": either(
            r"(?:forged|fake|faked|bogus|fraudulent|falsified|doctored|counterfeit|phishing|spam) \w+",
            "not true|contrary to|far from (?:it|true)|no (?:evidence|proof|truth|indication)|untrue|unlike what",
            r"(?:false|wrong|mistaken|bogus|fake|fraudulent|untrue|unfounded) (?:claim|belief|report|statement"
            r"|message|\w+ed)",
            r"falsehoods?|lies?(?= that|:)|(?:is|are)(?: all)? (?:false|untrue|wrong|lies|incorrect)(?=:)"
            r"|myths?(?= that|:)",
        ),
        "doubted": either(
            r"rumou?rs?|gossip|hearsay|word has it|word is|legend has it|not sure|unsure|uncertain|unclear|unconfirmed",
            r"unverified|(?:not|n['\u2019]t) (?:sure|certain|know|remember|recall)|in (?:my|his|her"
            r"|their) opinion|no idea",
            r"as far as (?:I|we) (?:know|remember|recall)|if (?:I|we) (?:remember|recall)|if memory serves|speculat\w+",
            r"(?:I|we|you) (?:think|guess|believe|suspect|suppose|reckon|imagine|bet|hope|fear|wish|dreamed|dreamt)",
            r"(?:it|that) (?:seems|appears|looks|sounds)|some (?:say|claim|think|believe)|(?:is|are|was) said"
            r"|suspicion",
            r"(?:someone|somebody|anyone|anybody|everyone|everybody|people|nobody|no one|they"
            r"|others) \w+(?=\s+that\b|:)",
        ),
        "supposed": either(
            r"(?:let['\u2019]s|let us) (?:say|assume|suppose|pretend|imagine)|suppos(?:e|ing)|assum(?:e|ing)|imagine",
            r"pretend(?:s|ed|ing)?|hypothetically|what if|as if|as though|unless|provided|on condition|in case"
            r"|in the event",
            r"should(?= \w+ (?:be|happen|fail|arrive|come|rain))|otherwise|were (?:it|we|you|he|she|they)"
            r"|had (?:we|you|he)",
            r"if(?! (?:(?:and )?when )?(?:you (?:need|want|have|wonder|ask|forget|must|would like"
            r"|are (?:interested|looking"
            r"|wondering)|get lost|run into|like)|needed|necessary|interested|in doubt|there are any"
            r"|anyone (?:asks|needs)))",
            r"whenever|as soon as|as long as|in a world|once (?=\w+ (?:is|are|has|have)\b)|when(?= (?:it|the|an?) \w+)",
        ),
        "commanded": re.compile(
            r"(?:(?:\A|[,;:\u2026-])\s*|\b(?:and|then|always|never|please|to|must|should|will|would|can|just|simply|not"
            r"|n['\u2019]t|if asked)\s+)(?:say|answer|reply|respond|write|tell(?!\s+you\b)|claim|repeat|output"
            r"|print|return|insist|lie|act"
            r"|behave|translate|type|memorise|memorize|ask)\b",
            re.IGNORECASE,
        ),
        "example": either(
            _FICTION.replace(r"\s+", " "),
            r"(?:wrong|possible|sample|incorrect|alternative|candidate|potential|bad) (?:answer|solution"
            r"|response|option|reply)s?",
            r"quiz|true or false|fact[ -]check|riddle|prank\w*|trick question|role[ -]?play",
            r"for (?:example|instance)|e\.g|(?:an? |the |as an? |here is an? )?(?:example|sample|template|illustration)"
            r"(?: \w+){0,3}(?=\s*[:,])|something like|along the lines of|as in|such as",
        ),
        "planned": either(
            r"(?:we|they|he|she|I) (?:plan|intend|propose|want|hope)(?:s|ed)?|proposal|draft"
            r"|(?:never|not|un)(?: yet)? ?(?:signed|published|approved|sent)"
        ),
    },
    leads={
        "doubted": either(_DOUBTFUL),
        "former": either(
            _FORMERLY,
            r"(?:before|until|till|up to|prior to|back in) [^,.;:]{1,40}|[^,.;:]{1,30} ago|last (?:year|month"
            r"|week|\w+day)",
            r"yesterday|earlier",
        ),
        "denied": either("not|never|no longer"),
    },
    inside={
        "former": either(
            rf"used to be|(?:was|were|had) once|once (?:was|were|had)|had been|{_FORMERLY}",
        ),
        "denied": re.compile(r"(?:\bnot|\bnever|\bno\s+longer|n['\u2019]t)\b", re.IGNORECASE),
        "doubted": either(
            rf"{_DOUBTFUL}|(?:said|supposed|believed|thought|rumou?red|alleged|claimed|assumed|expected) to be|unknown"
            "|seems to be|appears to be|tbd|tba|tbc|to be (?:confirmed|determined|announced)|might be|may be|could be"
        ),
        "planned": either(
            "will be|shall be|(?:going|planned|scheduled|due|set|about) to be|would be|should be|is to be"
        ),
    },
    tails={
        "denied": re.compile(
            rf"{_TIE}(?:[.!,;]?{_TIE}\s+(?:which|that|this|it|but\s+(?:that|this|it)|all\s+of\s+(?:that|this))"
            rf"(?:\s+(?:is|was)|['\u2019]s)\s+{_NOT_SO}\b{_NO_MORE}"
            rf"|\s+(?:is|was)\s+{_NOT_SO}\b|,?\s*\(?(?:{_UNTRUE}|fake)\b"
            r"|,?\s+(?:isn|wasn)['\u2019]t\s|\s*[.!,;\u2013\u2014-]\s+(?:not!|just\s+kidding|only\s+joking)"
            r"|[.!,;]\s+(?:but\s+)?(?:nobody|no\s+one)\s+\w+s\s+(?:it|that|this|so)\b(?=\s*[.!,;]|\s*\Z)"
            r"|[.!,;]\s+(?:but\s+)?(?:I|we)\s+(?:do\s+not|don['\u2019]t)\s+(?:believe|trust|buy)\b(?:\s+(?:it"
            r"|that|this))?(?=\s*[.!,;]|\s*\Z)"
            r"|[.!;]\s+(?:ignore|disregard|forget)\s+(?:anything|everything|all)\b"
            rf"|[.!;]\s+(?:this|that|it)\s+(?:isn|wasn)['\u2019]t\s+(?:true|right|correct|so|the\s+case)\b{_NO_MORE})",
            re.IGNORECASE,
        ),
        "doubted": re.compile(
            rf"{_TIE},?\s*\(?(?:(?:{_DOUBTFUL}|I\s+(?:think|guess|believe|suppose|suspect|assume|hope|reckon)"
            r"|if\s+(?:I|memory)\b|not\s+sure|to\s+be\s+confirmed|tbc|tbd|as\s+far\s+as|or\s+so\b"
            r"|or\s+something|or\s+maybe)"
            r"\b|\?)",
            re.IGNORECASE,
        ),
        "supposed": re.compile(
            rf"{_TIE}(?:\s+[\w-]+){{0,4}}?,?\s+(?:if(?!\s+(?:you\s+(?:need|want|wonder|ask|forget|must|are)|needed))"
            r"|unless|provided|assuming|supposing|in\s+case|as\s+long\s+as|whenever|only\s+when|only\s+if)\b",
            re.IGNORECASE,
        ),
        "former": re.compile(
            rf"{_TIE}(?:\s+[\w-]+){{0,3}}?,?\s+(?:until|till|up\s+to|before|back\s+(?:then|in)|at\s+(?:the|that)\s+time"
            rf"|in\s+those\s+days|last\s+(?:year|month|week)|ago|{_FORMERLY})\b".replace(" ", r"\s+"),
            re.IGNORECASE,
        ),
        "planned": re.compile(
            rf"{_TIE},?\s+(?:from\s+(?:next|tomorrow|\w+(?:\s+\w+)?\s+on(?:wards)?)\b|starting\s+\w+|effective\s+\w+"
            r"|beginning\s+(?:in|on|next|\w+day)|as\s+of\s+(?:next|tomorrow)|next\s+(?:year|month|week))",
            re.IGNORECASE,
        ),
        "example": re.compile(rf"{_TIE},?\s*\(?(?:for\s+(?:example|instance)|e\.g|{_FICTION})\b", re.IGNORECASE),
    },
    past=either("was|were|had|used to"),
    complement=re.compile(
        r"\bthat(?:[ \t]+(?:the|my|our|your|his|her|its|their|an?|this))?[ \t]*[\"'\u201c]?[ \t]*\Z", re.IGNORECASE
    ),
    asserted=either(
        r"note[sd]?|noting|remember|recall|remind(?:er|ed|s)?|know|knows|known|knew|confirms|confirmed",
        r"(?:we|I) (?:can )?confirm|verified|verifies|establish(?:ed)?|shows?|showed|shown|finds?|found"
        r"|learn(?:ed|t)?|sees?",
        r"saw|seen|noticed?|announce[ds]?|inform(?:s|ed)?|tell you|told you|you know|let you know|advised?|mind"
        r"|aware|fact",
        r"(?:we|i) heard|true|correct|(?:is|am|are) (?:certain|sure)|clear|evident|obvious|means?|record(?:s"
        r"|ed)|document(?:s|ed)|read",
        r"discovered|determined|agreed|decided|so|now|given|forget",
    ),
    unforgotten=re.compile(r"\b(?:not|never|n['\u2019]t)\s+forget\b|n['\u2019]t\s+forget\b", re.IGNORECASE),
    saying=re.compile(rf"\b{_ONE} (?:has |have |had )?{_ADVERB}{_SAYS}\b".replace(" ", r"\s+"), re.IGNORECASE),
    said_by=re.compile(
        rf"{_TIE},?[\"'\u201d]?\s+(?:(?:or\s+)?so\s+|as\s+)?(?:according\s+to\s+{_THE}(?P<by>\w[\w'\u2019-]*)"
        rf"|{_THE}(?!(?:{_NO_SUBJECT})\b){_ONE}\s+{_ADVERB}(?:{_SAYS}|puts?\s+it|has\s+it|would\s+have\s+it)\b"
        rf"|{_SAYS}\s+{_THE}(?!(?:{_NO_SUBJECT}|above"
        rf"|below|earlier)\b)(?P<name>\w[\w'\u2019-]*))",
        re.IGNORECASE,
    ),
    hearsay=either(
        rf"(?<!\bi\s)(?<!\bwe\s)(?<!\bto\s)(?<!\bcan\s)(?<!\bwill\s)(?<!\bplease\s){_SAYS}|(?:(?:i|we) )?(?:was"
        rf"|were|am|been|got) told|(?:(?:i|we) )?hear[ds]?"
        rf"|gossip|rumou?rs?|word has it|so they|supposedly"
        rf"|allegedly"
    ),
    sources=wordlist(
        "i we it which that manual manuals label labels contract contracts invoice invoices report reports log",
        "logs record records",
        "file files page email mail letter document documents notice sign ticket receipt form sheet table",
        "database system",
        "register registry website site article paper clause section policy guide handbook specification spec",
        "datasheet",
        "schedule timetable calendar agreement certificate list catalogue catalog passport statement order docs",
        "documentation screen display panel plate prescription chart plan map menu bill rules rule law act regulation",
    ),
    telling=re.compile(
        rf"(?:\A|[.,;:!?(\u2014-]|\b(?:and|but)\b)\s*{_THE}(?!(?:{_NO_SUBJECT})\b){_ONE}(?:\s+[A-Z]\w+)?"
        r"\s+(?:(?:do|does|did|has|have|had|would|will|can|could|might)(?:\s+not|n['\u2019]t)?\s+[a-z]+"
        r"|[a-z]+(?:s|ed)|said|told|swore|thought|wrote|felt|held|heard|think|say|believe|guess|hear|read)\s*\Z"
    ),
)

_TO = r"(?:to|at|into)"
SHIFTED = (
    "(?:moved|changed|updated|corrected|rescheduled|postponed|shifted|raised|lowered|reduced|increased|extended"
    "|shortened"
    "|put[ \\t](?:off|back|forward)|switched|revised|amended|cut|set|reset|reassigned|relocated"
    "|brought[ \\t]forward|pushed[ \\t]back|pushed|bumped"
    "|renamed|upgraded|downgraded|adjusted|dropped|rose|risen|fell|fallen|grew|grown|went|gone|transferred)"
    "(?:[ \\t](?:up|down|back|again|forward))?"
)
"""Verbs behind which a value takes the place of another one."""
CHANGES = Changes(
    cue=re.compile(
        r"(?:(?:ignore|disregard|forget|scrap)\s+(?:that|it|this)\b|typo\b|(?:important\s+|small\s+|quick\s+"
        r"|latest\s+)?(?:updated?|correction|corrected|edit(?:ed)?|erratum"
        r"|changes?(?:\s+of\s+\w+)?|revised|new)"
        r"(?=\s*[:,\u2013\u2014-])|(?:update|correction)\b(?=[\s,.:!-])|sorry|oops|whoops|wait|no(?=,|\s+wait\b)|nope"
        r"|actually|rather"
        r"|(?:scratch|strike)\s+that|make\s+(?:that|it)|my\s+(?:mistake|bad)|apologies|pardon|i\s+mean(?:t)?"
        r"|i\s+misspoke"
        r"|should\s+(?:be|read|have\s+(?:been|read|said))|in\s+fact|now)\b[\s,.:!;\u2013\u2014-]*",
        re.IGNORECASE,
    ),
    sorry=re.compile(
        r"\s*(?:sorry|oops|whoops|typo|correction|(?:ignore|disregard|forget)\s+(?:that|it|this)"
        r"|my\s+(?:mistake|bad)|apologies|i\s+(?:misspoke|made\s+a\s+mistake"
        r"|was\s+wrong)"
        r"|(?:wait|no|scratch\s+that|strike\s+that)\b|(?:that|this|it)(?:\s+(?:was|is)|['\u2019]s)\s+(?:wrong"
        r"|not\s+right|outdated"
        r"|a\s+(?:typo|mistake)|incorrect|an\s+(?:error|old)))\b",
        re.IGNORECASE,
    ),
    pronoun=re.compile(
        r"(?:it|this|that|they|he|she)(?=['\u2019]s|\s+(?:is|are|was|were|has\s+been|should|must|reads|used\s+to)\b)"
        r"(?:['\u2019]s|\s+(?:is|are|was|were|has\s+been|should\s+(?:be|read|have\s+been)|must\s+be|reads))?"
        r"(?P<now>(?:\s+(?:used\s+to\s+be|once|formerly|originally|previously|now|actually|really|in\s+fact|currently"
        r"|meant\s+to\s+be|supposed\s+to\s+be))*)\s+(?=\S)",
        re.IGNORECASE,
    ),
    moved=re.compile(
        r"(?:(?:it|this|that|they|he|she|which|we)(?:['\u2019]s|['\u2019]ve)?\s+)?(?:(?:has|have|had|was|were"
        r"|is|are|got|been|just|now"
        rf"|since|then|later|meanwhile|recently|again)\s+)*{SHIFTED}"
        rf"(?:\s+(?:it|this))?(?:\s+from\s+(?P<old>[^.;:\n]{{1,40}}?))?\s+{_TO}\s+(?=\S)",
        re.IGNORECASE,
    ),
    hers=either("his|her|its|their"),
    refers=either("he|she|it|they|him|them|that|this|these|those|not|instead|new|now|rather|use|since|one"),
    newer=either("new|updated|current|revised|latest|correct|corrected|actual|right|real"),
    at=re.compile(r"(?:(?:at|on|in|to|for)\s+)?(?:the\s+)?", re.IGNORECASE),
    instead=re.compile(r",?\s+(?:instead(?:\s+of)?|rather\s+than|(?:and\s+)?not)\b", re.IGNORECASE),
    stale=either(
        "correction|scratch that|strike that|i meant|my mistake|i misspoke|exchanged|swapped|reassigned",
        r"(?:it|this|that) (?:has |have |had |was |is |been |just |since |now ){1,4}(?:moved|changed|updated|replaced)",
        r"(?:has|have|was|were)(?: since| now| just| recently)? (?:been )?(?:changed|moved|updated|replaced"
        r"|corrected|reset)",
        r"(?:was|were|been|is|got) (?:rotated|renewed|revoked|cancelled|canceled|reissued|withdrawn|replaced"
        r"|superseded)",
        r"no longer (?!than)|not \w+ any ?more|(?:is|was) (?:outdated|out of date|superseded|void|invalid"
        r"|obsolete|wrong|incorrect|expired)|expired|doubled",
        r"instead|actually|replaced by|now only|(?:later|since|then) (?:changed|moved|switched)|erratum|typo",
        "(?:forget|ignore|disregard|discard|never mind) (?:what|that|this|the|my|everything)|take (?:that|it) back",
        "(?:nobody|no one|no-one) knows|on second thoughts?|supersedes?|overrides?|(?:by|was a) mistake|mixed up",
        r"that['\u2019]s (?:wrong|outdated|old|not right)|looked at the wrong|update(?=:)|(?:it|this|that) moved",
    ),
    no_longer=re.compile(
        r"(?<=[\w)\"'\u2019])[ \t]+(?:is|was|are|were)(?:n['\u2019]t|[ \t]+(?:not|no[ \t]+longer))[ \t]+(?=\S)"
    ),
    but=re.compile(r",?[ \t]+but(?:[ \t]+(?:is|now|rather|actually|instead|has[ \t]+become))*[ \t]+(?=\S)"),
)

TELLING = Telling(
    verbs={
        **{"costs": "price", "cost": "price", "weighs": "weight", "weighed": "weight", "measures": "size"},
        **{
            "lasts": "duration",
            "lasted": "duration",
            "starts at": "start",
            "begins at": "start",
            "started at": "start",
        },
        **{"ends at": "end", "ended at": "end", "opens at": "opening", "closes at": "closing", "earns": "salary"},
        **{"leaves at": "departure", "departs at": "departure", "arrives at": "arrival", "expires on": "expiry date"},
        **{"is due on": "due date", "is due by": "due date", "sells for": "price", "sold for": "price"},
        **{"was born on": "birth date", "was born in": "birth year", "is priced at": "price", "lives at": "address"},
    },
    counting=wordlist(
        "gives gave allows allowed contains contained holds held includes included requires required needs",
        "needed seats",
        "offers offered grants granted provides provided uses used covers covered employs takes took",
    ),
    placing=(
        r"(?:sits|stands|stood|sat|runs|ran|is|was|are|were|lies|lay|lives|hangs|belongs|works|listens|waits"
        r"|starts|stays|parks|"
        r"leaves|departs|arrives|goes|stops|meets|is[ \t](?:stored|kept|parked|located|filed|shelved|listed"
        r"|docked|held)|"
        r"was[ \t](?:stored|kept|parked|filed))[ \t](?:on|at|in|from|under|to|via|with)"
    ),
    named=dict.fromkeys(
        wordlist("january february march april may june july august september october november december"), "month"
    )
    | dict.fromkeys(wordlist("monday tuesday wednesday thursday friday saturday sunday"), "day"),
)
