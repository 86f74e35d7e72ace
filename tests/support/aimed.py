"""Binds a prompt of a data file and asks what would be aimed at in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from plain_slots import LETTERS
from transformers import PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.evidence import Located
from guardbind.session.bound_prompt import BoundPrompt, bind_prompt
from guardbind.slots.detector import Detected
from guardbind.targets import Place

Line = Mapping[str, Any]


def bound(tokenizer: PreTrainedTokenizerBase, line: Line, twin: str) -> BoundPrompt:
    if messages := line.get(f"{twin}messages"):
        text = tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)
    else:
        text = line[f"{twin}prompt"]
    ids = tokenizer.encode(str(text), add_special_tokens=False)
    language = GuardConfig().set_language
    return bind_prompt(tokenizer, index=0, pad=0, ids=ids, items=None, declared=None, source=None, language=language)


def aimed_at(prompt: BoundPrompt, begun: str, beginning: Sequence[int] = ()) -> Located | None:
    """Return the binding that a slot takes, at the end of the prompt or behind a begun answer.

    Args:
        prompt: The prompt.
        begun: What the answer begins with.
        beginning: The bindings whose values the model is about to begin.
    """
    place = Place(begun or prompt.answer_prefix_line, begun or prompt.answer_prefix_line)
    slot = Detected("value", place, expects_value=True)
    index = prompt.resolve(slot, lambda: f" {begun}", started=bool(begun), beginning=beginning).index
    return None if index is None else prompt.table.items[index]


def value_asked(text: str) -> str | None:
    """Return the value that the question of a prompt is taken to mean, by words and without a model; None if open."""
    language = GuardConfig().set_language
    ids = LETTERS.encode(f"{text}\n")
    found = bind_prompt(LETTERS, index=0, pad=0, ids=ids, items=None, declared=None, source=None, language=language)
    index = found.agreement.asked.index
    return None if index is None else found.table.items[index].value
