"""Makes the synthetic binding audit: KEY is given a value twice, with text between, and one of them is asked for.

The published prompt is not released; what is known of it is the form of its items. All items have the same options.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random

from guardbind.errors import ConfigError
from guardbind_bench.prompts.audits.item import AuditItem, AuditQuestion, SpanText
from guardbind_bench.prompts.natural import sentences
from guardbind_bench.prompts.trial import draw_seed

__all__ = ["OPTIONS", "SyntheticBinding"]

OPTIONS = ("alfa", "bravo", "charlie", "delta", "foxtrot", "juliett", "kilo", "romeo", "tango", "zulu")
"""The values, which are the options of every item."""

_INTRO = "Two lines below give KEY a value, in the form KEY = value."
_BLOCK = 60
_PLACES = ("FIRST", "LAST")


class SyntheticBinding:
    """The audit task `synthetic_binding`; see `AuditTaskBuilder`.

    Args:
        k: Words of text in each of two blocks, one behind each line, at least; whole sentences are written.
        seed: Base seed.
        file: Nothing is read.
        languages: English only.

    Raises:
        ConfigError: `k` is negative, a file is given, or another language.
    """

    name = "synthetic_binding"
    version = 1

    def __init__(self, *, k: int = 0, seed: int = 0, file: str | None = None, languages: Sequence[str] = ()) -> None:
        if k < 0:
            raise ConfigError(f"k is {k}; 0 or more are accepted.")
        if file is not None:
            raise ConfigError(f"the task {self.name} reads no file; {file!r} was given.")
        if languages and "en" not in languages:
            raise ConfigError(f"the task {self.name} is English only; {', '.join(languages)} was asked for.")
        self._k, self._seed = k, seed

    def item(self, index: int) -> AuditItem:
        """Build one item; its values and what is asked are the same for every `k`."""
        rng = Random(draw_seed(self.name, self._seed, index))
        first, last = rng.sample(OPTIONS, 2)
        place = index % 2
        filler = sentences(Random(draw_seed(self.name, self._seed, index, "filler", self._k)))
        texts = [_INTRO, f"(1) KEY = {first}", *self._blocks(filler), f"(2) KEY = {last}", *self._blocks(filler)]
        spans = tuple(SpanText(f"S{number}", text) for number, text in enumerate(texts, start=1))
        options = list(OPTIONS)
        rng.shuffle(options)
        question = AuditQuestion(
            text=f"Which value does the {_PLACES[place]} of the two lines give to KEY?",
            options=tuple(options),
            gold=options.index((first, last)[place]),
            claims=tuple(f"The {_PLACES[place]} of the two lines gives KEY the value {option}." for option in options),
        )
        return AuditItem(index, spans, (), question, form=_PLACES[place].lower())

    def _blocks(self, filler: Iterator[str]) -> list[str]:
        blocks: list[list[str]] = []
        words = 0
        while words < self._k:
            sentence = next(filler).strip()
            if not blocks or sum(len(held.split()) for held in blocks[-1]) >= _BLOCK:
                blocks.append([])
            blocks[-1].append(sentence)
            words += len(sentence.split())
        return [" ".join(block) for block in blocks]
