"""Makes the prompts of `corrections`: statements that are replaced, denied, supposed, quoted, or of the past."""

from __future__ import annotations

import json
from random import Random

from guardbind_bench.prompts.harm.item import HarmItem, HarmTask, Said
from guardbind_bench.prompts.harm.layouts.files import program_name
from guardbind_bench.prompts.harm.records import asks, begins, called, filled, rivals
from guardbind_bench.prompts.harm.values import HarmDraws, HarmValue
from guardbind_bench.prompts.harm.wordings import Wordings

__all__ = ["Corrections"]

_KINDS = ("newer", "newer", "denied", "supposed", "quoted", "former", "reassigned")
_SIZES = (0, 1, 1, 2, 4)


class Corrections(HarmTask):
    """One value of the asked key holds, and another is replaced, denied, supposed, quoted or of the past.

    In the twin nothing holds: there is only what is denied, supposed, quoted or of the past, or the value was taken
    back. The form says which; `reassigned` are constants in code.
    """

    name = "corrections"

    def item(self, shape: Random, values: HarmDraws, words: Wordings, *, answerable: bool) -> HarmItem:
        """Draw an item or its twin."""
        domain, kind = shape.choice(words.domains), shape.choice(_KINDS)
        others = shape.choice(_SIZES)
        names = [values.draw(domain.id.kind).text for _ in range(others + 1)]
        what = shape.choice(domain.fields)
        item = HarmItem(values.language, kind, others + 1)
        plain = shape.choice(words.phrases["plain"])
        told = shape.choice(words.phrases.get(kind, ("",)))
        retracted = shape.choice(words.phrases["retracted"])
        rival, right = values.draw(what.kind), values.draw(what.kind)
        held = [values.draw(what.kind) for _ in range(others)]
        behind, way = shape.random() < 0.5, shape.random()
        question = asks(words, shape, domain, names[0], what)
        item.begun = begins(words, shape, domain, names[0], what)
        owner = called(domain, names[0])

        def state(template: str, name: str, value: HarmValue) -> str:
            mark = item.state(called(domain, name), what.name, value)
            if kind == "reassigned":
                return f"{program_name(name, what)} = {mark if value.bare else json.dumps(mark, ensure_ascii=False)}"
            return filled(template, domain, name, what, value=mark)

        around = [state(plain, name, value) for name, value in zip(names[1:], held, strict=True)]
        if kind == "newer":
            pair = [state(plain, names[0], rival)]
            pair.append(state(told, names[0], right) if answerable else filled(retracted, domain, names[0], what))
        elif kind == "reassigned":
            again = state("", names[0], right) if answerable else f"del {program_name(names[0], what)}"
            pair = [state("", names[0], rival), again]
        else:
            odd = state(told, names[0], rival)
            said = [state(plain, names[0], right)] if answerable else []
            pair = [*said, odd] if behind else [odd, *said]
        if answerable:
            item.asked = next(i for i, fact in enumerate(item.facts) if fact.value == right)
        else:
            item.missing = right.forms[:1]
        lines = _placed(shape, around, pair)
        item.rivals = rivals(item, what, "", right)
        item.rivals.sort(key=lambda i: item.facts[i].owner != owner)
        return _told(item, way, words, lines, question)


def _placed(shape: Random, around: list[str], pair: list[str]) -> list[str]:
    """Put the two statements among the others: what is newer behind what it replaces."""
    places = sorted(shape.randrange(len(around) + 1) for _ in range(2))
    lines = list(around)
    for place, text in reversed(list(zip(places, pair, strict=False))):
        lines.insert(place, text)
    return lines


def _told(item: HarmItem, way: float, words: Wordings, lines: list[str], question: str) -> HarmItem:
    """Say the lines in one message, as a list or in a row, or in turns."""
    if item.form == "reassigned":
        item.question = (0, question)
        code = "\n".join(lines)
        item.messages = [Said("user", f"```python\n{code}\n```\n\n{item.filler}{question}")]
        return item
    if way < 0.25 and len(lines) > 1:
        turns: list[Said] = []
        for line in lines:
            turns += [Said("user", line), Said("assistant", "OK.")]
        item.question = (len(turns), question)
        item.messages = [*turns, Said("user", f"{item.filler}{question}")]
        return item
    sep = "\n" if way < 0.6 else " " if words.spaced else ""
    item.question = (0, question)
    item.messages = [Said("user", f"{sep.join(lines)}\n\n{item.filler}{question}")]
    return item
