"""What is aimed at where the layout of a prompt says whose a value is: never what stands beside it.

`tests/data/layout_prompts.jsonl` has 327 prompts of five kinds in five languages, many of them of the same shapes with
nothing to stumble over: things within things (`nested`), titles and captions below what they name (`above`), tables
with odd rows (`table`), lists that say the same things twice (`doubled`), and numbers that only count or point
(`numbers`). The rules were mended by them, so they measure nothing any more.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from aimed import Line, aimed_at, bound
from paths import ROOT
from transformers import PreTrainedTokenizerBase

LINES: list[Line] = [
    json.loads(line) for line in (ROOT / "tests/data/layout_prompts.jsonl").read_text("utf-8").splitlines()
]
# Places with a right target, of those that can be answered.
RIGHT = {"nested": (140, 148), "above": (58, 74), "table": (81, 104), "doubled": (29, 34), "numbers": (60, 74)}
# A part without a name of its own, and lines that may begin with a price as well as end with one.
KNOWN = {"d055-nested", "d294-above"}


def bare(written: str) -> str:
    return written.strip(" .,;:\"'`*。，").lower()


@pytest.mark.counted
@pytest.mark.real_model
@pytest.mark.parametrize("kind", RIGHT)
def test_no_value_of_something_beside_it_is_aimed_at(
    kind: str, demo_model: tuple[Any, PreTrainedTokenizerBase]
) -> None:
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for line in LINES:
        if line["id"].partition("-")[2] != kind:
            continue
        right = line["target"] if isinstance(line["target"], list) else [line["target"]]
        prompt = bound(demo_model[1], line, "")
        for begun in ("", line["begun"]):
            found["answerable"] += line["target"] is not None
            item = aimed_at(prompt, begun)
            if item is None:
                continue
            if line["target"] is not None and {*map(bare, item.surfaces)} & {*map(bare, right)}:
                found["right"] += 1
            else:
                wrong.append(f"{line['id']}: {item.value!r}, not {line['target']!r}")
    assert [said for said in wrong if said.partition(":")[0] not in KNOWN] == []
    assert (found["right"], found["answerable"]) == RIGHT[kind]
