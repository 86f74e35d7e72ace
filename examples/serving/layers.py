"""Measures what each layer costs on the questions of the load: a guard that watches, one that repairs, batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from guardbind import Guard, GuardConfig
from serving.load import question

__all__ = ["run_layers"]


def run_layers(model: Any, tokenizer: Any, requests: int, batch: int, new_tokens: int = 16) -> str:
    """Return a table: seconds for all requests, and the ratio to plain `generate` one by one.

    The layers take turns on each group of requests, so that a machine that gets slower slows all of them.

    Args:
        model: The model.
        tokenizer: Its tokenizer.
        requests: How many questions.
        batch: Rows of the layers that answer in batches; `requests` is rounded down to a multiple.
        new_tokens: Tokens of each answer, neither more nor less.
    """
    how: dict[str, Any] = {"do_sample": False, "max_new_tokens": new_tokens, "min_new_tokens": new_tokens}
    observing, repairing = Guard(model, tokenizer, GuardConfig(policy="observe")), Guard(model, tokenizer)
    slots = 0

    def plain(texts: Sequence[str]) -> None:
        model.generate(**_inputs(tokenizer, texts), **how)

    def observed(texts: Sequence[str]) -> None:
        observing.generate(**_inputs(tokenizer, texts), **how)

    def repaired(texts: Sequence[str]) -> None:
        nonlocal slots
        slots += len(repairing.generate(**_inputs(tokenizer, texts), **how).report.slots)

    layers: dict[str, tuple[Callable[[Sequence[str]], None], int]] = {
        "plain generate, one by one": (plain, 1),
        "guard that observes, one by one": (observed, 1),
        "guard that repairs, one by one": (repaired, 1),
        f"plain generate, batches of {batch}": (plain, batch),
        f"guard that repairs, batches of {batch}": (repaired, batch),
    }
    spent = dict.fromkeys(layers, 0.0)
    groups = range(requests // batch)
    for group in (-1, *groups):  # the first warms up and is not counted
        texts = [question(1000 + max(group, 0) * batch + place).text for place in range(batch)]
        for name, (run, rows) in layers.items():
            began = time.perf_counter()
            for at in range(0, batch, rows):
                run(texts[at : at + rows])
            spent[name] += time.perf_counter() - began if group >= 0 else 0.0
    count, base = len(groups) * batch, spent["plain generate, one by one"]
    lines = [f"{count} requests of {new_tokens} tokens, {slots / (2 * (count + batch)):.2f} slots each"]
    lines += [f"{name:40} {seconds / count:7.3f} s each  {seconds / base:5.2f}" for name, seconds in spent.items()]
    return "\n".join(lines)


def _inputs(tokenizer: Any, texts: Sequence[str]) -> dict[str, Any]:
    chats = [
        tokenizer.apply_chat_template([{"role": "user", "content": text}], tokenize=False, add_generation_prompt=True)
        for text in texts
    ]
    return dict(tokenizer(chats, add_special_tokens=False, padding=True, return_tensors="pt"))
