"""Reads the presets that come with the bench, each at its first use."""

from __future__ import annotations

from pathlib import Path

from guardbind_bench.presets.preset import Preset, read_preset

__all__: list[str] = []


def __getattr__(name: str) -> Preset:
    path = Path(__file__).with_name(f"{name}.yaml")
    if name.startswith("_") or not path.is_file():
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return read_preset(path, checked=False)
