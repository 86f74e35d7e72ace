"""The contract kits: what is registered passes them, and each broken sentence is found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from guardbind.errors import GuardbindError
from guardbind.events import Event
from guardbind.policies import Raise, Slot, Stop, Write
from guardbind.registry import POLICIES, SINKS, SLOTS
from guardbind.slots import Moment
from guardbind.targets import Place
from guardbind.testing import ContractError, check_policy, check_sink, check_slot_rule, example_slot
from guardbind.testing.policy import example_slots


@pytest.mark.parametrize("name", POLICIES.names())
def test_every_policy_keeps_its_contract(name: str) -> None:
    check_policy(name)


@pytest.mark.parametrize("name", SLOTS.names())
def test_every_slot_rule_keeps_its_contract(name: str) -> None:
    check_slot_rule(SLOTS.get(name))


def test_every_sink_keeps_its_contract(tmp_path: Path) -> None:
    file = tmp_path / "records.jsonl"
    arguments = {"jsonl": str(file), "logging": ""}
    assert set(arguments) <= set(SINKS.names())
    for name, argument in arguments.items():
        check_sink(SINKS.get(name)(argument))
    assert len(file.read_text(encoding="utf-8").splitlines()) == 45


def test_a_policy_of_ones_own_keeps_it() -> None:
    check_policy(lambda slot: None if slot.judgement.verdict == "unresolved" else "contrast")
    check_policy(lambda slot: Stop("give up"))


def test_the_example_slots_cover_every_verdict() -> None:
    verdicts = {slot.judgement.verdict for _, slot in example_slots()}
    assert verdicts == {"ok", "gate_failure", "binding_failure", "unsupported", "absent", "unresolved"}


def endless(slot: Slot) -> Iterator[Stop]:
    while True:
        yield Stop("again")


def shifting() -> Callable[[Slot], Any]:
    asked = iter(range(10_000))
    return lambda slot: Write(f"try {next(asked)}", 1)


def meddling(slot: Slot) -> Stop:
    slot.scores[0] += 1
    return Stop("meddled")


def raising(slot: Slot) -> Any:
    raise ZeroDivisionError


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        (lambda slot: Write("far", 10_000), "a token is one of the vocabulary"),
        (lambda slot: Write("", 1), "an attempt has a name"),
        (lambda slot: Write("short", 1, readout=torch.zeros(2)), "a readout is \\[vocabulary\\]"),
        (lambda slot: Write("nan", 1, readout=slot.logprobs * torch.nan), "a readout is not NaN"),
        (lambda slot: Write("logits", 1, readout=slot.logprobs + 9), "a readout holds log-probabilities"),
        (lambda slot: Raise("raise", ValueError("no")), "what is raised is a GuardbindError"),  # type: ignore[arg-type]
        (endless, "a policy comes to an end"),
        (shifting(), "asked again, a policy says the same"),
        (meddling, "a policy changes nothing of the slot"),
        (raising, "raises nothing"),
    ],
)
def test_a_broken_policy_is_found(policy: Callable[[Slot], Any], sentence: str) -> None:
    with pytest.raises(ContractError, match=sentence):
        check_policy(policy)


def test_what_is_no_proposal_is_refused_by_the_guard_itself() -> None:
    with pytest.raises(GuardbindError, match="the policy returned"):
        check_policy(lambda slot: 5)


def test_an_example_slot_is_what_it_says() -> None:
    slot = example_slot([0.05, 0.2, 0.7, 0.05], [0.05, 0.01, 0.89, 0.05])
    assert slot.judgement.verdict == "binding_failure"
    bits = slot.bits(1)
    assert bits is not None
    assert bits == pytest.approx(4.32, abs=0.01)


def careless(moment: Moment) -> Place:
    return Place(moment.text()[5], "")


def inventing(moment: Moment) -> Place | None:
    return Place("what nobody wrote", "")


def guessing(moment: Moment) -> Place | None:
    """Finds whose value it is nowhere in the text."""
    return Place(moment.line(), "Zoe")


def collecting(moment: Moment) -> Place | None:
    """Collects whose value it is from around the slot."""
    return Place(moment.line(), " ; ".join(reversed(moment.text().split())))


def forgetful() -> Callable[[Moment], Place | None]:
    asked = iter(range(10_000))
    return lambda moment: Place("", "") if next(asked) % 2 else None


class Late:
    """Says that it only begins answers, and does not keep to it."""

    begins_answer = True

    def __call__(self, moment: Moment) -> Place | None:
        return Place("", "")


class Unordered:
    """Has an order that is none."""

    order = "first"

    def __call__(self, moment: Moment) -> Place | None:
        return None


def test_a_slot_rule_may_collect_whose_value_it_is() -> None:
    check_slot_rule(collecting)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (careless, "raises nothing, whatever the text"),
        (inventing, "a place quotes the text"),
        (guessing, "words of a place are words of the text"),
        (forgetful(), "asked again, a slot rule says the same"),
        (lambda moment: "here", "returns a Place or None"),
        (Late(), "only begins answers finds no slot later"),
        (Unordered(), "order of a slot rule is a int"),
    ],
)
def test_a_broken_slot_rule_is_found(rule: Callable[[Moment], Any], sentence: str) -> None:
    with pytest.raises(ContractError, match=sentence):
        check_slot_rule(rule)


def talkative(record: Event) -> Any:
    return "thanks"


def picky(record: Event) -> None:
    if record.event == "intervention":
        raise KeyError("step")


@pytest.mark.parametrize(
    ("sink", "sentence"),
    [(talkative, "a sink returns nothing"), (picky, "a sink takes every record, intervention among them")],
)
def test_a_broken_sink_is_found(sink: Callable[[Event], None], sentence: str) -> None:
    with pytest.raises(ContractError, match=sentence):
        check_sink(sink)
