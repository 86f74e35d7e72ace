"""Makes the prompts of `receipts`: receipts with items, amounts of money and dates in several forms."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from guardbind_bench.prompts.texts.draft import Attribute, DraftKey, DraftTask, Message, TextDraft, Unrelated, mark
from guardbind_bench.prompts.texts.questions import system, wording
from guardbind_bench.prompts.texts.values import CURRENCIES, Draws, ValueSpelling, styles

__all__ = ["Receipts"]

_PRICE, _QUANTITY = Attribute("price", "price"), Attribute("quantity", "quantity")
_NUMBERS = (
    Attribute("receipt number", "invoice"),
    Attribute("order number", "invoice"),
    Attribute("customer number", "invoice"),
)
_DATES = (
    Attribute("date", "date"),
    Attribute("due date", "date"),
    Attribute("delivery date", "date"),
    Attribute("return date", "date"),
)
_FEES = (Attribute("delivery fee", "price"), Attribute("discount", "price"), Attribute("deposit", "price"))
_OF_ITEMS = (_PRICE, _QUANTITY, Attribute("repair fee", "price"), Attribute("stock count", "quantity"))

_OF_SHOP = (
    "What is the {attribute} on the {named} receipt?",
    "What is the {attribute} of the receipt from {named}?",
    "Please tell me the {attribute} on the receipt from {named}.",
    "Which {attribute} does the {named} receipt show?",
)
_OF_RECEIPT = (
    "What is the {attribute} on the receipt?",
    "Which {attribute} does the receipt show?",
    "Please tell me the {attribute} on this receipt.",
    "I need the {attribute} on the receipt. What is it?",
)
_OF_ITEM = (
    "What is the {attribute} of the {named}?",
    "Please tell me the {attribute} of the {named}.",
    "According to the receipt, what is the {attribute} of the {named}?",
    "I need the {attribute} of the {named}. What is it?",
)
_WHICH = (
    "Which item has the {attribute} {named}?",
    "Which item's {attribute} is {named}?",
    "Please tell me which item has a {attribute} of {named}.",
    "What did I buy with the {attribute} {named}?",
)
_WHICH_SHOP = (
    "Which shop's receipt has the {attribute} {named}?",
    "Which shop does the {attribute} {named} belong to?",
    "Please tell me which shop's receipt shows the {attribute} {named}.",
)
_BOUGHT = (
    "The {item} has the price {value}.",
    "The price of the {item} is {value}.",
    "The {item}'s price was {value}.",
)
_LAYOUTS = ("lines", "table", "mail")
_INTRO = ("Here is what I have.", "I keep my receipts here.", "This is from my mail:", "Please read this:")


class _Bought(NamedTuple):
    """An item of a receipt, and the keys of what it has."""

    item: ValueSpelling
    keys: list[int]


class _Receipt(NamedTuple):
    """A receipt: its shop, the keys of what stands on it, its items, and the currency of its amounts."""

    shop: ValueSpelling
    heads: list[int]
    items: list[_Bought]
    currency: int


@dataclass(frozen=True, slots=True)
class _Pile:
    """Receipts before they are written."""

    keys: Sequence[DraftKey]
    receipts: Sequence[_Receipt]
    layout: str
    intro: str
    tell: str | None
    joints: Sequence[str]
    """Of each key, how a mail tells it."""
    break_line: str
    between: str | None
    far: Sequence[str]

    def write(self, omit: Collection[int]) -> list[Message]:
        told = {"mail": self._mail, "table": self._table, "lines": self._lines}[self.layout]
        parts = [self.intro, *(told(receipt, omit) for receipt in self.receipts)]
        if self.between:
            parts.insert(2, self.between)
        parts += [" ".join(self.far)] if self.far else []
        return [*([Message("system", self.tell)] if self.tell else []), Message("user", "\n\n".join(parts))]

    def _mail(self, receipt: _Receipt, omit: Collection[int]) -> str:
        lines = [f"This is what I bought at {receipt.shop.text}."]
        lines += [f"The {self.keys[i].attribute.name} is {mark(i)}." for i in receipt.heads if i not in omit]
        for item, own in receipt.items:
            lines += [self.joints[i].format(item=item.text, value=mark(i)) for i in own if i not in omit]
        return " ".join(lines)

    def _headed(self, receipt: _Receipt, omit: Collection[int]) -> list[str]:
        stated = [i for i in receipt.heads if i not in omit]
        return [receipt.shop.text, *(f"{self.keys[i].attribute.name.capitalize()}: {mark(i)}" for i in stated)]

    def _table(self, receipt: _Receipt, omit: Collection[int]) -> str:
        lines = [*self._headed(receipt, omit), "", "| Item | Price | Quantity |", "|---|---|---|"]
        for item, own in receipt.items:
            cells = [mark(i) if i not in omit else "" for i in own]
            lines.append(f"| {' | '.join([item.text, *cells])} |")
        return "\n".join(lines)

    def _lines(self, receipt: _Receipt, omit: Collection[int]) -> str:
        lines = self._headed(receipt, omit)
        for item, own in receipt.items:
            lines += [f"{item.text}{self.break_line}{mark(i)}" for i in own if i not in omit]
        return "\n".join(lines)


class Receipts(DraftTask):
    """One receipt, or those of two shops: numbers, dates, fees, and the prices of items.

    They are written as lines, with a Markdown table, or told in a mail. Every amount and date comes in a form of its
    own, in one currency per receipt. Any statement is asked for as often as any other; which item has a price is also
    asked with the price in another spelling. Of two receipts what is no item's belongs to the shop.
    """

    name = "receipts"

    def _draft(self, shape: Random, draws: Draws, unrelated: Unrelated) -> TextDraft:
        keys: list[DraftKey] = []
        layout, receipts = _receipts(shape, draws, keys)
        forward = shape.random() < 0.5
        asked = shape.choice([i for i, key in enumerate(keys) if forward or key.owner])
        intro, tell, joints = shape.choice(_INTRO), system(shape), [shape.choice(_BOUGHT) for _ in keys]
        break_line = shape.choice((": ", " - ", " = "))
        between = unrelated.sentence() if len(receipts) > 1 and shape.random() < 0.5 else None
        pile = _Pile(keys, receipts, layout, intro, tell, joints, break_line, between, unrelated.far)
        named, stranger, question = _asking(shape, draws, keys[asked], forward, receipts[-1].currency)
        return TextDraft(
            keys=tuple(keys),
            asked=asked,
            direction="key_value" if forward else "value_key",
            which="only",
            write=pile.write,
            named=named,
            stranger=stranger,
            spare=_spare(keys, keys[asked]),
            question=question,
        )


def _receipts(shape: Random, draws: Draws, keys: list[DraftKey]) -> tuple[str, list[_Receipt]]:
    """Draw how the receipts are laid out and what stands on them; each value is added to `keys`."""
    two = shape.random() < 0.5
    header = [
        *shape.sample(_NUMBERS, 1 if two else 2),
        *shape.sample(_DATES, 1 if two else 2),
        *shape.sample(_FEES, 1),
    ]
    layout = shape.choice(_LAYOUTS)
    rows = shape.randrange(2, 4) if two else shape.randrange(3, 6)
    columns = (_PRICE, _QUANTITY) if layout == "table" else (_PRICE,)

    def add(owner: ValueSpelling | None, attribute: Attribute, currency: int) -> int:
        value = draws.value(attribute.kind, _style(shape, attribute.kind, currency))
        called = f"{attribute.name} of {owner.text}" if owner else attribute.name
        keys.append(DraftKey(owner, attribute, (value,), called))
        return len(keys) - 1

    receipts = []
    for _ in range(2 if two else 1):
        shop = draws.value("shop")
        currency = shape.randrange(len(CURRENCIES))
        heads = [add(shop if two else None, a, currency) for a in header]
        items = [draws.value("item") for _ in range(rows)]
        bought = [_Bought(item, [add(item, a, currency) for a in columns]) for item in items]
        receipts.append(_Receipt(shop, heads, bought, currency))
    return layout, receipts


def _asking(
    shape: Random, draws: Draws, key: DraftKey, forward: bool, currency: int
) -> tuple[str, str | None, Callable[[str, Attribute], str]]:
    """Draw the question: what it names, what it could name that is on no receipt, and its wording."""
    owner, value = key.owner, key.values[0]
    if owner is None:
        return "", None, wording(shape, _OF_RECEIPT, answers=value.kind)
    of_item = owner.kind == "item"
    if forward:
        stranger = draws.value(owner.kind).text
        return owner.text, stranger, wording(shape, _OF_ITEM if of_item else _OF_SHOP, answers=value.kind)
    again = draws.value(value.kind, _style(shape, value.kind, currency))
    # Another spelling with the currency: the sign or the code in another place.
    place = shape.choice((0, 0, 1, 2)) if value.kind in ("date", "price") else 0
    question = wording(shape, _WHICH if of_item else _WHICH_SHOP, answers=owner.kind, field=owner.kind)
    return value.forms[place], again.text, question


def _spare(keys: Sequence[DraftKey], asked: DraftKey) -> tuple[Attribute, ...]:
    """Return the attributes that could be asked for in the place of one, and that nothing on the receipts has."""
    known = {key.attribute for key in keys}
    of_item = asked.owner is not None and asked.owner.kind == "item"
    every = _OF_ITEMS if of_item else (*_NUMBERS, *_DATES, *_FEES)
    return tuple(a for a in every if a.kind == asked.attribute.kind and a not in known)


def _style(shape: Random, kind: str, currency: int) -> int:
    """Draw how a value is written; an amount in the currency of its receipt."""
    every = styles(kind)
    if kind != "price":
        return shape.randrange(every)
    each = every // len(CURRENCIES)
    return currency * each + shape.randrange(each)
