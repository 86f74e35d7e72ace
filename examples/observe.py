"""Runs a guarded model under a small load and exposes its metrics for Prometheus, with a log that rotates beside.

python examples/observe.py [--model smollm2-135m] [--port 9464] [--prompts 0] [--log guardbind.jsonl]
"""

from __future__ import annotations

import argparse
import itertools
import random
import urllib.request
from collections.abc import Iterator
from typing import Any

from opentelemetry import metrics
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import start_http_server
from transformers import TextStreamer

from guardbind import Guard, GuardConfig, load

NAMES = ("Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi")
# How a fact is said, and how it is asked for.
FORMS = (
    ("{name}'s badge number is {value}.", "Q: What is {name}'s badge number?\nA: {name}'s badge number is"),
    ("{name} lives in room {value}.", "Q: In which room does {name} live?\nA: {name} lives in room"),
    ("name: {name}, locker: {value}\n", "What is the locker of {name}?\nlocker:"),
)


class Unseen(TextStreamer):
    """A streamer as a server has one, which shows nothing here."""

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """Show nothing."""


def prompts(seed: int = 0) -> Iterator[str]:
    """Yield prompts of three to eight facts; one in eight asks for somebody who is not there."""
    draw = random.Random(seed)
    while True:
        fact, question = draw.choice(FORMS)
        names = draw.sample(NAMES, draw.randint(3, len(NAMES)))
        values = draw.sample(range(1000, 9999), len(names))
        facts = " ".join(fact.format(name=name, value=value) for name, value in zip(names, values, strict=True))
        asked = "Zoe" if draw.random() < 1 / 8 else draw.choice(names)
        yield f"{facts}\n{question.format(name=asked)}"


def total(url: str, name: str) -> float:
    """Add up the series of one counter, as an endpoint exposes them."""
    with urllib.request.urlopen(url) as answer:
        lines = answer.read().decode().splitlines()
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--port", type=int, default=9464, help="0: any that is free")
    parser.add_argument("--prompts", type=int, default=0, help="how many are answered; 0: until Ctrl+C")
    parser.add_argument("--log", default="guardbind.jsonl")
    options = parser.parse_args()

    # The application says where metrics go; traces and events would have providers of their own.
    metrics.set_meter_provider(MeterProvider(metric_readers=[PrometheusMetricReader()]))
    server, _ = start_http_server(options.port, addr="127.0.0.1")
    url = f"http://127.0.0.1:{server.server_port}/metrics"
    print(f"metrics: {url}", flush=True)

    model, tokenizer = load(options.model)
    log = f"queued:jsonl:{options.log}?max_size=10MB&keep=5"
    guard = Guard(model, tokenizer, GuardConfig(sinks=("otel", log)))
    answered = 0
    try:
        for prompt in itertools.islice(prompts(), options.prompts or None):
            inputs: Any = tokenizer(prompt, return_tensors="pt")
            guard.generate(**inputs, max_new_tokens=8, do_sample=False, streamer=Unseen(tokenizer, skip_prompt=True))
            answered += 1
    except KeyboardInterrupt:
        pass
    for name in ("generations", "slots", "interventions", "records_dropped"):
        print(f"{name}: {total(url, f'guardbind_{name}_total'):.0f}")
    print("answered:", answered)
    server.shutdown()


if __name__ == "__main__":
    main()
