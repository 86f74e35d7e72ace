"""Keeps what an endpoint of Prometheus exposed over time."""

from __future__ import annotations

import itertools
import math
import time
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeAlias

from guardbind.errors import MissingDependencyError

__all__ = ["ScrapedSeries", "SeriesLabels", "watch"]

SeriesLabels: TypeAlias = frozenset[tuple[str, str]]
"""Pairs of a label's name and value."""

_LOOK_BACK = 300.0


class ScrapedSeries:
    """Samples by name and labels, each with the times of its scrapes."""

    def __init__(self) -> None:
        self._points: dict[str, dict[SeriesLabels, list[tuple[float, float]]]] = defaultdict(dict)
        self.times: list[float] = []

    def add(self, at: float, samples: Iterable[tuple[str, Mapping[str, str], float]]) -> None:
        """Add a scrape.

        Args:
            at: Its time, in seconds; later than those before.
            samples: Name, labels and value of each sample.
        """
        self.times.append(at)
        for name, labels, value in samples:
            self._points[name].setdefault(frozenset(labels.items()), []).append((at, value))

    def scrape(self, url: str) -> None:
        """Read an endpoint now and add what it exposes.

        Raises:
            MissingDependencyError: The package prometheus-client is not installed.
            OSError: The endpoint cannot be read.
        """
        try:
            from prometheus_client.parser import text_string_to_metric_families
        except ImportError as error:
            raise MissingDependencyError(
                "reading metrics needs the package prometheus-client.",
                hint="Run: python -m pip install 'guardbind[otel]'",
            ) from error
        with urllib.request.urlopen(url, timeout=30) as answer:
            text = answer.read().decode()
        found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
        self.add(time.time(), [(sample.name, sample.labels, float(sample.value)) for sample in found])

    def names(self) -> set[str]:
        """Return the names of all samples."""
        return set(self._points)

    def labels(self, name: str) -> set[str]:
        """Return the names of the labels that the samples of a name have."""
        return {label for labels in self._points.get(name, {}) for label, _ in labels}

    def latest(self, name: str, at: float) -> Iterator[tuple[SeriesLabels, float]]:
        """Yield the newest value of each series of a name, not older than five minutes."""
        for labels, points in self._points.get(name, {}).items():
            within = [value for when, value in points if at - _LOOK_BACK < when <= at]
            if within:
                yield labels, within[-1]

    def rates(self, name: str, at: float, seconds: float) -> Iterator[tuple[SeriesLabels, float]]:
        """Yield by how much each counter of a name grew per second; one that fell began again.

        The growth between the first and the last scrape of the window is divided by the time between the two.
        Prometheus extrapolates to the borders of the window; where it is full of scrapes that is the same.
        """
        for labels, points in self._points.get(name, {}).items():
            within = [(when, value) for when, value in points if at - seconds <= when <= at]
            if len(within) < 2:
                continue
            grown = sum(b - a if b >= a else b for (_, a), (_, b) in itertools.pairwise(within))
            yield labels, grown / (within[-1][0] - within[0][0]) if math.isfinite(grown) else math.nan


def watch(url: str, seconds: float, every: float, *, sleep: Callable[[float], object] = time.sleep) -> ScrapedSeries:
    """Scrape an endpoint again and again.

    Args:
        url: The endpoint.
        seconds: For how long.
        every: Seconds between two scrapes.
        sleep: Waits.

    Raises:
        OSError: The endpoint cannot be read; one that has gone away after the first scrape ends the watch.
    """
    series = ScrapedSeries()
    series.scrape(url)
    for _ in range(round(seconds / every)):
        sleep(every)
        try:
            series.scrape(url)
        except OSError:
            break
    return series
