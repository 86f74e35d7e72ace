"""Guardbind declares no entry point that vLLM reads, so that no engine of an environment loads the guard by itself."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from importlib.metadata import EntryPoint, distributions

import pytest
from paths import ROOT

GROUP = "vllm."


def declared() -> list[EntryPoint]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    scripts = {"console_scripts": project.get("scripts", {})}
    groups = {**project.get("entry-points", {}), **scripts}
    return [EntryPoint(name, value, group) for group, points in groups.items() for name, value in points.items()]


def installed() -> list[EntryPoint]:
    ours = [one for one in distributions() if (one.metadata["Name"] or "").lower().startswith("guardbind")]
    return [point for one in ours for point in one.entry_points]


def for_engines(points: list[EntryPoint]) -> list[EntryPoint]:
    return [one for one in points if one.group.startswith(GROUP)]


@pytest.mark.parametrize("points", [declared, installed])
def test_no_entry_point_is_loaded_into_every_engine(points: Callable[[], list[EntryPoint]]) -> None:
    found = points()
    assert any(one.group == "guardbind.plugins" for one in found), "no entry point of guardbind's was read at all"
    assert not for_engines(found)


def test_one_would_be_found() -> None:
    bad = EntryPoint("guard", "guardbind_adapters.vllm:GuardProcessor", "vllm.logits_processors")
    assert for_engines([*declared(), bad]) == [bad]
