"""Attaches a guard around code that is not ours: here, a transformers pipeline.

python examples/attach_pipeline.py [--model smollm2-135m]
"""

from __future__ import annotations

import argparse
from typing import Any

from transformers import pipeline

from guardbind import Binding, Guard, GuardConfig, load

ORDERS = {"A-17": "shipped", "B-20": "returned", "C-31": "cancelled"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    model: Any
    tokenizer: Any
    model, tokenizer = load(parser.parse_args().model)
    answer = pipeline("text-generation", model=model, tokenizer=tokenizer)

    facts = "\n".join(f"Order {number}: {state}" for number, state in ORDERS.items())
    guard = Guard(model, tokenizer, GuardConfig(policy="auto"))
    bindings = [Binding(f"Order {number}", state) for number, state in ORDERS.items()]

    with guard.attached(bindings) as handle:
        for number in ORDERS:
            prompt = f"{facts}\n\nWhich state has order {number}?\nOrder {number}:"
            text = answer(prompt, max_new_tokens=3, do_sample=False, return_full_text=False)[0]["generated_text"]
            slot = handle.report.slots[0]
            print(f"Order {number}: {text!r}  verdict {slot.verdict}, action {slot.action}")
    # The pipeline and the model are as they were: nothing is left attached.


if __name__ == "__main__":
    main()
