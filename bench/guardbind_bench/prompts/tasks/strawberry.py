"""Makes `strawberry_baseline` and `strawberry_factorized`: a counting trace, and a question for one of its counts."""

from __future__ import annotations

from itertools import count
from random import Random
from typing import ClassVar

from guardbind.errors import ConfigError
from guardbind_bench.prompts.fillers import Stock
from guardbind_bench.prompts.pool import Pool, PoolValue, encode
from guardbind_bench.prompts.tasks.prose import ProseTask, answers
from guardbind_bench.prompts.tasks.sketch import Segment, flat, locate
from guardbind_bench.prompts.trial import Trial

__all__ = ["COUNTED", "Baseline", "Factorized", "counts"]

_COUNTED = (
    "strawberry mississippi sleeveless referee remembered assessment indivisible committee bookkeeper parallel "
    "addressee sassafras tennessee preference eleventh seventeen necessities initiative pineapple puppetry "
    "coconut raccoon cinnamon assassin buffoon millennium engineer lollipop tattletale evergreen"
)
COUNTED = tuple(_COUNTED.split())

_STATISTICS = ("WORD", "TRACE_TOTAL", "SUFFIX")
_WINDOW = 20
_MOST = 99
_PAIRS = tuple((word, letter) for word in COUNTED for letter in sorted(set(word)) if word.count(letter) <= 4)


def counts(word: str, letter: str, k: int) -> dict[str, int]:
    """Count a letter in the first `k` characters of a word that is repeated without end.

    Returns:
        How often it occurs in the word (`WORD`), in all characters (`TRACE_TOTAL`), and in the last 20 of them, or in
        all if there are fewer (`SUFFIX`).
    """
    text = (word * (k // len(word) + 1))[:k]
    totals = word.count(letter), text.count(letter), text[max(0, k - _WINDOW) :].count(letter)
    return dict(zip(_STATISTICS, totals, strict=True))


class Baseline(ProseTask):
    """A trace that counts a letter through the `k` characters of a repeated word; asks for the count in the word.

    The trace is right: computing is done, what is left is to take the right count. WORD is the count in the word,
    TRACE_TOTAL in the whole trace, the competitor, and SUFFIX in its last 20 characters. Word and letter are drawn for
    each trial so that WORD and TRACE_TOTAL differ, and so are the lines of the summary; WORD is 1 to 4. Behind the
    summary stand `min(32, k // 4)` tokens of filler. There is one question, so a random and a fixed one are the same.

    Where every count that occurs at `k` is at most 99 and one token, the answer is that number; the evidence of WORD is
    the first pass over the word in the trace, its value the last count there. Else, for all trials alike, each count
    gets a code word, and the summary states the code of all three.

    The paper's tasks have the same content, but only the word `strawberry`, codes that are other tokens in the summary
    than in the answer, and the note of the factorized one behind the place of the answer.
    """

    name = "strawberry_baseline"
    drawn_as = "strawberry"
    _note: ClassVar[bool] = False

    def _prepare(self) -> None:
        super()._prepare()
        k = self._k
        self._pairs = _fit(k)
        if not self._pairs:
            least = next(size for size in count() if _fit(size))
            raise ConfigError(
                f"k is {k}; the trace of {self.name} has to run through a word and further: {least} characters or "
                "more are accepted."
            )
        self._window = min(_WINDOW, k)
        numbers = self._numbers()
        self._coded = numbers is None
        self._gap = "" if numbers is None else numbers[1]
        self._names = {
            statistic: f"{statistic}{f'_{self._window}' if statistic == 'SUFFIX' else ''}{'_CODE' * self._coded}"
            for statistic in _STATISTICS
        }
        stated = [f"\n{name}={self._gap}" for name in self._names.values()]
        pieces = [text for word in COUNTED for text in (_header(word, "r"), self._meaning(word), self._ask(word, "r"))]
        template = frozenset(
            token for piece in (*stated, *pieces, self._answer) for token in encode(self._tokenizer, piece)
        )
        if numbers is None:
            ends = [self._ask("strawberry", "r") + self._answer, self._answer, *stated]
            self.pool = Pool.build(self._tokenizer, ends, template=template)
        else:
            self.pool = numbers[0]
        self._stock = Stock(self._tokenizer, self.pool.aliases, template)

    @property
    def _answer(self) -> str:
        return ("ANSWER_CODE=" if self._coded else "ANSWER:") + self._gap

    def _numbers(self) -> tuple[Pool, str] | None:
        """Return all numbers up to the highest count, and what follows `ANSWER:`; None if some are not one token."""
        most = max(counts(word, letter, self._k)["TRACE_TOTAL"] for word, letter in self._pairs)
        if most > _MOST:
            return None
        words = [str(number) for number in range(most + 1)]
        ends = ["number token:\nANSWER:", "ANSWER:", "\nTRACE_TOTAL=", f"\nSUFFIX_{self._window}="]
        pool, gap = answers(self._tokenizer, words, ends)
        return (pool, gap) if len(pool) == len(words) else None

    def trial(self, index: int) -> Trial:
        """Build one trial; the index and the base seed determine it."""
        rng = self._rng(index)
        word, letter = self._draw(rng)
        lines = rng.sample(_STATISTICS, 3)
        if not self._coded:
            # Stated first, by the trace; a line of the summary would be the answer.
            lines = ["WORD", *(statistic for statistic in lines if statistic != "WORD")]
        values = self._written(counts(word, letter, self._k), rng)
        segments = [Segment(self._frame.start, "start"), *self._trace(word, letter)]
        for i, statistic in enumerate(lines):
            if self._coded or statistic != "WORD":
                segments.append(Segment(self._frame.encode(f"\n{self._names[statistic]}={self._gap}"), "statement", i))
                segments.append(Segment((values[statistic].token,), "value", i))
        segments.append(self._text("\n"))
        segments.append(Segment(self._block(self._stock, min(32, self._k // 4), index), "filler"))
        if self._note:
            segments.append(self._text(self._meaning(word)))
        segments.append(Segment(self._frame.ask(self._ask(word, letter), self._answer), "question"))
        bound, question = locate(
            segments, [self._names[statistic] for statistic in lines], [values[statistic] for statistic in lines]
        )
        return Trial(
            index=index,
            ids=flat(segments),
            bound=bound,
            asked=lines.index("WORD"),
            question=question,
            competitor=values["TRACE_TOTAL"],
            candidates=tuple(dict.fromkeys(values.values())),
        )

    def _draw(self, rng: Random) -> tuple[str, str]:
        """Draw how often, then in which word; of all pairs, so that other sizes draw the same where it fits."""
        order, pairs = rng.sample(range(1, 5), 4), rng.sample(_PAIRS, len(_PAIRS))
        return min(
            (pair for pair in pairs if pair in self._pairs), key=lambda pair: order.index(pair[0].count(pair[1]))
        )

    def _written(self, numbers: dict[str, int], rng: Random) -> dict[str, PoolValue]:
        if not self._coded:
            return {statistic: self.pool.values[number] for statistic, number in numbers.items()}
        codes = dict(zip(dict.fromkeys(numbers.values()), rng.sample(self.pool.values, 3), strict=False))
        return {statistic: codes[number] for statistic, number in numbers.items()}

    def _trace(self, word: str, letter: str) -> list[Segment]:
        header = self._text(_header(word, letter))
        steps, total = [], 0
        for i in range(self._k):
            character = word[i % len(word)]
            total += character == letter
            steps.append(f"{character}:{total}")
        if self._coded:
            return [header, self._text(" ".join(steps))]
        first, _, last = " ".join(steps[: len(word)]).rpartition(":")
        return [
            header,
            Segment(self._frame.encode(first + ":"), "statement", 0),
            Segment(self._frame.encode(last), "value", 0),
            self._text("".join(f" {step}" for step in steps[len(word) :])),
        ]

    def _text(self, text: str) -> Segment:
        return Segment(self._frame.encode(text), "text")

    def _meaning(self, word: str) -> str:
        name, total, suffix = self._names.values()
        if self._coded:
            meaning = (
                f"{name} stands for the count in the {len(word)}-letter word; {total} for the count in the whole "
                f"TRACE; {suffix} for the count in its last window"
            )
        else:
            meaning = (
                f"{name} counts the {len(word)}-letter word once; {total} counts the whole TRACE; {suffix} counts its "
                "last window"
            )
        return f"\nMeaning of the names: {meaning}. Answer with {name}.\n"

    def _ask(self, word: str, letter: str) -> str:
        name, total, suffix = self._names.values()
        return (
            f"\nQuestion: how often does {letter} occur in the {len(word)}-letter word {word} itself ({name}; not "
            f"{total}, not {suffix})?\nReply with one {'code word' if self._coded else 'number token'}:\n"
        )


class Factorized(Baseline):
    """The trials of `strawberry_baseline` with a note before the question that says what the three names mean."""

    name = "strawberry_factorized"
    _note = True


def _header(word: str, letter: str) -> str:
    return (
        f'Task: count the letter "{letter}" in the word "{word}".\n'
        "The TRACE runs through the letters of the word over and over and keeps a running total.\nTRACE:\n"
    )


def _fit(k: int) -> frozenset[tuple[str, str]]:
    """Return the words and letters whose count in `k` characters is another than in the word."""
    return frozenset(
        (word, letter)
        for word, letter in _PAIRS
        if k > len(word) and counts(word, letter, k)["TRACE_TOTAL"] != word.count(letter)
    )
