"""Finds out whether a chat goes on with a begun answer, or begins another one without saying so."""

from __future__ import annotations

from guardbind.backends.sending import Answered, Sender
from guardbind.errors import BackendError, ContextLengthError
from guardbind_adapters.openai_api.bodies import CHAT, BeginStyle, LengthField, chat_body
from guardbind_adapters.openai_api.replies import Reply, read_chat

__all__ = ["begun_style"]

_ASK = ({"role": "user", "content": "Say the alphabet, the letters parted by commas."},)
_BEGUN = "a, b, c, d, e"
_STYLES: tuple[BeginStyle, ...] = ("continue_final_message", "prefix", "last_turn")
_LENGTH = 8


async def begun_style(sender: Sender, model: str, length: LengthField) -> BeginStyle | None:
    """Return how the server is told to go on with a begun answer, or None where it is not seen to do so.

    It does so where three things hold, each of which a server that opens a new turn, or that drops the begun answer,
    does not keep: the answer does not begin again; the begun answer has no more tokens than it has letters, so that no
    marks of a turn stand around it; and what it writes behind more of its own text is the rest of that text.

    Args:
        sender: Sends the requests.
        model: Name of the model.
        length: The field of the length.
    """
    plain = await _asked(sender, model, length, "", None)
    for style in _STYLES:
        first = await _asked(sender, model, length, _BEGUN, style)
        if first is None or not first.value.text or _begins_again(first.value.text):
            continue
        one = await _asked(sender, model, length, "a", style)
        if not _stands_alone(plain, one):
            continue
        if await _goes_on(sender, model, length, style, first.value.text):
            return style
    return None


async def _asked(
    sender: Sender, model: str, length: LengthField, begun: str, style: BeginStyle | None
) -> Answered[Reply] | None:
    body = chat_body(model, _ASK, begun=begun, style=style, most=_LENGTH, length=length)
    try:
        return await sender.send(CHAT, body, read_chat, cached=False, attempts=2)
    except (BackendError, ContextLengthError):
        return None


def _begins_again(text: str) -> bool:
    return text.lstrip(" \"'*\n").lower().startswith(_BEGUN[:4])


def _stands_alone(plain: Answered[Reply] | None, one: Answered[Reply] | None) -> bool:
    """Whether a begun answer of one letter makes the prompt longer by that letter, where the server counts."""
    if one is None:
        return False
    before = None if plain is None else plain.spent.prompt_tokens
    after = one.spent.prompt_tokens
    return before is None or after is None or 1 <= after - before <= 2


async def _goes_on(sender: Sender, model: str, length: LengthField, style: BeginStyle, text: str) -> bool:
    # A template may trim white space at the end of a message, which would shift what follows.
    for cut in range(1, len(text)):
        if text[:cut].strip() and not text[cut - 1].isspace() and text[cut].isspace():
            break
    else:
        cut = max(1, len(text) // 2)
    more = await _asked(sender, model, length, _BEGUN + text[:cut], style)
    rest = text[cut:]
    return more is not None and bool(rest) and more.value.text.startswith(rest[: max(1, len(rest) - 2)])
