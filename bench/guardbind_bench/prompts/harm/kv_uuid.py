"""Makes the prompts of `kv_uuid`: JSON whose keys and values are UUIDs, and a question about one key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import ClassVar

from guardbind_bench.prompts.harm.item import HarmItem, HarmTask, Said
from guardbind_bench.prompts.harm.values import HarmDraws
from guardbind_bench.prompts.harm.wordings import Wordings

__all__ = ["KvUuid"]

_SIZES = (2, 2, 3, 4, 6, 10, 16, 20)
_FORMS = ("lines", "one_line", "pretty", "list")


class KvUuid(HarmTask):
    """Two to twenty pairs of UUIDs; any key is asked for. The twin asks for a key that there is not."""

    name = "kv_uuid"
    languages: ClassVar[Sequence[str]] = ("en",)

    def item(self, shape: Random, values: HarmDraws, words: Wordings, *, answerable: bool) -> HarmItem:
        """Draw an item or its twin."""
        size, form = shape.choice(_SIZES), shape.choice(_FORMS)
        keys = [values.draw("uuid").text for _ in range(size)]
        held = [values.draw("uuid") for _ in range(size)]
        stranger, asked = values.draw("uuid").text, shape.randrange(size)
        item = HarmItem(values.language, form, size)
        pairs = [(key, item.state(key, "value", value)) for key, value in zip(keys, held, strict=True)]
        item.asked = asked if answerable else None
        item.rivals = [i for i in range(size) if i != asked or not answerable]
        key = keys[asked] if answerable else stranger
        question = shape.choice(words.phrases["kv_question"]).format(key=key)
        question += f" {tail}" if (tail := shape.choice(words.tails)) else ""
        item.begun = shape.choice(words.phrases["kv_begun"]).format(key=key)
        intro = shape.choice(words.phrases["kv_ask"])
        item.question = (0, question)
        item.messages = [Said("user", f"{intro}\n\n{_written(pairs, form)}\n\n{item.filler}{question}")]
        return item


def _written(pairs: Sequence[tuple[str, str]], form: str) -> str:
    lines = [f'{json.dumps(key)}: "{value}"' for key, value in pairs]
    match form:
        case "one_line":
            return "{" + ", ".join(lines) + "}"
        case "list":
            return "[" + ",\n ".join(f'{{"key": "{key}", "value": "{value}"}}' for key, value in pairs) + "]"
        case "pretty":
            return "{\n" + ",\n".join(f"    {line}" for line in lines) + "\n}"
    return "{" + ",\n ".join(lines) + "}"
