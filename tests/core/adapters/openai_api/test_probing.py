"""What a server can do is seen when it is connected with, and nothing else is taken for granted."""

from __future__ import annotations

import re
from typing import Any

import pytest
from api_servers import Connects, Starts

from guardbind.errors import BackendError, ConfigError

HOSTED: dict[str, Any] = {"completions": False, "extras": False, "choice": None, "begun": None}
TEXTS: dict[str, Any] = {"chat": False, "extras": False, "choice": None}


@pytest.mark.parametrize(
    ("kind", "abilities"),
    [
        ({}, {"top": 20, "chosen": 128, "ids": True, "begun": True, "scores": True, "chats": True, "texts": True}),
        (HOSTED, {"top": 20, "chosen": 0, "ids": False, "begun": False, "scores": False, "texts": False}),
        (TEXTS, {"top": 20, "ids": False, "begun": False, "scores": True, "chats": False, "texts": True}),
        ({**TEXTS, "most": 5}, {"top": 5}),
        ({**TEXTS, "most": 5, "clips": True}, {"top": 5}),
        ({**HOSTED, "most": 3}, {"top": 2}),
        ({**HOSTED, "most": 3, "clips": True}, {"top": 3}),
        ({**TEXTS, "echo": 1}, {"scores": True}),
        ({**TEXTS, "echo": None}, {"scores": False}),
        ({**HOSTED, "length": "max_completion_tokens"}, {"top": 20}),
        ({**HOSTED, "begun": "prefix"}, {"begun": True}),
        ({**HOSTED, "begun": "last_turn"}, {"begun": True}),
        ({**HOSTED, "begun": "dropped"}, {"begun": False}),
        ({**HOSTED, "usage": False}, {"begun": False, "top": 20}),
        ({"logprobs": False}, {"top": 0, "chats": False, "texts": False, "scores": False}),
        ({"warm": True}, {"top": 0}),
        ({**HOSTED, "choice": "json_schema"}, {"constraints": {"choice"}}),
        ({"choice": None}, {"constraints": {"bias"}}),
        ({"choice": None, "bias": False}, {"constraints": set()}),
    ],
    ids=str,
)  # fmt: skip
def test_abilities_are_what_was_seen(
    kind: dict[str, Any], abilities: dict[str, Any], start: Starts, connect: Connects
) -> None:
    backend = connect(start(**kind))
    assert {name: getattr(backend.abilities, name) for name in abilities} == abilities
    assert backend.abilities.findings
    assert backend.spent.requests > 0


def test_answers_that_differ_widen_the_rounding(start: Starts, connect: Connects) -> None:
    assert connect(start(**TEXTS)).abilities.rounding == 1e-4
    assert 1e-3 < connect(start(**TEXTS, noise=0.01)).abilities.rounding < 0.02


def test_an_endpoint_can_be_chosen(start: Starts, connect: Connects) -> None:
    server = start()
    chat = connect(server, endpoint="chat")
    assert (chat.traits.completions, chat.abilities.texts, chat.abilities.chats) == (False, False, True)
    assert connect(server, endpoint="completions").traits.chat is False


def test_the_only_model_need_not_be_named(start: Starts, connect: Connects) -> None:
    assert connect(start(**HOSTED), None).model == "toy"


def test_a_model_that_is_not_there_is_said(start: Starts, connect: Connects) -> None:
    with pytest.raises(BackendError, match=r"404.*'other' does not exist.*name of the model"):
        connect(start(), "other")


def test_a_server_with_neither_interface_is_refused(start: Starts, connect: Connects) -> None:
    with pytest.raises(BackendError, match=r"/completions.*404.*/chat/completions.*404"):
        connect(start(completions=False, chat=False))


def test_nobody_listening_is_said(start: Starts, connect: Connects) -> None:
    server = start()
    server._http.server_close()
    server._http.shutdown()
    with pytest.raises(BackendError, match=r"not reached.*2 tries"):
        connect(server, attempts=2)


def test_other_tokens_than_the_server_counts_are_refused(start: Starts, connect: Connects) -> None:
    with pytest.raises(BackendError, match=r"has (\d+) tokens for the server and (\d+) for the tokenizer") as raised:
        connect(start(off=2))
    here, there = map(int, re.findall(r"\d+", str(raised.value))[1::-1])
    assert there - here == 2


def test_settings_are_checked_before_anything_is_sent(start: Starts, connect: Connects) -> None:
    server = start()
    with pytest.raises(ConfigError, match="colour"):
        connect(server, colour="red")
    with pytest.raises(ConfigError, match="tokenizer"):
        connect(server, tokenizer=3)
    assert [path for path, _, _ in server.seen] == []
