"""Guards an application's own call of `generate`.

python examples/wrap_generate.py [--model smollm2-135m]
"""

from __future__ import annotations

import argparse
from typing import Any

from guardbind import Binding, Guard, GuardConfig, load

BADGES = {"Alice": "4417", "Bob": "8213", "Carol": "3352", "Dave": "9076", "Erin": "6641", "Frank": "1598"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    model: Any
    model, tokenizer = load(parser.parse_args().model)

    facts = " ".join(f"{name}'s badge number is {number}." for name, number in BADGES.items())
    guard = Guard(model, tokenizer, GuardConfig(policy="auto"))

    for name, number in BADGES.items():
        prompt = f"{facts}\nQuestion: What is the badge number of {name}?\nAnswer: The badge number of {name} is"
        inputs = tokenizer(prompt, return_tensors="pt")
        settings: dict[str, Any] = {"max_new_tokens": 6, "do_sample": False}

        plain = model.generate(**inputs, **settings)
        before = tokenizer.decode(plain[0, inputs.input_ids.shape[1] :], skip_special_tokens=True)

        # What the prompt says, and nothing else: the guard finds the target in the question.
        bindings = [Binding(key, value) for key, value in BADGES.items()]
        out = guard.generate(**inputs, bindings=bindings, **settings)

        actions = ", ".join(slot.action for slot in out.report.slots)
        print(f"{name}: right {number} | unguarded{before!r:>12} | guarded{out.text[0]!r:>12} | actions: {actions}")


if __name__ == "__main__":
    main()
