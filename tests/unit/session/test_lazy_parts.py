"""What a bound prompt makes only when it is asked for is the same whenever, and in whatever order, that is."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import pytest
from data_forms import FORMS, NOTHING
from lazy_parts import differences, lazy_parts, make_all
from plain_prompts import said
from plain_slots import Letters

from guardbind.candidates.trie import Node
from guardbind.evidence import Binding
from guardbind.session.bound_prompt import BoundPrompt, bind_prompt
from guardbind.slots.detector import Detected

TABLE = "| Name | Badge | Desk |\n|---|---|---|\n" + "".join(f"| Owner {i} | {4000 + i} | {i}B |\n" for i in range(30))
WRITTEN = {
    "key and value": "alpha=17\nbeta=19\nbeta=",
    "table": TABLE + "\nWhat is the badge of Owner 7?",
    "sentences": "Ann's badge is 4417. Bob's badge is 5520. Ann said: my badge was 31.\nWhat is Ann's badge?",
    "changed": "Ann's stall is 4.\nCorrection: Ann's stall is 9.\nAnn and Bob swapped rooms.\nWhich stall is Ann's?",
    "records": '[{"name": "Ann", "desk": "4B"}, {"name": "Bob", "desk": "7C"}]\nWhich desk has Bob?',
}
IN_FORMS = {f"{name} {at}": text for name, texts in FORMS.items() for at, text in enumerate(texts)}
PROMPTS = {**WRITTEN, **IN_FORMS, **{f"nothing {at}": text for at, text in enumerate(NOTHING)}}
SENTENCES = ("Ann's badge is ", "The desk of Bob is ", "Badge: ", "nothing of the kind ")


def bound(text: str, items: Sequence[Binding] | None = None, tokenizer: Any = None) -> BoundPrompt:
    tokenizer = tokenizer or Letters()
    ids = tokenizer.encode(text)
    return bind_prompt(tokenizer, index=0, pad=0, ids=ids, items=items, declared=None, source=None)


def used(prompt: BoundPrompt) -> list[Any]:
    """Ask a prompt what an answer asks it."""
    found: list[Any] = [
        prompt.resolve(Detected("automatic", said(text), True, True), partial(str, text), started=True)
        for text in SENTENCES
    ]
    return [*found, prompt.longest_value, prompt.language, prompt.asked, prompt.stops_mid_line]


@pytest.mark.parametrize("text", PROMPTS.values(), ids=PROMPTS)
def test_made_at_once_or_when_it_is_asked_for(text: str) -> None:
    text = text if text.isascii() else text.encode("ascii", "replace").decode()
    eager, lazy = bound(text), bound(text)
    count = make_all(eager)
    assert count
    assert used(eager) == used(lazy)
    assert make_all(lazy, backwards=True) == count
    assert differences(eager, lazy) == []


def test_what_is_declared_is_bound_alike_too() -> None:
    items = [Binding(f"Owner {i}.badge", str(4000 + i)) for i in range(30)]
    eager, lazy = bound(TABLE, items), bound(TABLE, items)
    make_all(eager)
    assert used(eager) == used(lazy)
    make_all(lazy, backwards=True)
    assert differences(eager, lazy) == []


def test_a_prompt_after_another_one_is_bound_as_if_it_were_the_first() -> None:
    warm = Letters()
    for text in WRITTEN.values():
        make_all(bound(text, tokenizer=warm))
    for text in WRITTEN.values():
        first, later = bound(text), bound(text, tokenizer=warm)
        make_all(first)
        make_all(later)
        assert differences(first, later) == []


def test_a_long_prompt_is_bound_without_the_collector_as_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    held = bound(TABLE)
    monkeypatch.setattr("guardbind.session.uncollected._LONG", 1)
    released = bound(TABLE)
    make_all(held)
    make_all(released)
    assert differences(held, released) == []


def test_the_tree_of_candidates_is_that_of_all_prefixes() -> None:
    trie = bound(WRITTEN["table"]).trie
    assert trie is not None
    forms = [(form, candidate.index) for candidate in trie.candidates for form in candidate.forms]
    prefixes = {form[:length] for form, _ in forms for length in range(len(form) + 1)}
    seen: dict[tuple[int, ...], Node] = {}
    left: list[tuple[tuple[int, ...], Node]] = [((), trie.root)]
    while left:
        prefix, node = left.pop()
        seen[prefix] = node
        left += [((*prefix, token), child) for token, child in node.children.items()]
    assert seen.keys() == prefixes
    for prefix, node in seen.items():
        assert node.values == {index for form, index in forms if form[: len(prefix)] == prefix}
        assert node.ends == {index for form, index in forms if form == prefix}


def test_parts_that_differ_are_told() -> None:
    one, other = bound(WRITTEN["sentences"]), bound(WRITTEN["sentences"].replace("5520", "5521"))
    make_all(one)
    make_all(other)
    assert differences(one, other)
    lazy = bound(WRITTEN["sentences"])
    assert lazy_parts(lazy) and differences(one, lazy)  # one has made what the other has not
