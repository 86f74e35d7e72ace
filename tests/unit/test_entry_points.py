"""What other distributions add to a registry: found by entry points, loaded when used, never in the way."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from guardbind.errors import NameTakenError, UnknownNameError
from guardbind.registry import Registry

Install = Callable[..., Path]
PLUGINS = "guardbind.plugins"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a distribution in a folder on the path: its entry points by group, and the text of its one module."""

    def make(name: str, module: str, points: Mapping[str, Mapping[str, str]]) -> Path:
        site = tmp_path / name
        information = site / f"{name}-1.0.dist-info"
        information.mkdir(parents=True)
        (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
        lines: list[str] = []
        for group, named in points.items():
            lines += [f"[{group}]", *(f"{point} = {value}" for point, value in named.items())]
        (information / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
        (site / f"{name}.py").write_text(module, encoding="utf-8")
        monkeypatch.syspath_prepend(str(site))
        monkeypatch.delitem(sys.modules, name, raising=False)
        return site

    return make


def policies() -> Registry[object]:
    return Registry("policy", {"auto": "json:dumps"})


def test_a_distribution_adds_names_of_its_kind_only(install: Install) -> None:
    install("outside", "def one(): ...", {PLUGINS: {"policy.one": "outside:one", "null.two": "outside:two"}})
    assert policies().names() == ["auto", "one"]
    assert Registry("null", {}).names() == ["two"]


def test_a_kind_of_two_words_has_an_underscore_in_its_entry_points(install: Install) -> None:
    install("outside", "def one(): ...", {PLUGINS: {"slot_rule.one": "outside:one", "slot.two": "outside:one"}})
    assert Registry("slot rule", {}).names() == ["one"]
    assert Registry("slot rule", {}, prefix="slot.").names() == ["two"]


def test_a_group_of_its_own_needs_no_prefix(install: Install) -> None:
    install("outside", "def one(): ...", {"outside.commands": {"one": "outside:one"}, PLUGINS: {"two": "outside:one"}})
    assert Registry("command", {}, prefix="", group="outside.commands").names() == ["one"]


def test_nothing_is_imported_before_it_is_used(install: Install) -> None:
    install("outside", "def one(): ...", {PLUGINS: {"policy.one": "outside:one"}})
    registry = policies()
    assert "one" in registry
    assert "outside" not in sys.modules
    used = registry.get("one")
    assert callable(used) and used.__module__ == "outside"
    assert registry.get("one") is used


def test_a_name_of_the_core_is_not_replaced(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    import json

    install("outside", "def auto(): ...", {PLUGINS: {"policy.auto": "outside:auto", "policy.one": "outside:auto"}})
    registry = policies()
    with caplog.at_level(logging.WARNING, logger="guardbind"):
        assert registry.names() == ["auto", "one"]
    assert "the policy 'auto' of outside:auto is left out" in caplog.text
    assert registry.get("auto") is json.dumps
    assert "outside" not in sys.modules


def test_the_warning_comes_once(install: Install, caplog: pytest.LogCaptureFixture) -> None:
    install("outside", "def auto(): ...", {PLUGINS: {"policy.auto": "outside:auto"}})
    registry = policies()
    for _ in range(3):
        registry.names()
    assert len(caplog.records) == 1


def test_of_two_distributions_with_one_name_the_first_on_the_path_is_taken(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("second", "def one(): ...", {PLUGINS: {"policy.one": "second:one"}})
    install("first", "def one(): ...", {PLUGINS: {"policy.one": "first:one"}})
    registry = policies()
    assert getattr(registry.get("one"), "__module__", None) == "first"
    assert "the policy 'one' of second:one is left out" in caplog.text


@pytest.mark.parametrize(
    ("module", "value", "error"),
    [
        ("raise RuntimeError('broken at import')", "outside:one", RuntimeError),
        ("", "outside:one", AttributeError),
        ("", "nowhere_to_be_found:one", ModuleNotFoundError),
    ],
)
def test_a_broken_one_raises_where_it_is_used_and_nowhere_else(
    module: str, value: str, error: type[Exception], install: Install
) -> None:
    install("outside", module, {PLUGINS: {"policy.broken": value}})
    registry = policies()
    assert registry.names() == ["auto", "broken"]
    assert "broken" in registry
    assert callable(registry.get("auto"))
    with pytest.raises(UnknownNameError, match="known: auto, broken"):
        registry.get("broke")
    for _ in range(2):
        with pytest.raises(error):
            registry.get("broken")
    assert callable(registry.get("auto"))


def test_a_found_name_is_taken_and_can_be_taken_out(install: Install) -> None:
    install("outside", "def one(): ...", {PLUGINS: {"policy.one": "outside:one"}})
    registry = policies()
    with pytest.raises(NameTakenError, match="'one' is registered already"):
        registry.register("one", object())
    registry.unregister("one")
    assert registry.names() == ["auto"]
    with pytest.raises(UnknownNameError, match="no policy 'one'"):
        registry.unregister("one")
