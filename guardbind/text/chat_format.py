"""Derives how a tokenizer's chat template marks turns, by rendering conversations and reading what stands around."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from guardbind.text.chat_rendering import CALL, NAME, ROLES, SAID, Edge, around_user, edges_of, special_texts

__all__ = ["ChatFormat"]

_UNKNOWN = "[^\\n]{0,64}?"

Cut = tuple[str | None, int, int]
"""Role, start and end of a turn; without a role, a stretch that the template does not explain."""
_Marker = tuple[str | None, int, int]


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
    begins: _Markers
    starts: _Markers
    ends: Mapping[str, _Markers]
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
        return bool(end) and text.rstrip().endswith(end)

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
        begun = self._match(self.starts, text, 0, real) or self._search(self.begins, text, 0, real)
        found: list[Cut] = []
        place = 0
        while begun is not None:
            role, start, content = begun
            if place < start:
                found.append((None, place, start))
            while role is not None:
                end = self._end(role, text, content, real)
                # A turn that begins with no mark of its own is none unless another one follows it.
                if not found and role in self.unmarked and (end is None or end[0] is None):
                    return []
                if end is None:
                    return [*found, (role, content, len(text))]
                found.append((role, content, end[1]))
                role, _, content = end
            place = content
            begun = self._search(self.begins, text, place, real)
        return [*found, (None, place, len(text))] if found and place < len(text) else found

    def _end(self, role: str, text: str, at: int, real: set[tuple[int, int]]) -> _Marker | None:
        """Find what ends a turn; of a prompt in which that is missing, what begins another one."""
        end = self._search(self.ends[role], text, at, real)
        other = self._search(self.begins, text, at, real)
        return other if other is not None and (end is None or other[1] < end[1]) else end

    def _search(self, marks: _Markers, text: str, at: int, real: set[tuple[int, int]]) -> _Marker | None:
        while marks.pattern is not None and (match := marks.pattern.search(text, at)):
            if found := self._match(marks, text, match.start(), real):
                return found
            at = match.start() + 1
        return None

    def _match(self, marks: _Markers, text: str, at: int, real: set[tuple[int, int]]) -> _Marker | None:
        """Return the marker that stands at a place, where its special tokens are real."""
        for pattern, role in marks.each:
            if match := pattern.match(text, at):
                held = () if self.special is None else self.special.finditer(text, match.start(), match.end())
                if all(token.span() in real for token in held):
                    return role, match.start(), match.end()
        return None


_DERIVED: WeakKeyDictionary[Any, tuple[str, ChatFormat | None]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class _Markers:
    """Markers, in the order in which they are tried, and a pattern of all of them.

    Each leads to the role that speaks behind it; None: a turn ends, and none begins.
    """

    each: tuple[tuple[re.Pattern[str], str | None], ...]
    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, marks: Iterable[tuple[str, str | None]], lead: str = "") -> _Markers:
        """Take patterns; those that hold more are tried first, of equal ones the role that comes first counts."""
        kept: dict[str, str | None] = {}
        for pattern, role in sorted(marks, key=lambda mark: ROLES.index(mark[1]) if mark[1] else len(ROLES)):
            kept.setdefault(lead + pattern, role)
        longest = sorted(kept, key=lambda pattern: (kept[pattern] is None, -len(pattern)))
        every = re.compile("|".join(f"(?:{pattern})" for pattern in longest)) if longest else None
        return cls(tuple((re.compile(pattern), kept[pattern]) for pattern in longest), every)


def _derive(tokenizer: Any) -> ChatFormat | None:
    try:
        around = around_user(tokenizer, SAID.format("0"))
    except Exception:  # a template may raise anything, and may need more than a question
        around = []
    specials = special_texts(tokenizer)
    special = re.compile("|".join(map(re.escape, sorted(specials, key=len, reverse=True)))) if specials else None
    edges = edges_of(tokenizer)
    behind = around[-1] if len(around) > 1 else next(iter(edges.get(("user", ""), ())), "")
    if not edges and not behind.strip():
        return None
    finder = _MarkFinder(special, edges)
    return ChatFormat(behind, special, finder.begins(), finder.starts(), finder.ends(), finder.unmarked())


class _MarkFinder:
    """Takes the texts between turns apart into what ends a turn and what begins one, and makes patterns of them."""

    def __init__(self, special: re.Pattern[str] | None, edges: Mapping[Edge, Sequence[str]]) -> None:
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

    def begins(self) -> _Markers:
        """Return what begins a turn wherever it stands: what holds a special token."""
        heads = [(head, role) for role in ROLES for head in self._heads[role]]
        heads += [(gap, role) for role in ROLES for gap in self._unheaded(role) if self._words(gap)]
        return _Markers.of((shape, role) for head, role in heads for shape in self._shapes(head))

    def unmarked(self) -> frozenset[str]:
        """Return the roles whose turn may begin a text without any mark of its own."""
        return frozenset(role for role in ROLES for gap in self._unheaded(role) if not self._words(gap))

    def _unheaded(self, role: str) -> list[str]:
        """Return what stands before a role that begins, where that is not what begins its later turns."""
        heads = [head for head in self._heads[role] if self._is_special(head)]
        return [gap for gap in self._edges.get((None, role), ()) if not any(map(gap.endswith, heads))]

    def starts(self) -> _Markers:
        """Return what begins the first turn, where another text than a turn of the system stands before it."""
        marks = []
        for role in ROLES:
            for gap in self._edges.get((None, role), ()):
                heads = [head for head in self._heads[role] if self._is_special(head) and gap.endswith(head)]
                if not any(self._words(gap.removesuffix(head)) for head in heads):
                    marks.append((_literal(gap), role))
        return _Markers.of(marks, f"(?:(?:{self._special.pattern})\\s*)*?" if self._special else "")

    def ends(self) -> dict[str, _Markers]:
        """Return what ends the turns of each role."""
        return {role: _Markers.of(self._ends_of(role)) for role in ROLES}

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
    return re.sub(f"{CALL}|{NAME}", lambda _: _UNKNOWN, re.escape(text))
