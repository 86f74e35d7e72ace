"""Runs `guardbind bench` as `python -m guardbind_bench`, the form that `accelerate launch -m` starts."""

from __future__ import annotations

from guardbind_bench.cli import bench

if __name__ == "__main__":
    bench(prog_name="python -m guardbind_bench")
