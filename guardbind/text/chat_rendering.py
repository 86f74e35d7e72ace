"""Renders conversations by a tokenizer's chat template, and returns what it writes around what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from guardbind.text.decode import decode

__all__ = ["CALL", "NAME", "ROLES", "SAID", "Edge", "around_user", "edges_of", "special_texts"]

ROLES = ("user", "assistant", "system", "tool")
"""Whose words a template may mark; where two are marked alike, the turn is read as that of the earlier one."""

SAID = "qzsaid{}qz"  # no word of a template, the same behind any tokenizer
CALL, NAME = "qzcall123", "qzname"  # some templates take only identifiers of nine letters and digits
_CONVERSATIONS = (
    ("user",),
    ("user", "assistant"),
    ("user", "assistant", "user"),
    ("user", "assistant", "user", "assistant"),
    ("user", "user"),
    ("system", "user"),
    ("system", "user", "assistant", "user"),
    ("user", "assistant", "tool"),
    ("user", "assistant", "tool", "assistant", "user"),
    ("user", "assistant", "tool", "tool", "assistant"),
    ("user", "call", "tool"),
    ("user", "call", "tool", "assistant", "user"),
    ("user", "call", "tool", "tool", "assistant"),
)

Edge = tuple[str | None, str | None]
"""Whose words a text stands between; None for the start or the end of a chat, "" for the end that awaits an answer."""


def special_texts(tokenizer: Any) -> frozenset[str]:
    """Return the texts of a tokenizer's special tokens, those without a role of their own included."""
    added = getattr(tokenizer, "added_tokens_decoder", {})
    own = (token.content for token in added.values() if token.special)
    return frozenset(text.strip() for text in (*tokenizer.all_special_tokens, *own) if text.strip())


def around_user(tokenizer: Any, said: str, **how: Any) -> list[str]:
    """Render what one user says, with the beginning of an answer, and return the pieces that stand around it.

    Args:
        tokenizer: A tokenizer with a chat template.
        said: Stands for what the user says; a text that the template does not hold.
        **how: Further arguments of `apply_chat_template`, such as another template.

    Returns:
        Two pieces, where the template shows the text once.

    Raises:
        Exception: Whatever the template raises.
    """
    return _render(tokenizer, [{"role": "user", "content": said}], add_generation_prompt=True, **how).split(said)


def edges_of(tokenizer: Any) -> dict[Edge, list[str]]:
    """Render conversations, and return what stands between the words of two roles, at the start and at the end.

    The key (user, "") is for the end behind which an answer begins.
    """
    edges: dict[Edge, list[str]] = {}
    for roles in _CONVERSATIONS:
        for answering in (False, True) if roles[-1] in ("user", "tool") else (False,):
            gaps = _gaps(tokenizer, roles, answering)
            spoken = [role for role in roles if role != "call"]
            for edge, gap in zip(pairwise((None, *spoken, "" if answering else None)), gaps, strict=False):
                # Between a question and the result of a tool stands the call, which is another each time.
                if "call" not in roles or edge != ("user", "tool"):
                    edges.setdefault(edge, []).append(gap)
                else:
                    edges.setdefault(("call", "tool"), []).append(gap)
    return {edge: list(dict.fromkeys(gaps)) for edge, gaps in edges.items()}


def _gaps(tokenizer: Any, roles: Sequence[str], answering: bool) -> list[str]:
    """Return the texts around what is said in one conversation; none where it does not come out as it went in."""
    said = [SAID.format(place) for place in range(len(roles))]
    call = {"id": CALL, "type": "function", "function": {"name": NAME, "arguments": {}}}
    messages: list[dict[str, Any]] = []
    for role, words in zip(roles, said, strict=True):
        if role == "call":
            messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        elif role == "tool":
            messages.append({"role": role, "content": words, "name": NAME, "tool_call_id": CALL})
        else:
            messages.append({"role": role, "content": words})
    spoken = [words for role, words in zip(roles, said, strict=True) if role != "call"]
    for text in _readings(tokenizer, messages, answering):
        places = [text.find(words) for words in spoken]
        if all(text.count(words) == 1 for words in spoken) and places == sorted(places):
            edges = [0, *(edge for at, words in zip(places, spoken, strict=True) for edge in (at, at + len(words)))]
            return [text[a:b] for a, b in zip(edges[::2], [*edges[1::2], len(text)], strict=True)]
    return []


def _readings(tokenizer: Any, messages: list[dict[str, Any]], answering: bool) -> Iterator[str]:
    """Yield a conversation as it reads when it was encoded and decoded, and as it is rendered."""
    parted = [{**message, "content": [{"type": "text", "text": message["content"]}]} for message in messages]
    for form in (messages, parted):
        try:
            text = _render(tokenizer, form, add_generation_prompt=answering)
        except Exception:  # the template does not take such a conversation; what it takes, another one tells
            continue
        ids = tokenizer.encode(text, add_special_tokens=False)
        yield decode(tokenizer, ids)
        yield text


def _render(tokenizer: Any, messages: list[dict[str, Any]], **how: Any) -> str:
    return str(tokenizer.apply_chat_template(messages, tokenize=False, **how))
