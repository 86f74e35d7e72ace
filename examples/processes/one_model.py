"""Lays one model over all GPUs of a machine, layer by layer, and guards it as it is.

python examples/processes/one_model.py [--model FOLDER] [--memory 0=20GiB 1=20GiB]
"""

from __future__ import annotations

import argparse
from typing import Any

from transformers import AutoModelForCausalLM, AutoTokenizer

from guardbind import Guard
from guardbind.model.loading import resolve

FACTS = "Alice's badge number is 4417. Bob's badge number is 8213. Carol's badge number is 3352."
PROMPT = f"{FACTS}\nQuestion: What is the badge number of Bob?\nAnswer: The badge number of Bob is"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    parser.add_argument("--memory", nargs="*", default=[], help="Most memory of a device: 0=20GiB, cpu=200MiB.")
    given = parser.parse_args()
    limits = dict(limit.split("=") for limit in given.memory)
    memory: dict[int | str, str] = {int(name) if name.isdigit() else name: size for name, size in limits.items()}

    folder = resolve(given.model)
    tokenizer = AutoTokenizer.from_pretrained(folder, padding_side="left")
    # accelerate moves activations from device to device; masks and replicas of the guard go the same way.
    model: Any = AutoModelForCausalLM.from_pretrained(
        folder, dtype="float32", device_map="auto", max_memory=memory or None, offload_folder="offload"
    )
    inputs = tokenizer(PROMPT, return_tensors="pt").to(model.device)
    out = Guard(model, tokenizer).generate(**inputs, max_new_tokens=6, do_sample=False)
    places = sorted({str(place) for place in getattr(model, "hf_device_map", {"": model.device}).values()})
    print(f"devices: {', '.join(places)} | right 8213 | guarded {out.text[0].strip()!r}")


if __name__ == "__main__":
    main()
