"""Reads the texts of a context: one text, documents with names, or the turns of a chat with their tool results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from guardbind.errors import ConfigError

__all__ = ["ContextText", "context_texts", "is_chat", "text_of"]

_TEXTS = ("text", "content", "page_content", "body", "snippet", "passage", "document")
_NAMES = ("id", "doc_id", "document_id", "name", "title", "index", "source", "url")
_DEEPEST = 8


class ContextText(NamedTuple):
    """One text of a context.

    Attributes:
        text: What it says.
        names: By which it can be cited.
        source: The role of its turn; None where there is none.
        document: Whether it is one of several documents, which can be cited by their place.
    """

    text: str
    names: tuple[str, ...] = ()
    source: str | None = None
    document: bool = False


def is_chat(given: object) -> bool:
    """Whether something is the messages of a chat."""
    return (
        isinstance(given, Sequence)
        and not isinstance(given, (str, bytes))
        and bool(given)
        and all(isinstance(message, Mapping) and isinstance(message.get("role"), str) for message in given)
    )


def context_texts(context: Any) -> list[ContextText]:
    """Return the texts of a context; what an assistant said in a chat is no evidence.

    Args:
        context: A text; documents as texts, as mappings with a text, or as a mapping of names to texts; or messages.

    Raises:
        ConfigError: It is nothing of these.
    """
    if isinstance(context, str):
        return [ContextText(context)]
    if isinstance(context, Mapping):
        if _text(context) is not None:
            return [_document(context)]
        # Values without a blank are those of an object: {"Bob": "4417"}.
        if context and all(isinstance(text, str) and " " in text.strip() for text in context.values()):
            return [ContextText(text, (str(name),), None, True) for name, text in context.items()]
        return [ContextText(_dumped(context))]
    if is_chat(context):
        return list(_turns(context))
    if isinstance(context, Sequence) and not isinstance(context, (bytes, bytearray)):
        return [_document(document) for document in context]
    raise ConfigError(
        f"the context is a {type(context).__name__}; a text, documents or messages are accepted.",
        hint='Give a text, ["first document", ...], {"name": "text"} or [{"role": "tool", "content": ...}].',
    )


def text_of(content: object, depth: int = 0) -> str:
    """Return the text of the content of a message, typed blocks included; tool calls and images are none."""
    if isinstance(content, str):
        return content
    if isinstance(content, Mapping) and depth < _DEEPEST:
        kind = content.get("type")
        if kind in (None, "text", "input_text", "output_text", "document"):
            found = next((content[key] for key in ("text", "content", "source", "data") if key in content), "")
            return text_of(found, depth + 1)
        return ""
    if isinstance(content, Sequence) and not isinstance(content, (bytes, bytearray)) and depth < _DEEPEST:
        return "\n\n".join(filter(None, (text_of(block, depth + 1) for block in content)))
    return ""


def _turns(messages: Sequence[Mapping[str, Any]]) -> Iterator[ContextText]:
    for message in messages:
        role, content = str(message["role"]), message.get("content")
        if role in ("tool", "function", "ipython", "environment"):
            names = tuple(str(message[key]) for key in ("tool_call_id", "id", "name") if message.get(key))
            text = _dumped(content) if isinstance(content, Mapping) else text_of(content)
            yield ContextText(text, names, "tool", True)
        elif role not in ("assistant", "model", "ai"):
            blocks = content if isinstance(content, (list, tuple)) else [content]
            for block in blocks:
                if isinstance(block, Mapping) and block.get("type") == "tool_result":
                    names = (str(block["tool_use_id"]),) if block.get("tool_use_id") else ()
                    yield ContextText(text_of(block.get("content")), names, "tool", True)
                elif isinstance(block, Mapping) and block.get("type") == "document":
                    names = (str(block["title"]),) if block.get("title") else ()
                    yield ContextText(text_of(block), names, "tool", True)
                else:
                    yield ContextText(text_of(block), (), role)


def _text(document: Mapping[str, Any]) -> str | None:
    """Return the text of a document; None where it is an object of another kind."""
    for key in _TEXTS:
        if isinstance(document.get(key), str):
            return str(document[key])
    return None


def _document(document: object) -> ContextText:
    if isinstance(document, str):
        return ContextText(document, document=True)
    if isinstance(document, Mapping):
        metadata = document.get("metadata")
        known = {**metadata, **document} if isinstance(metadata, Mapping) else document
        names = [known[key] for key in _NAMES if isinstance(known.get(key), (str, int))]
        text = _text(document)
        return ContextText(
            _dumped(document) if text is None else text, tuple(map(str, names)) if text is not None else (), None, True
        )
    return ContextText(_dumped(document), document=True)


def _dumped(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"a document of the context is no JSON: {error}.", hint="Give it as a text.") from error
