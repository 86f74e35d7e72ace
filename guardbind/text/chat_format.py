"""Derives how a tokenizer's chat template marks its turns, by rendering conversations and reading what stands around."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from weakref import WeakKeyDictionary

__all__ = ["ROLES", "ChatFormat", "around_user", "special_texts"]

ROLES = ("user", "assistant", "system", "tool")
"""Whose words a template may mark; where two are marked alike, the turn is read as that of the earlier one."""

_SAID = "qzsaid{}qz"  # no word of a template, the same behind any tokenizer
_CALL, _NAME = "qzcall123", "qzname"  # some templates take only identifiers of nine letters and digits
_UNKNOWN = "[^\\n]{0,64}?"
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

Cut = tuple[str | None, int, int]
"""Role, start and end of a turn; without a role, a stretch that the template does not explain."""
_Edge = tuple[str | None, str | None]


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


@dataclass(frozen=True, eq=False, slots=True)
class ChatFormat:
    """How a chat template marks turns.

    Attributes:
        behind: What stands behind a user's words where the assistant is to answer: the generation prompt, and all that
            ends the user's turn.
        special: Matches the special tokens' texts; None where the tokenizer has none.
        begins: Matches what begins a turn; `starts` only where a text begins.
        starts: See `begins`.
        ends: Of each role, matches what ends its turn, with what begins the next where that is known.
        unmarked: Roles whose turn may begin a text without any mark; one is read only where something ends it.
    """

    behind: str
    special: re.Pattern[str] | None
    begins: _Marks
    starts: _Marks
    ends: Mapping[str, _Marks]
    unmarked: frozenset[str]

    @classmethod
    def of(cls, tokenizer: Any) -> ChatFormat | None:
        """Return the format of a tokenizer's own chat template; None without one, or where no turn can be told apart.

        It is derived once for a tokenizer and its template.

        Args:
            tokenizer: A Hugging Face tokenizer.
        """
        template = getattr(tokenizer, "chat_template", None)
        if not template:
            return None
        key = repr((template, sorted(special_texts(tokenizer))))
        known = _DERIVED.get(tokenizer)
        if known is None or known[0] != key:
            known = _DERIVED[tokenizer] = (key, _derive(tokenizer))
        return known[1]

    def opens_answer(self, text: str) -> bool:
        """Whether a text ends as the template ends it where the assistant is to answer."""
        end = self.behind.strip()
        return bool(end) and text.endswith(end)

    def cut(self, text: str, specials: Iterable[tuple[int, int]]) -> list[Cut]:
        """Cut a prompt into turns.

        A marker that holds special tokens counts only where the prompt has these tokens, so that a text which spells
        one out begins and ends nothing.

        Args:
            text: The decoded prompt.
            specials: Character ranges of its special tokens.

        Returns:
            The turns in the order of the text, and the stretches between that no marker explains. Nothing where the
            template does not fit: no turn of it begins anywhere.
        """
        real = {_core(text, start, end) for start, end in specials}
        begun = next(self._matches(self.starts, text, 0, real, at_start=True), None)
        if begun is None:
            begun = next(self._matches(self.begins, text, 0, real), None)
        found: list[Cut] = []
        place = 0
        while begun is not None:
            role, start, content = begun
            assert role is not None
            if place < start:
                found.append((None, place, start))
            while role is not None:
                end = next(self._matches(self.ends[role], text, content, real), None)
                if end is None:
                    return [*found, (role, content, len(text))] if found or role not in self.unmarked else []
                found.append((role, content, end[1]))
                role, _, content = end
            place = content
            begun = next(self._matches(self.begins, text, place, real), None)
        return [*found, (None, place, len(text))] if found and place < len(text) else found

    def _matches(
        self, marks: _Marks, text: str, at: int, real: set[tuple[int, int]], *, at_start: bool = False
    ) -> Iterator[tuple[str | None, int, int]]:
        """Yield the role that a marker leads to, and the range of the marker, where its special tokens are real."""
        while marks.pattern is not None:
            match = marks.pattern.match(text, at) if at_start else marks.pattern.search(text, at)
            if match is None:
                return
            held = () if self.special is None else self.special.finditer(text, match.start(), match.end())
            if all(token.span() in real for token in held):
                yield marks.roles[match.lastindex or 0], match.start(), match.end()
            if at_start:
                return
            at = match.start() + 1


_DERIVED: WeakKeyDictionary[Any, tuple[str, ChatFormat | None]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Marks:
    """Markers as one pattern, and the role that each of its groups leads to (None: a turn ends, and none begins)."""

    pattern: re.Pattern[str] | None
    roles: Mapping[int, str | None]

    @classmethod
    def of(cls, marks: Iterable[tuple[str, str | None]], lead: str = "") -> _Marks:
        """Join patterns; those that hold more text are tried first, of equal ones the role that comes first counts."""
        kept: dict[str, str | None] = {}
        for pattern, role in sorted(marks, key=lambda mark: ROLES.index(mark[1]) if mark[1] else len(ROLES)):
            kept.setdefault(pattern, role)
        longest = sorted(kept, key=lambda pattern: (kept[pattern] is None, -len(pattern)))
        if not longest:
            return cls(None, {})
        joined = lead + "(?:" + "|".join(f"({pattern})" for pattern in longest) + ")"
        return cls(re.compile(joined), {i: kept[pattern] for i, pattern in enumerate(longest, 1)})


def _render(tokenizer: Any, messages: list[dict[str, Any]], **how: Any) -> str:
    return str(tokenizer.apply_chat_template(messages, tokenize=False, **how))


def _derive(tokenizer: Any) -> ChatFormat | None:
    try:
        around = around_user(tokenizer, _SAID.format("0"))
    except Exception:  # a template may raise anything, and may need more than a question
        around = []
    specials = special_texts(tokenizer)
    special = re.compile("|".join(map(re.escape, sorted(specials, key=len, reverse=True)))) if specials else None
    edges = _edges(tokenizer)
    behind = around[-1] if len(around) > 1 else ""
    if not edges and not behind.strip():
        return None
    reader = _Reader(special, edges)
    return ChatFormat(behind, special, reader.begins(), reader.starts(), reader.ends(), reader.unmarked())


def _edges(tokenizer: Any) -> dict[_Edge, list[str]]:
    """Render conversations, and return what stands between the words of two roles, at the start and at the end.

    The key (user, "") is for the end behind which an answer begins.
    """
    edges: dict[_Edge, list[str]] = {}
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
    said = [_SAID.format(place) for place in range(len(roles))]
    call = {"id": _CALL, "type": "function", "function": {"name": _NAME, "arguments": {}}}
    messages: list[dict[str, Any]] = []
    for role, words in zip(roles, said, strict=True):
        if role == "call":
            messages.append({"role": "assistant", "content": "", "tool_calls": [call]})
        elif role == "tool":
            messages.append({"role": role, "content": words, "name": _NAME, "tool_call_id": _CALL})
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
        yield str(tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False))
        yield text


class _Reader:
    """Takes the texts between turns apart into what ends a turn and what begins one, and makes patterns of them."""

    def __init__(self, special: re.Pattern[str] | None, edges: Mapping[_Edge, Sequence[str]]) -> None:
        self._special = special
        # Where only blanks part the system's words from the user's, they are one turn of the user.
        joined = [gap for gap in edges.get(("system", "user"), ()) if not gap.strip()]
        self._edges = {edge: gaps for edge, gaps in edges.items() if not (joined and "system" in edge)}
        self._tails = {role: self._tails_of(role) for role in ROLES}
        self._heads = {role: self._heads_of(role) for role in ROLES}
        if not self._tails["system"]:
            # A template that takes no system text alone still shows where it ends, before the user's words.
            for gap in self._edges.get(("system", "user"), ()):
                ended = [gap.removesuffix(head) for head in self._heads["user"] if head.strip() and gap.endswith(head)]
                self._tails["system"] += ended[:1]

    def _tails_of(self, role: str) -> list[str]:
        return list(self._edges.get((role, None), ()))

    def _heads_of(self, role: str) -> list[str]:
        heads = []
        for (before, after), gaps in self._edges.items():
            for gap in gaps:
                if after == role and before in ROLES:
                    heads += [gap.removeprefix(tail) for tail in self._tails[before] if gap.startswith(tail)]
                elif after == role and before == "call":
                    heads += [gap.rpartition(t)[2] for t in self._tails["assistant"] if t.strip() and t in gap]
                elif after == "" and before in ROLES and role == "assistant":
                    opened = [gap.removeprefix(tail) for tail in self._tails[before] if gap.startswith(tail)]
                    # Where nothing is added, the template either has no such prompt or ends the turn with it.
                    heads += [head for head in opened if head.strip() or self._follows_at_once(before)]
        return list(dict.fromkeys(heads))

    def _follows_at_once(self, role: str) -> bool:
        """Whether the assistant's words follow directly on what ends a turn."""
        gaps = self._edges.get((role, "assistant"), ())
        return any(gap.strip() == tail.strip() for gap in gaps for tail in self._tails[role])

    def begins(self) -> _Marks:
        """Return what begins a turn wherever it stands: what holds a special token."""
        heads = [(head, role) for role in ROLES for head in self._heads[role]]
        heads += [(gap, role) for role in ROLES for gap in self._unheaded(role) if self._words(gap)]
        return _Marks.of((shape, role) for head, role in heads for shape in self._shapes(head))

    def unmarked(self) -> frozenset[str]:
        """Return the roles whose turn may begin a text without any mark of its own."""
        return frozenset(role for role in ROLES for gap in self._unheaded(role) if not self._words(gap))

    def _unheaded(self, role: str) -> list[str]:
        """Return what stands before a role that begins, where that is not what begins its later turns."""
        heads = [head for head in self._heads[role] if self._is_special(head)]
        return [gap for gap in self._edges.get((None, role), ()) if not any(map(gap.endswith, heads))]

    def starts(self) -> _Marks:
        """Return what begins the first turn, where another text than a turn of the system stands before it."""
        marks = []
        for role in ROLES:
            for gap in self._edges.get((None, role), ()):
                heads = [head for head in self._heads[role] if self._is_special(head) and gap.endswith(head)]
                if not any(self._words(gap.removesuffix(head)) for head in heads):
                    marks.append((_literal(gap), role))
        return _Marks.of(marks, f"(?:(?:{self._special.pattern})\\s*)*?" if self._special else "")

    def ends(self) -> dict[str, _Marks]:
        """Return what ends the turns of each role."""
        return {role: _Marks.of(self._ends_of(role)) for role in ROLES}

    def _ends_of(self, role: str) -> Iterator[tuple[str, str | None]]:
        for (before, after), gaps in self._edges.items():
            if before == role and after in ROLES:
                yield from ((_literal(gap), after) for gap in gaps if gap.strip())
        for tail in self._tails[role] or [""]:
            ended = self._ending(tail)
            for after in ROLES:
                for head in self._heads[after]:
                    follows = (role, after) in self._edges and bool(tail.strip())
                    if head.strip() or follows:
                        yield from ((ended + shape, after) for shape in {_literal(head), *self._shapes(head)})
            if tail:
                yield ended + r"\Z", None
            if self._is_special(tail):
                yield ended, None

    def _ending(self, tail: str) -> str:
        """Return a pattern of what ends a turn; what stands in it before its first special token may be missing."""
        found = self._special.search(tail) if self._special else None
        if found is None:
            return _literal(tail)
        core = tail[found.start() :]
        kept = core.rstrip()
        before, behind = _literal(tail[: found.start()]), _literal(core[len(kept) :])
        return (f"(?:{before})?" if before else "") + _literal(kept) + (f"(?:{behind})?" if behind else "")

    def _shapes(self, head: str) -> Iterator[str]:
        """Yield the patterns of what begins a turn and holds a special token: in full, and without what may vary.

        Behind the last special token and the line that it begins, a template may write a date or its own text.
        """
        if not self._is_special(head):
            return
        yield _literal(head)
        short = self._short(head)
        if short != head and not any(
            short in (other, self._short(other)) and other != head for role in ROLES for other in self._heads[role]
        ):
            yield _literal(short)

    def _short(self, head: str) -> str:
        found = list(self._special.finditer(head)) if self._special else []
        if not found:
            return head
        last = found[-1].end()
        line = re.match(r"[^\S\n]*\n\s*|[^\n]+\n\s*", head[last:])
        return head if line is None else head[: last + line.end()]

    def _is_special(self, text: str) -> bool:
        return self._special is not None and self._special.search(text) is not None

    def _words(self, text: str) -> str:
        return text.strip() if self._special is None else self._special.sub("", text).strip()


def _core(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range of a token without the blanks that decoding may put around it."""
    written = text[start:end]
    return start + len(written) - len(written.lstrip()), end - len(written) + len(written.rstrip())


def _literal(text: str) -> str:
    """Return a pattern of a text in which the name of a tool and the number of a call may be others."""
    return re.sub(f"{_CALL}|{_NAME}", lambda _: _UNKNOWN, re.escape(text))
