"""Rules of the house that no linter knows: names mean one thing, files are short and say what they do."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import ROOT

PACKAGES = ("guardbind", "adapters/guardbind_adapters", "bench/guardbind_bench")
FILES = {
    path.relative_to(ROOT).as_posix(): path for folder in PACKAGES for path in sorted((ROOT / folder).rglob("*.py"))
}
OTHERS = {
    path.relative_to(ROOT).as_posix(): path
    for folder in ("tests", "examples")
    for path in (ROOT / folder).rglob("*.py")
}
EXAMPLES = [name for name in OTHERS if name.startswith("examples/")]
LONGEST = 400
# Words that end in s as a verb does, and are none.
NO_VERBS = {"Always", "Besides", "Its", "Perhaps", "Sometimes", "Thus", "Towards", "Unless", "Various", "Whereas"}


def named_types(source: str) -> Iterator[str]:
    """Yield the classes and type aliases at the top of a module, without leading underscores."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.ClassDef):
            yield node.name.lstrip("_")
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            # A type variable stands for nothing outside its own file.
            if isinstance(node.value, ast.Call) and ast.unparse(node.value.func) in {"TypeVar", "ParamSpec"}:
                continue
            for target in targets:
                if isinstance(target, ast.Name) and re.fullmatch(r"_*[A-Z][a-z]\w*", target.id):
                    yield target.id.lstrip("_")


def faults_of_docstring(source: str) -> list[str]:
    """Return what is wrong with the first line of a module's docstring."""
    docstring = ast.get_docstring(ast.parse(source))
    if not docstring:
        return ["there is none"]
    first = docstring.splitlines()[0]
    faults = []
    if not first.endswith("."):
        faults.append("the first line does not end with a period")
    if re.search(r"[.!?] ", first):
        faults.append("the first line is more than one sentence")
    word = re.split(r"\W", first)[0]
    if not re.match(r"[A-Z][a-z]+s\b(?!')", first) or word in NO_VERBS:
        faults.append(f"the first line begins with {first.split()[0]!r}, and not with a verb in the third person")
    return faults


def test_a_name_of_a_class_or_an_alias_stands_for_one_thing() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for name, path in FILES.items():
        for found in named_types(path.read_text(encoding="utf-8")):
            homes[found].append(name)
    assert {name: files for name, files in sorted(homes.items()) if len(files) > 1} == {}


def test_a_file_begins_with_a_sentence_that_says_what_it_does() -> None:
    found = {name: faults_of_docstring((ROOT / name).read_text(encoding="utf-8")) for name in [*FILES, *EXAMPLES]}
    assert {name: faults for name, faults in found.items() if faults} == {}


def test_no_file_is_long() -> None:
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in (FILES | OTHERS).items()}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


def test_no_file_is_called_types() -> None:
    assert [name for name in FILES if Path(name).stem in {"types", "_types"}] == []


def test_there_are_files() -> None:
    assert {name.split("/")[0] for name in FILES} == {"guardbind", "adapters", "bench"}
    assert all((ROOT / folder / "__init__.py").exists() for folder in PACKAGES)


def test_what_counts_as_a_name() -> None:
    source = """
class _Row: ...
Floats = list[float]
Span: TypeAlias = tuple[int, int]
_Places: TypeAlias = tuple[Span, ...]
T = TypeVar("T")
Some = TypeVar("Some")
P = ParamSpec("P")
LIMIT = 3
Declared: int
def function():
    class Inner: ...
"""
    assert list(named_types(source)) == ["Row", "Floats", "Span", "Places"]


@pytest.mark.parametrize(
    ("first", "faults"),
    [
        ("Opens slots: decides at each step whether a value is due.", 0),
        ("Does nothing.", 0),
        ("Whatever is said is read.", 1),
        ("Where a slot opens.", 1),
        ("Open slots.", 1),
        ("The slots.", 1),
        ("`guardbind check`: diagnoses one prompt.", 1),
        ("Its slots are opened.", 1),
        ("What's due.", 1),
        ("From words to bindings", 2),
        ("Opens slots. Closes them.", 1),
    ],
)
def test_what_is_wrong_with_a_docstring(first: str, faults: int) -> None:
    assert len(faults_of_docstring(f'"""{first}\n\nMore. And more\n"""')) == faults
    assert faults_of_docstring("x = 1") == ["there is none"]
