"""What the command line says about itself, and what it imports to say it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from paths import ROOT

import guardbind
from guardbind.cli import main
from guardbind.cli.group import LazyGroup
from guardbind.registry import POLICIES, SLOTS, Registry


@pytest.mark.parametrize("command", ["generate", "check"])
def test_help_names_every_slot_rule(command: str) -> None:
    help_text = " ".join(CliRunner().invoke(main, [command, "--help"]).stdout.split())
    assert f"Names: {', '.join(SLOTS.names())}." in help_text


@pytest.mark.parametrize("command", ["generate", "check"])
def test_help_shows_an_example_and_every_variable(command: str) -> None:
    result = CliRunner().invoke(main, [command, "--help"])
    assert result.exit_code == 0
    assert "Example:\n" in result.stdout
    assert f"  guardbind {command} " in result.stdout.partition("Example:")[2]
    assert "GUARDBIND_MODEL" in result.stdout


def test_help_names_every_policy() -> None:
    help_text = CliRunner().invoke(main, ["generate", "--help"]).stdout
    assert [name for name in POLICIES.names() if name not in help_text] == []


@pytest.mark.parametrize("command", ["extract", "check", "generate"])
def test_help_names_every_language(command: str) -> None:
    from guardbind.registry import LANGUAGES

    help_text = CliRunner().invoke(main, [command, "--help"]).stdout
    option = help_text[help_text.index("--language NAME") :]
    assert "GUARDBIND_LANGUAGE" in option
    assert "default: auto" in option
    assert [name for name in LANGUAGES.names() if name not in option] == []


def test_the_version_is_told() -> None:
    result = CliRunner().invoke(main, ["--version"])
    assert (result.exit_code, result.stdout) == (0, f"guardbind, version {guardbind.__version__}\n")


@pytest.mark.parametrize("arguments", [["--help"], ["generate", "--help"], ["events", "--help"], ["check"]])
def test_help_and_wrong_usage_are_answered_without_torch(arguments: list[str]) -> None:
    code = f"""
import sys
from click.testing import CliRunner
from guardbind.cli import main
result = CliRunner().invoke(main, {arguments})
assert result.exit_code in (0, 2), result.output
print(*(name for name in ("torch", "transformers") if name in sys.modules))
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stderr


def test_commands_are_imported_when_they_are_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sound_command.py").write_text("import click\nrun = click.Command('run', callback=lambda: None)\n")
    (tmp_path / "broken_command.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    group = LazyGroup(
        "group",
        commands_by_name=Registry(
            "command", {"sound": "sound_command:run", "broken": "broken_command:run"}, group="none"
        ),
    )
    assert CliRunner().invoke(group, ["sound"]).exit_code == 0
    for arguments in (["broken"], ["--help"]):
        with pytest.raises(ModuleNotFoundError, match="no_such_module"):
            CliRunner().invoke(group, arguments, catch_exceptions=False)
