"""Checks the contract of a slot rule on texts of many kinds, without a model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from guardbind.slots import Moment
from guardbind.slots.rule import SlotFinder, as_slot_rule
from guardbind.targets import Place
from guardbind.testing.claims import claim

__all__ = ["check_slot_rule", "example_moments"]

_TEXTS = (
    "",
    " ",
    "\n",
    "The badge number of Bob is",
    "The badge number of Bob is 4417. The badge number of Erin is",
    '{"name": "Bob", "badge": "',
    "| name | badge |\n| --- | --- |\n| Bob | ",
    "KEY1=[",
    "Die Nummer lautet",
    "番号は",
    "e\u0301\u200b\ufeff\U0001f600",
    "a\r\nb\u2028c",
    "x" * 20_000,
    "(" * 500,
)
_TOKEN = 7
_WORD = re.compile(r"\w+")


def example_moments() -> Iterator[Moment]:
    """Yield moments of decoding: behind each of many texts, at the first token and later, before a value and not."""
    for text in _TEXTS:
        for step in (0, 9):
            for token in (_TOKEN, 1):
                yield _moment(text, step, token)


def check_slot_rule(rule: SlotFinder) -> None:
    """Check that a slot rule keeps its contract, on texts of many kinds.

    It returns a place or None, and the same when it is asked again; it raises nothing, whatever the text; what it says
    stands before the slot does stand there: what is asked as one piece, of whom as words, which may be collected from
    around the slot; its attributes, if it has them, are a number and flags.

    Args:
        rule: The rule, or a plain callable as `GuardConfig.slots` takes it.

    Raises:
        ContractError: A sentence of the contract that does not hold.

    Example:
        >>> from guardbind.registry import SLOTS
        >>> check_slot_rule(SLOTS.get("key_phrase"))
    """
    for name, kind in (("order", int), ("expects_value", bool), ("sees_token", bool), ("begins_answer", bool)):
        value = getattr(rule, name, kind())
        claim(isinstance(value, kind), f"{name} of a slot rule is a {kind.__name__}.", value)
    complete = as_slot_rule(rule)
    for moment in example_moments():
        text = moment.text()
        shown = f"{text[:40]!r}, step {moment.step}"
        try:
            place, again = complete(moment), complete(moment)
        except Exception as error:
            claim(False, f"a slot rule raises nothing, whatever the text ({shown}).", error)
            raise
        claim(place is None or isinstance(place, Place), f"a slot rule returns a Place or None ({shown}).", place)
        claim(place == again, f"asked again, a slot rule says the same ({shown}).", (place, again))
        if place is not None:
            claim(place.asks in text or place.asks.strip() in text, f"a place quotes the text ({shown}).", place)
            words = _WORD.findall(place.about)
            claim(all(word in text for word in words), f"words of a place are words of the text ({shown}).", place)
        if complete.begins_answer and moment.step > 0:
            claim(place is None, f"a rule that only begins answers finds no slot later ({shown}).", place)


def _moment(text: str, step: int, token: int) -> Moment:
    def line() -> str:
        return text.rpartition("\n")[2]

    return Moment(
        step=step,
        stops_mid_line=bool(line()),
        last=text[-1:],
        line=line,
        generated=lambda: text if step else "",
        text=lambda: text,
        token=token,
        starts=frozenset({_TOKEN}),
        inside_word=lambda: text[-1:].isalnum(),
        names_key=lambda said: "badge" in said or "KEY" in said,
    )
