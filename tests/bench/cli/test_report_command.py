"""`bench report` and `--name`: what a model is called, no folder of the machine on any page, and progress in a pipe."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from bench_summaries import condition_of, hits, row_of, summary_of, table_of
from bench_tiny import bench_tokenizer
from click.testing import CliRunner, Result
from families import FAMILIES, build
from paths import ROOT

from guardbind.cli import main
from guardbind_bench.prompts.cell import PromptForm
from guardbind_bench.running.naming import hidden, model_name, without_folders, without_folders_in

TABLE = table_of({"acc": "share"}, name="stages")


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["bench", *map(str, arguments)])


def text_of(folder: Path) -> str:
    files = [path for path in folder.rglob("*") if path.suffix in (".html", ".md", ".json")]
    assert files
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tokenizer = bench_tokenizer()
    folder = tmp_path_factory.mktemp("models") / "tiny"
    # Too short for the longer prompts, which are refused.
    build(FAMILIES["llama"], vocab_size=len(tokenizer), max_position_embeddings=256).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_no_folder_of_the_machine_is_on_a_page(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ["-m", "guardbind", "bench", "run", "stages", "--model", str(model), "--out", str(out), "--json"]
    command += ["--task", "competing_vars", "--k", "8", "--k", "400", "--trials", "4"]
    run = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=True)
    (summary,) = json.loads(run.stdout)
    assert summary["origin"]["model"] == "tiny"
    assert {row["keys"]["model"] for row in summary["rows"]} == {"tiny"}
    assert "--model tiny --out run" in summary["command"]
    assert any(condition["refused"] for condition in summary["conditions"])
    # In a pipe, and with --json.
    assert "trials at most [0 of" in run.stderr
    assert "refused: " in run.stderr

    assert invoke("report", out).exit_code == 0
    assert invoke("report", out).stderr == ""
    for text in (run.stdout, text_of(out)):
        assert str(tmp_path) not in text
        assert str(model.parent) not in text
        assert str(ROOT) not in text


def test_a_page_of_a_run_that_was_stopped_says_so(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    assert invoke("run", "stages", "--model", model, "--k", "8", "--trials", "2", "--out", out).exit_code == 0
    manifest = out / "manifest.json"
    held = json.loads(manifest.read_text(encoding="utf-8"))
    held["experiments"]["repair"] = {**held["experiments"]["stages"], "status": "stopped"}
    manifest.write_text(json.dumps(held), encoding="utf-8")
    made = invoke("report", out)
    assert made.exit_code == 0
    assert "repair did not come to an end; the same command goes on." in made.stderr


def test_a_name_is_in_headings_rows_and_page(model: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    asked = ("--model", model, "--task", "competing_vars", "--filler", "natural", "--k", "8", "--trials", "4")
    run = invoke("run", "stages", *asked, "--out", out, "--name", "House/Tiny", "--json")
    assert run.exit_code == 0, run.output
    (summary,) = json.loads(run.stdout)
    assert summary["origin"]["model"] == "House/Tiny"
    assert {row["keys"]["model"] for row in summary["rows"]} == {"House/Tiny"}

    pages = json.loads(invoke("report", out, "--json").stdout)
    assert "<h1>Bench report: House/Tiny</h1>" in Path(pages["html"]).read_text(encoding="utf-8")
    assert "# Bench report: House/Tiny" in Path(pages["markdown"]).read_text(encoding="utf-8")
    pages = json.loads(invoke("report", out, "--name", "another", "--json").stdout)
    for path in pages.values():
        assert "House/Tiny" not in Path(path).read_text(encoding="utf-8").replace("--name House/Tiny", "")


def test_one_name_is_for_one_model(tmp_path: Path) -> None:
    for name in ("one", "two"):
        rows = [row_of(TABLE, {"acc": hits(3, 40)}, model=name)]
        summary_of([TABLE], rows, [condition_of(PromptForm())], model=name).write(tmp_path / f"{name}.json")
    refused = invoke("report", tmp_path, "--name", "three")
    assert refused.exit_code == 2
    assert "2 models: one, two" in refused.stderr
    assert invoke("report", tmp_path).exit_code == 0


def test_a_folder_of_stored_summaries_is_reported_and_compared(tmp_path: Path) -> None:
    (tmp_path / "stored").mkdir()
    for name in ("distance.json", "repair.json"):
        shutil.copy(ROOT / "bench" / "results" / "smollm2-135m" / name, tmp_path / "stored")
    pages = json.loads(invoke("report", tmp_path / "stored", "--out", tmp_path / "pages", "--json").stdout)
    assert sorted(Path(path).name for path in pages.values()) == ["report.html", "report.md", "tables.md"]
    assert "guardbind bench report stored --out FOLDER" in Path(pages["markdown"]).read_text(encoding="utf-8")
    assert json.loads(invoke("compare", tmp_path / "stored", "--json").stdout)


def test_an_empty_folder_is_no_run(tmp_path: Path) -> None:
    refused = invoke("report", tmp_path)
    assert refused.exit_code == 1
    assert "has no manifest" in refused.stderr


def test_a_model_is_called_by_the_last_part_of_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "models" / "tiny")
    for name in (
        tmp_path / "models" / "tiny",
        f"{tmp_path}/models/tiny/",
        ".",
        "../tiny",
        "/nowhere/tiny",
        r"C:\m\tiny",
    ):
        assert model_name(str(name)) == "tiny"
    assert [model_name(name) for name in ("smollm2-135m", "Qwen/Qwen2.5-3B")] == ["smollm2-135m", "Qwen/Qwen2.5-3B"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("guardbind bench run --model Qwen/Qwen2.5-3B --k 8", None),
        ("guardbind bench run --option 'policies=[\"auto\"]' --out runs/a", None),
        (
            "guardbind bench run --model '/data/my models/tiny' --out=/data/mine/a",
            "guardbind bench run --model tiny --out=a",
        ),
        ("guardbind bench run --model \"it's", None),
        ("guardbind bench run --model \"it's --out /data/mine/a", "a"),
    ],
)
def test_a_command_is_told_without_folders(command: str, told: str | None) -> None:
    plain = without_folders_in(command)
    assert plain == command if told is None else plain.endswith(told)
    assert "/home" not in plain and "/data" not in plain


def test_a_relative_folder_of_the_model_is_named_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "models" / "tiny").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert without_folders(["--model", "models/tiny"], "models/tiny") == ["--model", "tiny"]
    assert without_folders(["--model=models/tiny"], "models/tiny") == ["--model=tiny"]
    assert without_folders(["--model", "org/name"], "org/name") == ["--model", "org/name"]


def test_what_a_model_says_of_itself_names_no_folder() -> None:
    assert hidden("tokenizer of /a/b/c: none; /a/b: none", ["/a/b", "/a/b/c", ""]) == "tokenizer of c: none; b: none"
    assert hidden("Qwen/Qwen2.5-3B has no template", ["Qwen/Qwen2.5-3B"]) == "Qwen/Qwen2.5-3B has no template"
