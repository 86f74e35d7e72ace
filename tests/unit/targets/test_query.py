"""What a prompt asks, plain strings only."""

from __future__ import annotations

import pytest
from plain_prompts import as_prompt

from guardbind.targets import Query, read_query
from guardbind.targets.query import Order, asks_for_value, odd_words, order_of, several
from guardbind.text.chinese import CHINESE
from guardbind.text.decoded import PromptText
from guardbind.text.french import FRENCH
from guardbind.text.german import GERMAN
from guardbind.text.language import Language
from guardbind.text.spanish import SPANISH

FACT = "Bob's badge number is 8213."


def asked(text: str, end: int = len(FACT)) -> Query:
    return read_query(as_prompt(text), end)


class TestTheSentencesThatAsk:
    @pytest.mark.parametrize(
        ("prompt", "text"),
        [
            (f"{FACT} What is it?", " What is it?"),
            (f"{FACT}\nWhat is it? Answer briefly.", "What is it? Answer briefly."),
            (f"{FACT}\nGive me Bob's badge number.", "Give me Bob's badge number."),
            (f"{FACT}\nWhat is no. 5 of fig. 3?", "What is no. 5 of fig. 3?"),
            (f"Who has which badge? {FACT}", "Who has which badge?"),
        ],
    )
    def test_where_they_stand(self, prompt: str, text: str) -> None:
        end = prompt.index("8213.") + len("8213.")
        query = asked(prompt, end)
        assert query.text == text
        assert query.prompt[slice(*query.span)] == text
        assert text not in query.context

    def test_the_sentence_before_may_say_about_what(self) -> None:
        assert asked(f"{FACT} I need Bob's badge number. What is it?").lead.strip() == "I need Bob's badge number."

    def test_an_empty_prompt_asks_nothing(self) -> None:
        query = asked("", 0)
        assert (query.text, query.odd, query.order) == ("", (), None)

    def test_only_the_last_turn_of_the_user_asks(self) -> None:
        text = "<|user|>What is A?<|assistant|>5<|user|>What is B?<|assistant|>"
        marks = [(i, i + len(mark)) for mark in ("<|user|>", "<|assistant|>") for i in _places(text, mark)]
        prompt = PromptText(text, tuple((i, i + 1) for i in range(len(text))), tuple(sorted(marks)))
        assert read_query(prompt, 0).text == "What is B?"


def _places(text: str, mark: str) -> list[int]:
    return [i for i in range(len(text)) if text.startswith(mark, i)]


class TestWords:
    @pytest.mark.parametrize(
        ("text", "order"),
        [
            ("What was the first value?", "first"),
            ("What is it now?", "last"),
            ("What is the latest budget?", "last"),
            ("The first or the last?", "both"),
            ("What is the budget?", None),
        ],
    )
    def test_order(self, text: str, order: Order | None) -> None:
        assert order_of(text) == order

    @pytest.mark.parametrize("text", ["the sum", "how many", "spelled backwards", "the first two", "last week"])
    def test_computed(self, text: str) -> None:
        assert {reason for _, reason in odd_words(text)} == {"something computed is meant"}

    @pytest.mark.parametrize("text", ["not Bob's", "isn't it", "other than Bob's"])
    def test_denied(self, text: str) -> None:
        assert "there is a negation" in [reason for _, reason in odd_words(text)]

    @pytest.mark.parametrize("text", ["What is Bob's badge number?", "summer", "nothing", "partly"])
    def test_nothing_odd(self, text: str) -> None:
        assert odd_words(text) == []

    def test_what_to_do_otherwise_is_not_odd(self) -> None:
        assert asked(f"{FACT} What is it? If it is not stated, say unknown.").odd == ()
        assert asked(f"{FACT} What is not it?").odd

    @pytest.mark.parametrize(
        "question",
        [
            "What is it?",
            "Who has it?",
            "Give me the number.",
            "In which city is it? Answer briefly.",
            "Can you tell me Bob's badge number?",
            "Could you please look up the badge of Bob?",
            "Would you mind telling us his number?",
        ],
    )
    def test_a_value_is_asked_for(self, question: str) -> None:
        assert asks_for_value(asked(f"{FACT}\n{question}"))

    @pytest.mark.parametrize(
        "question",
        [
            "Is it 8213?",
            "Why is it so?",
            "How many are there?",
            "Tell me whether it is 8213.",
            "Can you tell me whether it is 8213?",
            "Can you lift it?",
            "Do you know him?",
            "Do you have the invoice ready?",
            "Can I see the doctor on Monday?",
            "Can you find the bug yourself?",
            "Will you give Bob a raise?",
            "What is not it?",
            "The weather is fine.",
            "",
        ],
    )
    def test_or_something_else(self, question: str) -> None:
        assert not asks_for_value(asked(f"{FACT}\n{question}"))

    def test_a_value_is_asked_for_in_other_languages(self) -> None:
        wanted = as_prompt("Annas Nummer ist 4417. Welche Nummer hat Anna?"), as_prompt("Anna: 4417. Ist das so?")
        assert [asks_for_value(read_query(prompt, 12, GERMAN)) for prompt in wanted] == [True, False]

    @pytest.mark.parametrize(
        ("language", "question", "other"),
        [
            (GERMAN, "Kannst du mir bitte Annas Nummer sagen?", "Können sie den Weg allein zeigen?"),
            (FRENCH, "Peux-tu me donner le num\u00e9ro d'Anna ?", "Tu peux trouver la sortie seul ?"),
            (SPANISH, "\u00bfPuedes decirme el n\u00famero de Anna?", "\u00bfSe puede enviar el paquete?"),
            (
                CHINESE,
                "\u80fd\u544a\u8bc9\u6211\u5b89\u5a1c\u7684\u53f7\u7801\u5417\uff1f",
                "\u5b89\u5a1c\u6765\u4e86\u5417\uff1f",
            ),
        ],
    )
    def test_a_question_that_is_a_request(self, language: Language, question: str, other: str) -> None:
        prompts = (as_prompt(f"Anna: 4417\n{text}") for text in (question, other))
        assert [asks_for_value(read_query(prompt, 10, language)) for prompt in prompts] == [True, False]

    def test_several(self) -> None:
        assert several("both of them")
        assert not several("none of them")

    def test_german(self) -> None:
        prompt = as_prompt("Annas Nummer ist 4417. Wie lautete die urspr\u00fcngliche Nummer?")
        query = read_query(prompt, 22, GERMAN)
        assert (query.text.strip(), query.order) == ("Wie lautete die urspr\u00fcngliche Nummer?", "first")
        assert odd_words("die Summe der Nummern", GERMAN)
        assert odd_words("nicht Annas Nummer", GERMAN)
        assert not odd_words("die Nummer von Anna", GERMAN)
        assert several("beide Nummern", GERMAN)
