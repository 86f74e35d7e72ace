"""Holds the English words by which a whole list is said not to hold, or things to have changed places."""

from __future__ import annotations

import re

from guardbind.text.disowning import Disowning
from guardbind.text.wordlists import either, wordlist

__all__ = ["DISOWNING"]

_LISTED = (
    "(?:lists?|tables?|numbers?|values?|entr(?:y|ies)|records?|data|figures?|plans?|schedules?|rosters?"
    "|versions?|rows?|lines?"
    "|above|below)"
)
_VOID = (
    "invented|made[- ]up|fictional|fictitious|fake|outdated|obsolete|superseded|replaced|void|withdrawn"
    "|revoked|cancell?ed|expired"
    "|wrong|false|incorrect|untrue|unreliable|shuffled|mixed up|swapped|shifted|renumbered|moved|changed"
    "|rotated|reassigned"
    "|archived|out of date|no longer|placeholders?|drafts?|examples?|dummy|test data"
)

_SUBJECT = rf"\A\W*(?:sorry, |but |oops, )?(?:the|this|that|these|those)\s+(?:whole |entire |old )?{_LISTED}"

# "Draft horses" and "Sample Street" are no drafts and no samples.
_ALONE = rf"(?!\s+(?!(?:{_LISTED}|copy|only|for|of|from|sheet|form|not|do|and|to|text|answers?)\b)[\w'\u2019-]+)"

DISOWNING = Disowning(
    withdrawn=either(
        "(?:take|took) (?:that|it|this) back",
        "(?:is|was|are|were) (?:wrong|void|cancelled|withdrawn|mistaken)|no longer (?:valid|holds?|true)",
        "(?:not|n['’]t) (?:yet )?(?:known|settled|clear|decided|right|true|valid|certain)",
        "(?:has|have|is|are) yet to be|up in the air|anyone['\u2019]?s guess|still (?:open|unclear|unknown"
        "|pending)|remains to be|to be (?:determined|confirmed|checked)",
        "strike (?:that|it|the)|(?:forget|ignore|delete) (?:that|this|it|what|the)|mixed (?:\\w+ )?up",
    ),
    told=either(
        "(?:what|all|anything|everything|whatever|that|figures?|numbers?|values?|bit|things?) (?:that )?(?:i|we)"
        "(?: just| ever| had|['\u2019]d| have|['\u2019]ve)? (?:said|wrote|told|gave|noted|stated|mentioned|put"
        "|claimed)",
        "(?:the|that|this|my|our) (?:figure|number|value|entry|amount|data|information|info|detail|statement"
        "|note|bit|line"
        "|sum|reading)s?(?: (?:above|here))? (?:for|of|on|about|from|with|i)",
        "by (?:mistake|accident)|mistakenly|erroneously|inadvertently|accidentally|wrongly",
    ),
    asker=either(
        "i (?:really |just |still )?(?:do|did|can|could)(?: ?not|n['\u2019]t) (?:\\w+ )?(?:know|remember|recall|find)",
        "i can['\u2019]t (?:\\w+ )?(?:remember|recall|find|see)|i (?:have |['\u2019]ve )?(?:forgot|forgotten|lost)",
        "i['\u2019]?m not sure|i am not sure",
    ),
    labels=either(
        "nonsense|rubbish|lies|fantasy|fak(?:e|ed)|bogus|imaginary|scrapped|(?:threw|thrown) away"
        "|tentative|unconfirmed|unverified",
        "suggest(?:ed|ions?)|proposed|proposals?|rejected|illustrations?|wrongly|mistakenly|testing"
        "|for tests?|what if|pretend",
        "not (?:in force|decided|final|approved|binding|confirmed|used|true any ?more)|as (?:it"
        "|they) (?:was|were)|to be confirmed",
        "(?:do not|don['’]t) (?:trust|rely|believe|copy)|pre-?\\w+|from the old \\w+|(?:old|former"
        "|previous|past)(?=\\W*$)",
        "superseded|obsolete|outdated|out of date|archived|test data|placeholders?|cancell?ed",
        rf"(?:drafts?|archive|dummy|samples?|examples?|mock|templates?){_ALONE}",
        "expired|void|withdrawn|revoked|invalid|no longer|not valid|not real|made[- ]up|invented"
        "|fictional|fictitious|hypothetical",
        "do not use|don['’]t use|ignore|disregard|none of (?:this|these|it|the)|untrue|not true|false|wrong|deprecated",
        f"(?:old|older|previous|former|past|discarded|rejected|unused|earlier|last|last year['’]s) {_LISTED}",
        "last (?:year|month|week|season|term)(?:['’]s)?|until (?:last )?(?:year|month|week|\\d{4})",
    ),
    notes=either(
        r"(?:these|those|that|this) (?:was|were) (?:the|our|my|an?|all|in) [^.\n]{0,40}\b(?:before|until"
        r"|last|then|once)"
        r"|none [^.\n]{0,40}any ?more",
        rf"(?:scrap|bin|burn|delete|drop|throw away)\b[^.\n]{{0,20}}\b{_LISTED}",
        r"(?:ignore|disregard|forget|discard|scrap|delete|drop|(?:don['’]t|do not|never) (?:use|trust"
        r"|believe|rely on|copy))"
        r" (?:all(?: of)? )?(?:it|this|that|these|those|them)\b",
        r"(?:this|that|these|those|all of (?:this|it|that)|everything(?: above)?) (?:is|are|was"
        r"|were) (?:all |just |only |merely "
        r"|simply |purely |nothing but |no more than )*(?:an? |the )?(?:nonsense|rubbish|jokes?|fake"
        r"|lies?|hoax|examples?|drafts?"
        r"|samples?|illustrations?|fiction|fantasy|game|tests?|guess\w*|old|outdated|wrong|false|invalid"
        r"|void|made up|invented"
        r"|imaginary|proposals?|suggestions?|plan for|plan before|not (?:true|real|right|correct"
        r"|valid))(?!,? (?:that|to|for)\b)",
        r"(?:not (?:one|a single)|no) \w+ (?:of|in|above) .{0,40}(?:right|true|correct|valid|real|holds)",
        r"(?:i|we|\w+) (?:just |simply |only )?(?:made (?:all |every)?.{0,20}\bup|invented .{0,20})(?=\W*$)",
        r"(?:not|un)\s?(?:sure|certain) (?:about|of) (?:any|all|most)|(?:everything|all|much|a lot"
        r"|things) (?:has |have )?changed",
        r"(?:all|the|every) (?:\w+ )?(?:numbers?|values?|entr(?:y|ies)) (?:is|are) (?:new|different"
        r"|other)|valid until|the wrong list",
        rf"(?:ignore|disregard|forget|discard|skip|don['’]t (?:use|trust)|do not (?:use"
        rf"|trust))\b[^.\n]{{0,30}}\b(?:{_LISTED}|everything)",
        rf"(?:none|nothing|all|everything|every|each|most|some|both|parts?|these"
        rf"|{_LISTED})\b[^.\n]{{0,60}}\b(?:is|are|was|were|has|have"
        rf"|had|got)\b[^.\n]{{0,30}}\b(?:{_VOID})",
        r"(?:none|nothing|not all|not everything|no(?:ne)? of)\b[^.\n]{0,60}\b(?:correct|true|valid|real"
        r"|current|up to date|right)",
    ),
    below=either("below|following|next|beneath"),
    reshuffled=either(
        "traded|redistribut\\w+|rearrang\\w+|reorgani[sz]\\w+|reshuffl\\w+|(?:got|have|has"
        "|had) (?:all )?(?:got )?(?:an? )?(?:new|other|different) \\w+",
        r"swap\w*|exchang\w+|switch(?:ed|es)?|trad(?:e|ed|es) places|renam\w+|renumber\w*|shift(?:ed|s)?"
        r"|rotat\w+|reassign\w*",
        r"reallocat\w*|as if|stands? where|gone (?:up|down)|went (?:up|down)|risen|fallen|doubled|halved"
        r"|erratum|replaced|took over",
        r"in place of|instead of|always lies|lied|liar",
    ),
    affirmed=either(
        "(?:is|are) (?:still |now |all )?(?:to|correct|right|valid|true|current|complete|final|approved"
        "|confirmed|official|sorted"
        "|up to date|in (?!error|the bin)\\w+|for|from|of|by|as|here|below|above|attached|good|fine"
        "|binding|checked|reliable)",
        "ha(?:s|ve) (?:been )?(?:checked|approved|confirmed|verified)",
    ),
    unchanged=either(
        "noth?ing (?:has |was |is )?(?:been )?\\w*(?:changed|moved|swapped|replaced|wrong)|never changed",
        "no \\w+ (?:has |have |was |were )?(?:been )?\\w+ed|old \\w+ (?:is|are) (?:gone|in the bin)",
    ),
    about=re.compile(
        _SUBJECT + r"\b(?: above| here| there)? (?:is|are|was|were|has|have|had|belongs?|comes?"
        r"|contains? (?:an? )?\w*(?:errors?|mistakes?))\b",
        re.IGNORECASE,
    ),
    older=wordlist(
        "draft sample example mock dummy template fake old older former previous past earlier first spring premove"
    ),
)
