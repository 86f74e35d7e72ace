"""`guardbind extract`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from guardbind.cli import main
from guardbind.registry import LANGUAGES

TEXT = "Bob's badge number is 4417.\r\nTotal: $1,250.00\r\nTotal: 1250 USD\r\n"


def call(*arguments: str, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["extract", *arguments], input=stdin)


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "note.txt"
    path.write_bytes(TEXT.encode())
    return str(path)


def test_a_line_for_each_statement(file: str) -> None:
    result = call(file)
    assert (result.exit_code, result.stderr) == (0, "")
    lines = [line.split() for line in result.stdout.splitlines() if line.strip()]
    assert lines[0] == ["key", "value", "type", "canonical", "rule", "span"]
    assert lines[-3] == ["Bob's", "badge", "number", "4417", "number", "4417", "sentence", "22:26"]
    assert lines[-1] == ["Total", "(2)", "1250", "USD", "money", "1250", "USD", "assignment", "54:62"]


def test_json(file: str) -> None:
    items = json.loads(call("--json", file).stdout)["items"]
    assert [(item["key"], item["value"], item["canonical"], item["place"]) for item in items] == [
        ("Bob's badge number", "4417", "4417", "text"),
        ("Total", "$1,250.00", "1250 USD", "text"),
        ("Total", "1250 USD", "1250 USD", "text"),
    ]
    assert [TEXT[slice(*item["span"])] for item in items] == [item["value"] for item in items]


def test_rules_and_patterns(file: str) -> None:
    only = json.loads(call("--json", "--rule", "sentence", file).stdout)["items"]
    assert [item["rule"] for item in only] == ["sentence"]
    pattern = r"kept=no\. (?P<key>\w+) (?P<value>\w+)"
    (item,) = json.loads(call("--json", "--pattern", pattern, "-", stdin="no. seat 12B").stdout)["items"]
    assert (item["key"], item["value"], item["rule"]) == ("seat", "12B", "kept")


GERMAN = "Bobs Dienstnummer ist 4417."


@pytest.mark.parametrize("how", ["option", "variable"])
def test_the_language_is_an_option_and_a_variable(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert json.loads(call("--json", "-", stdin=GERMAN).stdout)["items"] == []
    if how == "variable":
        monkeypatch.setenv("GUARDBIND_LANGUAGE", "german")
    arguments = ["--language", "german"] if how == "option" else []
    (item,) = json.loads(call("--json", *arguments, "-", stdin=GERMAN).stdout)["items"]
    assert (item["key"], item["value"]) == ("Dienstnummer von Bob", "4417")


def test_a_language_of_the_callers_own_is_known() -> None:
    LANGUAGES.register("mine", "guardbind.text.german:GERMAN")
    try:
        assert "Dienstnummer von Bob" in call("--language", "mine", "-", stdin=GERMAN).stdout
    finally:
        LANGUAGES.unregister("mine")


def test_messages(tmp_path: Path) -> None:
    path = tmp_path / "chat.json"
    path.write_text(json.dumps([{"role": "user", "content": "x = 5"}, {"role": "user", "content": "y = 6"}]))
    result = call("--messages", str(path))
    assert result.exit_code == 0
    assert "[1].content" in result.stdout


def test_nothing_found() -> None:
    result = call("-", stdin="The boats lie at the pier.")
    assert (result.exit_code, result.stdout) == (0, "Nothing was found.\n")


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "message"),
    [
        (["no-such-file"], "", 2, "no-such-file"),
        (["-"], b"\xff\xfe", 2, "not UTF-8"),
        (["--messages", "-"], "{", 2, "not JSON"),
        (["--messages", "-"], "{}", 2, "a list is needed"),
        (["--messages", "-"], "[5]", 1, "message 0 is int 5"),
        (["--pattern", "x", "-"], "", 2, "NAME=REGEX"),
        (["--pattern", "x=(", "-"], "", 1, "no regular expression"),
        (["--rule", "yml", "-"], "", 2, "yml"),
        (
            ["--language", "germn", "-"],
            "",
            2,
            "there is no language 'germn'; known: chinese, english, french, german, spanish",
        ),
        (["--language", "germn", "-"], "", 2, "Did you mean 'german'?"),
    ],
)
def test_wrong_use(arguments: list[str], stdin: str | bytes, code: int, message: str) -> None:
    result = call(*arguments, stdin=stdin)
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr


def test_control_characters_are_shown_by_their_escapes() -> None:
    assert "\x1b" not in call("-", stdin='{"a": "b", "c": "\x7fd\u202e"}').stdout
