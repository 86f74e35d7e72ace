"""Makes the prompts of `tool_steps`: an agent that steps through a list of ids, about to call its tool again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import ClassVar, NamedTuple

from guardbind_bench.prompts.harm.item import HarmItem, HarmTask, Said
from guardbind_bench.prompts.harm.values import HarmDraws, HarmValue
from guardbind_bench.prompts.harm.wordings import Domain, FieldName, Wordings

__all__ = ["ToolSteps"]

_SIZES = (3, 4, 5, 6, 8)
_FORMS = ("in_message", "in_result", "in_records")


class _Steps(NamedTuple):
    """What is drawn for an item: the ids, what each has, and how many were read."""

    domain: Domain
    fields: list[FieldName]
    ids: list[HarmValue]
    held: list[list[HarmValue]]
    done: int


class ToolSteps(HarmTask):
    """Three to eight ids, of which some were read. The next one is right, and so is no id; one already read is wrong.

    In the twin all were read: any id is wrong.
    """

    name = "tool_steps"
    languages: ClassVar[Sequence[str]] = ("en",)

    def item(self, shape: Random, values: HarmDraws, words: Wordings, *, answerable: bool) -> HarmItem:
        """Draw an item or its twin."""
        domain = shape.choice(words.domains)
        size, form = shape.choice(_SIZES), shape.choice(_FORMS)
        fields = shape.sample(domain.fields, shape.choice((1, 2)))
        ids = [values.draw(domain.id.kind) for _ in range(size)]
        held = [[values.draw(field.kind) for field in fields] for _ in range(size)]
        done = shape.randrange(1, size)
        if not answerable:
            # The ids that are left are in no list.
            ids, held = ids[:done], held[:done]
        item = HarmItem(values.language, form, len(ids), silent=True)
        steps = _Steps(domain, fields, ids, held, done)
        ask = shape.choice(words.phrases["step_ask"]).format(noun=domain.noun, plural=domain.plural)
        item.messages = [*_listed(item, steps, ask), *_read(item, steps)]
        own = range(len(ids))
        item.asked = done if answerable else None
        item.fine = [i for i in own if i > done]
        item.rivals = [i for i in own if i < done]
        item.begun = _call(domain, "")
        return item


def _call(domain: Domain, name: str) -> str:
    arguments = f'{{"name": "get_{domain.noun}", "arguments": {{"{domain.id.key}": "'
    return f'{arguments}{name}"}}}}' if name else arguments


def _listed(item: HarmItem, steps: _Steps, ask: str) -> list[Said]:
    """Give the ids, in the user's message or as the result of a first call."""
    marks = [item.state(None, steps.domain.id.name, value) for value in steps.ids]
    if item.form == "in_message":
        item.question = (0, ask)
        return [Said("user", f"{', '.join(marks)}\n\n{item.filler}{ask}")]
    item.question = (0, ask)
    call = json.dumps({"name": f"list_{steps.domain.plural}", "arguments": {}})
    if item.form == "in_result":
        listed = "[" + ", ".join(f'"{mark}"' for mark in marks) + "]"
    else:
        listed = "[" + ", ".join(f'{{"{steps.domain.id.key}": "{mark}"}}' for mark in marks) + "]"
    return [Said("user", f"{item.filler}{ask}"), Said("assistant", call), Said("tool", listed)]


def _read(item: HarmItem, steps: _Steps) -> list[Said]:
    """Call for each id that was read, and give what it has."""
    said: list[Said] = []
    for value, held in list(zip(steps.ids, steps.held, strict=True))[: steps.done]:
        own = [f'"{steps.domain.id.key}": "{value.text}"']
        for field, what in zip(steps.fields, held, strict=True):
            mark = item.state(value.text, field.name, what)
            own.append(f'"{field.key}": {mark}' if what.bare else f'"{field.key}": "{mark}"')
        said += [Said("assistant", _call(steps.domain, value.text)), Said("tool", "{" + ", ".join(own) + "}")]
    return said
