"""The nulls that decide: every verdict, action and text is the same as with the nulls of every binding."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from asking import ALIKE, ALPHA, BETA, BINDINGS, DECOY, PARTS_LATE, Ask
from transformers import PreTrainedTokenizerBase

from guardbind import Binding, GuardConfig
from guardbind.report.report import Report

MANY = [Binding(f"key{i}", str(10 + i)) for i in range(14)]
TABLE = "".join(f"\n{item.key}=[{item.value}]" for item in MANY)
SHARED = [Binding(key, value) for key, value in (("a", "17"), ("b", "17"), ("c", "17"), ("d", "42"))]
OF_SHARED = "\na=[17]\nb=[17]\nc=[17]\nd=[42]\n"

CASES: dict[str, tuple[str, list[Binding], dict[str, Any]]] = {
    "right": (ALPHA, BINDINGS, {}),
    "wrong": (BETA, BINDINGS, {}),
    "parts late": (PARTS_LATE, ALIKE, {"new": 6}),
    "closed gate": (DECOY, BINDINGS, {}),
    "of many": (TABLE + "\nkey7=[", MANY, {}),
    "the first of many": (TABLE + "\nkey0=[", MANY, {}),
    "shared": (OF_SHARED + "b=[", SHARED, {}),
    "not shared": (OF_SHARED + "d=[", SHARED, {}),
    "automatic": (OF_SHARED + "it is ", SHARED, {"new": 8}),
    "no target": (TABLE + "\nother: ", MANY, {"new": 6}),
    "drawn": (BETA, BINDINGS, {"do_sample": True, "top_k": 3}),
    "declared": (TABLE + "\nx=[", MANY, {"target": "key5"}),
}


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


def decided(report: Report) -> list[Any]:
    slots = [
        (s.row, s.step, s.kind, s.verdict, s.final_verdict, s.action, s.token, s.final_token) for s in report.slots
    ]
    return [slots, [(i.step, i.action, i.kept, i.token_after) for i in report.interventions]]


@pytest.mark.parametrize("policy", ["auto", "observe"])
@pytest.mark.parametrize("case", CASES)
def test_what_decides_decides_as_all_of_them_do(case: str, policy: str, ask: Ask) -> None:
    prompt, bindings, how = CASES[case]
    seen = []
    for rivals in ("every", "plausible"):
        config = GuardConfig(policy=policy, rivals=rivals, max_nulls=64)
        torch.manual_seed(0)
        output = ask(ask.first, prompt, config, bindings=bindings, **how)
        seen.append((output.text, decided(output.report)))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("count", [2, 8, 14])
def test_a_slot_reads_as_many_bindings_whatever_their_number(count: int, ask: Ask) -> None:
    bindings = MANY[:count]
    prompt = "".join(f"\n{item.key}=[{item.value}]" for item in bindings) + "\nkey1=["
    read = {}
    for rivals in ("plausible", "every"):
        config = GuardConfig(policy="observe", rivals=rivals, max_nulls=64)
        (slot, *_) = ask(ask.first, prompt, config, bindings=bindings).report.slots
        read[rivals] = sum(bits is not None for bits in slot.bits_by_binding)
        assert slot.evidence_bits is not None
    assert read["plausible"] <= 2
    assert read["every"] == count


def test_of_several_with_one_value_the_others_are_read_only_where_the_first_tells_nothing(ask: Ask) -> None:
    config = GuardConfig(policy="observe")
    slot = ask(ask.first, OF_SHARED + "a=[", config, bindings=SHARED).report.slots[0]
    assert (slot.verdict, slot.null_forwards) == ("ok", 1)
    assert [bits is None for bits in slot.bits_by_binding][:3] == [False, True, True]
    # Where that needs more than it can have, none of the three tells anything, and all of them are looked at.
    asked = GuardConfig(policy="observe", slots=("automatic",))
    for slot in ask(ask.first, OF_SHARED + "d", asked, bindings=SHARED, target="d").report.slots:
        begun = [slot.bits_by_binding[i] for i in range(3)]
        told = [bits for bits in begun if bits is not None]
        assert len(told) == 3 or slot.null_forwards == 1
