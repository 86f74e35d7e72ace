"""What is read at once, bindings, places and what is asked for, is what each of them is when it is read by itself."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plain_prompts import as_prompt

from guardbind.evidence import locate
from guardbind.evidence.claim import claim
from guardbind.targets import Agreement, read_query
from guardbind.targets.stated import read_bindings, read_stated

NAMES = ["Alice", "Bob Stone", "order A-17", "x"]
LINES = [
    "{name}'s badge number is {value}.",
    "{name}: {value}",
    '{{"name": "{name}", "total": {value}}}',
    "{name},{value}",
    "| {name} | {value} |",
    "name,total",
    "| name | total |\n|---|---|",
    "",
]
QUESTIONS = ["What is Alice's badge number?", "What is the total of order A-17?", "Whose badge number is 4417?", ""]

lines = st.builds(
    lambda line, name, value: line.format(name=name, value=value),
    st.sampled_from(LINES),
    st.sampled_from(NAMES),
    st.sampled_from(["4417", "82", "$5.00"]),
)
prompts = st.builds(
    lambda rows, asked: "\n".join([*rows, "", asked, ""]), st.lists(lines, max_size=8), st.sampled_from(QUESTIONS)
)


@given(prompts)
@settings(max_examples=200)
def test_what_is_read_at_once_is_what_is_read_one_by_one(text: str) -> None:
    prompt = as_prompt(text)
    stated = read_stated(prompt)
    assert stated.bindings == read_bindings(prompt)
    table = locate(stated.bindings, prompt)
    assert stated.table == table
    agreement = Agreement(table, read_query(prompt, table.end))
    assert stated.agreement.asked == agreement.asked
    assert stated.agreement.resolve(None) == agreement.resolve(None)
    # Its place is where it was read, and not where words would have it: only what has none is looked for.
    places = [[mention.chars for mention in item.mentions] for item in table.items]
    given_places = [binding.spans or (binding.span or (0, 0),) for binding in stated.bindings]
    assert places == [sorted(spans) for spans in given_places]


@pytest.mark.parametrize("missing", range(3))
def test_what_has_no_place_is_found_by_its_words_beside_what_has(missing: int) -> None:
    prompt = as_prompt("Alice: 4417\nBob: 82\nx: 7\nWhat is Alice's?\n")
    bindings = read_bindings(prompt)
    assert len(bindings) == 3
    bare = [
        binding if at != missing else type(binding)(binding.key, binding.value) for at, binding in enumerate(bindings)
    ]
    found = locate(bare, prompt).items
    assert found[missing].mentions[0].chars == claim(bare, prompt)[missing][0].chars
    assert [item.mentions[0].value_chars for item in found] == [
        item.mentions[0].value_chars for item in locate(bindings, prompt).items
    ]
