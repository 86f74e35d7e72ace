"""When a value is about to be written: one rule per file, each registered by its name."""

from __future__ import annotations

from guardbind.registry import Registry
from guardbind.slots.types import Moment, SlotRule

__all__ = ["SLOTS", "Moment", "SlotRule"]

SLOTS: Registry[SlotRule] = Registry(
    "slot rule",
    {
        "automatic": "guardbind.slots.automatic:automatic",
        "cell": "guardbind.slots.cell:cell",
        "field": "guardbind.slots.field:field",
        "key_phrase": "guardbind.slots.key_phrase:key_phrase",
        "line_end": "guardbind.slots.prompt:line_end",
        "prompt_end": "guardbind.slots.prompt:prompt_end",
    },
)
