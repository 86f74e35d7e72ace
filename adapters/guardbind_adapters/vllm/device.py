"""Watches a batch whose requests stand in slots, and whose tokens stand on the device (vLLM's second runner)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from guardbind_adapters.vllm.monitor import EngineMonitor
from guardbind_adapters.vllm.watch import Arrival, RequestWatch, tops_of

__all__ = ["DeviceTokens", "WatchedSlots"]


class _OnDevice(Protocol):
    @property
    def gpu(self) -> Tensor: ...


class DeviceTokens(Protocol):
    """The part of vLLM's state of requests that is read."""

    @property
    def all_token_ids(self) -> _OnDevice:
        """Tokens `[slots, length]` of prompt and answer."""
        ...

    @property
    def prompt_len(self) -> _OnDevice:
        """Tokens `[slots]` of the prompt."""
        ...

    @property
    def total_len(self) -> _OnDevice:
        """Tokens `[slots]` of prompt and answer."""
        ...


@dataclass(slots=True)
class _Slotted:
    arrival: Arrival
    watch: RequestWatch | None = None
    prompt: int = 0
    begun: bool = False
    present: bool = False


class WatchedSlots:
    """The watched requests of a batch.

    Args:
        monitor: Begins, leads and ends their watches.
        tokens: The tokens of all slots.
    """

    def __init__(self, monitor: EngineMonitor, tokens: DeviceTokens) -> None:
        self._monitor = monitor
        self._tokens = tokens
        self._slots: dict[int, _Slotted] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def add(self, slot: int, arrival: Arrival | None) -> None:
        """Take note that a request has come to a slot; what stood there before has left.

        Args:
            slot: The slot.
            arrival: The request; None where it is not to be watched.
        """
        gone = self._slots.pop(slot, None)
        if gone is not None and gone.present:
            # Its tokens are overwritten only when the step begins.
            self._leave(slot, gone)
        if arrival is not None:
            self._slots[slot] = _Slotted(arrival)

    def apply(self, logits: Tensor, slots: Sequence[int], positions: Sequence[int]) -> None:
        """Look at the logits of a step, and change those of rows where a veto is due.

        Args:
            logits: Logits `[rows, vocabulary]`, changed in place.
            slots: Slot of each row.
            positions: Place of each row's newest token within its sequence; a row in the middle of a prompt is told by
                tokens that come after it, and is not looked at.
        """
        lengths = self._tokens.total_len.gpu.tolist()
        for slot, slotted in self._slots.items():
            if slotted.present and slot not in slots:
                self._leave(slot, slotted)
        due = [
            row
            for row, (slot, position) in enumerate(zip(slots, positions, strict=True))
            if slot in self._slots and position + 1 == lengths[slot]
        ]
        if not due:
            return
        for row, top in zip(due, tops_of(logits, due), strict=True):
            slot = slots[row]
            here = self._slots[slot]
            if not here.begun:
                here.begun = True
                here.prompt = int(self._tokens.prompt_len.gpu[slot])
                prompt = self._tokens.all_token_ids.gpu[slot, : here.prompt].tolist()
                here.watch = self._monitor.begin(here.arrival, prompt)
            if here.watch is not None:
                here.present = True
                self._monitor.look(here.watch, self._written(slot, here, lengths[slot]), logits[row], top)

    def _leave(self, slot: int, slotted: _Slotted) -> None:
        slotted.present = False
        if slotted.watch is not None:
            length = int(self._tokens.total_len.gpu[slot])
            self._monitor.leave(slotted.watch, self._written(slot, slotted, length))

    def _written(self, slot: int, slotted: _Slotted, length: int) -> list[int]:
        written: list[int] = self._tokens.all_token_ids.gpu[slot, slotted.prompt : length].tolist()
        return written
