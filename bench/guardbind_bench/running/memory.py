"""Tells the largest memory that this process has needed so far."""

from __future__ import annotations

import sys

import torch

__all__ = ["peak_memory"]


def peak_memory(device: torch.device) -> int | None:
    """Return the peak since the process began: of the allocator on CUDA, else of resident memory.

    Returns:
        Bytes; None where the system does not tell.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Bytes on macOS, KiB elsewhere.
    return peak if sys.platform == "darwin" else peak * 1024
