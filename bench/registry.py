"""The tasks and fillers of the bench, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from guardbind.registry import Registry

if TYPE_CHECKING:
    from .fillers import Filler
    from .trial import TaskBuilder

__all__ = ["FILLERS", "TASKS"]

TASKS: Registry[TaskBuilder] = Registry(
    "task",
    {
        "competing_vars": "guardbind.bench.competing_vars:CompetingVars",
    },
)

FILLERS: Registry[Filler] = Registry(
    "filler",
    {
        "coherent": "guardbind.bench.fillers:coherent",
        "decoy_heavy": "guardbind.bench.fillers:decoy_heavy",
        "natural": "guardbind.bench.fillers:natural",
        "random": "guardbind.bench.fillers:random",
        "repeat": "guardbind.bench.fillers:repeat",
    },
)
