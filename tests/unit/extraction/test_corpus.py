"""How much of the values in texts like those in real prompts is found, and how much is found that is not there."""

from __future__ import annotations

import pytest
from extract_corpus import STORY, TUNED, UNSEEN

from guardbind.extraction import extract

TEXTS = {name: text for name, (text, _) in (TUNED | UNSEEN).items()}


def found_in(text: str) -> set[tuple[str, str]]:
    # The name of a row, below its own heading, says nothing more.
    return {(item.key, item.value) for item in extract(text).items if item.owner != item.said}


# As docs/extract.md reports them: key and value both as the reader has them, of what was found, of what is there.
@pytest.mark.parametrize(("corpus", "right", "found", "there"), [(TUNED, 79, 80, 95), (UNSEEN, 22, 25, 29)])
def test_what_is_found_and_what_is_missed(
    corpus: dict[str, tuple[str, set[tuple[str, str]]]], right: int, found: int, there: int
) -> None:
    counts = [(found_in(text), holds) for text, holds in corpus.values()]
    assert sum(len(holds) for _, holds in counts) == there
    assert sum(len(seen & holds) for seen, holds in counts) >= right
    assert sum(len(seen - holds) for seen, holds in counts) <= found - right


@pytest.mark.parametrize("name", TEXTS)
def test_every_value_found_stands_in_the_text(name: str) -> None:
    for item in extract(TEXTS[name]).items:
        assert item.span is not None
        assert TEXTS[name][slice(*item.span)] == item.value


def test_a_story_binds_nothing() -> None:
    assert found_in(STORY) == set()
