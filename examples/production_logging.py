"""Logs diagnostics in production: a verdict for every slot, nothing changed, no prompt text in the log.

python examples/production_logging.py [--model smollm2-135m] [--log guardbind.jsonl]
"""

from __future__ import annotations

import argparse
import json
import logging
from collections import Counter
from pathlib import Path

from guardbind import Binding, Guard, GuardConfig, load

PROMPTS = [
    "region=[ north ]\nstatus=[ green ]\nowner=[ maria ]\nQuestion: What is status?\nstatus=[",
    "region=[ south ]\nstatus=[ red ]\nowner=[ peter ]\nQuestion: What is region?\nregion=[",
    "region=[ west ]\nstatus=[ blue ]\nowner=[ julia ]\nQuestion: What is owner?\nowner=[",
]
VALUES = [("north", "green", "maria"), ("south", "red", "peter"), ("west", "blue", "julia")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--log", type=Path, default=Path("guardbind.jsonl"))
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    model, tokenizer = load(options.model)

    # `observe` gives the full verdict and does nothing about it: the way to learn how often an application fails.
    guard = Guard(model, tokenizer, GuardConfig(policy="observe", sinks=(f"jsonl:{options.log}", "logging")))
    bindings = [[Binding(k, v) for k, v in zip(("region", "status", "owner"), row, strict=True)] for row in VALUES]

    inputs = tokenizer(PROMPTS, return_tensors="pt", padding=True)  # guardbind.load pads on the left
    out = guard.generate(**inputs, bindings=bindings, max_new_tokens=4, do_sample=False)
    print("answers:", out.text)

    records = [json.loads(line) for line in options.log.read_text(encoding="utf-8").splitlines()]
    slots = [record for record in records if record["event"] == "slot"]
    print("verdicts:", dict(Counter(slot["verdict"] for slot in slots)))
    print("prompt text in the log:", any(slot["token_text"] or slot["key"] for slot in slots))


if __name__ == "__main__":
    main()
