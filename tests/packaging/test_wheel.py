"""What a user gets: a wheel that works away from the checkout."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest
from paths import ROOT

import guardbind

FOLDERS = ("guardbind", "adapters/guardbind_adapters", "bench/guardbind_bench")

# One process builds the wheel and installs it.
pytestmark = pytest.mark.xdist_group("wheel")


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    result = subprocess.run(command, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def package_files() -> dict[str, Path]:
    """Every file of the package, by its path in an installation."""
    return {
        path.relative_to((ROOT / folder).parent).as_posix(): path
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_every_module_is_in_a_package() -> None:
    files = package_files()
    modules = [name for name in files if name.endswith(".py")]
    homeless = [name for name in modules if f"{Path(name).parent.as_posix()}/__init__.py" not in files]
    assert homeless == []


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the source distribution, which is built from a copy so that nothing stale gets in."""
    source = tmp_path_factory.mktemp("source")
    for name in ("guardbind", "adapters", "bench", "examples", "tests"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in ROOT.iterdir():
        if path.is_file():
            shutil.copy(path, source)
    output = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", output, source, cwd=output)
    return next(output.glob("*.whl"))


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment with the wheel, the dependencies of this one, and no way back to the checkout."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=os.name == "posix")
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "--no-index", wheel, cwd=folder)
    # A path file adds our packages but does not process the path files among them, so no editable install leaks in.
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip()
    (Path(site) / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return python


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == package_files().keys()


def test_the_wheel_names_its_licence_and_needs_no_demo_weights(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = f"guardbind-{guardbind.__version__}.dist-info"
        metadata = archive.read(f"{info}/METADATA").decode()
        assert f"{info}/licenses/LICENSE" in archive.namelist()
    assert "License-Expression: Apache-2.0" in metadata
    assert "smollm2" not in "".join(line for line in metadata.splitlines() if line.startswith("Requires-Dist"))


def test_the_command_of_the_wheel_tells_its_version(installed: Path, tmp_path: Path) -> None:
    assert guardbind.__version__ in run(installed.with_name("guardbind"), "--version", cwd=tmp_path)


@pytest.mark.parametrize("cwd", ["elsewhere", "checkout"])
def test_the_wheel_runs_as_a_module(installed: Path, cwd: str, tmp_path: Path) -> None:
    folder = ROOT if cwd == "checkout" else tmp_path
    assert "demo" in run(installed, "-m", "guardbind", "--help", cwd=folder)


def test_the_wheel_has_its_adapters_and_bench_inside(installed: Path, tmp_path: Path) -> None:
    code = "import guardbind_adapters as a, guardbind_bench as b; print(a.__file__); print(b.__file__)"
    folders = [Path(line).parent for line in run(installed, "-c", code, cwd=tmp_path).split()]
    assert [folder.name for folder in folders] == ["guardbind_adapters", "guardbind_bench"]
    assert all(folder.is_relative_to(installed.parent.parent) for folder in folders)


@pytest.mark.parametrize("name", ["adapters", "bench", "tests", "examples"])
def test_the_wheel_takes_no_common_top_level_name(installed: Path, name: str, tmp_path: Path) -> None:
    code = f"import importlib.util as u; print(u.find_spec({name!r}))"
    assert run(installed, "-c", code, cwd=tmp_path).strip() == "None"


def repository_files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_file_names_a_path_of_one_machine() -> None:
    personal = re.compile(r"(?<![\w./-])(?:/(?:home|root|Users|work|workspace|mnt|opt)/\w|[A-Z]:\\Users\\)")
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in repository_files()
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="ignore").splitlines(), start=1)
        if personal.search(line) or str(Path.home()) + os.sep in line
    ]
    assert found == []
