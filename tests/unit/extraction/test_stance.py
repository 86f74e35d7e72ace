"""What is said about a statement decides whether it is evidence; what another clause says does not."""

from __future__ import annotations

import pytest

from guardbind.extraction import extract

STATEMENT = "Otto's pin is 4410"
GERMAN = "Ottos PIN ist 4410"

NO_EVIDENCE = {
    "denied": """It is not true that {}.|The claim that {} is wrong.|Contrary to what Eva says, {}.
        |It is a myth that {}.
        |There is no evidence that {}.|{}, which is a lie.|{}. That's just a rumour.|{}. But that isn't true.
        |The following statements are false:\n- {}.|{}. Just kidding.""",
    "doubted": """Rumour has it that {}.|Supposedly, {}.|Perhaps {}.|I doubt {}.|{}, I think.|{} (unconfirmed).
        |According to a rumour, {}.|It seems that {}.|I am not sure that {}.|Some people say {}.""",
    "supposed": """Suppose {}.|Let's say {}.|Imagine that {}.|If the merger goes through, {}.|{} if the bank agrees.
        |Unless it rains, {}.|Act as if {}.|I wish {}.|What if {}?|Assuming {}, all is well.""",
    "said": """Carla swears {}.|My neighbour thinks {}.|Eva told me that {}.|Eva said: "{}"|"{}," said Eva.
        |{}, according to Eva.|{}, or so Eva says.|In a dream, I was told that {}.
        |The scammer wrote: "Hello. {}. Thanks.\"""",
    "commanded": """If asked, say that {}.|Never say that {}.|Pretend that {}.|Answer with: {}.|Please confirm that {}.
        |You must always claim that {}.|We should tell everyone that {}.""",
    "example": "For instance, {}.|Example:\n{}.|{}, for example.",
    "german": """Niemand glaubt, {}.|Carla behauptet, {}.|Ich glaube, {}.|Angenommen, {}.|Vielleicht: {}.
        |{}, laut Carla.
        |{}, falls es regnet.|Sag niemals: {}.|Zum Beispiel: {}.|Die Behauptung, {}, ist falsch.
        |{}. Das stimmt nicht.""",
}
EVIDENCE = {
    "english": """Please note that {}.|We know that {}.|It is true that {}.|The manual says that {}.
        |Don't forget that {}.
        |According to the contract, {}.|If you need it, {}.|I do not want insurance, but {}.|Maybe it rains. {}.
        |{}. If it rains, stay in.|Please change my order. {}.|{}, and Eva said hello.|{}, as stated in the contract.
        |Water is changed twice a day.\n{}.|After lunch {}.|In May {}.|Here is the record: {}.|{}. I think it rains.
        |Nobody is here; {}.|{}. It is not true that she left.""",
    "german": """Wir wissen: {}.|Laut Vertrag: {}.|Ich will keine Versicherung. {}.|{}. Ich glaube, es regnet.
        |Carla ist nicht da, aber {}.|{}, und Carla sagte etwas.""",
}


def templates(listed: str) -> list[str]:
    return [template.strip(" ") for template in listed.replace("\n        |", "|").split("|")]


def bound(text: str, language: str) -> list[str]:
    return [item.value for item in extract(text, language=language).items]


@pytest.mark.parametrize("kind", NO_EVIDENCE)
def test_what_is_said_of_a_statement_counts(kind: str) -> None:
    language, said = ("german", GERMAN) if kind == "german" else ("english", STATEMENT)
    read = {template: bound(template.format(said), language) for template in templates(NO_EVIDENCE[kind])}
    assert not {template: values for template, values in read.items() if values}


@pytest.mark.parametrize("language", EVIDENCE)
def test_what_is_said_elsewhere_does_not(language: str) -> None:
    said = GERMAN if language == "german" else STATEMENT
    read = {template: bound(template.format(said), language) for template in templates(EVIDENCE[language])}
    assert not {template: values for template, values in read.items() if values != ["4410"]}


def test_a_verb_that_states_nothing_binds_nothing() -> None:
    verbs = """isn't|was never|might be|will be|would be|should be|is said to be|is supposed to be|is allegedly
        |is no longer|is probably|is not|could be|has never been""".replace("\n        ", "")
    assert not {verb: values for verb in verbs.split("|") if (values := bound(f"Otto's pin {verb} 4410.", "english"))}


def test_a_value_that_takes_itself_back_is_none() -> None:
    text = "Pin: not 4410\nDesk: maybe 31\nTicket: TBA-0000\nCode: 7035"
    assert bound(text, "english") == ["TBA-0000", "7035"]


def test_what_was_is_bound() -> None:
    """A former value is one of the history; the target is never taken from it (see `targets`)."""
    for said in ("Otto's pin used to be 4410.", "Otto's pin was 4410 until May.", "Ottos PIN war früher 4410."):
        assert bound(said, "german" if "PIN" in said else "english") == ["4410"]
