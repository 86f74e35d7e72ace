"""The import contract that looks below the top name of a package: what it finds, and what it is told about us."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import transformers.generation
from grimp import ImportGraph
from import_contracts import Naming, OutsideNames, names_in, namings
from paths import ROOT

OUTSIDE = ["outside.deep", "outside.Deep*"]


def tree(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a package `house`."""
    for name, text in files.items():
        path = folder / "house" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "house"


NAMED = {
    "a module": "import outside.deep",
    "a module under another name": "import outside.deep as shallow",
    "what is below it": "import outside.deep.deeper",
    "a module of a package": "from outside import deep",
    "an object of it": "from outside.deep import thing",
    "everything of it": "from outside.deep import *",
    "an object at the top, by its beginning": "from outside import DeepList",
    "an attribute": "import outside\nx = outside.deep.thing(1)",
    "an attribute under another name": "import outside as o\nx = o.DeepList",
    "an attribute of an object": "import outside\nx = outside.deep.thing.other",
    "where only types are checked": (
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from outside.deep import thing"
    ),
    "inside a function": "def late():\n    from outside import deep\n    return deep",
    "after an import inside a function": "def late():\n    import outside\n    return outside.deep",
    "in a branch that catches": "try:\n    import outside.deep\nexcept ImportError:\n    pass",
    "by a string": "from importlib import import_module\nx = import_module('outside.deep')",
    "by a built-in": "x = __import__('outside.deep')",
    "in a quoted annotation": "import outside\ndef f(x: 'list[outside.deep.Thing]') -> None: ...",
    "in a quoted result": "import outside\ndef f() -> 'outside.deep.Thing': ...",
    "in a quoted variable": "import outside\nx: 'outside.deep.Thing'",
}


@pytest.mark.parametrize("text", NAMED.values(), ids=NAMED)
def test_every_way_of_naming_is_seen(text: str, tmp_path: Path) -> None:
    house = tree(tmp_path, {"room": text})
    found = namings(house, OUTSIDE, ["house.other"])
    assert {naming.module for naming in found} == {"house.room"}
    assert all(naming.name.startswith(("outside.deep", "outside.Deep")) for naming in found)


NOT_NAMED = {
    "the top name": "import outside\nx = outside.near",
    "a name that only begins so": "import outside.deeper\nfrom outside import deeper",
    "another package": "import inside.outside.deep",
    "a module of this package": "from .outside import deep\nfrom . import outside\nx = outside.deep",
    "a word in a text": "x = 'import outside.deep'  # import outside.deep",
    "an attribute of something else": "outside = object()\nx = outside.deep",
    "a literal that is no type": "from typing import Literal\ndef f(x: Literal['a b', 'outside.deep']) -> None: ...",
}


@pytest.mark.parametrize("text", NOT_NAMED.values(), ids=NOT_NAMED)
def test_nothing_else_is_seen(text: str, tmp_path: Path) -> None:
    assert namings(tree(tmp_path, {"room": text}), OUTSIDE, []) == []


def test_a_room_that_may_is_left_out_with_what_is_below_it(tmp_path: Path) -> None:
    names = ["__init__", "room/__init__", "room/inner", "room/in/inner", "roommate"]
    house = tree(tmp_path, dict.fromkeys(names, "from outside import deep"))
    allowed = namings(house, OUTSIDE, ["house.room"])
    assert allowed == [Naming(module, 1, "outside.deep") for module in ("house", "house.roommate")]
    assert namings(house, OUTSIDE, ["house"]) == []
    assert len(namings(house, OUTSIDE, [])) == 5


def test_a_stub_counts(tmp_path: Path) -> None:
    house = tree(tmp_path, {"room": ""})
    (house / "room.pyi").write_text("from outside.deep import thing", encoding="utf-8")
    assert namings(house, OUTSIDE, []) == [Naming("house.room", 1, "outside.deep.thing")]


def test_names_come_in_full_with_their_lines() -> None:
    text = "from torch import nn\n\nx = nn.functional.relu\n"
    assert sorted(names_in(text)) == [(1, "torch.nn"), (3, "torch.nn.functional"), (3, "torch.nn.functional.relu")]


def contract(**options: Any) -> OutsideNames:
    given = {"package": "house", "outside_names": OUTSIDE, "allowed_in": ["house.room"], **options}
    return OutsideNames("name", {"root_packages": ["house"]}, given)


def test_the_contract_is_kept_or_says_where_it_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(tmp_path, {"__init__": "", "room": "import outside.deep", "hall": "\nimport outside.deep"})
    monkeypatch.syspath_prepend(str(tmp_path))
    check = contract().check(ImportGraph(), verbose=False)
    assert not check.kept
    contract().render_broken_contract(check)
    assert "house.hall, line 2, names outside.deep" in capsys.readouterr().out
    assert contract(allowed_in=["house.room", "house.hall"]).check(ImportGraph(), verbose=False).kept


def test_our_contract_knows_whatever_generation_offers_at_the_top() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (ours,) = (
        contract["outside_names"]
        for contract in pyproject["tool"]["importlinter"]["contracts"]
        if "transformers.generation" in contract.get("outside_names", ())
    )
    offered = {name for name in dir(transformers.generation) if name[0].isupper() and hasattr(transformers, name)}
    assert {"GenerationConfig", "LogitsProcessorList", "StoppingCriteria", "TextStreamer"} <= offered
    assert {name for name in offered if not any(fnmatchcase(f"transformers.{name}", p) for p in ours)} == set()
