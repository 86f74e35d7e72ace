"""Splits prompts between processes, each with a guarded copy of the model, and gathers answers and counts.

accelerate launch --num_processes 4 examples/processes/several_processes.py
torchrun --nproc_per_node 2 examples/processes/several_processes.py --cpu
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from accelerate.state import PartialState
from accelerate.utils import gather_object

from guardbind import Guard, GuardConfig, load

BADGES = {"Alice": "4417", "Bob": "8213", "Carol": "3352", "Dave": "9076", "Erin": "6641", "Frank": "1598"}
FACTS = " ".join(f"{name}'s badge number is {number}." for name, number in BADGES.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--records", help="File of records; all processes write to it.")
    parser.add_argument("--cpu", action="store_true", help="Talk over gloo, as machines without a GPU have to.")
    given = parser.parse_args()

    # The processes find each other by what the launcher tells them, on one machine or on several.
    state = PartialState(cpu=given.cpu)
    model: Any
    model, tokenizer = load(given.model, device=state.device)
    guard = Guard(model, tokenizer, GuardConfig(sinks=(f"jsonl:{given.records}",) if given.records else ()))

    mine: list[tuple[str, str, str]] = []
    actions: Counter[str] = Counter()
    with state.split_between_processes(list(BADGES)) as names:
        for name in names:
            prompt = f"{FACTS}\nQuestion: What is the badge number of {name}?\nAnswer: The badge number of {name} is"
            inputs = tokenizer(prompt, return_tensors="pt").to(state.device)
            out = guard.generate(**inputs, max_new_tokens=6, do_sample=False)
            mine.append((name, out.text[0].strip(), f"process {state.process_index}"))
            actions.update(slot.action for slot in out.report.slots)

    # Each process knows its own reports only; what is to be counted over all of them is gathered.
    answers: list[tuple[str, str, str]] = gather_object(mine)
    counted: list[Counter[str]] = gather_object([actions])
    if state.is_main_process:
        for name, answer, process in answers:
            print(f"{name}: right {BADGES[name]} | guarded {answer!r} | {process}")
        print(f"processes: {state.num_processes} | actions: {dict(sum(counted, Counter()))}")
    state.destroy_process_group()


if __name__ == "__main__":
    main()
