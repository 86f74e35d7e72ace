"""What the documentation shows runs, what it names exists, and the site can be built."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
from documents import documents, needs_model, run_docstrings, run_document
from paths import ROOT

import guardbind
from guardbind import registry
from guardbind.cli.main import main

DOCS = ROOT / "docs"
FOLDERS = ("guardbind", "adapters/guardbind_adapters", "bench/guardbind_bench")
PAGES = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md")])
MODULES = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
WITH_EXAMPLES = [path for path in MODULES if ">>> " in path.read_text(encoding="utf-8")]


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def enter(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go where pages can read what the checkout holds, and what they write stays outside of it."""
    monkeypatch.chdir(folder)
    (folder / "bench").symlink_to(ROOT / "bench", target_is_directory=True)


def without_code(text: str) -> str:
    return re.sub(r"^```.*?^```$|`[^`\n]*`|<!--.*?-->", "", text, flags=re.DOTALL | re.MULTILINE)


# --- what is shown runs -----------------------------------------------------------------------------------------------

OTHER_DOCUMENTS = [page for page in documents() if page.name != "README.md"]


@pytest.mark.parametrize("page", [page for page in OTHER_DOCUMENTS if not needs_model(page)], ids=name_of)
def test_the_code_of_a_page_runs_as_shown(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(tmp_path, monkeypatch)
    outcome = run_document(page)
    assert outcome.ran or outcome.skipped
    assert all(outcome.skipped)


@pytest.mark.parametrize("page", [page for page in OTHER_DOCUMENTS if needs_model(page)], ids=name_of)
def test_the_code_of_a_page_runs_as_shown_on_the_demo_weights(
    page: Path, demo_model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(tmp_path, monkeypatch)
    outcome = run_document(page, demo_model=demo_model)
    assert outcome.ran
    assert all(outcome.skipped)


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    reasons = [reason for page in PAGES for reason in re.findall(r"<!--+\s*skip: (.*?)-->", text_of(page))]
    assert len(reasons) <= 3
    assert all(re.fullmatch(r'next "[^"]{10,}" *', reason) for reason in reasons)


@pytest.mark.parametrize("path", WITH_EXAMPLES, ids=name_of)
def test_the_examples_of_a_module_give_what_they_show(path: Path) -> None:
    assert run_docstrings([path])


# --- what is named exists ---------------------------------------------------------------------------------------------


def slug(heading: str) -> str:
    """Return the anchor of a heading, as Python-Markdown makes it."""
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode()
    return re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", plain).strip().lower())


def anchors_of(page: Path) -> set[str]:
    headings = re.findall(r"^#{1,6} +(.+?) *$", re.sub(r"^```.*?^```$", "", text_of(page), flags=re.S | re.M), re.M)
    return {slug(re.sub(r"[`*]|\[|\]\([^)]*\)", "", heading)) for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_to_a_heading_of_it(page: Path) -> None:
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", without_code(text_of(page))):
        path, _, anchor = link.partition("#")
        if "://" in path:
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors_of(target)):
            broken.append(link)
    assert broken == []


def shown_commands() -> list[str]:
    """Every `guardbind ...` that stands in a block of the pages, its comment left out."""
    lines = [line for page in PAGES for block in re.findall(r"^```\n(.*?)^```$", text_of(page), re.S | re.M)
             for line in block.replace("\\\n", " ").splitlines()]  # fmt: skip
    return sorted({line.split("  #")[0].strip() for line in lines if line.startswith("guardbind ")})


@pytest.mark.parametrize("line", shown_commands())
def test_every_command_that_is_shown_has_these_options(line: str) -> None:
    command: click.Command = main
    words = shlex.split(line)[1:]
    while isinstance(command, click.Group) and words:
        found = command.get_command(click.Context(command), words[0])
        assert found is not None, f"{words[0]} is no command"
        command, words = found, words[1:]
    if command.context_settings.get("ignore_unknown_options"):
        return  # it hands them on to a program of somebody else, which the tests of that one run
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.split("=")[0] for word in words if word.startswith("--")} <= options


def test_the_page_of_public_names_has_them_all() -> None:
    page = text_of(DOCS / "reference" / "index.md")
    assert [name for name in vars(guardbind)["__all__"] if name != "__version__" and f"`{name}`" not in page] == []


def rooms_in(folder: Path) -> set[str]:
    packages = {path.parent.name for path in folder.glob("*/__init__.py")}
    return packages | {path.stem for path in folder.glob("*.py")} - {"__init__", "__main__"}


def test_every_room_has_its_place_in_the_reference() -> None:
    shown = {name for page in PAGES for name in re.findall(r"^::: ([\w.]+)$", text_of(page), re.M)}
    core = {f"guardbind.{room}" for room in rooms_in(ROOT / "guardbind") - {"_version"}}
    bench = {f"guardbind_bench.{path.parent.name}" for path in (ROOT / "bench/guardbind_bench").glob("*/__init__.py")}
    assert core | bench | {"guardbind_adapters"} <= shown


def contract() -> list[set[str]]:
    """The layers of the core, highest first."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    return [set(layer.replace("|", " ").split()) for layer in layers]


def test_the_picture_of_the_house_is_the_import_contract() -> None:
    rooms = re.findall(r'y="(\d+)"[^>]*><tspan class="room"[^>]*>(\w+)<', text_of(DOCS / "rooms.svg"))
    drawn: dict[int, set[str]] = {}
    for height, room in rooms:
        # Rooms without a line of their own below the name stand some pixels lower in the same box.
        drawn.setdefault(int(height) // 56, set()).add(room)
    assert [drawn[height] for height in sorted(drawn)] == contract()


def test_the_architecture_names_every_room_of_the_core() -> None:
    table = text_of(DOCS / "architecture.md").partition("### Rooms of the core")[2].partition("###")[0]
    named = {
        name
        for line in table.splitlines()
        for name in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")
    }
    assert named == set().union(*contract())


def test_the_architecture_names_every_registry() -> None:
    table = text_of(DOCS / "architecture.md").partition("## How things are found")[2].partition("## ")[0]
    assert [name for name in registry.__all__ if name != "Registry" and f"`{name}`" not in table] == []


def test_the_files_on_the_way_of_a_slot_exist() -> None:
    way = text_of(DOCS / "architecture.md").partition("## The way of one slot")[2].partition("## How")[0]
    files = set(re.findall(r"`(\w+(?:/\w+)*\.py)`", way))
    assert len(files) > 10
    assert sorted(name for name in files if not (ROOT / "guardbind" / name).exists()) == []


# --- the site ---------------------------------------------------------------------------------------------------------

# One process builds it.
on_the_site = pytest.mark.xdist_group("site")


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built strictly: a broken link, an unknown name or a page without its place is an error."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@on_the_site
def test_the_site_has_a_page_for_each_source(site: Path) -> None:
    made = {path.relative_to(site).with_suffix("").as_posix() for path in site.rglob("*.html")}
    assert {page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md")} <= made


@on_the_site
def test_the_site_fetches_nothing(site: Path) -> None:
    fetched = re.compile(r"""<(?:script|img|iframe)[^>]*src=["']?https?:|<link[^>]*href=["']?https?:""")
    assert [path.name for path in site.rglob("*.html") if fetched.search(path.read_text(encoding="utf-8"))] == []


@on_the_site
def test_the_reference_shows_signatures_and_docstrings(site: Path) -> None:
    page = (site / "reference" / "guard.html").read_text(encoding="utf-8")
    assert 'id="guardbind.guard.Guard.generate"' in page
    assert "GuardOutput" in page
