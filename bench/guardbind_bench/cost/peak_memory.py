"""Measures the peak of the memory that a piece of work allocates on top of what was there when it began.

On CUDA it is read off `torch.cuda.max_memory_allocated`, on the CPU computed from the allocations that `torch.profiler`
records: exact for tensors and whatever else goes through torch's allocator, blind to the scratch space that libraries
take past it.
"""

from __future__ import annotations

import gc
import itertools
import json
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch.profiler import ProfilerActivity, profile, record_function

from guardbind.errors import ConfigError

__all__ = ["METHODS", "peak_bytes"]

METHODS = {"cpu": "allocations recorded by torch.profiler", "cuda": "torch.cuda.max_memory_allocated"}
"""Type of device to how its memory is measured."""


def peak_bytes(pieces: Sequence[Callable[[], None]], device: torch.device) -> list[int]:
    """Run pieces of work, in order, and return the peak of each in bytes.

    On the CPU, memory that was allocated before the first piece is not seen to be freed.

    Raises:
        ConfigError: Memory cannot be measured on the device.
    """
    if device.type not in METHODS:
        raise ConfigError(f"memory cannot be measured on {device}; {' and '.join(METHODS)} are accepted.")
    return [_cuda_peak(piece, device) for piece in pieces] if device.type == "cuda" else _cpu_peaks(pieces)


def _cuda_peak(piece: Callable[[], None], device: torch.device) -> int:
    # Garbage that is collected midway would look like room that was made.
    gc.collect()
    torch.cuda.reset_peak_memory_stats(device)
    before = torch.cuda.memory_allocated(device)
    piece()
    return torch.cuda.max_memory_allocated(device) - before


def _cpu_peaks(pieces: Sequence[Callable[[], None]]) -> list[int]:
    names = [f"peak_bytes {index}" for index in range(len(pieces))]
    # All in one recording: memory that one piece allocates and another frees is then seen by both.
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recording:
        for name, piece in zip(names, pieces, strict=True):
            gc.collect()
            with record_function(name):
                piece()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        recording.export_chrome_trace(str(path))
        events = json.loads(path.read_text(encoding="utf-8"))["traceEvents"]
    changes = sorted((event["ts"], event["args"]["Bytes"]) for event in events if event.get("name") == "[memory]")
    starts = {event.get("name"): event["ts"] for event in events if event.get("name") in names}
    bounds = [*(starts[name] for name in names), float("inf")]
    return [
        max(itertools.accumulate((size for at, size in changes if start <= at < end), initial=0))
        for start, end in itertools.pairwise(bounds)
    ]
