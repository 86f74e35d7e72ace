"""A key stands in the environment and nowhere else; an address holds none."""

from __future__ import annotations

import pickle

import pytest

from guardbind.backends.keys import EnvironmentKey, check_address
from guardbind.backends.settings import ClientConfig
from guardbind.errors import ConfigError

SECRET = "planted-4f1c9a77e2b"


@pytest.mark.parametrize(
    "address",
    ["http://localhost:8000/v1", "https://api.openai.com/v1", "http://[::1]:8000/v1", "http://h/v1?version=2"],
)
def test_addresses_that_can_be_used(address: str) -> None:
    assert check_address(address + "/") == address


@pytest.mark.parametrize(
    "address",
    [
        "", "localhost", "//localhost/v1", "ftp://host/v1", "http://", "http://host:notaport/v1", "http://host/v1#x",
        f"http://me:{SECRET}@host/v1", f"http://{SECRET}@host/v1", f"http://host/v1?api_key={SECRET}",
        f"http://host/v1?x=1&access_token={SECRET}", f"http://host:{SECRET}/v1",
    ],
)  # fmt: skip
def test_other_addresses_are_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_address(address)
    assert SECRET not in str(raised.value)


def test_a_key_is_read_when_it_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    key = EnvironmentKey("GUARDBIND_TEST_KEY")
    monkeypatch.setenv("GUARDBIND_TEST_KEY", f" {SECRET}\n")
    assert key.read() == SECRET
    assert SECRET not in repr(key)
    assert SECRET.encode() not in pickle.dumps(key)
    assert key.scrubbed(f"bad key {SECRET}, or sk-abcdefghijklm, or Bearer xyz") == "bad key [key], or [key], or [key]"
    monkeypatch.setenv("GUARDBIND_TEST_KEY", "another")
    assert key.read() == "another"
    assert EnvironmentKey(None).read() is None


@pytest.mark.parametrize("held", ["", "  ", "two\nlines", "schlüssel"], ids=repr)
def test_a_variable_without_a_key_is_said_by_its_name(monkeypatch: pytest.MonkeyPatch, held: str) -> None:
    monkeypatch.setenv("GUARDBIND_TEST_KEY", held)
    with pytest.raises(ConfigError, match="GUARDBIND_TEST_KEY"):
        EnvironmentKey("GUARDBIND_TEST_KEY").read()


def test_who_gives_the_key_as_a_name_does_not_find_it_in_the_message() -> None:
    with pytest.raises(ConfigError, match="never the key itself") as raised:
        ClientConfig(key_variable=SECRET)
    error: BaseException | None = raised.value
    while error is not None:
        assert SECRET not in str(error) + repr(error)
        error = error.__cause__ or error.__context__


@pytest.mark.parametrize(
    "settings",
    [
        {"concurrency": 0}, {"timeout": 0}, {"attempts": 0}, {"backoff": -1}, {"requests_per_minute": 0},
        {"tokens_per_minute": float("inf")}, {"cached": -1}, {"unknown": 1},
    ],
    ids=str,
)  # fmt: skip
def test_settings_outside_their_range_are_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        ClientConfig(**settings)
