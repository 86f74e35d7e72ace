"""Lists the English words of a question that say nothing of which value it asks for.

That something is noted, wanted, looked up or told leaves it what it is. What was paid, due, planned, saved or refunded
is something else each time: such words are not among them, nor are any for a person or for speech.
"""

from __future__ import annotations

from guardbind.text.wordlists import wordlist

__all__ = ["CARRIERS", "CODED", "PLAIN"]

_HELD = wordlist(
    "allocated allotted appear appeared appears applies apply applying assigned associate associated associates",
    "attach attached attaches attributed bear bearing bears belonging called carried carries carry carrying catalogued",
    "cited come comes correspond corresponding corresponds declared defined denoted denotes described designated",
    "displayed documented entered exist exists fall falls filed finds found gave gets gives go goes held hold",
    "holding holds identified identifies identify indexed indicate indicated indicates keep keeping keeps kept",
    "labeled labelled lie lies link linked links listing lists live lives logged map mapped mapping maps marked",
    "match matched matches matching mean means mention mentioned mentions named noted notes occur occurs own owned",
    "owning owns pair paired pairs pertain pertaining pertains point pointing points possess possesses print",
    "printed provided published reads records refer referenced referred refers registers related relates",
    "represented represents reside resides seen sees set sit sits specified specifies stand standing stands stay stays",
    "states supplied tagged takes tell tied use uses visible written",
)

_ASKED = wordlist(
    "able asked asking asks call checking clarify complete completing confirm confirming consult copy could",
    "curious determine dial dig enlighten enter examine expect extract fetch figure fill filling finding forget forgot",
    "forgotten getting giving glance go grab happen happens hear help helping hoping hunt inform insert inspect",
    "interested knew knowing known let lets like likes locate looked looking lookup love mind needing needs",
    "obtain offhand output paste pick pinpoint produce provide pull put read recall recite refresh remember",
    "remind repeat respond responding retrieve reveal scan search searching see seek seeking send share shed sort",
    "sought spare specify spot submit supply take telling think track transcribe trying type uncover understand",
    "verify wanted whats wish wonder wondered wondering",
)

_MANNER = wordlist(
    "accurate accurately actually aforementioned afraid again anyhow anyone anything anyway appropriate bare",
    "below bit clearly correct correctly curiosity directly else eventually exactly far fast favor favour",
    "following given glad grateful hello hey hi honest indeed kind kindly likely literal literally matter maybe",
    "moment nicely nothing off once one ones out particular perhaps plain plainly precise precisely proper",
    "must properly question quick quickly quite raw readily really relevant respective respectively right sake simply",
    "should single so-called sole solely something somewhere soon specific specifically straight such suitable sure",
    "swiftly thank thankful thanks thing time true truly unique urgently verbatim very way well whatever",
    "whichever word wording words",
)

CARRIERS = wordlist(
    "above appendix archive article attachment block book booklet box brochure card cards catalog catalogue cell",
    "chapter chart chat clipping column config configuration context conversation csv data database dataset",
    "detail details dict dictionary directory display doc docs document documentation dump entries entry excerpt",
    "export extract feed file files folder form html info information ini input inventory json key-value leaflet",
    "ledger letter line lines list listing listings lists log logs lookup manifest map mapping markdown material",
    "memo memos menu message messages minutes note notebook notes object output overview page pages panel paper",
    "paragraph passage payload post printout profile profiles program programme query readme record records",
    "register registry reply report response result results roster row rows schedule screen screenshot section",
    "sections sentence sheet sheets snippet source spreadsheet statement store story summary system tab table",
    "tables text thread timetable tool transcript website wiki xml yaml",
)
"""Things that hold texts or records; behind a word like "in" they say no more than where to look."""

CODED = wordlist(
    "answer bit counterpart entry guid hand hash identifier key left literal lookup mapping match pair partner",
    "piece record result right side string target thing token uuid value",
)
"""What a code may be to have, whatever it is: nothing that one kind of value from another."""

PLAIN = _HELD | _ASKED | _MANNER
"""Words that say nothing of what is asked for."""
