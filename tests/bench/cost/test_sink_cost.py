"""What a sink costs is measured for each of them, and every record reaches it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from guardbind.events import Event
from guardbind_adapters.jsonl import jsonl_sink
from guardbind_bench.cost.sink_cost import measure, sink_arms


def test_every_batch_reaches_the_sink_and_none_is_counted_that_set_it_up(tmp_path: Path) -> None:
    seen: list[Event] = []
    path = tmp_path / "records.jsonl"
    first, second = measure([("mine", lambda: seen.append), ("jsonl", lambda: jsonl_sink(str(path)))], batches=2)
    assert (first.sink, first.batches, len(seen)) == ("mine", 2, 300)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 300
    assert all(0 < cost.low <= cost.microseconds <= cost.high for cost in (first, second))
    assert seen[0].event == "slot" and seen[0].key is None


def test_the_command_measures_every_sink(tmp_path: Path) -> None:
    # In a process of its own: it sets global providers.
    command = [sys.executable, "-m", "guardbind_bench", "cost", "--sinks", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert [cost["sink"] for cost in json.loads(done.stdout)] == [name for name, _ in sink_arms(tmp_path)]
    assert list(tmp_path.iterdir()) == []
