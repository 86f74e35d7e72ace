"""An address says which kind of backend is connected with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import guardbind
from guardbind.errors import ConfigError, UnknownNameError
from guardbind.registry import BACKENDS


@pytest.fixture
def kind() -> Iterator[str]:
    BACKENDS.register("toykind", lambda address, model, **settings: (address, model, settings))
    yield "toykind"
    BACKENDS.unregister("toykind")


def connected(*given: Any, **settings: Any) -> Any:
    return guardbind.connect(*given, **settings)


def test_a_kind_gets_what_stands_behind_it(kind: str) -> None:
    assert connected("toykind:http://host/v1", "m", top=3) == ("http://host/v1", "m", {"top": 3})
    assert connected("TOYKIND:") == ("", None, {})


@pytest.mark.parametrize("address", ["", "host", "1:2", "user:pass word@"])
def test_an_address_without_a_kind_is_refused(address: str) -> None:
    with pytest.raises((ConfigError, UnknownNameError)) as raised:
        connected(address)
    assert "pass" not in str(raised.value)


def test_an_unknown_kind_is_said(kind: str) -> None:
    with pytest.raises(UnknownNameError, match="toykind"):
        connected("toykin:x")
