"""The commands of the bench, on a tiny random model in a folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from bench_tiny import bench_tokenizer
from click.testing import CliRunner, Result
from families import FAMILIES, build
from paths import ROOT

from guardbind.cli import main
from guardbind.errors import ConfigError, UnknownNameError
from guardbind_bench.cli.choice import Choice, choose
from guardbind_bench.experiments.experiment import plan
from guardbind_bench.registry import EXPERIMENTS, PRESETS


def invoke(*arguments: str | int | Path) -> Result:
    return CliRunner().invoke(main, ["bench", *map(str, arguments)])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = bench_tokenizer()
    folder = tmp_path_factory.mktemp("models") / "tiny"
    build(FAMILIES["llama"], vocab_size=len(tokenizer), max_position_embeddings=512).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def run(model: Path, out: Path, *more: str) -> Result:
    return invoke("run", "stages", "--model", model, "--k", "8", "--trials", "6", "--out", out, *more)


def test_a_run_is_printed_compared_reported_and_valid(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    first = run(model, out, "--json")
    assert first.exit_code == 0, first.output
    [summary] = json.loads(first.stdout)
    assert summary["experiment"] == "stages"
    assert {condition["measured"] for condition in summary["conditions"]} == {6}
    assert {row["values"]["acc"]["n"] for row in summary["rows"] if "acc" in row["values"]} == {6}

    again = run(model, out, "--json")
    assert json.loads(again.stdout)[0]["rows"] == summary["rows"]
    assert "acc" in run(model, out).stdout

    compared = json.loads(invoke("compare", out, "--json").stdout)
    assert compared
    assert invoke("compare", out).exit_code == 0
    pages = json.loads(invoke("report", out, "--json").stdout)
    assert "stages" in Path(pages["html"]).read_text(encoding="utf-8")
    assert "stages" in Path(pages["markdown"]).read_text(encoding="utf-8")
    assert json.loads(invoke("validate", out, "--json").stdout)["problems"] == []


def test_a_damaged_folder_is_told_and_refused(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert run(model, out).exit_code == 0
    part = next(out.rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-20])
    checked = invoke("validate", out)
    assert checked.exit_code == 1
    assert part.name in checked.stdout
    assert run(model, out).exit_code == 1


def test_a_folder_of_something_else_is_refused(model: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    refused = run(model, tmp_path)
    assert refused.exit_code == 1
    assert "--out" in refused.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("arguments", "suggestion"),
    [
        (["run", "stage"], "stages"),
        (["run", "--task", "competing_var"], "competing_vars"),
        (["run", "--filler", "natura"], "natural"),
        (["run", "--preset", "quik"], "quick"),
        (["rum"], "run"),
    ],
)
def test_an_unknown_name_is_answered_with_the_nearest(arguments: list[str], suggestion: str) -> None:
    result = invoke(*arguments)
    assert result.exit_code in (1, 2)
    assert suggestion in result.stderr


def test_the_list_names_everything() -> None:
    listed = json.loads(invoke("list", "--json").stdout)
    assert sorted(listed["experiments"]) == EXPERIMENTS.names()
    assert sorted(listed["presets"]) == PRESETS.names()
    shown = invoke("list").stdout
    assert [name for name in (*EXPERIMENTS, *PRESETS) if name not in shown] == []


def test_a_published_table_names_its_experiment() -> None:
    assert list(choose(["probe_on_stage2b_errors"], "quick", "any", Choice())) == ["probe"]


def test_single_settings_are_replaced_and_the_rest_is_the_presets() -> None:
    preset = PRESETS.get("quick").settings("any")
    chosen = choose([], "quick", "any", Choice(ks=(7,), trials=5, options=("probe.train_trials=11",)))
    assert list(chosen) == list(preset)
    for name, settings in chosen.items():
        assert (settings.ks, settings.trials, settings.tasks) == ((7,), 5, preset[name].tasks)
    assert chosen["probe"].options["train_trials"] == 11
    assert chosen["information"].options == preset["information"].options


@pytest.mark.parametrize("option", ["nothing_of_the_sort=1", "layers", "layers=[0"])
def test_an_option_that_does_not_fit_is_refused(option: str) -> None:
    with pytest.raises(ConfigError, match=r"layers|option"):
        choose(["probe"], "quick", "any", Choice(options=(option,)))


def test_the_papers_preset_knows_only_the_papers_models() -> None:
    assert choose(["stages"], "paper", "google/gemma-2-2b", Choice())["stages"].trials == 800
    with pytest.raises(UnknownNameError, match="gemma-2-2b"):
        choose([], "paper", "smollm2-135m", Choice())


@pytest.mark.parametrize("preset", PRESETS.names())
def test_every_preset_can_be_planned(preset: str) -> None:
    models: Any = PRESETS.get(preset).models or ["any"]
    for name in models:
        for experiment, settings in choose([], preset, name, Choice()).items():
            assert plan(EXPERIMENTS.get(experiment), settings)


def test_the_papers_preset_asks_as_the_paper_does() -> None:
    for model, experiments in PRESETS.get("paper").models.items():
        for name, settings in experiments.items():
            for request in plan(EXPERIMENTS.get(name), settings):
                if request.cell.task != "notes_binding":
                    assert (model, request.cell.form.asked) == (model, "fixed")
                    assert request.cell.filler in ("decoy_heavy", "repeat")


def test_an_experiment_that_a_preset_does_not_have_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="does not run repair"):
        choose(["repair"], "paper", "Qwen/Qwen2.5-3B", Choice())


def test_further_conditions_are_run_unless_others_are_named() -> None:
    also = PRESETS.get("smollm2").settings("any")["stages"].also
    chosen = choose(["stages"], "smollm2", "any", Choice(trials=3, seed=5))["stages"]
    assert [(part.tasks, part.trials, part.seed) for part in chosen.also] == [(part.tasks, 3, 5) for part in also]
    assert choose(["stages"], "smollm2", "any", Choice(ks=(7,)))["stages"].also == ()
    styled = choose(["stages"], "smollm2", "any", Choice(options=('styles=["eq"]',)))["stages"]
    assert all(part.options["styles"] == ["eq"] for part in styled.parts)
    assert [part.options.get("templates") for part in styled.also] == [part.options.get("templates") for part in also]
    requests = plan(EXPERIMENTS.get("stages"), chosen)
    assert {request.cell.task for request in requests} >= {"competing_vars", "notes_binding", "strawberry_baseline"}


def test_help_is_answered_without_torch() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from guardbind.cli import main\n"
        "assert CliRunner().invoke(main, ['bench', 'run', '--help']).exit_code == 0\n"
        "print(*(name for name in ('torch', 'transformers', 'pandas') if name in sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout.strip()) == (0, ""), result.stderr


def test_heads_are_found_printed_and_stored(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "heads.json"
    ran = invoke("heads", "--model", model, "--k", "8", "--trials", "4", "--show", "2", "--out", out)
    assert ran.exit_code == 0, ran.output
    held = json.loads(out.read_text(encoding="utf-8"))
    assert (held["search"]["trials"], held["search"]["seed"], held["heads"]) == (4, 1001, 4)
    assert len(held["model_sha256"]) == 64
    for kind, ranked in held["lists"].items():
        assert f"{kind}: " in ran.output
        if ranked:
            assert f"{ranked[0]['layer']}.{ranked[0]['head']} (" in ran.output and "random: " in ran.output
    given = ["--k", "8", "--trials", "2", "--option", f'heads_file="{out}"', "--option", "collateral_trials=0"]
    given += ["--option", 'methods=["retrieval_heads","decore"]', "--option", "tuning_trials=1"]
    compared = invoke("run", "methods", "--model", model, *given, "--out", tmp_path / "run", "--json")
    assert compared.exit_code == 0, compared.output
    # A random model copies nothing, so it has no retrieval heads, and both say so.
    found = {row["keys"]["method"]: row for row in json.loads(compared.stdout)[0]["rows"]}
    assert {"retrieval_heads", "decore", "unguarded"} <= set(found)
    if not held["lists"]["retrieval"]:
        assert "is of the kind 'retrieval'" in found["decore"]["notes"][0]
