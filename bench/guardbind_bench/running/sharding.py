"""Shares the batches of a run among processes, each with a model of its own; the first one writes."""

from __future__ import annotations

import atexit
from datetime import timedelta
from functools import cache
from typing import TypeVar

import torch
from accelerate import PartialState
from accelerate.utils import broadcast_object_list, gather_object, parse_flag_from_env

from guardbind.errors import ConfigError

__all__ = ["TIMEOUT", "Team", "is_main", "own_device"]

TIMEOUT = timedelta(hours=1)
"""How long a process waits for another, so that a crash ends all of them: longer than any batch or summing up."""

T = TypeVar("T")


def is_main() -> bool:
    """Whether this is the process that writes and speaks; the only one, unless a launcher started more."""
    return Team().is_main


@cache
def _joined() -> PartialState:
    # Without `cpu` accelerate takes processes on the CPU for strangers.
    cpu = parse_flag_from_env("ACCELERATE_USE_CPU") or not torch.accelerator.is_available()
    state = PartialState(cpu=cpu, timeout=TIMEOUT)
    # A process that ends while the threads of its group still run is aborted now and then.
    atexit.register(state.destroy_process_group)
    return state


def own_device(device: str | None) -> str | None:
    """Return where this process puts its model: of several processes each has a device of its own.

    Args:
        device: What was asked for; None for the default.

    Raises:
        ConfigError: Several processes cannot share what was asked for.
    """
    team = Team()
    if team.size == 1 or device == "cpu":
        return device
    if device not in (None, "cuda"):
        raise ConfigError(
            f"{team.size} processes were started for the device {device!r}; with more than one, each takes its own.",
            hint="Leave --device out, or start a single process.",
        )
    return str(team.device)


class Team:
    """The processes of a run, as `accelerate launch` or `torchrun` started them; one without a launcher.

    On the CPU only `torchrun` starts more than one.
    """

    def __init__(self) -> None:
        self._state = _joined()

    @property
    def size(self) -> int:
        """Number of processes."""
        return int(self._state.num_processes)

    @property
    def rank(self) -> int:
        """Which one this is."""
        return int(self._state.process_index)

    @property
    def device(self) -> torch.device:
        """The device of this process."""
        return torch.device(self._state.device)

    @property
    def is_main(self) -> bool:
        """Whether it is the one that writes."""
        return self.rank == 0

    def share(self, value: T) -> T:
        """Return the main process's value on all of them."""
        held: list[T] = [value]
        broadcast_object_list(held)
        return held[0]

    def gather(self, value: T) -> list[T]:
        """Return the values of all processes on all of them, by rank."""
        gathered: list[T] = gather_object([value])
        return gathered
