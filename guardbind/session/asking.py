"""Resolves slots by the resolver of a guard, and has the model read what that needs: questions, and sentences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace

from transformers import PreTrainedTokenizerBase

from guardbind.config import GuardConfig
from guardbind.model.tail import Tail
from guardbind.nulls import Null
from guardbind.registry import RESOLVERS
from guardbind.resolvers import Resolver
from guardbind.session.question import QuestionReader
from guardbind.session.row import Row
from guardbind.session.stretch import question_of, sentence_of
from guardbind.targets import QuestionBits, Resolution
from guardbind.text.layout import folded, occurrences

__all__ = ["Asking"]

_AROUND_KEYS = "=:[](){}<>\"'`*,|- \t"
_OF_THE_TEXT = frozenset({"sentence", "entity", "slot_prefix"})


class Asking:
    """Says what the slots of one generation are meant to take.

    Args:
        config: The guard's settings.
        nulls: The nulls that the model takes, the best first; the first that can read a stretch again is used.
        tokenizer: The model's tokenizer.
        suspended: Keeps the hooks on the model from seeing the passes that are run here.
    """

    def __init__(
        self,
        config: GuardConfig,
        nulls: Sequence[Null],
        tokenizer: PreTrainedTokenizerBase,
        suspended: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._tokenizer = tokenizer
        self._resolver: Resolver = RESOLVERS.get(config.resolver)
        reread = next((null.reread for null in nulls if hasattr(null, "reread")), None)
        self._reader = QuestionReader(config, reread)
        self._suspended = suspended
        self._questions: dict[int, QuestionBits | None] = {}
        self._tail: Tail | None = None

    def wants(self, row: Row) -> bool:
        """Whether the question of a row is still to be read."""
        bound = row.bound
        needed = self._resolver.reads and bound.addressed and bound.declared is None
        return needed and row.index not in self._questions

    def know(self, row: Row, question: QuestionBits | None) -> None:
        """Take note of what the question of a row rests on, where somebody else has read it."""
        self._questions[row.index] = question

    def read(self, tail: Tail, rows: Sequence[Row]) -> None:
        """Take note of where the generation stands, and read the questions of some rows.

        Args:
            tail: The interrupted generation.
            rows: The rows; of several samples of one prompt the first is read for all.
        """
        self._tail = tail
        if not rows:
            return
        # Samples of one prompt share its table. What is declared for each row apart has other indices.
        alike: dict[int, list[Row]] = {}
        for row in rows:
            alike.setdefault(id(row.bound.table), []).append(row)
        asked = {key: question_of(same[0], unread=True) for key, same in alike.items()}
        stretches = {key: stretch for key, stretch in asked.items() if stretch is not None}
        found: dict[int, QuestionBits | None] = {}
        if stretches:
            bound = rows[0].bound
            with self._suspended():
                read = self._reader.read(tail, list(stretches.values()), bound.pad + bound.prompt_length)
            found = dict(zip(stretches, read, strict=True))
        for key, same in alike.items():
            self._questions.update((row.index, found.get(key)) for row in same)

    def resolve(self, row: Row, words: Resolution, *, line: str, about: str) -> Resolution:
        """Return what a slot of a row is meant to take.

        A sentence of the answer that speaks of another record than the question is read itself.

        Args:
            row: The row.
            words: What the words say.
            line: The line before the slot.
            about: The text before the slot that says whose value follows: its sentence, or the object of a field.
        """
        if words.how == "declared" or not row.bound.addressed or self._spells_key(words, line):
            return replace(words, by_words=words.index)
        question = self._questions.get(row.index)
        own, named = None, False
        if question is not None and words.how in _OF_THE_TEXT and words.index is not None:
            # Who is only spoken to ("Hi Alice, ...") was asked for by nobody.
            named = all(
                self._names(row, words.index, text) for text in (about, row.bound.prompt.text[slice(*row.bound.asked)])
            )
            if not (question.clear and words.index in question.best.items):
                own = self._of_sentence(row, about)
        resolved = self._resolver(words, question, row.bound.table, sentence=own, named=named)
        return replace(resolved, by_words=words.index, question=own if own is not None and own.leads else question)

    @staticmethod
    def _names(row: Row, item: int, about: str) -> bool:
        """Whether a text names whose value a binding is."""
        located = row.bound.table.items[item]
        names = {*located.owners, *(() if located.record is None else located.record.names)}
        return bool(occurrences(folded(about), {folded(name) for name in names}))

    def of_question(self, row: Row, words: Resolution) -> Resolution:
        """Return what is meant where an answer begins, before anything of it is written; see `resolve`."""
        question = self._questions.get(row.index)
        return replace(self._resolver(words, question, row.bound.table), by_words=words.index, question=question)

    @staticmethod
    def _spells_key(words: Resolution, line: str) -> bool:
        """Whether the line before a slot is a key and nothing else, as `alpha=`: there is nothing to understand."""
        if words.how not in _OF_THE_TEXT or words.key is None:
            return False
        alone = line.strip().strip(_AROUND_KEYS)
        return bool(alone) and alone == words.key

    def _of_sentence(self, row: Row, about: str) -> QuestionBits | None:
        stretch = sentence_of(row, row.start_of(self._tokenizer, len(about.lstrip())), unread=True)
        if stretch is None or self._tail is None:
            return None
        with self._suspended():
            return self._reader.read(self._tail, [stretch], self._tail.columns)[0]
