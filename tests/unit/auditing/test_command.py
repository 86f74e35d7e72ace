"""The command `audit`: what it refuses before any work, what it never loses, and how it asks a server."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from fake_verifier import FakeVerifier

from guardbind import AuditConfig, audit
from guardbind.cli.main import main
from guardbind.errors import ConfigError
from guardbind.registry import BACKENDS

CONTEXT = "The badge number of Bob is 4417.\n\nThe pool opens at dawn."
ANSWER = "The badge number of Bob is 4417 [1]. The pool opens at dawn [2]."


class Served(FakeVerifier):
    """A server with one model, which remembers by which name it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str | None] = []
        self.closed = False

    def connect(self, address: str, model: str | None, **settings: Any) -> Served:
        self.names.append(model)
        return self

    async def aclose(self) -> None:
        self.closed = True


@pytest.fixture
def server() -> Iterator[Served]:
    served = Served()
    BACKENDS.register("served", served.connect)
    yield served
    BACKENDS.unregister("served")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "c.txt").write_text(CONTEXT)
    (tmp_path / "a.txt").write_text(ANSWER)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*options: str, file: str = "a.txt", given: str | None = None) -> Result:
    return CliRunner().invoke(main, ["audit", file, "--context", "c.txt", *options], input=given)


def test_a_server_is_asked_for_its_only_model_where_none_is_named(folder: Path, server: Served) -> None:
    assert run("--api", "served:x").exit_code == 0
    assert run("--api", "served:x", "--model", "big").exit_code == 0
    assert server.names == [None, "big"] and server.closed


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--dtype", "bfloat16"], "--dtype"),
        (["--device", "cpu"], "--device"),
        (["--null", "mask"], "--null mask"),
        (["--null", "redact", "--null", "mask", "--device", "cpu"], "--device, --null mask"),
    ],
)
def test_what_needs_a_model_of_this_process_is_refused_before_a_server_is_asked(
    folder: Path, server: Served, options: list[str], named: str
) -> None:
    result = run("--api", "served:x", *options)
    assert result.exit_code == 2 and f"{named} cannot be used with --api" in result.stderr
    assert server.names == []


def test_the_mask_is_refused_of_a_server_in_python_too() -> None:
    verifier = FakeVerifier()
    with pytest.raises(ConfigError, match="'mask' needs a model of this process"):
        audit(ANSWER, CONTEXT, verifier=verifier, config=AuditConfig(nulls=("redact", "mask")))
    assert verifier.asked == []


def test_a_page_that_cannot_be_written_is_refused_before_the_work(folder: Path, server: Served) -> None:
    result = run("--api", "served:x", "--html", "missing/page.html")
    assert result.exit_code == 1 and "there is no folder" in result.stderr and "Make it" in result.stderr
    assert server.names == [] and not (folder / "missing").exists()


def test_a_page_that_fails_at_the_end_takes_nothing_of_the_audit(folder: Path, server: Served) -> None:
    class Vanishing(Served):
        async def aclose(self) -> None:
            (folder / "out").rmdir()

    (folder / "out").mkdir()
    BACKENDS.register("vanishing", Vanishing().connect)
    try:
        result = run("--api", "vanishing:x", "--html", "out/page.html", "--json")
    finally:
        BACKENDS.unregister("vanishing")
    assert result.exit_code == 1 and "could not be written" in result.stderr
    assert [claim["verdict"] for claim in json.loads(result.stdout)["claims"]] == ["supported", "supported"]


def test_a_page_may_take_the_place_of_another(folder: Path) -> None:
    (folder / "page.html").write_text("old")
    assert run("--no-model", "--html", "page.html").exit_code == 0
    assert (folder / "page.html").read_text().startswith("<!DOCTYPE html>")
    assert stat.S_ISREG((folder / "page.html").stat().st_mode)


DAMAGED = [
    '{"claims": [',
    '{"claims": [{"text": "Bob',
    '[{"text": "Bob is in."},',
    '["Bob is in.", ',
    "{",
    '{"a": 1} x',
]


@pytest.mark.parametrize("text", DAMAGED)
def test_damaged_json_is_no_prose(folder: Path, text: str) -> None:
    with pytest.raises(ConfigError, match="begins as JSON and is none"):
        audit(text, CONTEXT)
    for name in ("a.txt", "a.json"):
        (folder / name).write_text(text)
        result = run("--no-model", file=name)
        assert result.exit_code == 1 and "JSON" in result.stderr and not result.stdout


@pytest.mark.parametrize("text", ["Bob is in.", '{"foo": 1}', "3"])
def test_a_file_that_is_called_json_must_hold_a_trace(folder: Path, text: str) -> None:
    (folder / "a.json").write_text(text)
    assert run("--no-model", file="a.json").exit_code == 1


@pytest.mark.parametrize(
    "text", ["[1] Bob is in.", '["Bob"] is in.', "{Bob} is in.", "[Bob] is in.", "{1, 2} is a set."]
)
def test_words_in_brackets_are_words(text: str) -> None:
    assert audit(text, CONTEXT).trace.format == "text"


@pytest.mark.parametrize(("file", "given"), [("a.txt", None), ("-", " \n")])
def test_an_empty_file_is_an_error(folder: Path, file: str, given: str | None) -> None:
    (folder / "a.txt").write_text("")
    result = run("--no-model", file=file, given=given)
    assert result.exit_code == 1 and "is empty" in result.stderr
    (folder / "a.txt").write_text(ANSWER)
    (folder / "c.txt").write_text("\n")
    assert "c.txt is empty" in run("--no-model").stderr


def test_a_question_lets_the_executor_answer(folder: Path, server: Served) -> None:
    asked = run("--api", "served:x", "--question", "What is Bob's badge number?", "--json")
    found = json.loads(asked.stdout)
    assert found["trace"]["question"] == "What is Bob's badge number?" and found["answer"]["executed"] == "It is 4417."
    assert json.loads(run("--api", "served:x", "--json").stdout)["answer"]["executed"] is None
    assert "It is 4417." in run("--api", "served:x", "--question", "What is Bob's badge number?").stdout


def test_a_question_that_is_given_goes_before_that_of_the_trace() -> None:
    trace = {"claims": [{"text": "The pool opens at dawn.", "citations": ["S2"]}], "question": "When?"}
    assert audit(trace, CONTEXT, question="Where?").trace.question == "Where?"
    read = audit(trace, CONTEXT).trace
    assert read.question == "When?" and audit(read, CONTEXT, question="Where?").trace.question == "Where?"
