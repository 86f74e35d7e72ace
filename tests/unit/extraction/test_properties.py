"""Whatever the text: no crash, exact spans, disjoint bindings; and what is written as data is read back whole."""

from __future__ import annotations

import csv
import io
import json
import re
import string
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from odd_values import BROKE_A_PARSER, odd_values
from transformers import PreTrainedTokenizerFast

from guardbind.candidates.trie import Trie
from guardbind.evidence import check_bindings, locate
from guardbind.extraction import ExtractedTable, extract, extract_prompt
from guardbind.extraction.stance import rejects
from guardbind.registry import RULES
from guardbind.text.decoded import PromptText
from guardbind.text.english import ENGLISH

SIGNS = [
    *"=:,;|{}[]()\"'`*-_#>.?!\\&~@$€%\n\r\t ",
    "\r\n",
    "```",
    "```yaml\n",
    "---\n",
    "|-|-|\n",
    "- ",
    "  ",
    "| ",
    "!!x ",
]
WORDS = [
    "Bob",
    "badge",
    "4417",
    "null",
    "true",
    " is ",
    "'s ",
    " of the ",
    "May 3, 2024",
    "$1,250.00",
    "مرحبا",
    "名前：",
    "🎟",
]
FORMS = ['"a": ', "key: ", "x = ", "f(a=", "&a ", "*a", "\u0301", "\u200f", "\ud800", "\0", "\ufeff", "\u2028"]
PIECES = st.sampled_from(SIGNS + WORDS + FORMS)
# Words that are no name or no string somewhere: null of YAML, `may` of a clause, the heading `value`, a question.
NO_NAMES = (
    "i we you he she they it this that there is are was were am be been has have had will would can could should shall "
    "must may might do does did said says say asked replied please null true false yes no on off y n inf nan value "
    "q query question"
)
NAME = st.text(string.ascii_letters, min_size=1, max_size=8).filter(
    lambda name: f" {name.lower()} " not in f" {NO_NAMES} "
)
NUMBERS = st.integers(-(10**9), 10**9).map(str)
VALUE = st.one_of(NUMBERS, NAME, st.from_regex(r"[A-Z]{3}-[0-9]{4}", fullmatch=True), st.dates().map(str))
FLAT = st.dictionaries(NAME, VALUE, min_size=1, max_size=6)


def check(text: str, table: ExtractedTable) -> None:
    ends = 0
    for item in table.items:
        assert item.span is not None and item.statement is not None
        assert text[slice(*item.span)] == item.value
        assert item.value.strip()
        assert item.statement[0] <= item.span[0] < item.span[1] <= item.statement[1]
        assert item.span[0] >= ends, "two bindings share a value"
        ends = item.span[1]
    prompt = PromptText(text, tuple((i, i + 1) for i in range(len(text))))
    for bindings in (table.bindings, table.inverse):
        check_bindings(bindings)
        assert not any(item.absent for item in locate(bindings, prompt, source=text).items)
    for turned in locate(table.inverse, prompt, source=text).items:
        assert any(text[slice(*mention.value_chars)] in turned.surfaces for mention in turned.mentions)


@given(st.one_of(st.text(), st.lists(PIECES, max_size=40).map("".join)))
def test_any_text(text: str) -> None:
    check(text, extract(text))


STATED = [
    "{}",
    "Bob's badge is {}.",
    "The badge of Bob was changed from 4417 to {}, and {} is Ann's badge.",
    "x = {}\ntotal: {}\n",
    "Tea   {}\norder #{}\n",
    '{{"a": "{}", "{}": 1}}',
    "a:\n  {}: {}\n  b: 2\n",
    "f(a='{}', b={})",
    "name,badge\nAnn,{}\n{},5\n",
    "| name | badge |\n|---|---|\n| {} | {} |\n",
]


@given(
    st.sampled_from(STATED),
    odd_values(),
    odd_values(),
    st.sampled_from(["english", "german", "french", "spanish", "chinese"]),
)
def test_no_value_that_a_text_states_is_an_error(form: str, one: str, other: str, language: str) -> None:
    text = form.format(one, other)
    check(text, extract(text, language=language))


@pytest.mark.parametrize("form", STATED)
@pytest.mark.parametrize("value", BROKE_A_PARSER)
def test_what_a_parser_falls_over_is_read_all_the_same(form: str, value: str) -> None:
    text = form.format(value, value)
    check(text, extract(text))


NESTED = {
    "minus": f"f(a=({'-' * 1500}x)(b=1))",
    "names": f"f(a=(x{'.a' * 900})(b=1))",
    "places": f"f(a=(x{'[0]' * 600})(b=1))",
    "calls": f"f(a=x{'()' * 900}(b=1))",
    "sum": f"f(a=({'1+' * 900}x)(b=1))",
    "lists": f"f(a={'[' * 150}1{']' * 150}, b=2)",
    "dicts": "{'b': 2, 'a': " + "{'a': " * 150 + "1" + "}" * 151,
}


@pytest.mark.parametrize("case", NESTED)
def test_what_is_nested_deep_is_no_error(case: str) -> None:
    check(NESTED[case], extract(NESTED[case]))


@pytest.mark.parametrize("rule", RULES.names())
@given(text=st.lists(PIECES, max_size=40).map("".join))
def test_any_text_with_one_rule(rule: str, text: str) -> None:
    check(text, extract(text, rules=[rule]))


@given(st.lists(st.text(string.ascii_lowercase, min_size=1, max_size=9), max_size=60))
def test_words_alone_bind_nothing(words: list[str]) -> None:
    plain = [word for word in words if word not in ("is", "was", "are", "were", "equals")]
    assert extract(" ".join(plain)).items == ()


# Few names and values, some of them spellings of each other, so that the forms meet.
FEW_NAMES = st.sampled_from(["Alice", "Bob", "badge", "total", "417", "ORD-1", "order #417", "a b"])
AMOUNTS = ["417", "00417", "#417", "4,417", "4417", "$1,250.00", "1250 USD", "1.250,00 USD", "1.10", "v1.1.0", "1.1.0"]
OTHERS = ["May 3, 2024", "2024-05-03", "Alice", "Ann Lee", "ORD-1", " 417", 'x"y', 'x\\"y', "x\ty", "true", "a@b.org"]
FEW_VALUES = st.sampled_from(AMOUNTS + OTHERS)
FEW = st.dictionaries(FEW_NAMES, FEW_VALUES, min_size=1, max_size=3)
LINES = [
    "{}'s {} is {}.",
    "For {}, the {} is {}.",
    "{2} is {0}'s {1}, and {3} as {0}'s {1}.",
    "The {1} of {0} is at {2}",
    "INFO {0} {1}: {2} {1}={3}",
    "The {1} of {0} is {2}.",
    "{}'s {} was changed from {} to {}.",
    "{0} has {1} {2}",
    "{0} = {2}, {1}: {2}",
    "{1}   {2}",
    "2 x {0} @ $5.00 = {2}",
    "order {2} and {1} no. {2}",
    "f({1}='{2}', b={2})",
    "[12:03] set {1} = {2}",
    "name,{1},b\n{0},{2},{3}",
    "| name | {1} |\n|---|---|\n| {0} | {2} |\n| Eve | {3} |",
    "{0}:\n  {1}: {2}\n  b:\n  - {3}",
]


@st.composite
def passages(draw: st.DrawFn) -> str:
    if draw(st.booleans()):
        line = draw(st.sampled_from(LINES))
        return line.format(draw(FEW_NAMES), draw(FEW_NAMES), draw(FEW_VALUES), draw(FEW_VALUES))
    data = draw(st.one_of(FEW, st.lists(FEW, max_size=3), st.dictionaries(FEW_NAMES, FEW, max_size=3)))
    written = [json.dumps(data), json.dumps({"a": data}), repr(data), f"```yaml\n{yaml.safe_dump(data)}```"]
    return draw(st.sampled_from(written))


MIXTURE = st.lists(passages(), min_size=1, max_size=6).map("\n".join)


@given(MIXTURE)
def test_whatever_forms_meet_each_binding_has_its_place(text: str) -> None:
    check(text, extract(text))


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(MIXTURE)
def test_the_values_of_a_text_fit_in_one_candidate_set(tiny_tokenizer: PreTrainedTokenizerFast, text: str) -> None:
    table = extract(text)
    bindings = [*table.bindings, *table.inverse]
    if bindings:
        trie = Trie.build(tiny_tokenizer, [(binding.value, binding.aliases) for binding in bindings])
        assert len(trie) == len({binding.value for binding in bindings})
    typed = {item.typed for item in table.items}
    assert len({binding.value for binding in table.bindings}) == len(typed)


@given(st.lists(MIXTURE, min_size=1, max_size=3), st.sampled_from(["user", "assistant"]))
def test_a_prompt_has_the_bindings_of_its_texts(texts: list[str], role: str) -> None:
    prompt = "".join(f"<|im_start|>{role}\n{text}<|im_end|>\n" for text in texts)
    marks = [match.span() for match in re.finditer(r"<\|\w+\|>", prompt)]
    table = extract_prompt(PromptText(prompt, tuple((i, i + 1) for i in range(len(prompt))), tuple(marks)))
    expected = [] if role == "assistant" else [item for text in texts for item in extract(text).items]
    assert [(item.path, item.value, item.rule) for item in table.items] == [
        (item.path, item.value, item.rule) for item in expected
    ]
    check(prompt, table)


def tree(leaves: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    inner = st.recursive(
        leaves, lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(NAME, below, max_size=3))
    )
    return st.dictionaries(NAME, inner, min_size=1, max_size=4)


def leaves_of(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, dict):
        return [leaf for key, member in value.items() for leaf in leaves_of(member, (*path, key))]
    if isinstance(value, list):
        return [leaf for place, member in enumerate(value) for leaf in leaves_of(member, (*path, place))]
    return [(path, value)] if value.strip() else []


ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=20).filter(
    lambda text: not re.fullmatch(r"<.*>|\{.*\}|\.{3,}|\u2026|_{3,}", text.strip(), re.DOTALL)
)


@given(
    tree(st.one_of(VALUE, ANY_TEXT)), st.sampled_from([None, 2]), st.booleans(), st.sampled_from(["", "Got: ", "x\r\n"])
)
def test_json_is_read_back(data: Any, indent: int | None, escaped: bool, before: str) -> None:
    text = before + json.dumps(data, indent=indent, ensure_ascii=escaped) + " and more."
    table = extract(text)
    check(text, table)
    found = [(item.path, item.value if item.decoded is None else item.decoded) for item in table.items]
    assert found == leaves_of(data)
    assert [(item.path, item.value) for item in extract(data).items] == found


@given(tree(VALUE))
def test_yaml_is_read_back(data: Any) -> None:
    text = f"Here:\n\n```yaml\n{yaml.safe_dump(data, sort_keys=False)}```\nThanks."
    table = extract(text)
    check(text, table)
    assert [(item.path, item.value) for item in table.items] == leaves_of(data)


@given(FLAT, st.sampled_from(["{} = {}\n", "{}={}\r\n", "{}: {}\n", "- **{}**: {}\n", '{}="{}", ', "{}: {}; "]))
def test_assignments_are_read_back(data: dict[str, str], form: str) -> None:
    # "A = TBA" gives no value, and "IF" is no key.
    assume(all(extract(f"key = {value}", rules=["assignment"], language="english").items for value in data.values()))
    assume(not any(rejects(said, ENGLISH) for pair in data.items() for said in pair))
    text = "".join(form.format(key, value) for key, value in data.items())
    table = extract(text, rules=["assignment"], language="english")
    check(text, table)
    assert {item.key: item.value for item in table.items} == data


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], dict[str, list[str]]]:
    head = draw(st.lists(NAME, min_size=2, max_size=4, unique=True))
    cells = st.lists(VALUE, min_size=len(head) - 1, max_size=len(head) - 1)
    rows = draw(st.dictionaries(NAME, cells, min_size=1, max_size=5))
    # Two headings in one row are headings again: `test_table_rows.py`, unless nothing stands below.
    named = {name.casefold() for name in head}
    assume(not any(sum(said.casefold() in named for said in (row, *rows[row])) > 1 for row in list(rows)[:-1]))
    return head, rows


def by_path(head: list[str], rows: dict[str, list[str]]) -> list[tuple[tuple[str, str], str]]:
    return [((row, head[i]), cell) for row, cells in rows.items() for i, cell in enumerate([row, *cells])]


@given(tables())
def test_markdown_is_read_back(data: tuple[list[str], dict[str, list[str]]]) -> None:
    head, rows = data
    lines = [head, ["---"] * len(head), *([row, *cells] for row, cells in rows.items())]
    text = "The list:\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n\nThe end."
    table = extract(text)
    check(text, table)
    assert [(item.path[1:], item.value) for item in table.items] == by_path(head, rows)
    assert all(item.path[0] == "The list" for item in table.items)


@given(tables(), st.sampled_from([",", ";", "\t"]), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_csv_is_read_back(data: tuple[list[str], dict[str, list[str]]], delimiter: str, quoting: Any) -> None:
    head, rows = data
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=quoting)
    writer.writerows([head, *([row, *cells] for row, cells in rows.items())])
    table = extract(out.getvalue())
    check(out.getvalue(), table)
    assert [(item.path, item.value) for item in table.items] == by_path(head, rows)


LARGE = {
    "prose": "The boats lie at the pier, and nobody says a word. Bob's badge is 4417.\n" * 400,
    "one line": "level=info order=4417 " * 1500,
    "opened JSON": '[{"a":' * 5000,
    "deep JSON": '[{"a":' * 3000 + "1" + "}]" * 3000,
    "braces": '{"' * 15000,
    "deep YAML": "a:\n b: " + "[" * 20000,
    "steps": "".join(" " * (i % 300) + "a:\n" for i in range(300)),
    "calls": "f(a=1, " * 4000,
    "verbs": "a is " * 6000,
    "numbers": "order #4417 no. 4417 " * 1500,
    "amounts": "Tea  2  1.00  2.00 $ " * 1500 + "\n" + "2 x Tea  " * 1500 + "\n" + "a b c d e f  1.00\n" * 1500,
    "owners": "For Ann, the " * 1500 + "4417 is Ann's b " * 1500,
    "log": "[12:03] 12:03 INFO set a=1 " * 1500,
    "rules": "|-|-|\n" * 5000,
    "commas": "," * 30000,
}


@pytest.mark.parametrize("case", LARGE)
@pytest.mark.timeout(60)
def test_large_and_malformed_text(case: str) -> None:
    text = LARGE[case]
    for item in extract(text).items:
        assert item.span is not None
        assert text[slice(*item.span)] == item.value
