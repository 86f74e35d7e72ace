"""Runs experiments on single slots over tasks of tokens and, each once, over tasks of texts, which take no filler."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.grid import GridExperiment, Options, Point
from guardbind_bench.experiments.options import check_slot_tasks
from guardbind_bench.registry import TEXT_TASKS

__all__ = ["NO_FILLER", "SlotExperiment", "fillers_of"]

NO_FILLER = "none"
"""What stands for the filler of a text task."""


def fillers_of(task: str, fillers: Sequence[str]) -> Sequence[str]:
    """Return the fillers that a task is run with.

    Example:
        >>> from guardbind_bench.experiments.shared.slots import fillers_of
        >>> fillers_of("cards", ("natural", "decoy_matched")), fillers_of("competing_vars", ("natural",))
        (('none',), ('natural',))
    """
    return (NO_FILLER,) if task in TEXT_TASKS else fillers


class SlotExperiment(GridExperiment[Options]):
    """An experiment whose cells are slots."""

    def check(self, settings: Settings, options: Options) -> None:
        """Check that tasks and fillers are registered.

        Raises:
            UnknownNameError: A task or filler is not registered.
        """
        check_slot_tasks(settings.tasks, settings.fillers)

    def points(self, settings: Settings, options: Options) -> Iterator[Point]:
        """Yield the points of the grid; of a text task those of the first filler, form of question and template."""
        first: Point | None = None
        for point in super().points(settings, options):
            if point["task"] not in TEXT_TASKS:
                yield point
                continue
            first = point if first is None or first["task"] != point["task"] else first
            if all(point[name] == first[name] for name in point if name != "k"):
                yield {**point, "filler": NO_FILLER}
