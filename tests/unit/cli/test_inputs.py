"""What the command line reads: the prompt, what it binds, and the target."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
import pytest

from guardbind.cli.inputs import read_items, read_prompt, read_target
from guardbind.cli.options import Job
from guardbind.errors import BindingError
from guardbind.evidence import Binding, Evidence, Target


def job(**options: Any) -> Job:
    empty: dict[str, Any] = dict.fromkeys(Job.__dataclass_fields__)
    return Job(**{**empty, "binding": (), "evidence": (), **options})


@pytest.mark.parametrize(
    ("typed", "prompt"), [("a\n", "a"), ("a\n\n", "a\n"), ("a\r\n", "a"), ("a ", "a "), ("a\nb", "a\nb")]
)
def test_one_line_break_at_the_very_end_is_left_out(typed: str, prompt: str, tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_bytes(typed.encode())
    assert read_prompt(job(prompt=str(file))) == prompt
    assert read_prompt(job(text=typed)) == typed


def test_nobody_is_left_waiting_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(click.UsageError, match="There is no prompt"):
        read_prompt(job())


def test_a_long_prompt_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text("word " * 1_000_000, encoding="utf-8")
    assert len(read_prompt(job(prompt=str(file)))) == 5_000_000


@pytest.mark.parametrize(
    ("written", "items"),
    [
        ({"a": "1", "b": "2"}, [Binding("a", "1"), Binding("b", "2")]),
        ([{"key": "a", "value": "1"}, {"key": "a", "value": "2"}], [Binding("a", "1"), Binding("a", "2")]),
        ([{"key": "a", "value": "1", "aliases": ["one"], "span": [0, 5]}], [Binding("a", "1", ("one",), (0, 5))]),
        ([{"id": "e", "text": "the passage"}], [Evidence("e", text="the passage")]),
        ([{"id": "e", "span": [2, 9]}], [Evidence("e", (2, 9))]),
    ],
)
def test_bindings_can_be_written_as_a_mapping_or_a_list(
    written: Any, items: list[Binding | Evidence], tmp_path: Path
) -> None:
    file = tmp_path / "bindings.json"
    file.write_text(json.dumps(written), encoding="utf-8")
    assert read_items(job(bindings=str(file))) == items


def test_arguments_follow_the_file(tmp_path: Path) -> None:
    file = tmp_path / "bindings.json"
    file.write_text('{"a": "1"}', encoding="utf-8")
    assert read_items(job(bindings=str(file), binding=("a=2", "b=x=y"), evidence=("one", "two"))) == [
        Binding("a", "1"),
        Binding("a", "2"),
        Binding("b", "x=y"),
        Evidence("evidence1", text="one"),
        Evidence("evidence2", text="two"),
    ]


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ('{"a": ', "not JSON"),
        ("", "not JSON"),
        (b"\xff\xfe\xfd", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ('"a"', "JSON str"),
        ("[1]", "entry 1 is 1; an object"),
        ('{"a": 1}', "entry 1: value: .*got 1.*as in the prompt"),
        ('{"a": "1", "a": "2"}', "'a' stands twice"),
        ('[{"key": "a"}]', "entry 1: the field 'value' is missing"),
        ('[{"key": "a", "value": "1"}, {"key": "a", "vlaue": "1"}]', "entry 2: .*no field 'vlaue'.* key, value"),
        ('[{"key": "a", "value": "1", "id": "a"}]', "no field 'id'"),
        ('[{"key": "a", "value": "1", "aliases": "x"}]', 'aliases: .*got "x"'),
        ('[{"key": "a", "value": "1", "span": [0]}]', "span"),
        ('[{"key": "a", "value": "1", "span": [0, 1.5]}]', r"span\.1: .*integer, got 1\.5"),
        ('[{"key": "a", "value": "1", "span": [5, 5]}]', "start < end"),
        ('[{"id": "a", "value": "1"}]', "no field 'value'.* id, span, text"),
        ('[{"id": "a"}]', "no place"),
        ('{"a": " "}', "blank"),
    ],
)
def test_bindings_that_cannot_be_used_are_told(written: str | bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "bindings.json"
    file.write_bytes(written if isinstance(written, bytes) else written.encode())
    with pytest.raises(BindingError, match=f"(?s){message}"):
        read_items(job(bindings=str(file)))


@pytest.mark.parametrize(
    ("text", "target"),
    [
        (None, None),
        ("a", Target("a")),
        ("a:first", Target("a", "first")),
        ("a:last", Target("a", "last")),
        ("b:first", Target("b:first")),
        ("b:first:first", Target("b:first", "first")),
        ("a:second", Target("a:second")),
        (":first", Target(":first")),
        ("e", Target("e")),
    ],
)
def test_a_target_names_a_key_and_which_of_its_values(text: str | None, target: Target | None) -> None:
    assert read_target(text, [Binding("a", "1"), Binding("b:first", "2"), Evidence("e", text="x")]) == target
