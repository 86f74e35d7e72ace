"""A mistake in the rules of text ends no request: the answer is the model's own, and the record says what failed."""

from __future__ import annotations

import logging
from typing import Any, NoReturn

import pytest
from asking import Ask
from transformers import PreTrainedTokenizerBase

from guardbind import Binding, TargetError
from guardbind.session import bound_prompt
from guardbind.session.contained import MARK
from guardbind.targets import Agreement, UnreadStatements

PROMPT = "\nalpha=[17]\nbeta=[42]\nthe value of beta is=["
BOUND = [Binding("alpha", "17"), Binding("beta", "42")]
OWNED = [Binding("badge of Ann", "17", attribute="badge", owners=("Ann",))]

pytestmark = pytest.mark.rules_fail


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


def fails(*_: Any, **__: Any) -> NoReturn:
    raise KeyError("what the prompt says")


def test_where_no_target_can_be_found_the_slot_is_open(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Agreement, "resolve", fails)
    with caplog.at_level(logging.WARNING, "guardbind"):
        output = ask(ask.first, PROMPT, bindings=OWNED)
    slot = output.report.slots[0]
    assert (slot.target, slot.verdict, slot.action) == (None, "unresolved", "none")
    assert "finding the target raised KeyError" in slot.reason
    assert output.text[0] == ask.free(ask.first, PROMPT)
    said = [record for record in caplog.records if hasattr(record, MARK)]
    assert said
    assert not any("what the prompt says" in record.getMessage() for record in said)


def test_where_nothing_can_be_read_nothing_is_bound(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bound_prompt, "read_stated", fails)
    output = ask(ask.first, PROMPT, bindings=None)
    assert output.report.slots == ()
    assert output.text[0] == ask.free(ask.first, PROMPT)


def test_what_is_declared_is_aimed_at_without_a_question(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = ask(ask.first, PROMPT, bindings=BOUND, target="beta")
    monkeypatch.setattr(bound_prompt, "read_query", fails)
    output = ask(ask.first, PROMPT, bindings=BOUND, target="beta")
    assert output.text == usual.text
    assert output.report.slots[0].target == 1


def test_what_is_not_read_may_fail_to_be_looked_for(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(UnreadStatements, "every", property(fails))
    output = ask(ask.first, PROMPT, bindings=BOUND, target="alpha")
    assert output.report.slots[0].verdict == "ok"


def test_what_a_caller_does_is_told(ask: Ask) -> None:
    with pytest.raises(TargetError):
        ask(ask.first, PROMPT, bindings=BOUND, target="gamma")
