from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from bench_tiny import bench_tokenizer
from click.testing import CliRunner, Result
from families import speaking
from transformers import PreTrainedTokenizerFast

from guardbind.cli import main
from guardbind_bench.demo import overhead
from guardbind_bench.measures.comparison import ARMS, ArmComparison


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("tiny")
    speaking("llama", bench_tokenizer()).save_pretrained(path)
    bench_tokenizer().save_pretrained(path)
    return path


@pytest.fixture(autouse=True)
def short_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    real = overhead.measure_overhead
    monkeypatch.setattr(overhead, "measure_overhead", lambda *a, **k: real(*a, **k, pairs=1, new_tokens=4))


def run(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["demo", "--model", str(folder), "--k", "16", *options])


def test_json_is_one_object_with_every_policy_detection_and_cost(folder: Path) -> None:
    result = run(folder, "--trials", "6", "--seed", "3", "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    assert (found["model"], found["trials"], found["seed"], found["k"]) == (str(folder), 6, 3, 16)
    assert list(found["policies"]) == [arm.name for arm in ARMS]
    for row in found["policies"].values():
        assert row["interval"][0] <= row["accuracy"] <= row["interval"][1]
        assert row["accuracy"] + row["rate_2a"] + row["rate_2b"] == pytest.approx(1)
        assert {"right_to_wrong", "wrong_to_right", "told"} <= set(row)
    assert found["policies"]["observe"]["accuracy"] == found["policies"]["none"]["accuracy"]
    assert {f"auroc_{n}" for n in ("evidence_bits", "margin", "max_probability", "entropy")} <= set(found["detection"])
    assert found["cost"]["null_forwards_per_slot"] == 1
    assert min(found["cost"]["idle_ratio"], found["cost"]["slot_ratio"]) > 0


def test_the_same_seed_gives_the_same_answers(folder: Path) -> None:
    options = ("--trials", "5", "--policy", "contrast", "--json")
    first, again = (json.loads(run(folder, *options).stdout) for _ in range(2))
    assert first["policies"] == again["policies"]
    assert first["detection"] == again["detection"]
    assert list(first["policies"]) == ["none", "contrast"]


def test_a_person_gets_a_story_and_tables(folder: Path) -> None:
    threads = torch.get_num_threads()
    try:
        result = run(folder, "--trials", "2", "--threads", "3")
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(threads)
    assert result.exit_code == 0, result.output
    for words in ("One prompt, step by step", "What is KEY", "the guard was told", "AUROC", "What guarding costs"):
        assert words in result.stdout
    for arm in ARMS:
        assert f"\n {arm.name} " in result.stdout


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_an_interrupted_run_prints_what_it_has(
    folder: Path, options: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = ArmComparison.run, iter(range(10))

    def interrupted(self: ArmComparison, trials: Any) -> Any:
        if next(calls) == 2:
            raise KeyboardInterrupt
        return real(self, trials)

    monkeypatch.setattr(ArmComparison, "run", interrupted)
    result = run(folder, "--trials", "50", *options)
    assert result.exit_code == 130
    assert "Stopped after 8 of 50 prompts." in result.stderr
    if options:
        found = json.loads(result.stdout)
        assert (found["trials"], found["cost"]) == (8, None)
    else:
        assert "8 prompts of" in result.stdout
        assert "What guarding costs" not in result.stdout


def test_interrupted_before_the_first_answer_nothing_is_printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(self: ArmComparison, trials: Any) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(ArmComparison, "run", interrupted)
    result = run(folder, "--json")
    assert (result.exit_code, result.stdout) == (130, "")


def test_a_policy_that_is_not_registered_is_wrong_usage(folder: Path) -> None:
    result = run(folder, "--policy", "riase")
    assert result.exit_code == 2
    assert "no policy 'riase'" in result.stderr and "Did you mean 'raise'" in result.stderr


def test_a_policy_that_refuses_answers_is_compared(folder: Path) -> None:
    result = run(folder, "--trials", "5", "--policy", "raise", "--json")
    assert result.exit_code == 0, result.output
    assert list(json.loads(result.stdout)["policies"]) == ["none", "raise"]


def test_a_tokenizer_that_knows_too_few_values_is_refused(
    tiny_llama: Any, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    tiny_llama().save_pretrained(tmp_path)
    tiny_tokenizer.save_pretrained(tmp_path)
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "4 of the 50 words of the pool are one token each" in result.stderr
    assert "at least 16 are needed" in result.stderr


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.exit_code == 1
    assert "cannot be loaded" in result.stderr
    assert "Traceback" not in result.output
