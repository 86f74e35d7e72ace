"""Draws prompts of six people's badge numbers, one of which is asked for."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from typing import Any

from guardbind.evidence import Binding

__all__ = ["Badges", "badges"]

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
        """The number that is asked for."""
        return self.held[self.asked]

    @property
    def bindings(self) -> list[Binding]:
        """What it binds."""
        return [
            Binding(f"{name}'s badge number", value, attribute="badge number", owners=(name,))
            for name, value in self.held.items()
        ]

    @property
    def target(self) -> str:
        """Key of the binding that is asked for."""
        return f"{self.asked}'s badge number"

    def is_right(self, answer: str) -> bool:
        """Whether an answer begins with the right number, and no longer one."""
        text = answer.strip()
        return text.startswith(self.right) and not text[len(self.right) :][:1].isdigit()

    def said(self, **said: Any) -> dict[str, Any]:
        """Return the settings of a request that declares what the prompt binds, and the target."""
        bindings = [
            {"key": one.key, "value": one.value, "attribute": one.attribute, "owners": list(one.owners)}
            for one in self.bindings
        ]
        return {"bindings": bindings, "target": self.target, **said}

    def body(self, **said: Any) -> dict[str, Any]:
        """Return the body of a request of completions; without settings it says nothing of the guard.

        Args:
            **said: Settings of the guard inside a vLLM engine.
        """
        body: dict[str, Any] = {"prompt": self.text, "max_tokens": 6, "temperature": 0}
        return {**body, "vllm_xargs": {"guardbind": json.dumps(self.said(**said))}} if said else body


def badges(seed: int, *, filler: int = 0, early: bool = False) -> Badges:
    """Draw one prompt.

    Args:
        seed: Draws it.
        filler: Sentences that say nothing of the facts.
        early: The facts stand before those sentences, and not behind them.

    Example:
        >>> prompt = badges(2)
        >>> prompt.asked, prompt.right, prompt.is_right(" 6048.")
        ('David', '6048', True)
    """
    draw = random.Random(seed)
    numbers, names = draw.sample(range(1000, 9999), len(NAMES)), draw.sample(NAMES, len(NAMES))
    held = {name: str(number) for name, number in zip(names, numbers, strict=True)}
    asked = draw.choice(NAMES)
    facts = "\n".join(f"{name}'s badge number is {number}." for name, number in held.items())
    question = f"What is {asked}'s badge number?\n{asked}'s badge number is"
    told = f"{facts}\n{FILLER * filler}" if early else f"{FILLER * filler}{facts}"
    return Badges(f"{told}\n{question}", held, asked)
