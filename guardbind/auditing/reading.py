"""Reads a trace: JSON with claims, a text with citations, or a chat whose last turn is the answer."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from guardbind.auditing.citations import find_citations, without_citations
from guardbind.auditing.context import is_chat, text_of
from guardbind.auditing.names import SpanNames
from guardbind.auditing.sentences import claims_of_text
from guardbind.auditing.settings import AuditConfig
from guardbind.auditing.trace import AuditTrace, TraceClaim, TraceFormat
from guardbind.errors import ConfigError
from guardbind.text.language import Language

__all__ = ["GivenTrace", "given_trace", "read_trace"]

_CLAIMS = ("claims", "steps", "trace", "statements", "reasoning", "thoughts", "facts")
_TEXTS = ("text", "claim", "statement", "content", "sentence", "step", "thought", "fact")
_CITES = (
    "citations",
    "cites",
    "cited",
    "spans",
    "sources",
    "evidence",
    "references",
    "refs",
    "source",
    "support",
    "span",
)
_SURE = ("confidence", "probability", "certainty", "p", "score")
_KINDS = ("kind", "type")
_ANSWERS = ("answer", "final_answer", "final", "conclusion", "response", "output", "completion")
_ASKED = ("question", "query", "prompt", "input", "task")
_CONTEXTS = ("context", "contexts", "documents", "docs", "passages", "chunks", "messages", "tool_results")
_NAMES = (
    "id",
    "span",
    "span_id",
    "index",
    "doc",
    "document",
    "document_id",
    "document_index",
    "source",
    "name",
    "title",
)
_MOST_CITES = 64
_BEGINS = re.compile(r'\{\s*("|\Z)|\[\s*[{"]')


class GivenTrace(NamedTuple):
    """A trace as it was given, before its citations are resolved.

    Attributes:
        data: The claims, where the trace lists them; else None.
        answer: The text that was written.
        final: The conclusion, where the trace names one.
        question: What was asked.
        context: What the trace brings as its context; None where it brings none.
        chat: Whether it is a chat.
        trace: A trace that has been read already.
    """

    data: Sequence[Any] | None = None
    answer: str = ""
    final: str | None = None
    question: str | None = None
    context: Any = None
    chat: bool = False
    trace: AuditTrace | None = None

    def asking(self, question: str) -> GivenTrace:
        """Return the trace as the answer to a question."""
        trace = None if self.trace is None else self.trace.model_copy(update={"question": question})
        return self._replace(question=question, trace=trace)


def given_trace(given: Any) -> GivenTrace:
    """Tell what a trace is.

    Args:
        given: An `AuditTrace`; a mapping with claims or an answer; a list of claims; the messages of a chat; or a text,
            which may be the JSON of one of these.

    Raises:
        ConfigError: It is nothing of these, or a text that begins as JSON and is none.
    """
    if isinstance(given, AuditTrace):
        return GivenTrace(trace=given, question=given.question)
    if isinstance(given, str):
        data = _parsed(given)
        return GivenTrace(answer=given) if data is None else given_trace(data)
    if is_chat(given):
        return _of_chat(given)
    if isinstance(given, Mapping):
        context = next((given[key] for key in _CONTEXTS if given.get(key)), None)
        if is_chat(given.get("messages")) and not any(given.get(key) for key in (*_CLAIMS, *_ANSWERS)):
            return _of_chat(given["messages"])
        listed = next((given[key] for key in _CLAIMS if isinstance(given.get(key), list)), None)
        written = next((text_of(given[key]) for key in _ANSWERS if given.get(key)), "")
        asked = next((given[key] for key in _ASKED if isinstance(given.get(key), str)), None)
        if listed is None and not written:
            raise ConfigError(
                f"the trace is an object with {', '.join(map(repr, list(given)[:8])) or 'nothing'}; "
                "'claims' or 'answer' is needed.",
                hint='Write {"claims": [{"text": "...", "citations": ["S1"]}], "answer": "..."}.',
            )
        return GivenTrace(listed, "" if listed else written, written or None if listed else None, asked, context)
    if isinstance(given, Sequence) and not isinstance(given, (bytes, bytearray)):
        return GivenTrace(given)
    raise ConfigError(
        f"the trace is a {type(given).__name__}; a text, a mapping, a list of claims or messages are accepted."
    )


def read_trace(given: GivenTrace, names: SpanNames, language: Language, config: AuditConfig) -> AuditTrace:
    """Read the claims of a trace and resolve what they cite.

    Args:
        given: The trace.
        names: What can be cited.
        language: What it is written in.
        config: The settings.
    """
    if given.trace is not None:
        return given.trace
    answer = given.answer[: config.max_chars]
    notes = [] if len(answer) == len(given.answer) else [f"the answer is cut after {config.max_chars} characters."]
    if given.data is None:
        claims, left = claims_of_text(answer, names, language, most=config.max_claims)
        form: TraceFormat = "chat" if given.chat else "text"
        return AuditTrace(
            claims=tuple(claims), answer=answer, question=given.question, format=form, notes=(*notes, *left)
        )
    listed: list[TraceClaim] = []
    for entry in given.data[: config.max_claims]:
        claim = _claim(entry, len(listed) + 1, names, config)
        if claim is None:
            notes.append("an entry without a text is left out.")
        else:
            listed.append(claim)
    if len(given.data) > config.max_claims:
        notes.append(f"only the first {config.max_claims} claims are audited.")
    final = given.final
    if final is not None:
        final = without_citations(final[: config.max_chars], find_citations(final[: config.max_chars], names))
    return AuditTrace(
        claims=tuple(listed), answer="", final=final, question=given.question, notes=tuple(dict.fromkeys(notes))
    )


def _parsed(text: str) -> Any:
    """Return the JSON that a text is; None where it is none, or plain words.

    Raises:
        ConfigError: It begins as JSON and is damaged: as words it would be judged for what it does not say.
    """
    bare = text.strip()
    if bare.startswith("```") and bare.endswith("```"):
        bare = bare.strip("`").removeprefix("json").strip()
    if bare[:1] not in ("{", "["):
        return None
    try:
        data = json.loads(bare)
    except (ValueError, RecursionError) as error:
        # '["Bob"] is in.' are words behind a list; behind an object no words are expected.
        words = isinstance(error, json.JSONDecodeError) and error.msg == "Extra data" and bare.startswith("[")
        if words or not _BEGINS.match(bare):
            return None
        raise ConfigError(
            f"the trace begins as JSON and is none: {error}.",
            hint="Give it whole; where it is a text, begin it with words.",
        ) from error
    if isinstance(data, list):
        # "[1] Bob has badge 4417." is no JSON; "[1]" alone is, and no trace.
        return data if data and all(isinstance(entry, (dict, str)) for entry in data) else None
    return data if isinstance(data, dict) and any(key in data for key in (*_CLAIMS, *_ANSWERS, "messages")) else None


def _of_chat(messages: Sequence[Mapping[str, Any]]) -> GivenTrace:
    """Take the last turn of the assistant as the answer, and what stands before it as the context."""
    roles = [message["role"] for message in messages]
    spoken = [
        place
        for place, role in enumerate(roles)
        if role in ("assistant", "model", "ai") and text_of(messages[place].get("content")).strip()
    ]
    if not spoken:
        raise ConfigError("the chat has no answer of the assistant.", hint="Give the answer as its last turn.")
    last = spoken[-1]
    users = [
        said
        for message in messages[:last]
        if message["role"] in ("user", "human") and (said := text_of(message.get("content")).strip())
    ]
    return GivenTrace(
        answer=text_of(messages[last].get("content")),
        question=users[-1] if users else None,
        context=list(messages[:last]),
        chat=True,
    )


def _claim(entry: Any, number: int, names: SpanNames, config: AuditConfig) -> TraceClaim | None:
    if isinstance(entry, str):
        entry = {"text": entry}
    if not isinstance(entry, Mapping):
        return None
    text = next((entry[key] for key in _TEXTS if isinstance(entry.get(key), str)), "")[: config.max_chars]
    cited = find_citations(text, names)
    said = without_citations(text, cited)
    if not said:
        return None
    ids = dict.fromkeys(name for one in cited for name in one.ids)
    unknown = dict.fromkeys(name for one in cited for name in one.unknown)
    for written in _written(next((entry[key] for key in _CITES if key in entry), None)):
        meant = names.find(written)
        if meant is None:
            inner = [one for one in find_citations(f"x {written}", names)]
            meant = tuple(name for one in inner for name in one.ids) or None
        if meant is None:
            unknown[written] = None
        else:
            ids.update(dict.fromkeys(meant))
    return TraceClaim(
        id=f"C{number}",
        text=said,
        citations=tuple(ids),
        unknown=tuple(unknown),
        confidence=_confidence(next((entry[key] for key in _SURE if key in entry), None)),
        kind=next((str(entry[key])[:40] for key in _KINDS if isinstance(entry.get(key), str)), None),
    )


def _written(cites: Any) -> list[str]:
    """Return what a field of citations names: a text, a number, or a list of these or of objects."""
    if cites is None or isinstance(cites, bool):
        return []
    if isinstance(cites, (str, int)):
        whole = str(cites).strip()
        parts = [part.strip(" []") for part in whole.replace(";", ",").split(",")]
        return [part for part in parts[:_MOST_CITES] if part]
    if isinstance(cites, Mapping):
        return _written(next((cites[key] for key in _NAMES if isinstance(cites.get(key), (str, int))), None))
    if isinstance(cites, Sequence):
        return [name for cite in cites[:_MOST_CITES] for name in _written(cite)]
    return []


def _confidence(said: Any) -> float | None:
    """Return a confidence in [0, 1]; percentages are read, words are not."""
    if isinstance(said, bool) or said is None:
        return None
    try:
        number = float(str(said).strip().removesuffix("%"))
    except ValueError:
        return None
    if str(said).strip().endswith("%") or 1.0 < number <= 100.0:
        number /= 100.0
    return number if 0.0 <= number <= 1.0 else None
