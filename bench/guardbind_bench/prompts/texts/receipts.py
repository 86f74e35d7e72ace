"""`receipts`: receipts and invoices with items, amounts of money and dates in several forms."""

from __future__ import annotations

from collections.abc import Collection
from random import Random

from guardbind_bench.prompts.texts.draft import Attribute, DraftKey, DraftTask, Message, TextDraft, Unrelated, mark
from guardbind_bench.prompts.texts.questions import system, wording
from guardbind_bench.prompts.texts.values import CURRENCIES, Draws, WrittenValue, styles

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


class Receipts(DraftTask):
    """One receipt, or those of two shops: numbers, dates, fees, and the prices of items.

    They are written as lines, with a Markdown table, or told in a mail. Every amount and date comes in a form of its
    own, in one currency per receipt. Any statement is asked for as often as any other; which item has a price is also
    asked with the price in another spelling. Of two receipts what is no item's belongs to the shop.
    """

    name = "receipts"

    def _draft(self, shape: Random, draws: Draws, unrelated: Unrelated) -> TextDraft:
        two = shape.random() < 0.5
        header = [
            *shape.sample(_NUMBERS, 1 if two else 2),
            *shape.sample(_DATES, 1 if two else 2),
            *shape.sample(_FEES, 1),
        ]
        layout = shape.choice(_LAYOUTS)
        rows = shape.randrange(2, 4) if two else shape.randrange(3, 6)
        columns = (_PRICE, _QUANTITY) if layout == "table" else (_PRICE,)
        keys: list[DraftKey] = []

        def add(owner: WrittenValue | None, attribute: Attribute, currency: int) -> int:
            value = draws.value(attribute.kind, _style(shape, attribute.kind, currency))
            called = f"{attribute.name} of {owner.text}" if owner else attribute.name
            keys.append(DraftKey(owner, attribute, (value,), called))
            return len(keys) - 1

        receipts: list[tuple[WrittenValue, list[int], list[tuple[WrittenValue, list[int]]]]] = []
        for _ in range(2 if two else 1):
            shop = draws.value("shop")
            currency = shape.randrange(len(CURRENCIES))
            heads = [add(shop if two else None, a, currency) for a in header]
            items = [draws.value("item") for _ in range(rows)]
            receipts.append((shop, heads, [(item, [add(item, a, currency) for a in columns]) for item in items]))
        forward = shape.random() < 0.5
        asked = shape.choice([i for i, key in enumerate(keys) if forward or key.owner])
        intro, tell, joint = shape.choice(_INTRO), system(shape), [shape.choice(_BOUGHT) for _ in keys]
        break_line = shape.choice((": ", " - ", " = "))
        between = unrelated.sentence() if two and shape.random() < 0.5 else None

        def write(omit: Collection[int]) -> list[Message]:
            parts = [intro]
            for shop, heads, items in receipts:
                stated = [i for i in heads if i not in omit]
                if layout == "mail":
                    lines = [f"This is what I bought at {shop.text}."]
                    lines += [f"The {keys[i].attribute.name} is {mark(i)}." for i in stated]
                    lines += [
                        joint[i].format(item=o.text, value=mark(i)) for o, own in items for i in own if i not in omit
                    ]
                    parts.append(" ".join(lines))
                    continue
                lines = [shop.text, *(f"{keys[i].attribute.name.capitalize()}: {mark(i)}" for i in stated)]
                if layout == "table":
                    lines += ["", "| Item | Price | Quantity |", "|---|---|---|"]
                    for item, own in items:
                        cells = [mark(i) if i not in omit else "" for i in own]
                        lines.append(f"| {' | '.join([item.text, *cells])} |")
                else:
                    lines += [f"{o.text}{break_line}{mark(i)}" for o, own in items for i in own if i not in omit]
                parts.append("\n".join(lines))
            if between:
                parts.insert(2, between)
            parts += [" ".join(unrelated.far)] if unrelated.far else []
            return [*([Message("system", tell)] if tell else []), Message("user", "\n\n".join(parts))]

        key = keys[asked]
        owner, value = key.owner, key.values[0]
        known = {k.attribute for k in keys}
        of_item = owner is not None and owner.kind == "item"
        spare = tuple(
            a
            for a in (_OF_ITEMS if of_item else (*_NUMBERS, *_DATES, *_FEES))
            if a.kind == key.attribute.kind and a not in known
        )
        named, stranger = "", None
        if owner is None:
            question = wording(shape, _OF_RECEIPT, answers=value.kind)
        elif forward:
            named, stranger = owner.text, draws.value(owner.kind).text
            question = wording(shape, _OF_ITEM if of_item else _OF_SHOP, answers=value.kind)
        else:
            again = draws.value(value.kind, _style(shape, value.kind, currency))
            # Another spelling with the currency: the sign or the code in another place.
            place = shape.choice((0, 0, 1, 2)) if value.kind in ("date", "price") else 0
            named, stranger = value.forms[place], again.text
            question = wording(shape, _WHICH if of_item else _WHICH_SHOP, answers=owner.kind, field=owner.kind)
        return TextDraft(
            keys=tuple(keys),
            asked=asked,
            direction="key_value" if forward else "value_key",
            which="only",
            write=write,
            named=named,
            stranger=stranger,
            spare=spare,
            question=question,
        )


def _style(shape: Random, kind: str, currency: int) -> int:
    """Draw how a value is written; an amount in the currency of its receipt."""
    every = styles(kind)
    if kind != "price":
        return shape.randrange(every)
    each = every // len(CURRENCIES)
    return currency * each + shape.randrange(each)
