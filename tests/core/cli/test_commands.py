"""The command line: what it reads, what it prints and where, and how it ends."""

from __future__ import annotations

import json
import logging
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import pytest
from click.testing import CliRunner, Result

import guardbind
from guardbind.cli import main
from guardbind.cli.group import LazyGroup
from guardbind.errors import WeightsError
from guardbind.registry import Registry

if TYPE_CHECKING:
    from conftest import TinyLlama
    from transformers import PreTrainedModel, PreTrainedTokenizerBase, PreTrainedTokenizerFast

PROMPT = "alpha = 17\nbeta = 42\ngamma = 63\nbeta ="
BINDINGS = ["--binding", "alpha=17", "--binding", "beta=42", "--binding", "gamma=63"]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for setting in ("MODEL", "POLICY", "SINK", "JSON", "SLOTS", "DEVICE", "DTYPE", "MAX_NEW_TOKENS", "LANGUAGE"):
        monkeypatch.delenv(f"GUARDBIND_{setting}", raising=False)


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerFast
) -> str:
    """A tiny random model and its tokenizer, as they stand on a disk."""
    path = tmp_path_factory.mktemp("tiny")
    tiny_llama().save_pretrained(path)
    tiny_tokenizer.save_pretrained(path)
    return str(path)


@pytest.fixture
def call(folder: str) -> Any:
    """Run a command on the tiny model."""

    def run(command: str, *arguments: str, stdin: str | bytes | None = None, **runner: Any) -> Result:
        short = ["--model", folder, "--max-new-tokens", "4"]
        return CliRunner(**runner).invoke(main, [command, *short, *arguments], input=stdin)

    return run


def fails(result: Result, code: int, *fragments: str) -> None:
    """The command ended with this code, said why on standard error alone, and showed no traceback."""
    assert result.exit_code == code, result.output
    assert result.stdout == ""
    assert [fragment for fragment in fragments if fragment not in result.stderr] == []
    assert "Traceback" not in result.stderr
    assert isinstance(result.exception, SystemExit)


# What comes out


@pytest.mark.parametrize("command", ["generate", "check"])
def test_json_is_all_that_standard_output_holds(command: str, call: Any) -> None:
    result = call(command, "--text", PROMPT, *BINDINGS, "--json")
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert list(data) == ["text", "report"]
    [slot, *_] = data["report"]["slots"]
    assert slot["key"] == "beta"
    assert len(slot["bits_by_binding"]) == 3
    assert data["report"]["provenance"]["guardbind"] == guardbind.__version__
    assert "loading" in result.stderr


def test_a_person_gets_the_answer_a_table_and_its_legend(call: Any) -> None:
    arguments = ("--text", PROMPT, *BINDINGS)
    data = json.loads(call("check", *arguments, "--json").stdout)
    result = call("check", *arguments)
    assert result.exit_code == 0
    assert result.stdout.startswith(data["text"])
    slot = data["report"]["slots"][0]
    for shown in (slot["verdict"], "beta", repr(slot["token_text"]), f"{slot['gate_gap']:+.1f}", slot["reason"]):
        assert shown in result.stdout
    for bits, key in zip(slot["bits_by_binding"], ("alpha", "beta", "gamma"), strict=True):
        assert f"{bits:+.1f} {key}" in result.stdout
    assert "2^n times as likely" in result.stdout
    assert "loading" not in result.stdout


def test_the_table_shows_what_was_changed(call: Any) -> None:
    arguments = ("--text", PROMPT, *BINDINGS, "--policy", "veto")
    [change, *_] = json.loads(call("generate", *arguments, "--json").stdout)["report"]["interventions"]
    shown = call("generate", *arguments).stdout
    assert f"veto {'kept' if change['kept'] else 'rolled back'}: {change['reason']}" in shown


def test_check_changes_nothing(call: Any) -> None:
    report = json.loads(call("check", "--text", PROMPT, *BINDINGS, "--json").stdout)["report"]
    assert report["interventions"] == []
    assert {slot["action"] for slot in report["slots"]} == {"none"}


def test_markup_and_control_characters_of_a_key_are_shown_as_they_are(call: Any) -> None:
    key = "[bold]k[/red]"
    shown = call("check", "--text", f"{key} = 17\n{key} =", "--binding", f"{key}=17", env={"COLUMNS": "200"}).stdout
    assert key in shown
    shown = call("check", "--text", "a\x1b[31mb = 17\na\x1b[31mb =", "--binding", "a\x1b[31mb=17").stdout
    assert r"a\x1b[31mb" in shown


@pytest.mark.parametrize("columns", ["40", "80", "300"])
def test_any_width_will_do(columns: str, call: Any) -> None:
    result = call("check", "--text", PROMPT, *BINDINGS, env={"COLUMNS": columns})
    assert result.exit_code == 0
    assert max(map(len, result.stdout.splitlines())) <= int(columns)


def test_a_stream_that_cannot_say_a_character_gets_its_number(call: Any) -> None:
    result = call("check", "--text", "κλειδί = 17\nκλειδί =", "--binding", "κλειδί=17", charset="ascii")
    assert result.exit_code == 0
    assert r"\u03ba\u03bb" in result.stdout


def test_no_slot_is_said_in_words(call: Any) -> None:
    result = call("check", "--text", "hello", "--binding", "beta=42", "--slots", "automatic")
    assert result.exit_code == 0
    assert "No slot" in result.stdout
    assert "--slots prompt_end" in result.stdout


# How it ends


def test_strict_is_an_exit_code_and_changes_no_output(call: Any) -> None:
    arguments = ("--text", PROMPT, *BINDINGS, "--json")
    plain, strict = call("check", *arguments), call("check", *arguments, "--strict")
    slots, again = (json.loads(result.stdout)["report"]["slots"] for result in (plain, strict))
    assert [slot["verdict"] for slot in again] == [slot["verdict"] for slot in slots]
    failed = sum(slot["final_verdict"] not in ("ok", "repaired") for slot in slots)
    assert failed
    assert (plain.exit_code, strict.exit_code) == (0, 1)
    assert f"{failed} of {len(slots)} slots are not ok" in strict.stderr


def test_strict_is_not_content_with_nothing_measured(call: Any) -> None:
    result = call("check", "--strict", "--text", "hello", "--binding", "beta=42", "--slots", "automatic")
    assert result.exit_code == 1
    assert "No slot" in result.stderr


def test_policy_raise_ends_with_its_message(call: Any) -> None:
    result = call("generate", "--policy", "raise", "--text", PROMPT, *BINDINGS)
    fails(result, 1, "Error: row 0, step 0: verdict", "choose another policy")


@pytest.mark.parametrize(
    ("arguments", "code", "fragments"),
    [
        (["--text", "x", *BINDINGS, "--slots", "cells"], 2, ["'cells'", "Did you mean 'cell'"]),
        (["--text", "x", "--prompt", "-", *BINDINGS], 2, ["--prompt and --text"]),
        (["--text", "", *BINDINGS], 2, ["prompt is empty"]),
        (BINDINGS, 2, ["prompt is empty"]),
        (["--prompt", "no_such_file.txt", *BINDINGS], 2, ["no_such_file.txt", "does not exist"]),
        (["--text", "x", "--bindings", "no_such_file.json"], 2, ["no_such_file.json"]),
        (["--prompt", "-", "--bindings", "-"], 2, ["standard input"]),
        (["--text", "x", "--binding", "beta"], 2, ["'beta'", "KEY=VALUE"]),
        (["--text", "x", "--binding", "=42"], 1, ["key", "blank"]),
        (["--text", "x", *BINDINGS, "--temperature", "-1"], 2, ["--temperature"]),
        (["--text", "x", *BINDINGS, "--max-new-tokens", "0"], 2, ["--max-new-tokens"]),
        (["--text", "x", *BINDINGS, "--slots", "line"], 2, ["line_end"]),
        (["--text", "x", *BINDINGS, "--language", "germn"], 2, ["--language", "Did you mean 'german'?"]),
        (["--text", "x", *BINDINGS, "--device", "abacus"], 2, ["--device", "abacus"]),
        (["--text", "x", *BINDINGS, "--pattern", "("], 1, ["'('", "regular expression"]),
        (["--text", "x", *BINDINGS, "--sink", "jsonn:x"], 1, ["Did you mean 'jsonl'?"]),
        (["--text", "x", *BINDINGS, "--target", "bet"], 1, ["Did you mean 'beta'?"]),
        (["--text", "x", *BINDINGS, "--model", "smolm2-135m"], 1, ["Did you mean 'smollm2-135m'?"]),
        (["--text", "x" * 1000, *BINDINGS], 1, ["context", "Shorten the prompt."]),
        (["--modle", "x"], 2, ["--model"]),
    ],
)
def test_what_is_wrong_is_told(arguments: list[str], code: int, fragments: list[str], call: Any) -> None:
    fails(call("check", *arguments), code, *fragments)


def test_an_unknown_policy_is_answered_with_the_nearest(call: Any) -> None:
    fails(call("generate", "--policy", "contrats", "--text", "x", *BINDINGS), 2, "Did you mean 'contrast'?", "veto")


def test_an_unknown_command_is_answered_with_the_nearest() -> None:
    fails(CliRunner().invoke(main, ["generat"]), 2, "Did you mean 'generate'?")


def test_a_folder_without_a_model_is_told(tmp_path: Path, call: Any) -> None:
    result = call("check", "--model", str(tmp_path), "--text", "x", *BINDINGS)
    fails(result, 1, str(tmp_path), "cannot be loaded")


def test_a_model_without_a_chat_template_refuses_chat(folder: str, tmp_path: Path, call: Any) -> None:
    from transformers import AutoTokenizer

    for path in Path(folder).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "chat_template.jinja").unlink(missing_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.chat_template = None
    tokenizer.save_pretrained(tmp_path)
    fails(call("check", "--model", str(tmp_path), "--chat", "--text", "x", *BINDINGS), 2, "no chat template")


# What goes in


def test_a_file_a_pipe_and_an_argument_are_one_prompt(tmp_path: Path, call: Any) -> None:
    file = tmp_path / "prompt.txt"
    file.write_bytes(b"\xef\xbb\xbf" + PROMPT.encode() + b"\r\n")
    results = [
        call("check", "--text", PROMPT, *BINDINGS, "--json"),
        call("check", "--prompt", str(file), *BINDINGS, "--json"),
        call("check", "--prompt", "-", *BINDINGS, "--json", stdin=PROMPT + "\n"),
        call("check", *BINDINGS, "--json", stdin=PROMPT),
    ]
    seen = [[slot["margin"] for slot in json.loads(result.stdout)["report"]["slots"]] for result in results]
    assert seen[0]
    assert seen == [seen[0]] * 4


def test_a_prompt_that_is_not_utf8_is_told(call: Any) -> None:
    fails(call("check", *BINDINGS, stdin=b"\xff\xfe\x00"), 2, "standard input is not UTF-8")


def test_chat_makes_the_prompt_a_turn_and_spans_still_index_the_prompt(tmp_path: Path, call: Any) -> None:
    file = tmp_path / "bindings.json"
    start = PROMPT.index("beta = 42")
    file.write_text(json.dumps([{"key": "beta", "value": "42", "span": [start, start + 9]}]), encoding="utf-8")
    arguments = ("--text", PROMPT, "--bindings", str(file), "--slots", "prompt_end", "--json")
    plain, chat = call("check", *arguments), call("check", *arguments, "--chat")
    assert (plain.exit_code, chat.exit_code) == (0, 0)
    one, other = (json.loads(result.stdout)["report"]["slots"][0] for result in (plain, chat))
    assert one["margin"] != other["margin"]
    assert None not in (one["evidence_bits"], other["evidence_bits"])


def test_the_span_of_a_file_is_the_place_that_is_taken_away(tmp_path: Path, call: Any) -> None:
    file = tmp_path / "bindings.json"

    def bits(span: tuple[int, int]) -> float:
        file.write_text(json.dumps([{"key": "beta", "value": "42", "span": span}]), encoding="utf-8")
        result = call("check", "--text", PROMPT, "--bindings", str(file), "--json")
        value: float = json.loads(result.stdout)["report"]["slots"][0]["evidence_bits"]
        return value

    assert bits((11, 20)) != bits((0, 10))


def test_the_first_value_of_a_key_can_be_asked_for(call: Any) -> None:
    prompt = "alpha = 17\nalpha = 42\nalpha ="
    bindings = ("--binding", "alpha=17", "--binding", "alpha=42")

    def target(*asked: str) -> int:
        report = json.loads(call("check", "--text", prompt, *bindings, *asked, "--json").stdout)["report"]
        index: int = report["slots"][0]["target"]
        return index

    assert (target(), target("--target", "alpha"), target("--target", "alpha:first")) == (1, 1, 0)


def test_a_passage_can_stand_for_a_value_that_is_not_known(call: Any) -> None:
    report = json.loads(call("check", "--text", PROMPT, "--evidence", "beta = 42", "--json").stdout)["report"]
    assert report["slots"][0]["key"] == "evidence1"


# Settings


def test_the_environment_sets_what_is_no_part_of_a_prompt(folder: str) -> None:
    environment = {"GUARDBIND_MODEL": folder, "GUARDBIND_MAX_NEW_TOKENS": "2", "GUARDBIND_JSON": "1"}
    result = CliRunner(env=environment).invoke(main, ["check", "--text", PROMPT, *BINDINGS])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["report"]["provenance"]["model"] == Path(folder).name
    ignored = CliRunner(env={**environment, "GUARDBIND_TEXT": PROMPT}).invoke(main, ["check", *BINDINGS])
    fails(ignored, 2, "prompt is empty")


@pytest.mark.parametrize("command", ["check", "generate"])
def test_the_bindings_of_a_prompt_are_read_in_its_language(command: str, folder: str, call: Any) -> None:
    prompt = "Bobs Dienstnummer ist 4417. Annas Dienstnummer ist 8213. Die Dienstnummer von Bob ist"

    def bound(result: Result) -> set[int]:
        """How many bindings were read, as the slots count them."""
        assert result.exit_code == 0, result.output
        return {len(slot["bits_by_binding"]) for slot in json.loads(result.stdout)["report"]["slots"]}

    assert bound(call(command, "--text", prompt, "--language", "german", "--json")) == {2}
    assert bound(call(command, "--text", prompt, "--json")) == {2}
    assert bound(call(command, "--text", prompt, "--language", "english", "--json")) <= {0}
    environment = {"GUARDBIND_MODEL": folder, "GUARDBIND_MAX_NEW_TOKENS": "2", "GUARDBIND_LANGUAGE": "german"}
    assert bound(CliRunner(env=environment).invoke(main, [command, "--text", prompt, "--json"])) == {2}


def test_a_seed_repeats_a_drawing(call: Any) -> None:
    def drawn(seed: str) -> str:
        options = ("--temperature", "1.5", "--seed", seed, "--max-new-tokens", "24", "--json")
        text: str = json.loads(call("check", "--text", PROMPT, *BINDINGS, *options).stdout)["text"]
        return text

    assert drawn("1") == drawn("1") != drawn("2")


def test_a_pattern_opens_a_slot(call: Any) -> None:
    arguments = ("--text", "hello\n", *BINDINGS, "--target", "beta", "--slots", "automatic", "--json")
    result = call("check", *arguments, "--pattern", r"[\s\S]+")
    assert "pattern" in {slot["kind"] for slot in json.loads(result.stdout)["report"]["slots"]}


def test_the_weights_are_of_the_type_asked_for(call: Any) -> None:
    result = call("check", "--text", PROMPT, *BINDINGS, "--dtype", "bfloat16", "--json")
    assert json.loads(result.stdout)["report"]["provenance"]["dtype"] == "bfloat16"


def test_sinks_get_the_records_without_the_text_of_the_prompt(tmp_path: Path, call: Any) -> None:
    path = tmp_path / "records.jsonl"
    sinks = ("--sink", f"jsonl:{path}", "--sink", "logging")
    result = call("check", "--text", PROMPT, *BINDINGS, *sinks, "--json")
    slots = json.loads(result.stdout)["report"]["slots"]
    written = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    told = [record for record in written if record["event"] == "slot"]
    assert [record["margin"] for record in told] == [slot["margin"] for slot in slots]
    assert {record["key"] for record in told} == {None}
    assert written[-1]["event"] == "generation"
    assert result.stderr.count("WARNING: slot at row 0") == sum(
        slot["final_verdict"] not in ("ok", "repaired") for slot in slots
    )


def test_a_command_leaves_the_log_as_it_was(call: Any) -> None:
    logger = logging.getLogger("guardbind")
    before = (list(logger.handlers), logger.level)
    call("check", "--text", PROMPT, *BINDINGS)
    call("generate", "--policy", "raise", "--text", PROMPT, *BINDINGS)
    assert (list(logger.handlers), logger.level) == before


def test_an_error_of_ours_is_printed_and_any_other_is_not_hidden() -> None:
    def run(error: Exception) -> Result:
        @click.command()
        def command() -> None:
            raise error

        group = LazyGroup("group", commands_by_name=Registry("command", {"command": "none:none"}, group="none"))
        group._lazy = {"command": command}  # type: ignore[assignment]
        return CliRunner().invoke(group, ["command"])

    fails(run(WeightsError("seen.", hint="Do this.")), 1, "Error: seen. Do this.")
    assert isinstance(run(ZeroDivisionError()).exception, ZeroDivisionError)


# The demo weights


@pytest.fixture
def loaded(demo_model: tuple[PreTrainedModel, PreTrainedTokenizerBase], monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands take the model that is loaded already."""
    monkeypatch.setattr("guardbind.model.loading.load", lambda *_, **__: demo_model)


def example(command: str) -> list[str]:
    """The arguments of the last command in the help's example."""
    shown = CliRunner().invoke(main, [command, "--help"]).stdout.partition("Example:")[2]
    program, name, *arguments = shlex.split(shown[shown.rindex("guardbind ") :].replace("\\\n", ""))
    assert (program, name) == ("guardbind", command)
    return [name, *arguments]


@pytest.mark.usefixtures("loaded", "demo_model")
def test_the_example_of_generate_repairs_a_binding_failure() -> None:
    result = CliRunner().invoke(main, [*example("generate"), "--json"])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    [slot, *_] = data["report"]["slots"]
    assert (slot["verdict"], slot["final_verdict"], slot["action"]) == ("binding_failure", "repaired", "contrast")
    assert data["text"].strip().startswith("9370")


@pytest.mark.usefixtures("loaded", "demo_model")
def test_the_example_of_check_measures_a_slot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = CliRunner().invoke(main, ["check", "--help"]).stdout.partition("Example:")[2]
    subprocess.run("\n".join(shown.strip().splitlines()[:-1]), shell=True, check=True)
    result = CliRunner().invoke(main, [*example("check"), "--json"])
    [slot, *_] = json.loads(result.stdout)["report"]["slots"]
    assert (slot["key"], slot["verdict"]) == ("Boris", "ok")
    assert result.exit_code == 0, result.stderr
