"""The bench: tasks, experiments, reference tables and reports, imported as `guardbind.bench`."""

from __future__ import annotations

# Under both names there would be two module objects, and two of every registry.
if __name__ == "bench":
    raise ImportError("the bench is imported as guardbind.bench, and run as `python -m guardbind.bench`")
