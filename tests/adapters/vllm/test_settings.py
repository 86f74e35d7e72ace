"""Checks that what a request or an engine says of the guard is bounded, and refused before anything runs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from guardbind.errors import ConfigError, GuardbindError
from guardbind_adapters.vllm.settings import ENVIRONMENT, EngineSettings, RequestSettings

TWO = [{"key": "alpha", "value": "17"}, {"key": "beta", "value": "42", "owners": ["Bea"]}]


def test_a_request_says_all_it_can_say() -> None:
    said = {
        "id": "a1",
        "action": "veto",
        "bindings": TWO,
        "target": "beta",
        "slots": ["line_end"],
        "language": "german",
    }
    settings = RequestSettings.parse(json.dumps(said))
    assert settings == RequestSettings.parse(said)
    assert (settings.id, settings.action, settings.target, settings.slots) == ("a1", "veto", "beta", ("line_end",))
    assert settings.bindings is not None and settings.bindings[1].binding().owners == ("Bea",)
    assert (settings.config().resolver, settings.config().language) == ("words", "german")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("no JSON", "no JSON"),
        ("[1]", "object"),
        ('{"action": "contrast"}', "'observe' or 'veto'"),
        ('{"actions": "veto"}', "actions"),
        ('{"id": 3}', "valid string"),
        ('{"action": "veto"}', "without a target"),
        ({"target": "gamma", "bindings": TWO}, "key of none of the 2"),
        ({"bindings": [TWO[0], TWO[0]]}, "twice"),
        ({"bindings": []}, "at least 1"),
        ({"bindings": [{"key": "a", "value": "x" * 1001}]}, "1000"),
        ({"slots": ["line_ends"]}, "line_end"),
        ({"language": "klingon"}, "klingon"),
        ({"patterns": ["(a+)+$"]}, "patterns"),
        (json.dumps({"id": "a" * 70_000}), "65536"),
        ("[" * 50_000, "no JSON"),
        ({"id": object()}, "no JSON"),
        (7, "object"),
    ],
)
def test_what_a_request_cannot_say_is_refused_as_a_value(said: Any, told: str) -> None:
    with pytest.raises(ValueError) as refused:
        RequestSettings.parse(said)
    assert isinstance(refused.value, GuardbindError) and told in str(refused.value)


def test_an_engine_says_it_in_its_configuration_or_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ENVIRONMENT, raising=False)
    assert EngineSettings.find({}) == EngineSettings.find(None) == EngineSettings()
    monkeypatch.setenv(ENVIRONMENT, '{"every_request": true}')
    assert EngineSettings.find({}).every_request
    assert EngineSettings.find({"guardbind": {"sinks": ["logging"]}}) == EngineSettings(sinks=("logging",))


@pytest.mark.parametrize("said", [{"sink": []}, {"sinks": ["nowhere"]}, {"sinks": ["jsonl:"]}, {"every_request": 3}])
def test_an_engine_that_says_something_else_does_not_start(said: dict[str, Any]) -> None:
    with pytest.raises(GuardbindError):
        EngineSettings.find({"guardbind": said})


def test_the_message_names_where_it_stood() -> None:
    with pytest.raises(ConfigError, match="additional_config"):
        EngineSettings.find({"guardbind": {"sink": []}})
