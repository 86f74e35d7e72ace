"""What a sentence takes back, replaces, denies, supposes or quotes is no target, in everyday words of five languages.

`tests/data/said_in_other_words.jsonl` has 264 sentences of one writer, written before the rules were mended by them.
Half of them, drawn by chance, were held back from mending; the field `half` says which. Each stands behind plain
statements of `tests/data/spoken_scenes.jsonl`: what gives another value of an owner both beside the plain one and
without it. Right is the value that holds, or nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from chat_templates import STYLES, tokenizer_of
from paths import ROOT
from plain_slots import LETTERS

from guardbind.session.bound_prompt import bind_prompt


def _lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (ROOT / f"tests/data/{name}.jsonl").read_text("utf-8").splitlines()]


LINES = _lines("said_in_other_words")
SCENES = {(scene["language"], scene["scene"]): scene for scene in _lines("spoken_scenes")}
NEWER = ("newer", "correction")
# Prompts in which a value is aimed at that does not hold, by the half of the sentences.
# Before the rules were mended these were 46 and 36, of 219 each.
KNOWN: dict[str, dict[tuple[str, str], int]] = {
    "mended": {},
    "held back": {
        **{("en", "correction"): 1, ("en", "supposition"): 1, ("en", "contradiction"): 1},
        **{("de", "hearsay_before"): 1, ("de", "example"): 1, ("de", "contradiction"): 2, ("de", "tool"): 1},
        **{("zh", "newer"): 1, ("zh", "retraction"): 1},
    },
}


class Asked(NamedTuple):
    """A prompt, whether as turns, and what may be aimed at in it."""

    text: str
    turns: tuple[tuple[str, str], ...]
    right: str | None


def asked(at: int) -> Iterator[Asked]:
    """Return the prompts of a sentence; its place among the plain statements and their form go by its number."""
    line = LINES[at]
    scene = SCENES[line["language"], line["scene"]]
    said, own, (one, other) = line["sentence"], scene["own"], scene["others"]
    sep = "\n" if at % 3 == 0 else "" if line["language"] == "zh" else " "

    def prompt(*facts: str, right: str | None) -> Asked:
        return Asked(f"{sep.join(facts)}\n\n{scene['question']}\n", (), right)

    if line["kind"] == "tool":
        # What only a tool states is evidence; beside the user's own statement it is a stranger's.
        for told, right in (((own, one), scene["value"]), ((one, other), scene["other"])):
            call = ("assistant", '{"name": "read", "arguments": {}}')
            turns = (("user", sep.join(told)), call, ("tool", said), ("assistant", "OK."), ("user", scene["question"]))
            yield Asked("", turns, right)
    elif line["kind"] in (*NEWER, "retraction"):
        right = scene["other"] if line["kind"] in NEWER else None
        yield prompt(*((own, one, said) if at % 2 else (one, own, said, other)), right=right)
    else:
        yield prompt(*((own, one, said) if at % 2 else (said, own, other)), right=scene["value"])
        yield prompt(*((one, said) if at % 2 else (said, one, other)), right=None)


def aimed_at(prompt: Asked) -> str | None:
    tokenizer, text = LETTERS, prompt.text
    if prompt.turns:
        tokenizer = tokenizer_of(STYLES["chatml"])
        messages = [{"role": role, "content": content} for role, content in prompt.turns]
        text = str(tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False))
    ids = tokenizer.encode(text, add_special_tokens=False)
    found = bind_prompt(tokenizer, index=0, pad=0, ids=ids, items=None, declared=None, source=None)
    index = found.agreement.asked.index
    return None if index is None else found.table.items[index].value


@pytest.mark.parametrize("half", KNOWN)
def test_no_value_that_does_not_hold_is_aimed_at(half: str) -> None:
    wrong: Counter[tuple[str, str]] = Counter()
    for at, line in enumerate(LINES):
        if line["half"] == half:
            for prompt in asked(at):
                wrong[line["language"], line["kind"]] += aimed_at(prompt) not in (None, prompt.right)
    assert {kind: count for kind, count in wrong.items() if count} == KNOWN[half]
