"""What the command line is told of a prompt: who is believed, what things are called, and who says what is meant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from guardbind.cli import main

if TYPE_CHECKING:
    from conftest import TinyLlama
    from transformers import PreTrainedTokenizerFast

PROMPT = 'order no = 17\ntotal = 42\nGo on.\n{"order id": '
OPTIONS = ["--resolver", "words", "--source", "system", "--source", "user", "--field", "order id=order no"]
VARIABLES = {"RESOLVER": "words", "SOURCE": "system user", "FIELD": "x=y, order id = order no"}


@pytest.fixture
def check(tmp_path: Any, tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerFast) -> Any:
    """Diagnose the prompt with a tiny model."""
    tiny_llama().save_pretrained(tmp_path)
    tiny_tokenizer.save_pretrained(tmp_path)
    fixed = ["--binding", "order no=17", "--binding", "total=42", "--slots", "prompt_end", "--json"]

    def run(*arguments: str, **variables: str) -> Result:
        environment = {f"GUARDBIND_{name}": variables.get(name) for name in VARIABLES}
        short = ["check", "--model", str(tmp_path), "--max-new-tokens", "2", "--text", PROMPT]
        return CliRunner(env=environment).invoke(main, [*short, *fixed, *arguments])

    return run


def target(result: Result) -> int | None:
    assert result.exit_code == 0, result.output
    index: int | None = json.loads(result.stdout)["report"]["slots"][0]["target"]
    return index


def test_it_is_an_option_and_a_variable(check: Any) -> None:
    assert target(check(*OPTIONS)) == 0
    assert target(check(**VARIABLES)) == 0
    assert target(check()) is None


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--resolver", "word"], 2, "Did you mean 'words'?"),
        (["--field", "latitude"], 2, "'latitude' is not NAME=NAME"),
        (["--field", "a=b", "--field", "a=c"], 2, "'a' is called both 'b' and 'c'"),
        (["--source", "user", "--source", "user"], 1, "each source is named once"),
    ],
)
def test_what_is_wrong_with_it_is_told(arguments: list[str], code: int, message: str) -> None:
    result = CliRunner().invoke(main, ["check", "--text", PROMPT, *arguments])
    assert (result.exit_code, result.stdout) == (code, "")
    assert message in result.stderr
