from __future__ import annotations

import fractions
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import EntryPoint

import pytest

import guardbind.registry as registry_module
from guardbind.errors import UnknownNameError
from guardbind.registry import Registry


@pytest.fixture
def codecs() -> Registry[object]:
    return Registry("codec", {"json": "json:dumps", "fraction": "fractions:Fraction", "absent": "no_such_module:x"})


def test_names_are_sorted_and_iterable(codecs: Registry[object]) -> None:
    assert codecs.names() == ["absent", "fraction", "json"] == list(codecs)


def test_membership_knows_names_only(codecs: Registry[object]) -> None:
    assert "json" in codecs
    assert "json:dumps" not in codecs
    assert 3 not in codecs


def test_get_imports_the_object_and_returns_the_same_one_again(codecs: Registry[object]) -> None:
    assert codecs.get("fraction") is fractions.Fraction
    assert codecs.get("fraction") is codecs.get("fraction")


def test_nothing_is_imported_before_get(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    registry: Registry[object] = Registry("sound", {"wave": "wave:open"})
    assert "wave" in registry
    assert "wave" not in sys.modules
    registry.get("wave")
    assert "wave" in sys.modules


def test_a_broken_entry_raises_its_own_import_error(codecs: Registry[object]) -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        codecs.get("absent")


def test_a_miss_suggests_the_nearest_name_and_lists_the_known(codecs: Registry[object]) -> None:
    with pytest.raises(UnknownNameError, match=r"no codec 'jsno'; known: absent, fraction, json") as caught:
        codecs.get("jsno")
    assert caught.value.hint is not None
    assert "'json'" in caught.value.hint


def test_a_far_miss_suggests_nothing(codecs: Registry[object]) -> None:
    assert codecs.miss("zzzzzz").hint is None


def test_register_adds_an_object_or_a_string(codecs: Registry[object]) -> None:
    thing = object()
    codecs.register("thing", thing)
    codecs.register("text", "textwrap:dedent")
    assert codecs.get("thing") is thing
    assert callable(codecs.get("text"))


def test_register_refuses_a_taken_name_and_keeps_the_first(codecs: Registry[object]) -> None:
    with pytest.raises(ValueError, match=r"'json' is registered already as 'json:dumps'"):
        codecs.register("json", "pickle:dumps")
    assert codecs.get("json") is json.dumps


def test_two_registries_share_nothing() -> None:
    entries: dict[str, str] = {}
    first: Registry[object] = Registry("a", entries)
    second: Registry[object] = Registry("b", entries)
    first.register("x", object())
    assert "x" not in second
    assert entries == {}


def test_a_thread_that_asks_while_names_are_looked_for_waits_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    looking, found = threading.Event(), threading.Event()

    def slow(*, group: str) -> tuple[EntryPoint, ...]:
        looking.set()
        assert found.wait(60)
        return (EntryPoint("codec.late", "json:JSONEncoder", group),)

    monkeypatch.setattr(registry_module, "entry_points", slow)
    late: Registry[object] = Registry("codec", {})
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(late.get, "late")
        assert looking.wait(60)
        second = pool.submit(late.get, "late")
        assert not second.done()
        found.set()
        assert first.result(60) is second.result(60) is json.JSONEncoder
