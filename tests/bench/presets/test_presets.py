"""Presets as files: those that come with the bench, one's own, and what is said of one that does not fit."""

from __future__ import annotations

from pathlib import Path

import pytest
from bench_documents import block

from guardbind.errors import ConfigError, UnknownNameError
from guardbind_bench.cli.choice import Choice, choose
from guardbind_bench.experiments.experiment import plan
from guardbind_bench.presets import shipped
from guardbind_bench.presets.preset import find_preset, read_preset
from guardbind_bench.registry import EXPERIMENTS, PRESETS

GOOD = """
about: Two experiments.
common:
  stages: &both
    tasks: [competing_vars]
    ks: [8, 16]
    trials: 5
  distance:
    <<: *both
    fillers: [natural, repeat]
models:
  owner/model:
    repair: {trials: 3, options: {arms: [none, veto]}}
"""


def written(folder: Path, text: str, name: str = "mine.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_what_is_run_over_what(tmp_path: Path) -> None:
    preset = read_preset(written(tmp_path, GOOD))
    assert (preset.name, preset.about, preset.left_out) == ("mine", "Two experiments.", ())
    assert list(preset.settings("any")) == ["stages", "distance"]
    assert list(preset.settings("owner/model")) == ["repair"]
    distance = preset.common["distance"]
    assert (distance.tasks, distance.fillers, distance.ks) == (("competing_vars",), ("natural", "repeat"), (8, 16))
    # What is left out has its default.
    assert (distance.seed, preset.common["stages"].fillers) == (0, ("natural",))


def test_a_file_is_named_by_its_path_also_a_relative_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = written(tmp_path, GOOD)
    assert find_preset(str(path)) == read_preset(path)
    monkeypatch.chdir(tmp_path)
    assert find_preset("mine.yaml").common == read_preset(path).common
    chosen = choose(["distance"], "./mine.yaml", "any", Choice(trials=2))
    assert [request.trials for request in plan(EXPERIMENTS.get("distance"), chosen["distance"])] == [2] * 4
    with pytest.raises(UnknownNameError, match="preset 'mine' does not run repair"):
        choose(["repair"], "mine.yaml", "any", Choice())


def test_a_registered_name_comes_before_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "quick").mkdir()
    assert find_preset("quick") is PRESETS.get("quick")


@pytest.mark.parametrize("name", PRESETS.names())
def test_those_that_come_along_pass_the_checks_of_any_file(name: str) -> None:
    held = PRESETS.get(name)
    assert held.name == name and held.about and held.left_out
    assert read_preset(Path(str(shipped.__file__)).with_name(f"{name}.yaml")) == held


def test_every_file_that_comes_along_has_a_name() -> None:
    assert {path.stem for path in Path(str(shipped.__file__)).parent.glob("*.yaml")} == set(PRESETS.names())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ["holds nothing", "about, left_out, common and models"]),
        ("# only a comment\n", ["holds nothing"]),
        ("- stages\n- distance\n", ["holds a list"]),
        ("about: Nothing.\n", ["names no experiment", "stages"]),
        ("common: {stages: [", ["is not YAML", "line 1"]),
        ("common: {stages: !!python/object:os.system {}}", ["is not YAML"]),
        ("common:\n  stages: {trials: 3}\n  stages: {trials: 4}\n", ["'stages' stands here twice", "line 3"]),
        ("comon: {stages: {}}", ["comon is not a field", "Did you mean 'common'?"]),
        ("name: mine\ncommon: {stages: {}}", ["name is not a field"]),
        ("common: {stages: {trails: 3}}", ["common.stages.trails", "Did you mean 'trials'?", "fillers, ks, trials"]),
        ("common: {stages: {trials: many}}", ["common.stages.trials is 'many'", "valid integer"]),
        ("common: {stages: {trials: 0}}", ["common.stages.trials is 0", "greater than or equal to 1"]),
        ("common: {stages: {ks: 32}}", ["common.stages.ks is 32", "valid tuple"]),
        ("common: {stages: 40}", ["common.stages is 40"]),
        ("common: {stage: {trials: 3}}", ["common.stage", "no experiment 'stage'", "Did you mean 'stages'?"]),
        ("models: {owner/model: {distanc: {}}}", ["models.owner/model.distanc", "Did you mean 'distance'?"]),
        ("common: {stages: {tasks: [competing_var]}}", ["common.stages", "Did you mean 'competing_vars'?"]),
        ("common: {stages: {options: {style: [eq]}}}", ["common.stages", "style", "styles="]),
        ("common: {stages: {also: [{trials: 3, also: [{trials: 4}]}]}}", ["common.stages", "into one `also`"]),
    ],
)
def test_what_does_not_fit_is_told_with_file_field_and_what_is_accepted(
    tmp_path: Path, text: str, says: list[str]
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        read_preset(path)
    told = str(caught.value)
    assert [part for part in [str(path), *says] if part not in told] == []


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match=r"there is no file 'nowhere\.yaml'") as caught:
        find_preset("nowhere.yaml")
    assert str(tmp_path / "nowhere.yaml") in str(caught.value)
    (tmp_path / "folder.yaml").mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        find_preset("folder.yaml")
    (tmp_path / "bytes.yml").write_bytes(b"\xff\xfe\x00common")
    with pytest.raises(ConfigError, match="cannot be read"):
        find_preset("bytes.yml")


def test_what_is_neither_a_name_nor_a_file_is_answered_with_both(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match=r"Did you mean 'quick'\? .*\.yaml or \.yml is accepted"):
        find_preset("quik")


def test_the_documented_preset_fits(tmp_path: Path) -> None:
    preset = read_preset(written(tmp_path, block("A preset of your own", "yaml"), "my_preset.yaml"))
    assert list(preset.common) == ["stages", "distance"]
    assert preset.common["stages"].also[0].tasks == ("primacy_recency",)
