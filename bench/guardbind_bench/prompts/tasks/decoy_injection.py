"""Makes `decoy_injection`: one variable, filler after it, and a question for it."""

from __future__ import annotations

from guardbind_bench.prompts.tasks.binding import BindingTask

__all__ = ["DecoyInjection"]


class DecoyInjection(BindingTask):
    """`KEY=[ <t> ]`, filler, `Question: What is KEY?`, `KEY=[`.

    The competitor is a value that is never bound; only filler with decoys shows it. There is nothing else to ask for,
    so a random and a fixed question are the same.
    """

    name = "decoy_injection"
    keys = ("KEY",)
    asks = ((0, "\nQuestion: What is KEY?\n"),)
    restated = (("KEY", 0),)
