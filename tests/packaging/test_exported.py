"""The public surface: what each module exports, how lightly it loads, and who may import whom."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import ROOT

import guardbind
from guardbind import errors

PUBLIC: list[str] = vars(guardbind)["__all__"]
FOLDERS = ("guardbind", "adapters/guardbind_adapters", "bench/guardbind_bench")


def modules_in(folder: str) -> dict[str, Path]:
    """Every public module under a folder at the root, by its import name."""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        inside = path.relative_to(ROOT / folder).with_suffix("").parts
        names = inside[:-1] if inside[-1] == "__init__" else inside
        if not any(name.startswith("_") for name in names):
            found[".".join((Path(folder).name, *names))] = path
    return found


ERRORS = [name for name in errors.__all__ if name.endswith("Error")]
# What an adapter connects with need not be here: make test-frameworks has it.
OPTIONAL = {"guardbind_adapters.lm_eval.guarded": "lm_eval", "guardbind_adapters.inspect_ai": "inspect_ai"}
ABSENT = tuple(name for name, package in OPTIONAL.items() if importlib.util.find_spec(package) is None)
MODULES = {
    name: path
    for folder in FOLDERS
    for name, path in modules_in(folder).items()
    if not name.startswith(ABSENT) or name == "guardbind_adapters.inspect_ai.batches"
}


def imports_of(path: Path) -> set[str]:
    """The absolute names that a file imports anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            found.update((node.module, *(f"{node.module}.{alias.name}" for alias in node.names)))
    return found


def names_taken(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what a file imports from modules of ours: the module and the name, submodules left out."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module in MODULES:
            for alias in node.names:
                if f"{node.module}.{alias.name}" not in MODULES:
                    yield node.module, alias.name


def test_what_a_module_takes_from_another_is_listed_there() -> None:
    modules = {name: importlib.import_module(name) for name in MODULES}
    missed = [
        f"{name} takes {home}.{member}"
        for name, path in MODULES.items()
        for home, member in names_taken(path)
        if home != name and member not in getattr(modules[home], "__all__", [member])
    ]
    assert missed == []


def test_a_module_exports_what_it_lists() -> None:
    faults = []
    for name in MODULES:
        module = importlib.import_module(name)
        exported = getattr(module, "__all__", None)
        public = [
            member
            for member, value in vars(module).items()
            if not member.startswith("_") and getattr(value, "__module__", None) == name
        ]
        if exported is None and public:
            faults.append(f"{name} has no __all__ but defines {public}")
        exported = exported or []
        faults += [f"{name} lists {member} twice" for member in set(exported) if exported.count(member) > 1]
        faults += [
            f"{name} lists the private {member}"
            for member in exported
            if member.startswith("_") and member != "__version__"
        ]
        faults += [f"{name} lists {member}, which it lacks" for member in exported if not hasattr(module, member)]
    assert faults == []


def test_the_surface_is_the_guard_its_evidence_and_every_error() -> None:
    own = {"Binding", "CheckpointConfig", "Evidence", "Guard", "GuardConfig", "GuardOutput", "Origin", "Report"}
    own |= {"AttendConfig"}
    own |= {"CalibrationConfig", "Target", "calibrate", "ApiGuard", "ApiGuardConfig", "ApiOutput", "connect"}
    own |= {"AuditConfig", "AuditReport", "aaudit", "audit", "check_verifier"}
    assert set(PUBLIC) == own | {"__version__", "extract", "load"} | set(ERRORS)
    assert set(PUBLIC) <= set(dir(guardbind))


def test_every_public_name_is_documented_and_knows_its_home() -> None:
    for name in sorted({*PUBLIC} - {"__version__"}):
        value = getattr(guardbind, name)
        assert value.__doc__, name
        assert getattr(importlib.import_module(value.__module__), name) is value


def test_every_error_is_a_guardbind_error_that_keeps_its_hint() -> None:
    for name in ERRORS:
        error = getattr(errors, name)("seen.", hint="Do this.")
        assert isinstance(error, errors.GuardbindError), name
        assert error.hint == "Do this."
        assert str(error) == "seen. Do this."


def test_every_error_stands_in_the_tree_of_the_module() -> None:
    assert errors.__doc__ is not None
    assert [name for name in ERRORS if name not in errors.__doc__] == []


def test_an_unknown_name_is_an_attribute_error() -> None:
    name = "no_such_name"
    with pytest.raises(AttributeError, match=f"No guardbind attribute {name}"):
        getattr(guardbind, name)


def loaded_by(statement: str, *packages: str) -> set[str]:
    code = f"{statement}\nimport sys\nprint(*(name for name in {packages!r} if name in sys.modules))"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(result.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import guardbind",
        "from guardbind.registry import MODELS; MODELS.get('smollm2-135m')",
        "import guardbind_bench.registry",
    ],
)
def test_looking_around_imports_no_torch(statement: str) -> None:
    assert loaded_by(statement, "torch", "transformers") == set()


def test_the_mathematics_knows_no_models() -> None:
    mathematics = [name for name in MODULES if name.startswith("guardbind.information")]
    assert len(mathematics) > 1
    outside = {name: {imported.split(".")[0] for imported in imports_of(MODULES[name])} for name in mathematics}
    models = {"accelerate", "tokenizers", "transformers"}
    assert {name: names & models for name, names in outside.items() if names & models} == {}
