"""Starts one vLLM engine with the demo weights for tests, or uses one that runs already.

`GUARDBIND_VLLM_URL` and `GUARDBIND_VLLM_RECORDS` name an engine that was started by hand, with the flags that
`Engine.start` gives, and the file that its records go to.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

NAME = "smollm2-135m"
ROWS, CHUNK, BLOCK = 8, 256, 32
STARTS_WITHIN = 1800  # seconds; on a busy machine the three processes of an engine take minutes to import vLLM


@dataclass
class Engine:
    """A running engine.

    Attributes:
        url: Where it listens, without a path.
        records: The file that its records go to.
    """

    url: str
    records: Path

    @staticmethod
    def command(model: str, port: int, records: Path) -> list[str]:
        return [
            *(sys.executable, "-m", "vllm.entrypoints.openai.api_server", "--model", model),
            *("--served-model-name", NAME, "--host", "127.0.0.1", "--port", str(port), "--dtype", "float32"),
            *("--enforce-eager", "--max-model-len", "4096", "--max-num-seqs", str(ROWS), "--block-size", str(BLOCK)),
            *("--max-num-batched-tokens", str(CHUNK), "--enable-prompt-tokens-details", "--max-logprobs", "40"),
            *("--logits-processors", "guardbind_adapters.vllm:GuardProcessor"),
            *("--additional-config", json.dumps({"guardbind": {"sinks": [f"jsonl:{records}"]}})),
        ]

    def of(self, said: str, *, wait: float = 30) -> list[dict[str, Any]]:
        """Return the records of a request, as soon as the one of its end is there."""
        until = time.monotonic() + wait
        while True:
            lines = self.records.read_text(encoding="utf-8").splitlines() if self.records.exists() else []
            found = [record for line in lines if (record := json.loads(line))["provenance"]["generation"] == said]
            if (found and found[-1]["event"] == "generation") or time.monotonic() > until:
                return found
            time.sleep(0.1)

    def post(self, path: str, **body: Any) -> tuple[int, Any]:
        """Send one request to the engine's API."""
        sent = urllib.request.Request(
            self.url + path, json.dumps({"model": NAME, **body}).encode(), {"Content-Type": "application/json"}
        )
        try:
            with urllib.request.urlopen(sent, timeout=300) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())


def running(folder: Path) -> Iterator[Engine]:
    """Yield an engine, and stop it afterwards if it was started here.

    Args:
        folder: Where its records and its log go.
    """
    if url := os.environ.get("GUARDBIND_VLLM_URL"):
        yield Engine(url.rstrip("/"), Path(os.environ["GUARDBIND_VLLM_RECORDS"]))
        return
    from guardbind.model.loading import resolve

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Engine(f"http://127.0.0.1:{port}", folder / "records.jsonl")
    settings = {"VLLM_CPU_KVCACHE_SPACE": "2", "VLLM_NO_USAGE_STATS": "1", "HF_HUB_OFFLINE": "1"}
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            Engine.command(resolve(NAME), port, made.records), env={**os.environ, **settings}, stdout=log, stderr=log
        )
    try:
        _until_it_listens(made, process, folder / "log.txt")
        yield made
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()


def _until_it_listens(engine: Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"the engine did not start:\n{log.read_text(errors='replace')[-4000:]}")
        try:
            with urllib.request.urlopen(f"{engine.url}/health", timeout=5):
                return
        except OSError:
            time.sleep(1)
    pytest.fail(f"the engine did not start within {STARTS_WITHIN} s:\n{log.read_text(errors='replace')[-4000:]}")
