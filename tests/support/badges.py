"""Draws prompts of six people's badge numbers, one of which is asked for."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

NAMES = ("Alice", "Boris", "Clara", "David", "Elena", "Frank")
FILLER = "The hall was painted last spring, and the old lamps were sold to a school in the next town. "


@dataclass(frozen=True)
class Badges:
    """One prompt.

    Attributes:
        text: The prompt; the answer's sentence is begun.
        held: Name to number, in the order of the text.
        asked: Whose number is asked for.
    """

    text: str
    held: dict[str, str]
    asked: str

    @property
    def right(self) -> str:
        return self.held[self.asked]

    def said(self, **said: Any) -> dict[str, Any]:
        """Return the settings of a request that declares what the prompt binds, and the target."""
        bindings = [
            {"key": f"{name}'s badge number", "value": value, "attribute": "badge number", "owners": [name]}
            for name, value in self.held.items()
        ]
        return {"bindings": bindings, "target": f"{self.asked}'s badge number", **said}

    def body(self, **said: Any) -> dict[str, Any]:
        """Return the body of a request of completions; without settings it says nothing of the guard."""
        body: dict[str, Any] = {"prompt": self.text, "max_tokens": 6, "temperature": 0}
        return {**body, "vllm_xargs": {"guardbind": json.dumps(self.said(**said))}} if said else body


def badges(seed: int, *, filler: int = 0) -> Badges:
    """Draw one prompt.

    Args:
        seed: Draws it.
        filler: Sentences in front of the facts that say nothing of them.
    """
    draw = random.Random(seed)
    numbers, names = draw.sample(range(1000, 9999), len(NAMES)), draw.sample(NAMES, len(NAMES))
    held = {name: str(number) for name, number in zip(names, numbers, strict=True)}
    asked = draw.choice(NAMES)
    facts = "\n".join(f"{name}'s badge number is {number}." for name, number in held.items())
    question = f"What is {asked}'s badge number?\n{asked}'s badge number is"
    return Badges(f"{FILLER * filler}{facts}\n{question}", held, asked)
