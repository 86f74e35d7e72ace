"""Reads a report as a page: its tags, its marked boxes of text, and what else a reader sees."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "br", "img", "link", "hr", "input"})


@dataclass
class Box:
    """The text of one prompt or answer, and of each marked part of it: place, classes, note and sign."""

    text: str = ""
    parts: list[tuple[int, int, set[str], str, str]] = field(default_factory=list)

    def of(self, name: str) -> str:
        """The characters that carry a class, each run of them parted by a bar."""
        found = [(start, end) for start, end, classes, _, _ in self.parts if name in classes]
        runs: list[tuple[int, int]] = []
        for start, end in found:
            if runs and runs[-1][1] == start:
                runs[-1] = (runs[-1][0], end)
            else:
                runs.append((start, end))
        return "|".join(self.text[start:end] for start, end in runs)

    def notes(self, name: str) -> str:
        return "\n".join(note for _, _, classes, note, _ in self.parts if name in classes)

    def signs(self, name: str) -> list[str]:
        return [sign for _, _, classes, _, sign in self.parts if name in classes and sign]


class Page(HTMLParser):
    """Collects tags, attributes, the boxes of text, and everything else that a reader sees."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[tuple[str, set[str]]] = []
        self.boxes: list[tuple[str, Box]] = []
        self.sections = 0
        self.seen = ""
        self._part: tuple[int, set[str], str] | None = None
        self._sign = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = set(given.get("class", "").split())
        self.tags.append(tag)
        self.attributes += given.items()
        self.sections += tag == "section"
        if "text" in classes:
            self.boxes.append(("prompt" if "prompt" in classes else "answer", Box()))
        elif tag == "span" and self._inside("text"):
            self._part, self._sign = (len(self.boxes[-1][1].text), classes, given.get("title", "")), ""
        if tag not in VOID:
            self.open.append((tag, classes))

    def handle_endtag(self, tag: str) -> None:
        if tag == "span" and self._part is not None:
            start, classes, note = self._part
            box = self.boxes[-1][1]
            box.parts.append((start, len(box.text), classes, note, self._sign))
            self._part = None
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1][0] == "style":
            return
        self.seen += data
        if self._inside("text"):
            if self.open[-1][0] == "sup":
                self._sign += data
            else:
                self.boxes[-1][1].text += data

    def _inside(self, name: str) -> bool:
        return any(name in classes for _, classes in self.open)

    def box(self, kind: str, row: int = 0) -> Box:
        return [box for name, box in self.boxes if name == kind][row]
