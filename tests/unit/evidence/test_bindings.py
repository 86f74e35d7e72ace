"""What a caller may declare."""

from __future__ import annotations

from typing import Any

import pytest

from guardbind.errors import BindingError
from guardbind.evidence import Binding, Evidence, check_bindings

REFUSED: dict[str, tuple[list[Any], str]] = {
    "empty key": ([Binding("", "1")], "key is blank"),
    "blank value": ([Binding("x", " \n")], "value of key 'x' is blank"),
    "blank alias": ([Binding("x", "1", ("",))], "alias of key 'x' is blank"),
    "number as value": ([Binding("x", 4417)], "4417 (int)"),  # type: ignore[arg-type]
    "string as aliases": ([Binding("x", "1", "one")], "'one'; a tuple"),  # type: ignore[arg-type]
    "twice": ([Binding("x", "1"), Binding("x", "1")], "'x' is bound to '1' twice"),
    "value is an alias": ([Binding("x", "1"), Binding("x", "2", ("1",))], "'x' is bound to '1' twice"),
    "backward span": ([Binding("x", "1", span=(3, 3))], "span of key 'x' is (3, 3)"),
    "negative span": ([Binding("x", "1", token_span=(-1, 3))], "token_span of key 'x' is (-1, 3)"),
    "span of three": ([Evidence("e", (1, 2, 3))], "span of evidence 'e' is (1, 2, 3)"),  # type: ignore[arg-type]
    "both spans": ([Binding("x", "1", span=(0, 1), token_span=(0, 1))], "both span and token_span"),
    "evidence nowhere": ([Evidence("e")], "'e' has no place"),
    "evidence twice placed": ([Evidence("e", (0, 1), text="a")], "'e' has span and text"),
    "evidence blank": ([Evidence("e", text=" ")], "text of evidence 'e' is blank"),
    "evidence without id": ([Evidence(" ", text="a")], "evidence id is blank"),
    "ids repeated": ([Evidence("e", text="a"), Evidence("e", text="b")], "id 'e' is used twice"),
    "id is a key": ([Binding("e", "1"), Evidence("e", text="b")], "'e' is both"),
    "something else": ([("x", "1")], "got tuple"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    items, message = REFUSED[case]
    with pytest.raises(BindingError) as raised:
        check_bindings(items)
    assert message in str(raised.value)


def test_accepted() -> None:
    check_bindings([])
    check_bindings(
        [
            Binding("x", "1"),
            Binding("x", "2", ("two",), span=(0, 4)),
            Binding("y", "1", ("1",)),
            Evidence("passage", (5, 9)),
            Evidence("tool", token_span=(0, 1)),
            Evidence("quote", text="4417"),
        ]
    )
