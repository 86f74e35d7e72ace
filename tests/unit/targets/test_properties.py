"""Targets of arbitrary sentences: always an answer, and one that says what it is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from guardbind.evidence import locate
from guardbind.targets import Agreement, Place, read_query
from guardbind.targets.stated import read_bindings
from guardbind.text.decoded import PromptText

NAMES = ["Alice", "Bob Stone", "Carol", "order A-17", "Ed", "Alice Moreno", "\u05d0\u05d1", "\u00e9\u0301", "x"]
ATTRIBUTES = ["badge number", "locker code", "e-mail", "total", "due date", "date", "order_id", "price", "name"]
VALUES = ["4417", "8213", "77-B", "a@b.org", "$5.00", "2024-05-03", "open", "Paris", "44", "4417-B", "\u30a2"]
WORDS = [
    *(" is ", " of ", " and ", ", ", "'s ", " was ", " for ", ". ", "\n", " (", ": ", '": "', "? "),
    *(" mumbled that the ", " not ", " both ", " in kg ", " the first ", "\n\n", " which ", "What is "),
    *("\u2019s ", "'", "|", " at least "),
]

sentences = st.lists(st.sampled_from([*NAMES, *ATTRIBUTES, *VALUES, *WORDS, *WORDS]), max_size=9).map("".join)
facts = st.lists(
    st.builds("{}'s {} is {}.".format, st.sampled_from(NAMES), st.sampled_from(ATTRIBUTES), st.sampled_from(VALUES)),
    max_size=5,
).map(" ".join)


@given(facts, sentences, sentences | st.text(max_size=30), st.sets(st.integers(0, 5)), st.booleans())
@settings(max_examples=300)
def test_there_is_always_a_resolution(stated: str, asked: str, said: str, beginning: set[int], automatic: bool) -> None:
    text = f"{stated} {asked}"
    prompt = PromptText(text, tuple((i, i + 1) for i in range(len(text))))
    table = locate(read_bindings(prompt), prompt)
    agreed = Agreement(table, read_query(prompt, table.end))
    begins = [item for item in beginning if item < len(table.items)]
    for found in (agreed.asked, agreed.resolve(Place(said, said), beginning=begins, automatic=automatic)):
        assert (found.index is None) == (found.how == "unresolved") == (found.score == 0)
        assert found.reason
        if found.index is not None:
            assert table.items[found.index].key == found.key
            assert 0.4 <= found.score <= 1 or found.how == "query"
    agreed.names(said)
