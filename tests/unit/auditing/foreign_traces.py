"""Inputs of other domains and layouts, with what a person reads in them."""

from __future__ import annotations

from typing import Any, NamedTuple


class ForeignTrace(NamedTuple):
    """An input, and its claims: the beginning of each, what it cites, and what it cites that is not there."""

    name: str
    context: Any
    given: Any
    claims: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]


_LEASE = """The lease of unit 4B runs until 30 June 2027.

The monthly rent is 1,450 EUR, due on the third working day.

Pets are allowed with written consent of the landlord."""

_NUMBERED = """[1] Patient: R. Okafor. Potassium 5.9 mmol/L on 3 March.
[2] Patient: L. Brandt. Potassium 4.1 mmol/L on 3 March.
[3] Ward round: Okafor was given calcium gluconate."""

_DOCS = [
    {"id": "kb-17", "title": "Reset", "text": "Hold the side button for ten seconds to reset the router."},
    {"id": "kb-22", "title": "Lights", "text": "A red light means that no line is found."},
]

FOREIGN_TRACES = (
    ForeignTrace(
        "lease, brackets after the full stop",
        _LEASE,
        "The lease ends on 30 June 2027. [1] The rent is 1,450 EUR a month. [2]",
        (("The lease ends", ("S1",), ()), ("The rent is", ("S2",), ())),
    ),
    ForeignTrace(
        "clinic, several numbers in one bracket, and a missing one",
        _NUMBERED,
        "Okafor had a potassium of 5.9 mmol/L and was treated [1,3]. Brandt was dismissed [7].",
        (("Okafor had", ("S1", "S3"), ()), ("Brandt was", (), ("7",))),
    ),
    ForeignTrace(
        "support, ids of articles",
        _DOCS,
        "Hold the side button for ten seconds [kb-17]; a red light means no line [kb-22].",
        (("Hold the side", ("S1", "S2"), ()),),
    ),
    ForeignTrace(
        "history essay, an author and a year are no citation",
        "The bridge was opened in 1883.\n\nIt is 1,825 m long.",
        "The bridge was opened in 1883 (Smith 2020). It is 1,825 m long [2]. See also [sic] and [citation needed].",
        (("The bridge", (), ()), ("It is 1,825", ("S2",), ()), ("See also", (), ())),
    ),
    ForeignTrace(
        "footnotes in markdown, with their definitions at the end",
        ["Sales rose by 4 % in May.", "Costs fell by 2 % in May."],
        "Sales rose by 4 % in May.[^1] Costs fell by 2 %.[^2]\n\n[^1]: May report, page 3\n[^2]: May report, page 5\n",
        (("Sales rose", ("S1",), ()), ("Costs fell", ("S2",), ())),
    ),
    ForeignTrace(
        "raised digits behind full stops, and an area",
        ["The hall has 320 m² of floor.", "It seats 400."],
        "The hall has 320 m² of floor.¹ It seats 400 people.²",
        (("The hall has 320 m²", ("S1",), ()), ("It seats", ("S2",), ())),
    ),
    ForeignTrace(
        "list of steps with a lead-in and a title",
        "Torque the head bolts to 85 Nm.\n\nTorque the pan bolts to 12 Nm.",
        "## Torque\n\nThe values are:\n\n- Head bolts: 85 Nm [S1]\n- Pan bolts: **12 Nm** [S2]\n",
        (("Head bolts: 85", ("S1",), ()), ("Pan bolts: 12 Nm", ("S2",), ())),
    ),
    ForeignTrace(
        "a code fence with indices, and an index in the text",
        "The first row holds 7.\n\nThe second row holds 9.",
        "The first row holds 7 [1].\n\n```python\nx = rows[0]\nprint(rows[1])\n```\n\n"
        "The call `rows[1]` returns 9 [2].",
        (("The first row", ("S1",), ()), ("The call", ("S2",), ())),
    ),
    ForeignTrace(
        "German, an ordinal date and an abbreviation",
        "Der Zug fährt am 3. Mai um 14:20 Uhr.\n\nGleis 7, Wagen 21.",
        "Der Zug fährt am 3. Mai um 14:20 Uhr ab, d. h. nachmittags [1]. Er steht auf Gleis 7 [2]. Gute Reise!",
        (("Der Zug fährt am 3. Mai um 14:20", ("S1",), ()), ("Er steht", ("S2",), ()), ("Gute Reise", (), ())),
    ),
    ForeignTrace(
        "French, with a blank before the colon and a question",
        "Le colis pèse 3,2 kg.\n\nIl part le 12 juin.",
        "Voici la réponse :\nLe colis pèse 3,2 kg [1]. Il part le 12 juin [2]. Voulez-vous autre chose ?",
        (("Le colis", ("S1",), ()), ("Il part", ("S2",), ())),
    ),
    ForeignTrace(
        "Chinese, with brackets of its own",
        ["张伟的工号是4417。", "李娜的工号是8213。"],
        "张伟的工号是4417【1】。李娜的工号是8213【2】。",
        (("张伟的工号是4417", ("S1",), ()), ("李娜的工号是8213", ("S2",), ())),
    ),
    ForeignTrace(
        "browser citations with a dagger",
        ["The museum opens at 10:00.", "It is closed on Mondays."],
        "The museum opens at 10:00【1†L3-L5】 and is closed on Mondays【2†source】.",
        (("The museum opens", ("S1", "S2"), ()),),
    ),
    ForeignTrace(
        "an interval and a list are no citations",
        "The p-value lies in [0, 1].\n\nThe dose was 5 mg.",
        "The p-value lies in [0, 1]. The doses were [5, 10, 20] mg. The dose was 5 mg [2].",
        (("The p-value lies in [0, 1]", (), ()), ("The doses were [5", (), ()), ("The dose was", ("S2",), ())),
    ),
    ForeignTrace(
        "Wikipedia style, glued to the word",
        ["Oslo has 717,710 inhabitants.", "It lies on a fjord."],
        "Oslo[1][2] has 717,710 inhabitants[1] and lies on a fjord.[2]",
        (("Oslo has 717,710", ("S1", "S2"), ()),),
    ),
    ForeignTrace(
        "a table in the answer",
        "Anna: 4 days of leave left.\n\nBoris: 11 days of leave left.",
        "| name | days left | source |\n|---|---|---|\n| Anna | 4 | [1] |\n| Boris | 11 | [2] |\n",
        (("| Anna | 4", ("S1",), ()), ("| Boris | 11", ("S2",), ())),
    ),
    ForeignTrace(
        "task boxes and a link",
        "The form is due on Friday.\n\nThe fee is $40.",
        "- [x] The form is due on Friday [1]\n- [ ] The fee is $40, see [the site](https://example.org/a) [2]\n",
        (("The form is due", ("S1",), ()), ("The fee is $40", ("S2",), ())),
    ),
    ForeignTrace(
        "JSON steps with ids, confidence in per cent, and a conclusion",
        "S0 is not a span here.\n\nThe invoice INV-7 is over 310.00 USD.",
        {
            "steps": [
                {"claim": "Invoice INV-7 is over 310.00 USD.", "spans": ["S2"], "confidence": "90%", "kind": "copy"},
                {"claim": "It is paid.", "spans": ["S9"], "confidence": 0},
            ],
            "final_answer": "310.00 USD",
        },
        (("Invoice INV-7", ("S2",), ()), ("It is paid", (), ("S9",))),
    ),
    ForeignTrace(
        "JSON as a text in a fence, sources as objects",
        {"flight-1": "LH 454 leaves from gate B12.", "flight-2": "LH 456 leaves from gate C3."},
        '```json\n{"claims": [{"statement": "LH 454 leaves from B12.", "sources": [{"id": "flight-1"}]}]}\n```',
        (("LH 454", ("S1",), ()),),
    ),
    ForeignTrace(
        "chat with tool results, cited by the id of the call",
        None,
        [
            {"role": "user", "content": "Where is order 88?"},
            {"role": "assistant", "content": "", "tool_calls": [{"id": "call_a", "function": {"name": "track"}}]},
            {"role": "tool", "tool_call_id": "call_a", "content": '{"order": 88, "city": "Turin"}'},
            {"role": "tool", "tool_call_id": "call_b", "content": '{"order": 89, "city": "Milan"}'},
            {"role": "assistant", "content": "Order 88 is in Turin [call_a]. Order 89 is in Milan [2]."},
        ],
        (("Order 88", ("S2",), ()), ("Order 89", ("S3",), ())),
    ),
    ForeignTrace(
        "chat of another vendor, with blocks",
        None,
        [
            {"role": "user", "content": [{"type": "text", "text": "Is the pump on?"}]},
            {"role": "assistant", "content": [{"type": "tool_use", "id": "t1", "name": "pump", "input": {}}]},
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "pump: on, 40 l/min"}],
            },
            {"role": "assistant", "content": [{"type": "text", "text": "The pump is on and moves 40 l/min (t1)."}]},
        ],
        (("The pump is on", ("S2",), ()),),
    ),
    ForeignTrace(
        "a range, and documents that number themselves from zero",
        "Document 0: The vote was on Monday.\n\nDocument 1: 34 were for it.\n\nDocument 2: 12 were against it.",
        "The vote was on Monday [0]. It passed by 34 to 12 [1-2].",
        (("The vote", ("S1",), ()), ("It passed", ("S2", "S3"), ())),
    ),
    ForeignTrace(
        "sources named in round brackets",
        _NUMBERED,
        "Okafor was given calcium gluconate (source 3). The value (5.9) was high (see S1). He is 61 (2).",
        (("Okafor was given", ("S3",), ()), ("The value (5.9)", ("S1",), ()), ("He is 61 (2)", (), ())),
    ),
    ForeignTrace(
        "a quotation, dialogue and an initial",
        'J. Doe said: "We close at 6 p.m."\n\nThe shop of R. Roe closes at 8 p.m.',
        '> J. Doe said "We close at 6 p.m." [1]\n\nThe shop of R. Roe closes at 8 p.m. [2] Is that late?',
        (("J. Doe said", ("S1",), ()), ("The shop of R. Roe", ("S2",), ())),
    ),
    ForeignTrace(
        "a list of sources at the end",
        ["Basil grows in 6 weeks.", "Mint grows in 9 weeks."],
        "Basil grows in 6 weeks [1]. Mint needs 9 weeks [2].\n\n**Sources:**\n[1] Herb book, 2019\n[2] Garden site\n",
        (("Basil grows", ("S1",), ()), ("Mint needs", ("S2",), ())),
    ),
    ForeignTrace(
        "tags of HTML",
        '<doc id="a1">\nThe tank holds 60 litres.\n</doc>\n<doc id="a2">\nThe engine has 3 cylinders.\n</doc>',
        'The tank holds 60 litres <cite doc="a1"/>. The engine has 3 cylinders<sup>[a2]</sup>.',
        (("The tank", ("S1",), ()), ("The engine", ("S2",), ())),
    ),
)

# Written after the reading of the ones above was done.
LATER_TRACES = (
    ForeignTrace(
        "es legal",
        "El plazo vence el 5 de mayo.\n\nLa multa es de 300 €.",
        "El plazo vence el 5 de mayo (fuente 1). La multa asciende a 300 € [2]; ¿desea algo más?",
        (("El plazo", ("S1",), ()), ("La multa", ("S2",), ())),
    ),
    ForeignTrace(
        "numbered answer",
        ["A costs 5.", "B costs 6."],
        "1. A costs 5 [1].\n2. B costs 6 [2].\n3. C costs 7 [3].",
        (("A costs", ("S1",), ()), ("B costs", ("S2",), ()), ("C costs", (), ("3",))),
    ),
    ForeignTrace(
        "sec ref",
        "Rule 4: No smoking.\n\nRule 5: No pets.",
        "Smoking is forbidden (Rule 4). Pets are forbidden [S2].",
        (("Smoking is", (), ()), ("Pets", ("S2",), ())),
    ),
    ForeignTrace(
        "bullets multi-sentence",
        ["X is up. It was restarted at 9.", "Y is down."],
        "* X is up. It was restarted at 9. [1]\n* Y is down.[2]",
        (("X is up", (), ()), ("It was", ("S1",), ()), ("Y is down", ("S2",), ())),
    ),
    ForeignTrace(
        "math",
        "The root is 3.\n\nThe slope is 2.",
        "f(1) = 3 and a[0] = 2, so the root is 3 [1].",
        (("f(1) = 3", ("S1",), ()),),
    ),
    ForeignTrace(
        "ja",
        "営業時間は9時から18時です。\n\n定休日は月曜です。",
        "営業時間は9時から18時です［1］。定休日は月曜です［2］。",
        (("営業時間", ("S1",), ()), ("定休日", ("S2",), ())),
    ),
    ForeignTrace(
        "link cite",
        ["Rain is due.", "Wind is weak."],
        "Rain is due [[1]](https://a.example/x). Wind is weak [2](https://a.example/y).",
        (("Rain is due.", ("S1",), ()), ("Wind", ("S2",), ())),
    ),
    ForeignTrace(
        "letters",
        "[A] The goat is 4.\n[B] The ewe is 6.",
        "The goat is 4 [A]. The ewe is 6 [B]. The ram is 9 [C].",
        (("The goat", ("S1",), ()), ("The ewe", ("S2",), ()), ("The ram", (), ("C",))),
    ),
    ForeignTrace(
        "and-list",
        ["p", "q is set", "r is set"],
        "Both are set [2 and 3]. Ver. 2.1 is out [1].",
        (("Both", ("S2", "S3"), ()), ("Ver. 2.1", ("S1",), ())),
    ),
    ForeignTrace(
        "mail",
        "From: a@b.c\nSubject: Rent\n\nThe rent is 900.",
        "Hi Sam,\n\nThe rent is 900 [2].\n\nBest,\nAnna",
        (("Hi Sam", (), ()), ("The rent", ("S2",), ()), ("Best", (), ())),
    ),
    ForeignTrace(
        "source colon",
        ["Tea: 4.", "Jam: 6."],
        "Tea costs 4 [Source: 1]. Jam costs 6 (Source: 2).",
        (("Tea", ("S1",), ()), ("Jam", ("S2",), ())),
    ),
    ForeignTrace(
        "json nested",
        ["One.", "Two."],
        {"answer": {"text": "One and two [1][2]."}},
        (("One and two", ("S1", "S2"), ()),),
    ),
)
