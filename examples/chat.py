"""Chats under a guard: asks for values of earlier turns, and streams the answers over one growing cache.

python examples/chat.py [--model smollm2-135m]
"""

from __future__ import annotations

import argparse
from typing import Any

import torch
from transformers import DynamicCache, TextStreamer

from guardbind import Guard, GuardConfig, load

TURNS = [
    "The order number of the lamp is 48213. The order number of the chair is 90577.",
    "The order number of the desk is 31846. The order number of the shelf is 31864. "
    "The order number of the sofa is 72205.",
    "What is the order number of the shelf?",
    "And what is the order number of the chair?",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="smollm2-135m")
    model: Any
    model, tokenizer = load(parser.parse_args().model)
    streamer = TextStreamer(tokenizer, skip_prompt=True, skip_special_tokens=True)

    messages: list[dict[str, str]] = []
    ids = torch.empty(1, 0, dtype=torch.long)
    cache = DynamicCache()
    # Told no bindings, the guard reads them in the prompt, anew in each turn.
    with Guard(model, tokenizer, GuardConfig(policy="auto")).attached() as handle:
        for said in TURNS:
            print(f"user: {said}\nassistant: ", end="", flush=True)
            messages.append({"role": "user", "content": said})
            chat = str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True))
            # What was read and written so far stays as it is, in the tokens and in the cache; the rest is new.
            new = chat.removeprefix(str(tokenizer.decode(ids[0])))
            prompt = torch.cat([ids, tokenizer(new, add_special_tokens=False, return_tensors="pt").input_ids], dim=1)
            ids = model.generate(
                prompt,
                attention_mask=torch.ones_like(prompt),
                past_key_values=cache,
                streamer=streamer,
                max_new_tokens=40,
                do_sample=False,
            )
            answer = str(tokenizer.decode(ids[0, prompt.shape[1] :], skip_special_tokens=True))
            messages.append({"role": "assistant", "content": answer})
            for slot in handle.report.slots:
                changed = f", {slot.action}: {slot.final_verdict}" if slot.action != "none" else ""
                print(f"    {slot.verdict}{changed} ({slot.reason})")


if __name__ == "__main__":
    main()
