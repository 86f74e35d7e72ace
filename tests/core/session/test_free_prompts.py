"""What is aimed at in prompts as people write them, in five languages: rarely anything, and hardly ever a wrong value.

`tests/data/free_prompts.jsonl` has 340 prompts of two writers who saw none of the rules. Most ask for a value in words
that no rule knows, and are left alone. The prompts of the first (`a`) were looked at while rules were mended; of the
second's (`b`) one was, whose two places were wrong; later both were looked at for the forms that
extraction did not read.

`tests/data/trap_prompts.jsonl` has 194 of a third (`c`), who saw no rule either and looked for harm: lists beside the
same lists taken back, corrected, swapped or asked about otherwise. `tests/data/blind_prompts.jsonl` has those of a
fourth: 381 (`d`) written blindly, of all that people put into prompts, and 164 (`e`, `f`) that look for harm where the
first had shown some; then 244 of a fifth (`g`), 414 of a sixth (`h`), 400 of a seventh (`i`) and 240 of an eighth
(`j`), blind again. Rules were mended by all of them, so they measure nothing any more.

What the model is about to write counts where a sentence names several attributes, so each way in which a value can
begin is tried, too.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import pytest
from aimed import Line, aimed_at, bound
from paths import ROOT
from transformers import PreTrainedTokenizerBase

from guardbind.session.bound_prompt import BoundPrompt

LINES: list[Line] = [
    json.loads(line)
    for name in ("free", "trap", "blind")
    for line in (ROOT / f"tests/data/{name}_prompts.jsonl").read_text("utf-8").splitlines()
]
WRITERS = ("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
# Places with a right target, of those that can be answered; docs/results/targets.md has the sums.
RIGHT = {
    "a": (26, 265),
    "b": (32, 250),
    "c": (36, 236),
    "d": (43, 418),
    "e": (32, 44),
    "f": (14, 58),
    "g": (106, 238),
    "h": (60, 414),
    "i": (99, 400),
    "j": (8, 240),
}
# The value is right, and says of how much it is: "每期120元" for "120元". In `c125` what was is asked for, in `d096`
# the gate of departure, of which only the verb tells. Two say that there is no value: "n/a", "non communiqué". In
# `g105` the number of a topic is taken for what its sentence says, in `g241` another field says that it is not valid.
# Of `i` the data say that there is none (NULL, "tbd", "no lleva"), and in `i114` of what it is: "VHF channel 22".
KNOWN = {
    *("a049-sections", "c125-shift-words2", "d096-json-es-puerta", "d355-fiche-patient", "e031-placeholder-na"),
    *("g105-protokoll-offen", "g241-json-retracted"),
    *("i067-sql-output-null", "i141-es-hotel-abierta", "i305-en-md-oncall-next", "i315-es-largo-chip"),
    *("i339-zh-yaml-weizhi", "i114-glossary"),
}
# A sentence names two attributes, and the model is about to write a value of the one that is not meant; in `i091` the
# rent of another year is the only one.
BEGUN_WRONG = {"f044-json-updated-price", "i091-fr-mail-loyer-actuel"}


def bare(written: str) -> str:
    return written.strip(" .,;:\"'`*。，").lower()


def begun_wrong(prompt: BoundPrompt, begun: str, right: set[str]) -> set[str]:
    """Return the wrong values that are aimed at because the model is about to begin them."""
    found = set()
    for beginning in {tuple(prompt.beginning(None, token)) for token in prompt.starts}:
        item = aimed_at(prompt, begun, beginning)
        if item is not None and not {*map(bare, item.surfaces)} & {*map(bare, right)}:
            found.add(str(item.value))
    return found


@pytest.mark.counted
@pytest.mark.real_model
@pytest.mark.parametrize("writer", WRITERS)
def test_no_wrong_value_is_aimed_at(writer: str, demo_model: tuple[Any, PreTrainedTokenizerBase]) -> None:
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for line in LINES:
        if line["id"][0] != writer:
            continue
        right = line["target"] if isinstance(line["target"], list) else [line["target"]]
        prompt = bound(demo_model[1], line, "")
        for begun in dict.fromkeys(("", line.get("begun", ""))):
            found["answerable" if line["target"] is not None else "twins"] += 1
            item = aimed_at(prompt, begun)
            if item is None:
                found["unresolved"] += 1
            elif line["target"] is not None and {*map(bare, item.surfaces)} & {*map(bare, right)}:
                found["right"] += 1
            else:
                wrong.append(f"{line['id']}: {item.value!r}, not {line['target']!r}")
            wrong += [
                f"{line['id']}: {value!r} as it begins" for value in begun_wrong(prompt, begun, set(map(str, right)))
            ]
    assert [said for said in wrong if said.partition(":")[0] not in KNOWN | BEGUN_WRONG] == []
    assert (found["right"], found["answerable"]) == RIGHT[writer]
