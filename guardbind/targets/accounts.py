"""Tells whether a text says more than what is bound: words that neither what is asked nor whose it is accounts for."""

from __future__ import annotations

from collections.abc import Sequence

from guardbind.evidence import EvidenceTable, Located
from guardbind.targets.attributes import Match
from guardbind.targets.labels import LabelTable, Named
from guardbind.targets.naming import block_breaks
from guardbind.targets.query import Query
from guardbind.text.layout import Layout, Span, layout_of
from guardbind.text.words import Word, words

__all__ = ["Accounts"]

_LONGEST = 20_000  # characters of a record whose words are looked at


class Accounts:
    """Accounts for the words of a text.

    A word is accounted for if it says nothing, asks in general, belongs to the attribute or to the record that would be
    taken, stands in what the prompt says of that record, or says of which kind a name is ("order A-17").

    Args:
        table: What the prompt binds.
        query: What it asks.
        labels: How it is called.
    """

    def __init__(self, table: EvidenceTable, query: Query, labels: LabelTable) -> None:
        self._table = table
        self._query = query
        self._labels = labels
        self._language = query.language
        self._of: dict[int, frozenset[str]] = {}

    def clause(self, text: str, match: Match) -> str:
        """Return the sentence of a text in which an attribute is named."""
        units = Layout(text, language=self._language).units(0, len(text))
        held = [unit for unit in units if unit.start <= match.start < max(unit.end, unit.start + 1)]
        return text[held[0].start : held[0].end] if held else text

    def questions(self, text: str) -> list[str]:
        """Return the sentences of a text that end with a question mark."""
        units = Layout(text, language=self._language).units(0, len(text))
        return [text[unit.start : unit.end] for unit in units if unit.question]

    def left(self, text: str, match: Match, items: Sequence[int], named: Sequence[Named] = ()) -> list[Word]:
        """Return the words of a text that are not accounted for if one of some bindings is meant.

        Args:
            text: The text.
            match: What it asks for.
            items: The bindings; what accounts for a word of one of them does so for all.
            named: The names in the text.
        """
        own = set(match.attribute).union(*(self._stems(item) for item in items))
        found = words(text, self._language)
        layout = layout_of(text, self._language)
        kinds = {mention.span[0] for mention in named}
        return [
            word
            for place, word in enumerate(found)
            if word.content
            and word.stem not in own
            and not self._general(word, text)
            and not self._kind(found, place, kinds, layout)
            and not any(start <= word.start < end for start, end in (mention.span for mention in named))
        ]

    def _general(self, word: Word, text: str) -> bool:
        """Whether a word asks, or asks which of several values, and says nothing of whose they are."""
        language = self._language
        written = text[word.start : word.end].lower()
        asks = word.stem in language.first | language.latest | language.generic | language.trailing | language.cue_words
        return asks or written in language.function_words or bool(language.statements.clause.fullmatch(written))

    def _kind(self, found: Sequence[Word], place: int, names: set[int], layout: Layout) -> bool:
        """Whether a word stands right before a name, and nothing that is about something before it."""
        following = found[place + 1] if place + 1 < len(found) else None
        if following is None or following.start not in names or not layout.unmarked(found[place].end, following.start):
            return False
        return True

    def _stems(self, item: int) -> frozenset[str]:
        if item not in self._of:
            located = self._table.items[item]
            label = self._labels.of(item)
            texts = [located.key, *label.owners, *(() if located.record is None else located.record.names)]
            texts += [self._query.prompt[slice(*span)] for span in self._told(located, alone=not label.owners)]
            self._of[item] = frozenset(word.stem for text in texts for word in words(text, self._language))
        return self._of[item]

    def _told(self, located: Located, *, alone: bool) -> list[Span]:
        """Return where the prompt speaks of a binding: its record, or what stands in a block with a key nobody owns."""
        prompt = self._query.prompt
        spans = [mention.chars for mention in located.mentions]
        if located.record is not None:
            spans += [span for span in located.record.spans if span[1] - span[0] <= _LONGEST]
        if alone:
            spans = [self._block(span) for span in spans]
        else:
            spans = [self._unit(prompt, span) for span in spans]
        start, end = self._query.span
        cut = [(first, min(last, start)) for first, last in spans] + [(max(first, end), last) for first, last in spans]
        return [span for span in cut if span[0] < span[1]]

    def _block(self, span: Span) -> Span:
        prompt = self._query.prompt
        first = max((turn.start for turn in self._query.turns if turn.start <= span[0]), default=0)
        last = min((turn.end for turn in self._query.turns if turn.end >= span[1]), default=len(prompt))
        start = max((cut.end() for cut in block_breaks(prompt, max(first, span[0] - _LONGEST), span[0])), default=first)
        after = block_breaks(prompt, span[1], min(last, span[1] + _LONGEST))
        return start, after[0].start() if after else last

    def _unit(self, prompt: str, span: Span) -> Span:
        """Return a span with the rest of its line, up to where sentences end beside it."""
        low = max(prompt.rfind("\n", 0, span[0]) + 1, span[0] - 400)
        high = prompt.find("\n", span[1])
        high = min(len(prompt) if high < 0 else high, span[1] + 400)
        units = Layout(prompt[low:high], language=self._language).units(0, high - low)
        start = max((unit.start + low for unit in units if unit.start + low <= span[0]), default=low)
        end = min((unit.end + low for unit in units if unit.end + low >= span[1]), default=high)
        return start, end
