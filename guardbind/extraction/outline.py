"""Builds the outline of a text: what stands below a heading, a title or an item, line by line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from guardbind.extraction.lines import Line
from guardbind.text.layout import Span

__all__ = ["FieldLine", "OutlineNode", "outline"]

NodeKind: TypeAlias = Literal["root", "heading", "mail", "quote", "bold", "bare", "item"]


@dataclass(frozen=True, slots=True, eq=False)
class FieldLine:
    """A line of fields.

    Attributes:
        number: Which line of the text it is.
        line: The line.
        paragraph: Lines with the same number have no blank line and no rule between them.
        stretch: Lines with the same number have nothing else than fields, blank lines and rules between them.
    """

    number: int
    line: Line
    paragraph: int
    stretch: int

    @property
    def keys(self) -> tuple[str, ...]:
        """Its keys as they are compared: in one case."""
        return tuple(said.name.casefold() for said in self.line.fields)


@dataclass(slots=True, eq=False)
class OutlineNode:
    """What stands together under a name, or an item of a list that has none.

    Attributes:
        kind: What made it one.
        number: Of its first line.
        indent: The columns before it.
        name: Where its name stands.
        level: Of a heading.
        numbered: Whether it is an item of a numbered list.
        paragraph: That of its first line.
        certain: Whether a mark makes its name a title.
        members: What stands in it, in the order of the text.
    """

    kind: NodeKind
    number: int = -1
    indent: int = -1
    name: Span | None = None
    level: int = 0
    numbered: bool = False
    paragraph: int = -1
    certain: bool = True
    members: list[FieldLine | OutlineNode] = field(default_factory=list)

    @property
    def lines(self) -> list[FieldLine]:
        """The lines of fields that stand in it, and in nothing within it."""
        return [member for member in self.members if isinstance(member, FieldLine)]

    @property
    def nodes(self) -> list[OutlineNode]:
        """What stands in it under a name of its own."""
        return [member for member in self.members if isinstance(member, OutlineNode)]

    @property
    def said(self) -> frozenset[str]:
        """The keys of its own lines."""
        return frozenset(key for line in self.lines for key in line.keys)


def outline(lines: Sequence[Line], headers: frozenset[str]) -> OutlineNode:
    """Return the outline of the lines of a text; what is not certain to be a title is none.

    Args:
        lines: The lines.
        headers: Keys that stand at the head of a mail, in lower case.
    """
    builder = _Outline(headers)
    for number, line in enumerate(lines):
        builder.take(number, line, lines[number + 1] if number + 1 < len(lines) else None)
    keys = Counter(said.name.casefold() for line in lines for said in line.fields)
    return _settled(builder.root, frozenset(key for key, count in keys.items() if count > 1))


class _Outline:
    """Takes line by line."""

    def __init__(self, headers: frozenset[str]) -> None:
        self._headers = headers
        self._header = False  # whether the line above stands at the head of a mail
        self.root = OutlineNode("root")
        self._open = [self.root]
        self._paragraph = 0
        self._stretch = 0
        self._apart = False  # whether a blank line stands above

    def take(self, number: int, line: Line, following: Line | None) -> None:
        """Take the next line; `following`: the one behind it."""
        header = line.kind == "fields" and line.fields[0].name.casefold() in self._headers
        if header and not self._header and following is not None and self._goes_on(line, following):
            self._leave(("root", "heading"))
            self._push(OutlineNode("mail", number, line.indent))
        self._header = header
        if line.kind in ("blank", "rule"):
            self._paragraph += 1
            self._apart = True
            self._close("bare" if line.kind == "blank" else "bold", rule=line.kind == "rule")
            return
        if line.kind != "heading":
            self._quoted(number, line)
        if line.kind == "heading":
            while self._open[-1].kind != "root" and not 0 < self._open[-1].level < line.level:
                self._open.pop()
            self._push(OutlineNode("heading", number, line.indent, line.title, line.level))
            if line.fields:
                self._open[-1].members.append(FieldLine(number, line, self._paragraph, self._stretch))
        elif line.kind == "bold":
            self._outdent(line, closing=True)
            self._push(OutlineNode("bold", number, line.indent, line.title))
        elif line.bullet and line.kind in ("fields", "title", "text"):
            self._item(number, line)
        elif line.kind == "fields":
            self._fields(number, line)
        elif line.kind == "title" and _stands_above(line, following):
            self._outdent(line, closing=True, bold=False)
            self._push(OutlineNode("bare", number, line.indent, line.title, certain=False))
        elif line.kind != "said":
            self._close("bold" if self._apart else "bare")
            self._outdent(line)
            self._stretch += 1
        self._apart = False

    def _goes_on(self, line: Line, following: Line) -> bool:
        """Whether the head of a mail goes on with another key."""
        keys = [said.fields[0].name.casefold() for said in (line, following) if said.fields]
        return len(set(keys)) > 1 and self._headers.issuperset(keys) and line.quote == following.quote

    def _quoted(self, number: int, line: Line) -> None:
        """Open a part that is quoted, or close it."""
        depth = sum(node.kind == "quote" for node in self._open)
        if line.quote < depth:
            while depth > line.quote:
                depth -= self._open.pop().kind == "quote"
            self._stretch += 1
        elif line.quote > depth and line.kind in ("fields", "bold", "title"):
            self._leave(("root", "heading", "mail", "quote"))
            self._push(OutlineNode("quote", number, -1))

    def _leave(self, kinds: tuple[NodeKind, ...]) -> None:
        while self._open[-1].kind not in kinds:
            self._open.pop()

    def _item(self, number: int, line: Line) -> None:
        self._outdent(line)
        stretch = self._stretch
        certain = bool(line.level) or not line.fields
        node = OutlineNode("item", number, line.indent, line.title, certain=certain)
        node.numbered, node.paragraph = line.bullet == "number", self._paragraph
        if line.fields:
            node.certain = certain or line.title is None
            node.members.append(FieldLine(number, line, self._paragraph, stretch))
        self._push(node)
        if line.fields:
            self._stretch = stretch

    def _fields(self, number: int, line: Line) -> None:
        self._outdent(line)
        if line.title is None and self._is_deeper(line):
            # What stands deeper than the fields of a card is of something in it, as far as it stands so.
            self._push(OutlineNode("bare", number, line.indent))
        leaf = FieldLine(number, line, self._paragraph, self._stretch)
        if line.title is None:
            self._open[-1].members.append(leaf)
        else:
            node = OutlineNode("bold", number, line.indent, line.title, certain=bool(line.level), members=[leaf])
            self._open[-1].members.append(node)

    def _is_deeper(self, line: Line) -> bool:
        """Whether a line stands deeper than the field above it, below the same name."""
        last = self._open[-1].members[-1] if self._open[-1].members else None
        named = self._open[-1].kind in ("bold", "bare", "heading") and self._open[-1].name is not None
        above = last.line if named and isinstance(last, FieldLine) else None
        return above is not None and not above.bullet and above.indent < line.indent and not self._apart

    def _push(self, node: OutlineNode) -> None:
        self._open[-1].members.append(node)
        self._open.append(node)
        self._stretch += 1

    def _close(self, kind: Literal["bare", "bold"], *, rule: bool = False) -> None:
        """Close bare titles, or bold ones and items too, at a rule also a mail; headings stay open."""
        while self._open[-1].kind == "bare" or (kind == "bold" and self._open[-1].kind in ("bold", "item")):
            if self._open[-1].kind == "bold" and not self._open[-1].members:
                return  # "**Alder Ltd**" with a blank line below it
            self._open.pop()
        if kind == "bold" and self._open[-1].kind == "mail" and rule:
            self._open.pop()

    def _outdent(self, line: Line, *, closing: bool = False, bold: bool = True) -> None:
        """Close what a line is not in, by its indent; `closing`: the line is a title of the same kind itself."""
        while (top := self._open[-1]).kind in ("bold", "bare", "item"):
            if top.kind == "item":
                # "1. Flight HAT069" and "- Price: $121" below it, or "Price: $121" directly below it
                inside = line.kind == "fields" and top.paragraph == self._paragraph
                beside = top.numbered and (line.bullet == "mark" or (not line.bullet and inside))
            else:
                beside = not (closing and (bold or top.kind == "bare"))
            if top.indent < line.indent or (beside and top.indent == line.indent):
                return
            self._open.pop()


def _stands_above(line: Line, following: Line | None) -> bool:
    """Whether fields stand directly below a line without a mark."""
    if following is None or following.kind != "fields" or following.stamp is not None:
        return False
    return following.indent >= line.indent


def _settled(node: OutlineNode, again: frozenset[str]) -> OutlineNode:
    """Return the outline without what turned out to be no record of its own; `again`: keys of several lines."""
    members: list[FieldLine | OutlineNode] = []
    for member in node.members:
        if isinstance(member, OutlineNode):
            inner = _settled(member, again)
            alone = [leaf.number for leaf in inner.members if isinstance(leaf, FieldLine)] == [inner.number]
            if inner.kind == "item" and inner.name is None and alone and not inner.nodes:
                members += inner.members
            elif inner.members:
                # A title of a part of a card has that part deeper than itself, and what others have as well.
                part = node.name is not None and inner.kind == "bare" and _is_over(inner)
                inner.certain = inner.certain or (part and not again.isdisjoint(inner.said))
                members.append(inner)
        else:
            members.append(member)
    doubtful = [each for each in members if isinstance(each, OutlineNode) and not each.certain]
    shared = Counter(key for each in doubtful for key in each.said)
    node.members = list(_certain(members, {key for key, count in shared.items() if count > 1}))
    return node


def _is_over(node: OutlineNode) -> bool:
    """Whether all fields of a part stand deeper than its title."""
    return bool(node.lines) and all(leaf.line.indent > node.indent for leaf in node.lines)


def _certain(members: Sequence[FieldLine | OutlineNode], shared: set[str]) -> Iterator[FieldLine | OutlineNode]:
    """Leave out titles without a mark, unless several of them stand side by side over the same keys."""
    for member in members:
        if isinstance(member, OutlineNode) and not member.certain and shared.isdisjoint(member.said):
            yield from member.members if member.kind == "bare" else ()
        else:
            yield member
