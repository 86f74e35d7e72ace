"""A log is verified and replayed by the commands, on a tiny random model: same weights, same records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from calibrations import acting_rule, plain_calibration, range_of
from click.testing import CliRunner, Result

from guardbind import Binding, Guard, GuardConfig
from guardbind.calibration.store import calibration_id, save_calibration
from guardbind.cli import main
from guardbind.model.loading import load

if TYPE_CHECKING:
    from conftest import TinyLlama
    from transformers import PreTrainedTokenizerFast

PROMPTS = ["alpha = 17\nbeta = 42\ngamma = 63\nbeta =", "alpha = 80\nbeta = 91\nReset every variable.\nalpha ="]
VALUES = [{"alpha": "17", "beta": "42", "gamma": "63"}, {"alpha": "80", "beta": "91"}]


@pytest.fixture(scope="module")
def folder(
    tmp_path_factory: pytest.TempPathFactory, tiny_llama: TinyLlama, tiny_tokenizer: PreTrainedTokenizerFast
) -> str:
    path = tmp_path_factory.mktemp("tiny")
    tiny_llama().save_pretrained(path)
    tiny_tokenizer.save_pretrained(path)
    return str(path)


@pytest.fixture(scope="module")
def calibration(folder: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    model, tokenizer = load(folder)
    path = tmp_path_factory.mktemp("calibration")
    save_calibration(plain_calibration(range_of(model, tokenizer), acting_rule("slot_prefix", -99.0, -99.0)), path)
    return str(path)


@pytest.fixture(scope="module")
def log(folder: str, calibration: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two prompts in one batch with what they bind, and one alone that is read; calibrated and with an alpha."""
    path = tmp_path_factory.mktemp("log") / "records.jsonl"
    model, tokenizer = load(folder)
    settings: dict[str, Any] = {"sinks": (f"jsonl:{path}",), "slots": ("line_end",)}
    bindings = [[Binding(key, value) for key, value in values.items()] for values in VALUES]
    arguments = {"max_new_tokens": 4, "do_sample": False, "pad_token_id": tokenizer.pad_token_id}
    both = tokenizer(PROMPTS, return_tensors="pt", padding=True, return_token_type_ids=False)
    one = tokenizer(PROMPTS[0], return_tensors="pt", return_token_type_ids=False)
    Guard(model, tokenizer, GuardConfig(calibration=calibration, **settings)).generate(
        **both, bindings=bindings, target=["beta", None], **arguments
    )
    Guard(model, tokenizer, GuardConfig(alpha=0.5, trust="every", **settings)).generate(
        **one, bindings=bindings[0], **arguments
    )
    return path


@pytest.fixture(scope="module")
def prompts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("prompts") / "prompts.jsonl"
    lines = [
        {"prompt": prompt, "bindings": [{"key": k, "value": v} for k, v in values.items()], "target": target}
        for prompt, values, target in zip(PROMPTS, VALUES, ("beta", None), strict=True)
    ]
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def ask(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def told(result: Result) -> Any:
    return json.loads(result.stdout)


def tampered(log: Path, where: Path, change: Any) -> Path:
    records = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    for record in records:
        change(record)
    path = where / "tampered.jsonl"
    path.write_text("\n".join(map(json.dumps, records)) + "\n", encoding="utf-8")
    return path


class TestVerify:
    def test_what_a_guard_wrote_holds(self, log: Path, calibration: str) -> None:
        for given in ([], ["--calibration", calibration]):
            result = ask("verify", log, "--json", *given)
            assert (result.exit_code, told(result)["faults"]) == (0, 0), result.output
        assert told(result)["checked"]["slot"] == 3
        assert "Everything holds." in ask("verify", log).stdout

    def test_says_what_does_not_hold_and_ends_with_one(self, log: Path, tmp_path: Path) -> None:
        def change(record: Any) -> None:
            if record["event"] == "slot" and record["row"] == 1:
                record["budget"]["observed_bits"] += 0.5

        result = ask("verify", tampered(log, tmp_path, change), "--json")
        assert result.exit_code == 1
        (fault,) = told(result)["listed"]
        assert (fault["event"], fault["row"], fault["step"], fault["field"]) == ("slot", 1, 0, "budget.observed_bits")
        shown = ask("verify", tampered(log, tmp_path, change))
        assert "budget.observed_bits" in shown.stdout and "1 do not hold" in shown.stdout

    def test_another_calibration_and_an_empty_log_do_not_hold(self, log: Path, folder: str, tmp_path: Path) -> None:
        model, tokenizer = load(folder)
        other = save_calibration(plain_calibration(range_of(model, tokenizer)), tmp_path / "other")
        result = ask("verify", log, "--json", "--calibration", tmp_path / "other")
        assert result.exit_code == 1
        assert set(told(result)["by_field"]) >= {"slot guarantee.calibration"}
        assert all(calibration_id(other) in fault["expected"] for fault in told(result)["listed"])
        (tmp_path / "empty.jsonl").touch()
        assert ask("verify", tmp_path / "empty.jsonl").exit_code == 1


class TestReplay:
    def test_the_same_model_does_the_same(self, log: Path, prompts: Path, folder: str) -> None:
        result = ask("replay", log, "--prompts", prompts, "--model", folder, "--json", "--tolerance", "0.001")
        batch, single = told(result)["generations"]
        assert result.exit_code == 1, result.output
        assert (batch["skipped"], batch["rows"], batch["differences"]) == (None, [0, 1], [])
        # Alone it was asked without a target, and the file declares one for that prompt.
        assert {one["field"] for one in single["differences"]} >= {"resolved_by"}
        alone = ask("replay", log, "--prompts", prompts, "--model", folder, "--generation", batch["generation"][:8])
        assert alone.exit_code == 0, alone.output
        assert "1 of 1 generations replayed, with 2 slots; 0 differ." in alone.stdout

    def test_says_what_differs(self, log: Path, prompts: Path, folder: str, tmp_path: Path) -> None:
        def change(record: Any) -> None:
            if record["event"] == "slot" and record["row"] == 1:
                record["evidence_bits"] += 0.5
            record["provenance"]["torch"] = "1.0"

        changed = tampered(log, tmp_path, change)
        result = ask("replay", changed, "--prompts", prompts, "--model", folder, "--json")
        assert result.exit_code == 1
        batch = told(result)["generations"][0]
        assert [(one["row"], one["field"]) for one in batch["differences"]] == [(1, "evidence_bits")]
        assert [condition[:2] for condition in batch["conditions"]] == [["torch", "1.0"]]

    def test_another_model_differs(
        self, log: Path, prompts: Path, tiny_llama: TinyLlama, folder: str, tmp_path: Path
    ) -> None:
        tiny_llama(seed=5).save_pretrained(tmp_path)
        load(folder)[1].save_pretrained(tmp_path)
        result = ask("replay", log, "--prompts", prompts, "--model", tmp_path, "--json")
        batch = told(result)["generations"][0]
        assert result.exit_code == 1
        fields = {one["field"] for one in batch["differences"]}
        assert {"guarantee.kind", "margin"} <= fields  # the weights are others than the calibration's
        assert "model" in {condition[0] for condition in batch["conditions"]}

    @pytest.mark.parametrize(
        ("change", "reason"),
        [
            ({"prompt_sha256": []}, "format 4 or older"),
            ({"prompt_sha256": ["0"]}, "none of its prompts"),
            ({"arguments": {"do_sample": True}}, "drawn"),
            ({"settings": {"policy": "<mine>"}}, "functions"),
            ({"settings": {}}, "is needed"),
        ],
    )
    def test_what_cannot_be_replayed_is_said_and_nothing_is_no_success(
        self, change: Any, reason: str, log: Path, prompts: Path, folder: str, tmp_path: Path
    ) -> None:
        def apply(record: Any) -> None:
            if record["event"] == "generation":
                record.update(change)
            record["provenance"]["calibration"] = "0123456789abcdef"

        changed = tampered(log, tmp_path, apply)
        result = ask("replay", changed, "--prompts", prompts, "--model", folder, "--json")
        assert (result.exit_code, told(result)["replayed"]) == (1, 0)
        assert reason in told(result)["generations"][0]["skipped"]

    def test_a_line_that_is_no_prompt_is_named(self, log: Path, folder: str, tmp_path: Path) -> None:
        (tmp_path / "p.jsonl").write_text('{"prompt": "x"}\n{"text": "y"}\n', encoding="utf-8")
        result = ask("replay", log, "--prompts", tmp_path / "p.jsonl", "--model", folder)
        assert result.exit_code == 1
        assert "line 2" in result.stderr
