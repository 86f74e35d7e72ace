"""Evaluates the part of PromQL that the dashboard and the alert rules of the examples are written in.

Known are selectors with `=`, `!=`, `=~` and `!~`, `rate`, `increase`, `sum` with and without `by`,
`histogram_quantile`, `vector`, arithmetic, comparisons, `and`, `or` and parentheses. Anything else is an error, so that
nothing is read as something else than Prometheus reads it.
"""

from __future__ import annotations

import math
import operator
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from guardbind.errors import ConfigError
from guardbind_bench.observing.series import ScrapedSeries, SeriesLabels

__all__ = ["InstantVector", "evaluate", "metric_names"]

InstantVector: TypeAlias = dict[SeriesLabels, float]
"""SeriesLabels to value, at one moment."""

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)(?![\w])|(?P<word>[a-zA-Z_][\w:]*)|(?P<text>\"[^\"]*\")|(?P<span>\[\d+[smhd]\])"
    r"|(?P<sign>=~|!~|!=|==|>=|<=|[-+*/(){},=<>]))"
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": lambda a, b: a / b if b else math.nan if not a else math.copysign(math.inf, a),
}
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
_KEYWORDS = {"sum", "by", "rate", "increase", "histogram_quantile", "vector", "and", "or"}


def evaluate(expression: str, series: ScrapedSeries, at: float) -> InstantVector:
    """Return what an expression is at a moment.

    Args:
        expression: PromQL, its variables replaced.
        series: What was scraped.
        at: The moment, in seconds.

    Raises:
        ConfigError: The expression has something in it that is not known here.

    Example:
        >>> series = ScrapedSeries()
        >>> series.add(0, [("slots_total", {"verdict": "ok"}, 1.0)])
        >>> series.add(10, [("slots_total", {"verdict": "ok"}, 6.0)])
        >>> evaluate('sum(rate(slots_total{verdict="ok"}[1m])) * 60', series, at=10)
        {frozenset(): 30.0}
    """
    reader = _Reader(list(_tokens(expression)), expression, series, at)
    found = reader.alternatives()
    reader.end()
    return found if isinstance(found, dict) else {frozenset(): found}


def metric_names(expression: str) -> set[str]:
    """Return the names of the samples that an expression selects.

    >>> sorted(metric_names('sum by (le) (rate(a_bucket{b="c"}[5m])) / sum(d_total)'))
    ['a_bucket', 'd_total']
    """
    without = re.sub(r"\{[^}]*\}|\bby\s*\([^)]*\)|\[[^]]*\]", " ", expression)
    return set(re.findall(r"[a-zA-Z_][\w:]*", without)) - _KEYWORDS


def _tokens(expression: str) -> Iterator[tuple[str, str]]:
    place, text = 0, expression.strip()
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None or match.lastgroup is None:
            raise ConfigError(f"{expression!r} cannot be read from {text[place:]!r} on.")
        yield match.lastgroup, match[match.lastgroup]
        place = match.end()


@dataclass
class _Reader:
    """Reads tokens from the left, by rules that bind ever more tightly."""

    tokens: list[tuple[str, str]]
    expression: str
    series: ScrapedSeries
    at: float
    place: int = field(default=0)

    def peek(self) -> str:
        return self.tokens[self.place][1] if self.place < len(self.tokens) else ""

    def take(self, *accepted: str) -> str:
        found = self.peek()
        if not found or (accepted and found not in accepted):
            raise ConfigError(
                f"{self.expression!r} has {found or 'its end'!r} where {' or '.join(accepted) or 'more'} is known here."
            )
        self.place += 1
        return found

    def end(self) -> None:
        if self.peek():
            raise ConfigError(f"{self.expression!r} has {self.peek()!r} behind its end.")

    def alternatives(self) -> InstantVector | float:
        found = self.conditions()
        while self.peek() == "or":
            self.take()
            further = _vector(self.conditions())
            found = {**further, **_vector(found)}
        return found

    def conditions(self) -> InstantVector | float:
        found = self.compared()
        while self.peek() == "and":
            self.take()
            condition = _vector(self.compared())
            found = {labels: value for labels, value in _vector(found).items() if labels in condition}
        return found

    def compared(self) -> InstantVector | float:
        found = self.summed()
        while self.peek() in _COMPARISONS:
            holds = _COMPARISONS[self.take()]
            other = self.summed()
            pairs = _pairs(found, other)
            found = {labels: a for labels, a, b in pairs if holds(a, b)}
        return found

    def summed(self) -> InstantVector | float:
        found = self.multiplied()
        while self.peek() in ("+", "-"):
            found = _combined(_ARITHMETIC[self.take()], found, self.multiplied())
        return found

    def multiplied(self) -> InstantVector | float:
        found = self.single()
        while self.peek() in ("*", "/"):
            found = _combined(_ARITHMETIC[self.take()], found, self.single())
        return found

    def single(self) -> InstantVector | float:
        kind = self.tokens[self.place][0] if self.place < len(self.tokens) else ""
        word = self.take()
        if kind == "number":
            return float(word)
        if word == "(":
            found = self.alternatives()
            self.take(")")
            return found
        if kind != "word":
            raise ConfigError(f"{self.expression!r} has {word!r} where a value is known here.")
        if word == "sum":
            return self.sum()
        if word in ("rate", "increase"):
            return self.rate(word)
        if word == "histogram_quantile":
            self.take("(")
            share = float(self.take())
            self.take(",")
            found = _quantiles(share, _vector(self.alternatives()))
            self.take(")")
            return found
        if word == "vector":
            self.take("(")
            value = float(self.take())
            self.take(")")
            return {frozenset(): value}
        matches = self.matchers()
        return {labels: value for labels, value in self.series.latest(word, self.at) if matches(labels)}

    def sum(self) -> InstantVector:
        names: list[str] = []
        if self.peek() == "by":
            self.take()
            self.take("(")
            while self.peek() != ")":
                names.append(self.take())
                if self.peek() == ",":
                    self.take()
            self.take(")")
        self.take("(")
        found = _vector(self.alternatives())
        self.take(")")
        sums: dict[SeriesLabels, float] = defaultdict(float)
        for labels, value in found.items():
            sums[frozenset(pair for pair in labels if pair[0] in names)] += value
        return dict(sums)

    def rate(self, word: str) -> InstantVector:
        self.take("(")
        name, matches = self.take(), self.matchers()
        window = self.take()
        if not re.fullmatch(r"\[\d+[smhd]\]", window):
            raise ConfigError(f"{self.expression!r} has {window!r} where a window like [5m] is known here.")
        self.take(")")
        seconds = int(window[1:-2]) * _SECONDS[window[-2]]
        factor = seconds if word == "increase" else 1
        rates = self.series.rates(name, self.at, seconds)
        return {labels: factor * value for labels, value in rates if matches(labels)}

    def matchers(self) -> Callable[[SeriesLabels], bool]:
        wanted: list[tuple[str, str, str]] = []
        if self.peek() == "{":
            self.take()
            while self.peek() != "}":
                label, sign = self.take(), self.take("=", "!=", "=~", "!~")
                wanted.append((label, sign, self.take().strip('"')))
                if self.peek() == ",":
                    self.take()
            self.take("}")
        return lambda labels: all(_matches(dict(labels).get(label, ""), sign, text) for label, sign, text in wanted)


def _matches(value: str, sign: str, text: str) -> bool:
    held = re.fullmatch(text, value) is not None if sign.endswith("~") else value == text
    return held != sign.startswith("!")


def _vector(found: InstantVector | float) -> InstantVector:
    return found if isinstance(found, dict) else {frozenset(): found}


def _pairs(a: InstantVector | float, b: InstantVector | float) -> Iterable[tuple[SeriesLabels, float, float]]:
    if isinstance(a, dict) and isinstance(b, dict):
        return [(labels, value, b[labels]) for labels, value in a.items() if labels in b]
    if isinstance(a, dict):
        return [(labels, value, b) for labels, value in a.items()] if isinstance(b, float) else []
    return [(labels, a, value) for labels, value in _vector(b).items()]


def _combined(
    operation: Callable[[float, float], float], a: InstantVector | float, b: InstantVector | float
) -> InstantVector | float:
    if isinstance(a, float) and isinstance(b, float):
        return operation(a, b)
    return {labels: operation(x, y) for labels, x, y in _pairs(a, b)}


def _quantiles(share: float, buckets: InstantVector) -> InstantVector:
    histograms: dict[SeriesLabels, list[tuple[float, float]]] = defaultdict(list)
    for labels, value in buckets.items():
        bound = dict(labels).get("le")
        if bound is not None:
            histograms[frozenset(pair for pair in labels if pair[0] != "le")].append((float(bound), value))
    return {labels: _quantile(share, sorted(counts)) for labels, counts in histograms.items()}


def _quantile(share: float, counts: list[tuple[float, float]]) -> float:
    """Return where a share of the observations lies below, evenly spread within its bucket."""
    total = counts[-1][1]
    if not total > 0:
        return math.nan
    rank = share * total
    place = next(i for i, (_, count) in enumerate(counts) if count >= rank)
    bound, count = counts[place]
    if math.isinf(bound):
        return counts[place - 1][0] if place else math.nan
    lower, before = counts[place - 1] if place else (min(0.0, bound), 0.0)
    return bound if count == before else lower + (bound - lower) * (rank - before) / (count - before)
