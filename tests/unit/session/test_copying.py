"""Which tokens copy from a declared passage, and which go on with a word of it, from rows of letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_slots import LETTERS, letters_opener, letters_row

from guardbind.evidence import Binding, Evidence
from guardbind.session.copying import copies_at, said_at
from guardbind.session.opener import Opening
from guardbind.session.passage import Lead, rest_at, value_of
from guardbind.session.row import Row
from guardbind.session.value import ValueEvent
from guardbind.session.writable import refusal
from guardbind.targets.query import Query
from guardbind.text.english import ENGLISH

PROMPT = "{passage}\nbeta=[x17]\n{question}"


def opened(
    passage: str, question: str, top: str = "x", *, target: str | None = "it", known: bool = False
) -> Opening | None:
    """Open the slot behind the question, where a passage is declared and the model would write one letter."""
    prompt = PROMPT.format(passage=passage, question=question)
    span = (0, len(passage))
    item = Binding("it", "zebra", span=span) if known else Evidence("it", span=span)
    return letters_opener(slots=("prompt_end",)).open(letters_row(prompt, [item], target), ord(top))


def copied(passage: str, question: str, top: str = "x", *, target: str | None = "it", known: bool = False) -> str:
    """Return the letters that copy the value of a passage where the answer stands behind the question."""
    opening = opened(passage, question, top, target=target, known=known)
    assert opening is not None
    return "".join(sorted(map(chr, copies_at(opening, LETTERS))))


def said(passage: str, question: str, top: str = "x") -> str:
    """Return the letters with which words of a passage begin, or go on, where the answer stands."""
    opening = opened(passage, question, top)
    assert opening is not None
    return "".join(sorted(map(chr, said_at(opening, LETTERS))))


@pytest.mark.parametrize(
    ("passage", "question"),
    [
        ("alpha=[zebra]", "alpha=["),
        ("alpha = [ zebra ]", "Question: what is alpha?\nalpha=["),
        ("The code of the vault is zebra.", "What is the code of the vault?\nThe code of the vault is"),
        ('{"port": "zebra"}', '{"host": "m", "port":'),
        ("Vault: zebra", "- VAULT:"),
        ("key_1 = zebra", "key_1 ="),
        ("within zebra days", "What is the time?\nAnswer: within "),
        ("mule zebra", "Which animal is it?\nAnswer: Mule"),
        ("alpha=[zebra] alpha=[zebra]", "alpha=["),
    ],
)
def test_the_word_behind_what_stands_before_the_slot(passage: str, question: str) -> None:
    assert copied(passage, question) == " z"


@pytest.mark.parametrize(
    ("passage", "question"),
    [
        # Something else may be meant than a copy.
        ("The code is zebra.", "Is the code mule? Answer:"),
        ("alpha=[zebra]", "How many letters has alpha?\nalpha=["),
        # Other words stand before the value.
        ("alpha=[zebra]", "beta=["),
        ("subalpha=[zebra]", "alpha=["),
        ("sub_alpha=[zebra]", "alpha=["),
        ("Ann's badge: zebra; Bob's phone: mule", "Bob's badge:"),
        # It says several things.
        ("alpha=[zebra] " + "and so on " * 20, "alpha=["),
        # Two values, none, or a word that is about nothing.
        ("alpha=[zebra] alpha=[mule]", "alpha=["),
        ("alpha=[]", "alpha=["),
        ("The code is not zebra.", "The code is"),
    ],
)
def test_nothing_where_that_is_not_what_is_to_be_copied(passage: str, question: str) -> None:
    assert copied(passage, question) == ""


@pytest.mark.parametrize("top", ["z", "a"])
def test_nothing_where_the_model_writes_a_word_of_the_passage(top: str) -> None:
    assert copied("alpha=[zebra]", "alpha=[", top) == ""


@pytest.mark.parametrize(
    ("passage", "question", "rest"),
    [
        ("The code is 4471.", "What is the code? It is 44", "7"),
        ("2025-07-28", "On which day? On 202", "5"),
        ("R-99371", "Which number? R-", "9"),
        ("£8,052", "Which amount? The answer is £", "8"),
        ("4471 and again 4471", "Which code? 44", "7"),
        ("20/02/2027", "Which day? On 20", "/"),
        # The digit stands within the passage, and begins no word of it.
        ("7193", "Which code? The answer is ", " 7"),
    ],
)
def test_the_rest_of_a_word_that_the_line_has_begun(passage: str, question: str, rest: str) -> None:
    assert copied(passage, question) == rest
    assert copied(passage, question, "1") == rest
    assert copied(passage, question, rest[-1]) == ""


@pytest.mark.parametrize(
    ("passage", "question"),
    [
        # Several words go on so, or the word may be whole.
        ("4471 and 4498", "Which code? 44"),
        ("44 of 4471", "Which code? 44"),
        ("20 is the code.", "Which code? 20"),
        # It stands within a word.
        ("1447", "Which code? 44"),
        # Something else is asked.
        ("4471", "How many codes are there? 44"),
        ("4387", "Rounded to the nearest hundred, which number is it? It is 4"),
        # One digit is written, of a passage that says more than a value.
        ("Price without tax: 200", "Which price is it with tax? It is 2"),
    ],
)
def test_no_rest_where_it_cannot_be_told(passage: str, question: str) -> None:
    assert copied(passage, question) == ""


@pytest.mark.parametrize("passage", ["zebra", "Zebra Street 12", '"zebra"', "zebra 12 kg"])
@pytest.mark.parametrize("question", ["Which animal is it?\nAnswer:", "Give me the name of the animal.\nAnswer:"])
def test_the_beginning_of_a_passage_that_is_a_value(passage: str, question: str) -> None:
    assert copied(passage, question).casefold() == " z"


@pytest.mark.parametrize(
    ("passage", "question"),
    [
        # It says something of something, or not what is.
        ("zebra: 12", "Which animal is it?\nAnswer:"),
        ("It is a zebra", "Which animal is it?\nAnswer:"),
        ("not zebra", "Which animal is it?\nAnswer:"),
        ("zebra or mule or okapi or horse", "Which animal is it?\nAnswer:"),
        ("animal zebra", "Which animal is it?\nAnswer:"),
        ("12,zebra,grey", "Which animal is it?\nAnswer:"),
        # The answer is begun, and otherwise.
        ("zebra", "Which animal is it?\nAnswer: Mule"),
        # No value is asked for.
        ("zebra", "Is it a mule?\nAnswer:"),
        ("zebra", "Why is it so?\nAnswer:"),
        ("zebra", "Tell me whether it is a mule.\nAnswer:"),
        ("zebra", "How many letters has it?\nAnswer:"),
    ],
)
def test_a_passage_that_says_more_is_no_value(passage: str, question: str) -> None:
    assert copied(passage, question) == ""


def test_where_the_line_ends_an_object_may_follow_and_no_value_of_a_passage() -> None:
    assert copied("zebra", "Which animal is it? Answer:", "\n") == ""


@pytest.mark.parametrize(
    ("passage", "question", "letters"),
    [
        ("The code is zebra", "Which code? It is ", " Tciz"),
        # Behind a word only what stands apart begins another one.
        ("The code is zebra", "Which code? It is", " "),
        ("4471 and 4498", "Which code? 44", "79"),
        ("zebra", "How many letters has it?\nAnswer:", ""),
        ("zebra" + " and so on" * 20, "Which animal is it?\nAnswer:", ""),
    ],
)
def test_what_goes_on_with_a_word_of_the_passage(passage: str, question: str, letters: str) -> None:
    assert set(said(passage, question)) == set(letters)


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["What is it? ", "Give it. ", ""]))
def test_any_passage_and_any_line_can_be_read(passage: str, line: str, question: str) -> None:
    """What rules say of a text, and no mistake of theirs: `contained` would hide it."""
    query = Query(question, "", (), None, question, (0, len(question)))
    rest, value = rest_at(line, [passage]), value_of([passage], query, line)
    assert rest is None or all(part and part in passage for part in rest.every)
    assert value is None or value in passage
    lead = Lead.of(line, ENGLISH)
    assert lead is None or all(word in passage for word in lead.followed_by([passage]))


class TestWhatLeadsUpToAValue:
    """A colon or a quote is no value: the slot waits for what follows."""

    @pytest.mark.parametrize("top", [":", '"', "(", "["])
    def test_opens_nothing_yet(self, top: str) -> None:
        opener = letters_opener(slots=("prompt_end",))
        row = letters_row("zebra\nWhich animal? The answer is", [Evidence("it", span=(0, 5))], "it")
        assert opener.open(row, ord(top)) is None
        row.read(ord(top), ends=False)
        opening = opener.open(row, ord("m"))
        assert opening is not None
        assert (opening.kind, opening.continues) == ("prompt_end", False)
        assert copies_at(opening, LETTERS) == {ord("z"), ord(" ")}

    @pytest.mark.parametrize("top", ["-", "$", ".", " ", "\n"])
    def test_a_sign_that_may_be_of_the_value_is_judged(self, top: str) -> None:
        assert opened("zebra", "Which animal? The answer is", top) is not None

    def test_so_is_what_ends_a_word_that_is_begun(self) -> None:
        assert opened("4471", "Which code? 44", ":") is not None

    def test_an_object_leads_up_to_values_in_its_own_way(self) -> None:
        opener = letters_opener(slots=("prompt_end",))
        row = letters_row("zebra\nWhich animal? The answer is", [Evidence("it", span=(0, 5))], "it")
        assert opener.open(row, ord(":")) is None
        row.read(ord(":"), ends=False)
        assert opener.open(row, ord("{")) is None
        assert row.value is None


def test_nothing_where_the_caller_did_not_say_that_this_passage_is_meant() -> None:
    assert copied("alpha=[zebra]", "alpha=[", target=None) == ""
    assert copied("alpha=[zebra]", "alpha=[", known=True) == ""


class TestASignWithinAValue:
    """What of a value is no letter and no digit decides nothing once it is begun."""

    def test_is_not_judged(self) -> None:
        opener = letters_opener(slots=("prompt_end",))
        row = letters_row("44.71\nWhich number? It is ", [Evidence("it", span=(0, 5))], "it")
        judged = []
        for letter in "44.71. ":
            judged.append(opener.open(row, ord(letter)) is not None)
            if row.value is not None and row.value.undecided:
                row.advance(ValueEvent.VERDICT)
            row.read(ord(letter), ends=False)
        assert judged == [True, True, False, True, True, False, False]

    def test_and_a_value_ends_with_its_line(self) -> None:
        opener = letters_opener(slots=("prompt_end",))
        row = letters_row("44\nWhich number? It is ", [Evidence("it", span=(0, 2))], "it")
        assert opener.open(row, ord("4")) is not None
        row.advance(ValueEvent.VERDICT)
        row.read(ord("4"), ends=False)
        assert opener.open(row, ord("\n")) is None
        assert row.value is None


class TestBehindTheBeginningOfACopy:
    """A value of a passage is begun in the answer: by a policy, or by the model itself."""

    def written(self, passage: str, question: str, begun: str, *, chosen: bool = True) -> Row:
        """Return the row in which a beginning of the value is written; its first letter was judged, or chosen."""
        prompt = PROMPT.format(passage=passage, question=question)
        row = letters_row(prompt, [Evidence("it", span=(0, len(passage)))], "it")
        assert letters_opener(slots=("prompt_end",)).open(row, ord("x")) is not None
        row.advance(ValueEvent.VERDICT)
        if chosen:
            row.write()
        for letter in begun:
            row.read(ord(letter), ends=False)
        return row

    def going_on(self, row: Row, top: str) -> str | None:
        """Return the letters that copy on; None where nothing is judged."""
        opening = letters_opener(slots=("prompt_end",)).open(row, ord(top))
        return None if opening is None else "".join(sorted(map(chr, copies_at(opening, LETTERS))))

    @pytest.mark.parametrize(
        ("passage", "begun", "top", "rest"),
        [
            ("41.185.6", "4", "2", "1"),
            ("41.185.6", "41", "x", "."),
            # A sign that is not the word's is judged inside it.
            ("346", "3", ".", "4"),
            ("21 May 2025", "21 May 202", "4", "5"),
            # What stands before it tells one place from another.
            ("April 28, 2026", "April 2", "0", "8"),
            ("The code is 4471, and the other is 4498.", "4", "9", ""),
            # No number of it is left out; a word may be said behind a part of it.
            ("December 15, 2021", "December ", "2", "1"),
            ("December 15, 2021", "December ", "o", ""),
            ("December 15, 2021", "December 15, ", "3", "2"),
        ],
    )
    def test_its_rest_is_copied(self, passage: str, begun: str, top: str, rest: str) -> None:
        row = self.written(passage, "Which is it?\nIt is ", begun)
        assert row.chosen and self.going_on(row, top) == rest

    def test_so_is_what_the_text_told_if_the_model_begins_it(self) -> None:
        row = self.written("41.185.6", "Which is it?\nIt is ", "", chosen=False)
        assert row.value is not None
        row.value.told = frozenset({ord("4")})
        row.read(ord("4"), ends=False)
        assert row.value.copied and not row.chosen and self.going_on(row, "2") == "1"

    def test_and_not_what_it_begins_otherwise(self) -> None:
        row = self.written("41.185.6", "Which is it?\nIt is ", "", chosen=False)
        assert row.value is not None
        row.value.told = frozenset({ord("4")})
        row.read(ord("6"), ends=False)
        assert not row.value.copied

    @pytest.mark.parametrize(
        ("passage", "begun", "top"),
        [
            ("41.185.6", "4", "1"),  # the model goes on with it
            ("Urs Petrov", "Urs Petrov", "."),  # it is whole
            ("Urs Petrov", "Urs Petrov", ","),
        ],
    )
    def test_nothing_is_judged(self, passage: str, begun: str, top: str) -> None:
        assert self.going_on(self.written(passage, "Who is it?\nIt is ", begun), top) is None

    def test_a_name_that_may_take_another_ending_is_left_to_the_model(self) -> None:
        row = self.written("město Praha", "V pátek hraje v ", "Pra")
        assert self.going_on(row, "z") == ""

    @pytest.mark.parametrize(("begun", "rest"), [("44", ""), ("447", "1")])
    def test_of_what_the_model_wrote_itself_three_digits_are_gone_on_with(self, begun: str, rest: str) -> None:
        row = self.written("4471", "Which is it?\nIt is ", begun, chosen=False)
        assert not row.chosen and self.going_on(row, "9") == rest


@pytest.mark.parametrize(
    ("passage", "question", "letter", "refused"),
    [
        ("The code is zebra.", "Which code? Answer: ", "z", ""),
        ("The code is zebra.", "Which code? Answer: ze", "b", ""),
        ("The code is [zebra].", "Which code?\nalpha=[ze", "b", ""),
        ("The code is $40.", "Which code? Answer: ", "$", ""),
        ("The code is zebra.", "Which code? Answer: ", "q", "no word"),
        ("The code is zebra.", "Which code? Answer: ", "b", "no word"),
        ("The code is zebra.", "Which code? Answer: ze", "c", "no word"),
        # "40" stands there, and "640" does not.
        ("The code is 40.", "Which code? Answer: 6", "4", "no word"),
        ("The code is zebra.", "What are the initials of the code? Answer: ", "z", "something else"),
        ("The code is zebra.", "Which code is not in use? Answer: ", "z", "something else"),
        ("It took zebra days.", "How many days did it take? Answer: ", "z", ""),
        ("It took zebra days.", "How many people did it take? Answer: ", "z", "something else"),
        ("The code is zebra. " * 20, "Which code? Answer: ", "z", ""),
    ],
)
def test_a_policy_may_write_what_the_passage_says_and_nothing_else(
    passage: str, question: str, letter: str, refused: str
) -> None:
    opening = opened(passage, question)
    assert opening is not None
    reason = refusal(opening, LETTERS, ord(letter))
    assert refused in reason and bool(reason) is bool(refused)
