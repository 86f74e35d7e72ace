"""The commands check and generate, asking a server instead of a model of this process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from click.testing import CliRunner, Result
from toy_backend import PROMPT, ToyBackend

from guardbind.backends import Completion, PromptRequest, Spent
from guardbind.cli.main import main
from guardbind.registry import BACKENDS


@pytest.fixture(autouse=True)
def toys() -> Iterator[None]:
    def connect(address: str, model: str | None, **settings: Any) -> ToyBackend:
        assert model in (None, "toy")
        return ToyBackend(own=0.3, rival=0.6) if address == "wrong" else ToyBackend()

    BACKENDS.register("toy", connect)
    yield
    BACKENDS.unregister("toy")


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--chat", "--text", PROMPT, "--max-new-tokens", "16"])


def test_check_diagnoses_and_changes_nothing() -> None:
    result = run("check", "--api", "toy:wrong", "--model", "toy", "--strict")
    assert result.exit_code == 1
    assert "The badge number of Boris is 4821." in result.output
    assert "binding_failure" in result.output and "requests" in result.output


def test_generate_repairs() -> None:
    result = run("generate", "--api", "toy:wrong", "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["text"] == "The badge number of Boris is 9370."
    assert [slot["final_verdict"] for slot in found["report"]["slots"]] == ["repaired"]
    assert found["cost"]["requests"] > 2


def test_requests_that_had_the_model_read_nothing_are_told_apart() -> None:
    class Looking(ToyBackend):
        async def write(self, asked: PromptRequest, **how: Any) -> Completion:
            written = await super().write(asked, **how)
            return replace(written, spent=written.spent + Spent(requests=7, lookups=7))

    assert "only turned texts into tokens" not in run("check", "--api", "toy:right").output
    BACKENDS.register("looking", lambda address, model, **settings: Looking())
    try:
        shown = run("check", "--api", "looking:1").output
        told = json.loads(run("generate", "--api", "looking:1", "--json").stdout)["cost"]
    finally:
        BACKENDS.unregister("looking")
    assert told["lookups"] == 7 and told["requests"] > 7
    assert f"{told['requests']} requests (7 of them only turned texts into tokens and back), " in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--temperature", "0.7"), "temperature"),
        (("--resolver", "both"), "resolver"),
        (("--dtype", "bfloat16"), "dtype"),
    ],
)
def test_what_needs_a_model_of_this_process_is_refused(options: tuple[str, ...], message: str) -> None:
    result = run("generate", "--api", "toy:right", *options)
    assert result.exit_code != 0 and message in result.output


def test_an_unknown_kind_of_address_is_told() -> None:
    result = run("check", "--api", "strange:1")
    assert result.exit_code == 1 and "strange" in result.output
