"""Where bindings stand, in the kinds of text that prompts are made of."""

from __future__ import annotations

import random
import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guardbind.errors import BindingError, TargetError
from guardbind.evidence import Binding, Evidence, EvidenceTable, locate
from guardbind.text.decoded import PromptText

ALICE, BOB = Binding("Alice", "4417"), Binding("Bob", "8213")
KEY1, KEY2 = Binding("KEY1", "apple"), Binding("KEY2", "pear")


def prompt_of(text: str, pieces: str = r" ?\w+|\s|[^\w\s]+") -> PromptText:
    """Cut a text into tokens: words with their space, runs of signs, single white space."""
    edges = [match.start() for match in re.finditer(pieces, text)] + [len(text)]
    specials = [match.span() for match in re.finditer(r"<\|\w+\|>", text)]
    return PromptText(text, tuple(pairwise(edges)), tuple(specials))


def statements(text: str, *items: Binding | Evidence) -> list[list[str]]:
    """Return the texts of the mentions of each item; a value alone is marked with a `?`."""
    prompt = prompt_of(text)
    table = locate(items, prompt)
    for item in table.items:
        for mention in item.mentions:
            assert text[slice(*mention.value_chars)] in (item.value, *item.aliases)
    return [
        ["?" * (m.rule == "value") + text[slice(*m.chars)] for m in located.mentions]
        for located in locate(items, prompt).items
    ]


@pytest.mark.parametrize(
    ("text", "alice", "bob"),
    [
        ("Alice's badge number is 4417. Bob's is 8213.", "Alice's badge number is 4417.", "Bob's is 8213."),
        ("The badge number of Alice is 4417; of Bob, 8213!", "Alice is 4417;", "Bob, 8213!"),
        ("4417 is Alice's badge and 8213 is Bob's badge.", "4417 is Alice", "8213 is Bob"),
        ("Alice has 4417, and 8213 is Bob's badge.", "Alice has 4417,", "8213 is Bob"),
        ("| Name | Badge |\n|---|---|\n| Alice | 4417 |\n| Bob | 8213 |", "Alice | 4417 |", "Bob | 8213 |"),
        ("Alice,4417,blue\nBob,8213,red", "Alice,4417,", "Bob,8213,"),
        ('{"Alice": {"badge": "4417"}, "Bob": "8213"}', 'Alice": {"badge": "4417"},', 'Bob": "8213"'),
        ('{"Alice":4417,"Bob":8213}', 'Alice":4417,', 'Bob":8213'),
        ("<Alice>4417</Alice><Bob><id>8213</id></Bob>", "Alice>4417</Alice>", "Bob><id>8213</id>"),
        ("Alice:\n  badge: 4417\nBob:\n  badge: 8213\n", "Alice:\n  badge: 4417", "Bob:\n  badge: 8213"),
        ("- **Alice**: **4417**\n- `Bob` (`8213`)\n", "Alice**: **4417**", "Bob` (`8213`)"),
        ("1. Alice 4417\n2. Bob 8213\n", "Alice 4417", "Bob 8213"),
        ("Alice carries badge No. 4417. Bob: 8213", "Alice carries badge No. 4417.", "Bob: 8213"),
        ("Alice is new here. Her badge is 4417.\nBob: 8213", "Alice is new here. Her badge is 4417.", "Bob: 8213"),
        ("What is Alice's badge?\nAlice: 4417\nBob 8213 \nWhat is Bob's?\nBob: ", "Alice: 4417", "Bob 8213"),
    ],
)
def test_forms_of_a_statement(text: str, alice: str, bob: str) -> None:
    assert statements(text, ALICE, BOB) == [[alice], [bob]]


@pytest.mark.parametrize(
    "text",
    [
        "KEY1=[ apple ]\nthe river was old KEY2=[ pear ]\nthe clerk\nQuestion: What is KEY1?\nKEY1=[",
        "KEY1=[ apple ]\nthe pear the pear KEY2=[ pear ]\nthe pear the\nQuestion: What is KEY1?\nKEY1=[",
        "the apple KEY1=[ apple ]\nthe pear\nKEY2=[ pear ]\nthe apple\nKEY1=[ pear ] was wrong\nKEY2=[",
    ],
)
def test_paper_prompts_with_decoys(text: str) -> None:
    assert statements(text, KEY1, KEY2) == [["KEY1=[ apple ]"], ["KEY2=[ pear ]"]]


def test_every_statement_is_a_mention() -> None:
    text = "Alice: 4417\nBob: 8213\nI repeat that Alice has 4417. 8213 is for Bob."
    assert statements(text, ALICE, BOB) == [
        ["Alice: 4417", "Alice has 4417."],
        ["Bob: 8213", "8213 is for Bob"],
    ]


def test_a_key_with_the_value_of_another_states_nothing() -> None:
    assert statements("Alice: 8213, Bob: 4417", ALICE, BOB) == [[], []]
    assert statements('{"Alice": "8213"}\n{"Bob": "4417"}', ALICE, BOB) == [[], []]


def test_a_value_next_to_no_key_is_weaker() -> None:
    assert statements("The codes are 4417 and 8213.", ALICE, BOB) == [["?4417"], ["?8213"]]
    assert statements("Alice and Bob have 4417 and 8213, respectively.", ALICE, BOB) == [["?4417"], ["?8213"]]
    assert statements("Alice: 4417. The number 4417 is odd.\n4417", ALICE) == [["Alice: 4417."]]
    far = "Alice " + "and then some more words " * 8 + "4417"
    assert statements(far, ALICE) == [["?4417"]]


def test_a_value_that_is_not_there_is_absent() -> None:
    table = locate([ALICE, BOB], prompt_of("Alice: 4418, Bob: eight"))
    assert [item.absent for item in table.items] == [True, True]


def test_a_question_states_less_than_a_sentence() -> None:
    assert statements("Is Alice's badge 4417?", ALICE) == [["Alice's badge 4417?"]]
    assert statements("Alice's badge is 4417. Is Alice's badge 4417 or 8213?", ALICE) == [["Alice's badge is 4417."]]


def test_turns_and_paragraphs_part_key_from_value() -> None:
    assert statements("ask Alice<|end|>\n<|user|>4417", ALICE) == [["?4417"]]
    assert statements("ask Alice\n\n4417", ALICE) == [["?4417"]]
    assert statements("ask Alice\n4417", ALICE) == [["Alice\n4417"]]


@pytest.mark.parametrize(
    "text", ["12.5", "112", "123", "12-3", "3-12", "-12", "a12", "12_", "12/3", "12,500", "1.12", ".12"]
)
def test_not_inside_a_longer_number(text: str) -> None:
    assert statements(f"x = {text} ", Binding("x", "12")) == [[]]


@pytest.mark.parametrize("text", ["12", "12.", "12, 5", "[12,5]", "(12)", "$12", "12%", "=12", "'12'", "12—"])
def test_a_number_by_itself(text: str) -> None:
    assert [len(found) for found in statements(f"x: {text} ", Binding("x", "12"))] == [1]


@pytest.mark.parametrize("text", ["apples", "pineapple", "apple-tree", "apple_1", "apple\u0301", "Apple"])
def test_not_inside_a_longer_word_and_case_as_given(text: str) -> None:
    assert statements(f"x: {text} ", Binding("x", "apple")) == [[]]


def test_values_that_are_prefixes_of_each_other() -> None:
    short, long = Binding("a", "New"), Binding("b", "New York")
    assert statements("a = New\nb = New York\n", short, long) == [["a = New"], ["b = New York"]]
    ids = Binding("a", "A-1"), Binding("b", "A-12"), Binding("c", "A-1-2")
    assert statements("a: A-1, b: A-12, c: A-1-2", *ids) == [["a: A-1,"], ["b: A-12,"], ["c: A-1-2"]]


def test_the_longest_key_wins() -> None:
    plain, longer = Binding("total", "5"), Binding("grand total", "9")
    assert statements("total: 5\ngrand total: 9\n", plain, longer) == [["total: 5"], ["grand total: 9"]]
    assert statements("grand total: 5", plain, longer) == [[], []]


def test_keys_in_lower_case_stand_for_every_case_and_others_do_not() -> None:
    assert statements("Order: A-1", Binding("order", "A-1")) == [["Order: A-1"]]
    assert statements("will is 5", Binding("Will", "5")) == [["?5"]]
    assert statements("Id: 1, id: 2", Binding("id", "2"), Binding("Id", "1")) == [["id: 2"], ["Id: 1,"]]


def test_two_keys_with_one_value() -> None:
    items = Binding("Alice", "4417"), Binding("Bob", "4417")
    assert statements("Alice: 4417\nBob: 4417", *items) == [["Alice: 4417"], ["Bob: 4417"]]
    assert statements("4417 is Alice's, 4417 is Bob's.", *items) == [["4417 is Alice"], ["4417 is Bob"]]
    assert statements("Alice: 4417\nBob: 8213", *items) == [["Alice: 4417"], []]


def test_a_chain_of_bindings() -> None:
    items = Binding("Alice", "Bob"), Binding("Bob", "Carol")
    assert statements("Alice's boss is Bob. Bob's boss is Carol.", *items) == [
        ["Alice's boss is Bob."],
        ["Bob's boss is Carol."],
    ]


def test_aliases_and_values_with_signs() -> None:
    assert statements("sum = USD 5\nthe sum: $5!", Binding("sum", "$5", ("USD 5",))) == [["sum = USD 5", "sum: $5!"]]
    assert statements("t = -5\nt = 5", Binding("t", "-5"), Binding("t", "5")) == [["t = -5"], ["t = 5"]]


def test_scripts_without_spaces_and_from_right_to_left() -> None:
    items = Binding("爱丽丝", "四四一七"), Binding("鲍勃", "8213")
    assert statements("爱丽丝的号码是四四一七。8213是鲍勃的号码。", *items) == [
        ["爱丽丝的号码是四四一七。"],
        ["8213是鲍勃"],
    ]
    assert statements("מספר של דנה הוא 4417.", Binding("דנה", "4417")) == [["דנה הוא 4417."]]
    assert statements("앨리스의 번호는 4417입니다.", Binding("앨리스", "4417")) == [["앨리스의 번호는 4417"]]


def test_tokens_of_a_statement() -> None:
    text = 'x: "KEY1=[ apple ]\nKEY2=[ pear ]'
    prompt = prompt_of(text)
    (one, two) = (item.mentions[0] for item in locate([KEY1, KEY2], prompt).items)
    assert text[slice(*prompt.chars(one.tokens))] == "KEY1=[ apple ]"
    assert text[slice(*prompt.chars(one.value_tokens))] == " apple"
    assert one.tokens.stop < two.tokens.start


def test_a_token_with_a_word_of_the_neighbour_stays_out() -> None:
    text = "uses KEY1 is apple. Then"
    prompt = PromptText(text, ((0, 9), (9, 12), (12, 18), (18, 24)))
    (item,) = locate([KEY1], prompt).items
    assert item.mentions[0].tokens == range(1, 3)
    assert item.mentions[0].chars == (5, 19)


def test_history_in_the_order_of_the_text() -> None:
    text = "x = 2\nx = 1\nx = 1\nx = 3\nx = 1\ny = 7\n"
    items = [Binding("x", value) for value in ("1", "2", "3", "4")] + [Binding("y", "8")]
    table = locate(items, prompt_of(text))
    assert [item.value for item in table.history("x")] == ["2", "1", "3", "1"]
    assert (table.first("x").value, table.last("x").value) == ("2", "1")
    assert table.last("x").index == 0
    assert table.items[3].absent
    assert [item.index for item in table.history("y")] == [4]
    assert table.keys == ("x", "y")


def test_an_unknown_key_is_met_with_a_suggestion() -> None:
    table = locate([ALICE], prompt_of("Alice: 4417"))
    with pytest.raises(TargetError, match=r"'Alise'.*'Alice'.*Did you mean 'Alice'\?"):
        table.history("Alise")
    with pytest.raises(TargetError, match="declared: none"):
        EvidenceTable(()).last("x")


def test_explicit_spans() -> None:
    text = "Alice 4417 and Alice 4417; Bob: eight two one three. Nothing."
    at = text.index("Alice", 5)
    items: list[Binding | Evidence] = [
        Binding("Alice", "4417", span=(at, at + 10)),
        Binding("Bob", "8213", span=(text.index("Bob"), text.index("three") + 5)),
        Evidence("rest", token_span=(len(prompt_of(text).spans) - 2, len(prompt_of(text).spans))),
    ]
    table = locate(items, prompt_of(text))
    alice, bob, rest = (item.mentions[0] for item in table.items)
    assert (alice.rule, alice.chars, alice.value_chars) == ("span", (at, at + 10), (at + 6, at + 10))
    assert bob.value_chars == bob.chars
    assert (rest.rule, text[slice(*rest.chars)]) == ("token_span", " Nothing.")
    assert [item.evidence for item in table.items] == [False, False, True]
    assert [len(item.mentions) for item in table.items] == [1, 1, 1]


def test_the_value_behind_the_key_within_a_span() -> None:
    text = "12 people: badge 12"
    (item,) = locate([Binding("badge", "12", span=(0, len(text)))], prompt_of(text)).items
    assert item.mentions[0].value_chars == (17, 19)
    (item,) = locate([Binding("room 12", "12", span=(0, 12))], prompt_of("room 12 = 12")).items
    assert item.mentions[0].value_chars == (10, 12)


def test_evidence_by_its_text() -> None:
    text = "a b a b. Alice: 4417. a b"
    table = locate([Evidence("ab", text="a b"), Evidence("no", text="zzz"), ALICE], prompt_of(text))
    assert [m.chars for m in table.items[0].mentions] == [(0, 3), (4, 7), (22, 25)]
    assert {m.rule for m in table.items[0].mentions} == {"text"}
    assert table.items[1].absent


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([Binding("x", "1", span=(5, 99))], "which has 11 characters"),
        ([Evidence("e", token_span=(0, 99))], "which has 3 tokens"),
        ([Binding("x", "1", span=(0, 5)), Evidence("e", (4, 6))], "overlap"),
        ([Binding("x", "1", token_span=(0, 2)), Binding("x", "2", span=(3, 6))], "overlap"),
        ([Binding("x", "1"), Binding("x", "1")], "twice"),
    ],
)
def test_spans_that_cannot_be(items: list[Binding | Evidence], message: str) -> None:
    with pytest.raises(BindingError, match=message):
        locate(items, prompt_of("Alice: 4417"))


def test_spans_of_bindings_of_one_value_may_overlap() -> None:
    text = "| Alice | 4417 | 12-B |"
    row = [Binding("badge 4417", "Alice", span=(2, 14)), Binding("desk 12-B", "Alice", span=(2, 21))]
    table = locate(row, prompt_of(text))
    assert [text[slice(*item.mentions[0].value_chars)] for item in table.items] == ["Alice", "Alice"]
    other = Binding("badge", "4417", span=(10, 14))
    with pytest.raises(BindingError, match=r"'desk 12-B' \(characters \(2, 21\)\) and of 'badge'"):
        locate([Binding("name", "Alice", span=(2, 7)), row[1], other], prompt_of(text))
    with pytest.raises(BindingError, match="overlap"):
        locate([Evidence("row", (2, 14)), Evidence("cell", (10, 14))], prompt_of(text))


def test_the_spans_of_one_binding_do_not_overlap() -> None:
    with pytest.raises(BindingError, match="overlap"):
        locate([Binding("x", "1", spans=((0, 5), (3, 7)))], prompt_of("Alice: 4417"))


def test_spans_that_touch_do_not_overlap() -> None:
    items: list[Binding | Evidence] = [Binding("x", "1", span=(0, 5)), Evidence("e", (5, 7))]
    assert len(locate(items, prompt_of("Alice: 4417")).items) == 2


def test_spans_into_a_source() -> None:
    source = "  Alice: 4417\nBob: 8213\n"
    span = (source.index("Bob"), source.index("8213") + 4)
    item = Binding("Bob", "8213", span=span)
    for inner in (source, source.strip()):
        text = f"<|user|>\n{inner}<|end|>\nBob: 1"
        (found,) = locate([item], prompt_of(text), source=source).items
        assert text[slice(*found.mentions[0].chars)] == "Bob: 8213"
        assert text[slice(*found.mentions[0].value_chars)] == "8213"


@pytest.mark.parametrize(
    ("text", "source", "span", "message"),
    [
        ("Alice: 4417", "Alice:  4417", (0, 5), r"not in the decoded prompt .* verbatim.*token_span"),
        ("ab ab", "ab", (0, 1), "occurs 2 times"),
        ("Alice: 4417", "Alice", (0, 9), "outside of the source, which has 5 characters"),
        ("Alice: 4417", "", (0, 1), "source \\(0 characters\\) is not"),
        ("Alice: 4417", "  Alice: 4417", (0, 2), "white space"),
        ("<|user|>\nAlice: 4417\n", "  Alice: 4417  ", (13, 15), "white space"),
    ],
)
def test_sources_that_cannot_be(text: str, source: str, span: tuple[int, int], message: str) -> None:
    with pytest.raises(BindingError, match=message):
        locate([Binding("Alice", "4417", span=span)], prompt_of(text), source=source)


def test_a_source_is_needed_for_spans_only() -> None:
    assert not locate([ALICE], prompt_of("Alice: 4417"), source="something else").items[0].absent


def test_many_bindings_in_a_long_prompt() -> None:
    rng = random.Random(0)
    words = ["the", "clerk", "sorted", "parcels", "at", "harbour", "while", "rain", "fell", "on", "17", "roofs"]
    items = [Binding(f"KEY{i}", str(number)) for i, number in enumerate(rng.sample(range(10_000, 99_999), 300))]
    lines = [f"KEY{i}=[ {item.value} ]\n" + " ".join(rng.choices(words, k=40)) for i, item in enumerate(items)]
    text = "\n".join(lines)
    assert statements(text, *items) == [[f"{item.key}=[ {item.value} ]"] for item in items]


TEXT = st.text(max_size=8) | st.sampled_from(
    [
        "a",
        "A",
        "b",
        "12",
        "12.5",
        ", ",
        ". ",
        "?",
        "\n",
        "\n\n",
        " ",
        "=[",
        " ]",
        '"',
        ": ",
        "and",
        "🙂",
        "שלום",
        "é",
        "ı",
        "İ",
        "漢",
    ]
)
WORD = st.text(min_size=1, max_size=4).filter(str.strip) | st.sampled_from(
    ["a", "A", "b", "12", "🙂", "שלום", "İ", "漢"]
)


@given(
    parts=st.lists(TEXT | WORD, max_size=25),
    pairs=st.lists(st.tuples(WORD, WORD), max_size=5, unique=True),
    cuts=st.sets(st.integers(0, 60)),
)
@settings(max_examples=400)
def test_any_text_is_located_truthfully(parts: list[str], pairs: list[tuple[str, str]], cuts: set[int]) -> None:
    text = "".join(parts)
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    prompt = PromptText(text, tuple(pairwise(edges)))
    table = locate([Binding(key, value) for key, value in pairs], prompt)
    claimed: set[tuple[int, int]] = set()
    for item in table.items:
        assert list(item.mentions) == sorted(item.mentions, key=lambda m: m.chars)
        for mention in item.mentions:
            start, end = mention.chars
            assert text[slice(*mention.value_chars)] == item.value
            assert 0 <= start <= mention.value_chars[0] < mention.value_chars[1] <= end <= len(text)
            assert mention.value_tokens == prompt.tokens(*mention.value_chars)
            assert mention.tokens.start <= mention.value_tokens.start < mention.value_tokens.stop <= mention.tokens.stop
            assert mention.tokens.stop <= len(prompt.spans)
            if mention.rule == "key":
                assert item.key in text[start:end] or item.key == item.key.lower()
                assert mention.value_chars not in claimed
                claimed.add(mention.value_chars)
