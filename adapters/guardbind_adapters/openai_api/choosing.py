"""Holds a server to one of a few values: by a grammar in one request, or by raising logits token after token."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from guardbind.errors import BackendError
from guardbind_adapters.openai_api.bodies import ChoiceStyle, choice_fields
from guardbind_adapters.openai_api.probing import chosen_value
from guardbind_adapters.openai_api.words import Words

__all__ = ["choose_by_bias", "choose_by_grammar"]

_A_TOKEN_A_BYTE = 4
"""A character has this many tokens at most."""


async def choose_by_grammar(
    written: Callable[[int, dict[str, Any]], Awaitable[str]], values: Sequence[str], style: ChoiceStyle, *, begun: bool
) -> str:
    """Return the value that a server writes which is held to them.

    Args:
        written: Returns what the server writes, in so many tokens at most and with some further fields.
        values: The values.
        style: How it is held to them.
        begun: Whether the answer has begun already.

    Raises:
        BackendError: It wrote none of them, or the way does not go with a begun answer.
    """
    if style == "json_schema" and begun:
        raise BackendError(
            "the server can be held to values in an answer of its own only, and not behind a begun one.",
            hint="Ask without the begun answer.",
        )
    room = _A_TOKEN_A_BYTE * max(len(value) for value in values) + 16
    value = chosen_value(await written(room, choice_fields(values, style)), style)
    if value is None or value not in values:
        raise BackendError("the server wrote none of the values that it was held to.", hint="Look into its log.")
    return value


async def choose_by_bias(
    one_of: Callable[[list[int], Sequence[int]], Awaitable[str]],
    words: Words,
    before: list[int],
    text: str,
    values: Sequence[str],
) -> str:
    """Return the value that a server writes whose next tokens are raised until one value is left.

    Args:
        one_of: Returns the text of the one token that is written behind some ids, out of some tokens.
        words: Turns texts into tokens.
        before: Tokens of the prompt.
        text: Its text.
        values: The values.

    Raises:
        BackendError: A value begins with another one, or joins with the prompt; or another token was written.
    """
    whole = await asyncio.gather(*(words.ids(text + value, special=False) for value in values))
    # Marks in front of the prompt are in its tokens already.
    plain = await words.ids(text, special=False)
    left = {}
    for value, ids in zip(values, whole, strict=True):
        if ids[: len(plain)] != plain or len(ids) == len(plain):
            raise BackendError(f"the value {value!r} joins with the prompt in one token.", hint="Begin it elsewhere.")
        left[value] = ids[len(plain) :]
    done: list[int] = []
    while len(left) > 1:
        if any(len(ids) == len(done) for ids in left.values()):
            raise BackendError("a value begins with another one; such values cannot be told apart by tokens.")
        allowed = sorted({ids[len(done)] for ids in left.values()})
        token = allowed[0]
        if len(allowed) > 1:
            said = await one_of([*before, *done], allowed)
            texts = await asyncio.gather(*(words.text([each]) for each in allowed))
            if said not in texts:
                raise BackendError("the server wrote another token than those that were raised.")
            token = allowed[texts.index(said)]
        done.append(token)
        left = {value: ids for value, ids in left.items() if ids[: len(done)] == done}
    return next(iter(left))
