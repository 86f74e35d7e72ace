"""The examples of accelerate: two processes, as on two machines, that talk over gloo; and one model, laid out."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

pytestmark = pytest.mark.real_model

EXAMPLES = ROOT / "examples" / "processes"
BADGES = {"Alice": "4417", "Bob": "8213", "Carol": "3352", "Dave": "9076", "Erin": "6641", "Frank": "1598"}


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


def test_two_machines_share_the_prompts_and_gather_what_they_counted(tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    launch = [sys.executable, "-m", "torch.distributed.run", "--nnodes", "2", "--nproc_per_node", "1"]
    launch += ["--master_addr", "127.0.0.1", "--master_port", str(free_port())]
    example = [str(EXAMPLES / "several_processes.py"), "--cpu", "--records", str(log)]
    machines = [
        subprocess.Popen([*launch, "--node_rank", str(rank), *example], cwd=tmp_path, text=True, stdout=subprocess.PIPE)
        for rank in (0, 1)
    ]
    try:
        first, second = (machine.communicate(timeout=400)[0] for machine in machines)
    finally:
        for machine in machines:
            machine.kill()
    assert [machine.returncode for machine in machines] == [0, 0]
    assert second == ""
    lines = first.splitlines()
    for (name, number), line in zip(BADGES.items(), lines, strict=False):
        assert line.startswith(f"{name}: right {number} | guarded '{number}")
    assert [line[-9:] for line in lines[:6]] == ["process 0"] * 3 + ["process 1"] * 3
    assert lines[6].startswith("processes: 2 | ")
    assert log.read_text(encoding="utf-8").count('"event":"generation"') == 6


def test_a_model_that_lies_in_several_places_is_guarded(tmp_path: Path) -> None:
    command = [sys.executable, str(EXAMPLES / "one_model.py"), "--memory", "cpu=300MiB"]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ}, text=True, capture_output=True, timeout=400)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("devices: cpu, disk | right 8213 | guarded '8213")
