"""What a name, a folder or an id of a model is taken for; nothing is loaded."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from paths import ROOT

from guardbind.errors import MissingDependencyError, UnknownNameError, WeightsError
from guardbind.model.loading import resolve
from guardbind.registry import Registry


class Source:
    """Counts how often its folder is asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.asked = 0

    def folder(self) -> Path:
        self.asked += 1
        return self._folder


class Missing:
    def folder(self) -> Path:
        raise MissingDependencyError("the weights of 'gone' are not installed.", hint="Install them.")


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry[object]:
    registry: Registry[object] = Registry("model", {}, prefix="no such prefix")
    registry.register("toy-135m", Source(tmp_path / "weights"))
    registry.register("gone", Missing())
    monkeypatch.setattr("guardbind.model.loading.MODELS", registry)
    monkeypatch.chdir(tmp_path)
    return registry


def test_a_registered_name_is_the_folder_of_its_weights(models: Registry[Source], tmp_path: Path) -> None:
    assert models.get("toy-135m").asked == 0
    assert resolve("toy-135m") == str(tmp_path / "weights")
    assert models.get("toy-135m").asked == 1


def test_a_registered_name_goes_before_a_folder_of_that_name(models: Registry[Source], tmp_path: Path) -> None:
    (tmp_path / "toy-135m").mkdir()
    assert resolve("toy-135m") == str(tmp_path / "weights")
    assert resolve("./toy-135m") == "toy-135m"


def test_weights_that_are_not_installed_say_so(models: Registry[Source]) -> None:
    with pytest.raises(MissingDependencyError, match=r"not installed\. Install them"):
        resolve("gone")


@pytest.mark.parametrize("given", ["here", "./here", "deep/er", "~/mine"])
def test_a_folder_that_exists_is_passed_on(
    given: str, models: Registry[Source], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("here", "deep/er", "home/mine"):
        (tmp_path / name).mkdir(parents=True)
    assert Path(resolve(given)).is_dir()
    assert resolve(str(tmp_path / "here")) == str(tmp_path / "here")


@pytest.mark.parametrize("given", ["owner/name", "owner/name.with-signs_1", "a/b/c"])
def test_what_has_an_owner_is_an_id(given: str, models: Registry[Source]) -> None:
    assert resolve(given) == given


@pytest.mark.parametrize("given", ["./missing", "../missing/model", "~/missing", "~", ".hidden", "/missing/model"])
def test_a_path_to_nowhere_is_no_id(
    given: str, models: Registry[Source], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "no home"))
    with pytest.raises(WeightsError, match="there is no folder"):
        resolve(given)


def test_a_file_is_no_folder(models: Registry[Source], tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(UnknownNameError, match=r"no model 'model\.gguf'"):
        resolve("model.gguf")
    with pytest.raises(WeightsError, match="there is no folder"):
        resolve(str(tmp_path / "model.gguf"))


def test_any_other_name_is_unknown_and_the_nearest_is_asked_for(models: Registry[Source]) -> None:
    with pytest.raises(UnknownNameError, match=r"known: gone, toy-135m\. .*owner/name") as caught:
        resolve("toy-135")
    assert caught.value.hint == "Did you mean 'toy-135m'?"
    with pytest.raises(UnknownNameError) as caught:
        resolve("gpt2")
    assert caught.value.hint is None


def test_a_name_is_resolved_without_torch() -> None:
    code = """
import sys
import guardbind
from guardbind.model.loading import load, resolve
print(resolve("owner/name"), guardbind.load is load)
print(*{"torch", "transformers"}.intersection(sys.modules))
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (result.returncode, result.stdout) == (0, "owner/name True\n\n"), result.stderr


def test_the_room_of_the_model_gives_its_names_when_they_are_used() -> None:
    room: Any = importlib.import_module("guardbind.model")

    assert sorted(room.__all__) == ["LanguageModel", "ModelTap", "Module", "Reading"]
    assert all(getattr(room, name).__name__ for name in room.__all__)
    with pytest.raises(AttributeError, match="no_such_name"):
        room.no_such_name  # noqa: B018
