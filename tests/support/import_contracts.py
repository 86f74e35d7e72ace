"""Holds which rooms may name a package from outside: an import contract that looks below a package's top name."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

__all__ = ["Naming", "OutsideNames", "names_in", "namings"]


@dataclass(frozen=True, order=True, slots=True)
class Naming:
    """One place that names something it may not.

    Attributes:
        module: The module that does.
        line: The line.
        name: What it names, in full.
    """

    module: str
    line: int
    name: str


def names_in(source: str) -> Iterator[tuple[int, str]]:
    """Yield each outside name in a source text with its line.

    These are absolute imports anywhere in the text, imports by a literal string, and attributes of what was imported,
    also in quoted annotations. A name comes in full: `nn.Linear` after `from torch import nn` is `torch.nn.Linear`.

    Args:
        source: A Python module or stub.
    """
    tree = ast.parse(source)
    bound: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
                top = alias.name.partition(".")[0]
                bound.update({alias.asname: alias.name} if alias.asname else {top: top})
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                full = node.module if alias.name == "*" else f"{node.module}.{alias.name}"
                yield node.lineno, full
                bound[alias.asname or alias.name] = full
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := _imported_by_string(node)):
            yield node.lineno, name
        yield from _attributes(node, bound)
        for annotation in _annotations(node):
            for text in ast.walk(annotation):
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    for part in _parsed(text.value):
                        yield from ((text.lineno, name) for _, name in _attributes(part, bound))


def _imported_by_string(call: ast.Call) -> str | None:
    function = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", None)
    if function not in {"import_module", "__import__"} or not call.args:
        return None
    first = call.args[0]
    return first.value if isinstance(first, ast.Constant) and isinstance(first.value, str) else None


def _attributes(node: ast.AST, bound: Mapping[str, str]) -> Iterator[tuple[int, str]]:
    parts: list[str] = []
    inner = node
    while isinstance(inner, ast.Attribute):
        parts.append(inner.attr)
        inner = inner.value
    if parts and isinstance(inner, ast.Name) and inner.id in bound:
        yield inner.lineno, ".".join([bound[inner.id], *reversed(parts)])


def _annotations(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.returns:
        yield node.returns
    elif isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation:
        yield node.annotation


def _parsed(text: str) -> Iterator[ast.AST]:
    try:
        yield from ast.walk(ast.parse(text, mode="eval"))
    except SyntaxError:  # a string of `Literal`, not an annotation
        return


def _is_one_of(name: str, patterns: Sequence[str]) -> bool:
    parts = name.split(".")
    prefixes = [".".join(parts[: end + 1]) for end in range(len(parts))]
    return any(fnmatchcase(prefix, pattern) for prefix in prefixes for pattern in patterns)


def namings(package: Path, patterns: Sequence[str], allowed_in: Sequence[str]) -> list[Naming]:
    """Return each place of a package that names what only some of its parts may.

    Args:
        package: The folder of the package.
        patterns: Dotted names of modules or objects; what is below one is meant too, and `*` stands for any letters.
        allowed_in: The modules and packages, with what is below them, that may.

    Returns:
        One entry per line and name, sorted.
    """
    found: set[Naming] = set()
    for path in [*package.rglob("*.py"), *package.rglob("*.pyi")]:
        inside = path.relative_to(package.parent).with_suffix("").parts
        module = ".".join(inside[:-1] if inside[-1] == "__init__" else inside)
        if any(module == room or module.startswith(f"{room}.") for room in allowed_in):
            continue
        for line, name in names_in(path.read_text(encoding="utf-8")):
            if _is_one_of(name, patterns):
                found.add(Naming(module, line, name))
    return sorted(found)


class OutsideNames(Contract):
    """Says which parts of a package may name certain modules or objects of other distributions.

    Import-linter itself knows a package of another distribution by its top name only.
    """

    type_name = "outside_names"

    package = fields.StringField()
    outside_names = fields.ListField(subfield=fields.StringField())
    allowed_in = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Look for places that name what they may not."""
        given = cast(Any, self)  # import-linter puts the values in the place of the fields
        spec = find_spec(given.package)
        if spec is None or not spec.submodule_search_locations:
            raise ValueError(f"there is no package {given.package!r}.")
        (folder,) = spec.submodule_search_locations
        found = namings(Path(folder), given.outside_names, given.allowed_in)
        return ContractCheck(kept=not found, metadata={"namings": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print these places."""
        for naming in check.metadata["namings"]:
            output.print_error(f"{naming.module}, line {naming.line}, names {naming.name}", bold=False)
        output.new_line()
