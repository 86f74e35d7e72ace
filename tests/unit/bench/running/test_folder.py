from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bench_toy
import pytest
from bench_tiny import bench_tokenizer
from bench_toy import ORIGIN, ToyExperiment, ToyMeasure, ToyRecord
from conftest import CHAT_TEMPLATE
from filelock import FileLock
from transformers import GPT2Config, GPT2LMHeadModel

import guardbind
from guardbind.errors import RunFolderError
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.prompts.cell import BenchCell, CellRequest
from guardbind_bench.registry import TASKS
from guardbind_bench.running.folder import RunFolder
from guardbind_bench.running.origin import origin_of, tokenizer_sha256, weights_sha256
from guardbind_bench.running.runner import run
from guardbind_bench.running.summary import Summary

CELL = BenchCell(measure="toy", task="competing_vars", k=1)
REQUEST = CellRequest(cell=CELL, trials=20)


@pytest.fixture(autouse=True)
def toys(monkeypatch: pytest.MonkeyPatch) -> dict[str, ToyExperiment]:
    return bench_toy.install(monkeypatch)


def start(out: Path, **changes: Any) -> list[Summary]:
    return run(
        {"toy-a": Settings(ks=(1,), trials=changes.pop("trials", 20))},
        lab=bench_toy.toy_lab(),
        origin=ORIGIN.model_copy(update=changes),
        out=out,
        command="toy",
        token_budget=80,
    )


def records(*indices: int) -> list[ToyRecord]:
    return [
        ToyRecord(index=index, value=float(index), odd=False, size="small", missing=None, pair=[]) for index in indices
    ]


def test_records_are_kept_in_the_order_of_the_trials(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, ORIGIN, "c") as folder:
        folder.add(CELL, records(8, 8, 9), seconds=2, peak_memory=5)
        folder.add(CELL, records(0, 1), seconds=1, peak_memory=7)
        assert folder.done(REQUEST) == {0, 1, 8, 9}
        assert folder.done(CellRequest(cell=CELL, trials=4, first=6)) == {8, 9}
        assert list(folder.frame(REQUEST)["index"]) == [0, 1, 8, 8, 9]
        assert not folder.complete(REQUEST) and folder.complete(CellRequest(cell=CELL, trials=2))
        assert folder.cost([REQUEST, REQUEST]) == (3, 7)
        with pytest.raises(RunFolderError, match=r"trials \[9\] of cell .* have records already"):
            folder.add(CELL, records(9, 10))
    read = RunFolder.read(tmp_path)
    assert read.done(REQUEST) == {0, 1, 8, 9}
    assert read.frame(CellRequest(cell=CELL, trials=3, first=2)).empty
    assert read.conditions([REQUEST])[0].measured == 4


def test_lists_are_arrays_and_nothing_becomes_something(tmp_path: Path) -> None:
    start(tmp_path)
    frame = RunFolder.read(tmp_path).frame(REQUEST)
    assert list(frame.columns) == list(ToyRecord.model_fields)
    assert frame["pair"][3].tolist()[1] == 3 / 7
    assert frame["value"].isna().tolist() == [index % 10 == 9 for index in range(20)]
    assert frame["missing"][0] == float("inf")
    assert frame["failed"].notna().sum() == 2


@pytest.mark.parametrize("field", ["model_sha256", "tokenizer_sha256", "dtype", "device", "guardbind", "torch"])
def test_a_folder_of_another_origin_is_refused(tmp_path: Path, field: str) -> None:
    start(tmp_path)
    before = (tmp_path / "manifest.json").read_bytes()
    with pytest.raises(RunFolderError, match=rf"{field} \S+ \(now other\)\. Choose another --out"):
        start(tmp_path, **{field: "other"})
    assert (tmp_path / "manifest.json").read_bytes() == before


def test_what_is_no_run_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(RunFolderError, match=r"not the folder of a run.*thesis\.tex.*another --out"):
        start(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(RunFolderError, match="is a file"):
        start(tmp_path / "thesis.tex")
    with pytest.raises(RunFolderError, match="has no manifest"):
        RunFolder.read(tmp_path)


def test_a_second_run_into_the_same_folder_is_refused(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, ORIGIN, "c"):
        with pytest.raises(RunFolderError, match="another run is writing into"):
            start(tmp_path)
        assert RunFolder.read(tmp_path).summaries() == []
    start(tmp_path)
    with FileLock(tmp_path / ".lock", timeout=0):
        pass


@pytest.mark.parametrize("owner", ["measure", "task"])
def test_records_of_another_version_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: str) -> None:
    start(tmp_path)
    kind: Any = ToyMeasure if owner == "measure" else TASKS.get("competing_vars")
    monkeypatch.setattr(kind, "version", 99)
    with pytest.raises(RunFolderError, match=rf"is of version 1 of {owner} .*; this guardbind has version 99"):
        start(tmp_path)
    assert any("version 99" in problem for problem in RunFolder.read(tmp_path).validate())


@pytest.mark.parametrize("name", ["manifest.json", "summaries/toy-a.json"])
def test_a_manifest_or_summary_of_another_version_is_refused(tmp_path: Path, name: str) -> None:
    (summary,) = start(tmp_path)
    path = tmp_path / name
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"schema_version": 99}))
    with pytest.raises(RunFolderError, match="schema version 99; this guardbind reads version 1"):
        RunFolder.read(tmp_path).summaries()
    path.write_text("{", encoding="utf-8")
    with pytest.raises(RunFolderError, match="that can be read"):
        RunFolder.read(tmp_path).summaries()
    if path.name == "toy-a.json":
        # It follows from the records.
        assert start(tmp_path)[0].rows == summary.rows


def test_a_summary_is_read_as_it_was_written(tmp_path: Path) -> None:
    (summary,) = start(tmp_path)
    assert Summary.read(tmp_path / "summaries" / "toy-a.json") == summary
    (tmp_path / "other.json").write_text('{"schema_version": 1}', encoding="utf-8")
    with pytest.raises(RunFolderError, match="is not a summary"):
        Summary.read(tmp_path / "other.json")


def test_what_a_killed_writer_left_is_no_record(tmp_path: Path) -> None:
    start(tmp_path)
    folder = RunFolder.read(tmp_path)
    part = folder.parts(CELL.id)[0]
    torn = part.with_name("0000020-0000027.parquet.tmp")
    torn.write_bytes(part.read_bytes()[:100])
    assert RunFolder.read(tmp_path).validate() == []
    start(tmp_path)
    assert not torn.exists()


def test_a_damaged_file_is_found_and_measured_again_once_it_is_deleted(tmp_path: Path) -> None:
    (whole,) = start(tmp_path)
    part = RunFolder.read(tmp_path).parts(CELL.id)[1]
    part.write_bytes(part.read_bytes()[:-50])
    (problem,) = RunFolder.read(tmp_path).validate()
    assert part.name in problem and "Delete that file" in problem
    with pytest.raises(RunFolderError, match="Delete that file and start the same command again"):
        start(tmp_path)
    part.unlink()
    (again,) = start(tmp_path)
    assert again.rows == whole.rows
    assert RunFolder.read(tmp_path).validate() == []


def test_validation_finds_records_that_are_twice_missing_or_not_asked_for(tmp_path: Path) -> None:
    start(tmp_path)
    folder = RunFolder.read(tmp_path)
    first = folder.parts(CELL.id)[0]
    copy = first.with_name("9.parquet")
    copy.write_bytes(first.read_bytes())
    assert any("as well" in problem for problem in RunFolder.read(tmp_path).validate())
    first.unlink()
    copy.unlink()
    assert any("does not count the records" in problem for problem in RunFolder.read(tmp_path).validate())
    start(tmp_path)
    with RunFolder.open(tmp_path, ORIGIN, "c") as held:
        held.add(CELL, records(77))
    assert any("asked for trials [77]" in problem for problem in RunFolder.read(tmp_path).validate())
    other = tmp_path / "records" / "toy" / ("0" * 16)
    other.mkdir()
    other.joinpath(first.name).write_bytes(folder.parts(CELL.id)[0].read_bytes())
    assert any(f"cell {CELL.id} under the name" in problem for problem in RunFolder.read(tmp_path).validate())


def test_validation_finds_rows_that_do_not_follow_from_the_records(tmp_path: Path) -> None:
    start(tmp_path)
    path = tmp_path / "summaries" / "toy-a.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    value = stored["rows"][0]["values"]["value"]
    value[0] *= 1 + 1e-12
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert RunFolder.read(tmp_path).validate() == []
    value[0] *= 1.001
    path.write_text(json.dumps(stored), encoding="utf-8")
    assert RunFolder.read(tmp_path).validate() == ["rows [0] of the summary of toy-a do not follow from the records."]
    path.unlink()
    assert RunFolder.read(tmp_path).validate() == ["experiment toy-a is done and has no summary."]


def test_a_refusal_is_kept_until_it_is_taken_back(tmp_path: Path) -> None:
    with RunFolder.open(tmp_path, ORIGIN, "c", "quick") as folder:
        folder.refuse(CELL, "too long")
        assert RunFolder.read(tmp_path).refusal(REQUEST) == "too long"
        assert folder.conditions([REQUEST])[0].refused == "too long"
        folder.refuse(CELL, None)
    read = RunFolder.read(tmp_path)
    assert (read.refusal(REQUEST), read.manifest.preset, read.manifest.command) == (None, "quick", "c")
    offset = read.manifest.updated.utcoffset()
    assert offset is not None and offset.total_seconds() == 0


def gpt(**changes: Any) -> GPT2LMHeadModel:
    import torch

    torch.manual_seed(0)
    return GPT2LMHeadModel(GPT2Config(**({"vocab_size": 31, "n_embd": 8, "n_layer": 1, "n_head": 2} | changes)))


def test_the_origin_tells_models_and_tokenizers_apart(tmp_path: Path) -> None:
    import torch

    model, tokenizer = gpt(), bench_tokenizer()
    origin = origin_of(str(tmp_path), model, tokenizer)
    assert (origin.model, origin.dtype, origin.device) == (tmp_path.name, "float32", "cpu")
    assert origin.guardbind == guardbind.__version__
    assert origin_of("a/b", model, tokenizer).model == "a/b"
    assert origin_of(str(tmp_path), gpt(), tokenizer) == origin
    assert weights_sha256(gpt().half()) != origin.model_sha256
    changed = gpt()
    with torch.no_grad():
        changed.transformer.ln_f.bias[3] = 1e-6
    assert weights_sha256(changed) != origin.model_sha256
    assert tokenizer_sha256(bench_tokenizer(20)) != origin.tokenizer_sha256
    import copy

    chatty = copy.deepcopy(tokenizer)
    chatty.chat_template = CHAT_TEMPLATE
    assert tokenizer_sha256(chatty) != origin.tokenizer_sha256
