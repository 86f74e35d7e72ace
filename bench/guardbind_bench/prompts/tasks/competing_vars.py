"""Makes `competing_vars`: two variables, filler after each, and a question for one of them."""

from __future__ import annotations

from guardbind_bench.prompts.tasks.binding import BindingTask

__all__ = ["CompetingVars"]


class CompetingVars(BindingTask):
    """`KEY1=[ <v1> ]`, filler, `KEY2=[ <v2> ]`, filler, `Question: What is KEY1?`, `KEY1=[`.

    The competitor is the value of the other key. The paper always asks for KEY1, where the order of the two alone tells
    which value is right; by default the asked key is drawn at random.
    """

    name = "competing_vars"
    keys = ("KEY1", "KEY2")
    asks = ((0, "\nQuestion: What is KEY1?\n"), (1, "\nQuestion: What is KEY2?\n"))
    restated = (("KEY1", 0), ("KEY2", 1))
