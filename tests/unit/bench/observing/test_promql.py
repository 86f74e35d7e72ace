"""Expressions over scraped series, with results counted by hand."""

from __future__ import annotations

import math

import pytest

from guardbind.errors import ConfigError
from guardbind_bench.observing.promql import evaluate, metric_names
from guardbind_bench.observing.series import ScrapedSeries, watch


@pytest.fixture
def series() -> ScrapedSeries:
    """Three scrapes, ten seconds apart; the counter of `b` begins again before the last one."""
    series = ScrapedSeries()
    for at, a, b in ((0.0, 10.0, 5.0), (10.0, 20.0, 9.0), (20.0, 40.0, 2.0)):
        samples = [("n_total", {"v": "a", "m": "x"}, a), ("n_total", {"v": "b", "m": "x"}, b)]
        fast, slow, rest = a / 10, a / 10 * 3, a / 10 * 4
        samples += [
            ("t_bucket", {"le": bound}, count) for bound, count in (("0.1", fast), ("1.0", slow), ("+Inf", rest))
        ]
        series.add(at, samples)
    return series


A, B = (frozenset({("v", v), ("m", "x")}) for v in "ab")
ALL: frozenset[tuple[str, str]] = frozenset()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("n_total", {A: 40.0, B: 2.0}),
        ('n_total{v="a"}', {A: 40.0}),
        ('n_total{v!="a"}', {B: 2.0}),
        ('n_total{v=~"a|c"}', {A: 40.0}),
        ('n_total{v!~"a|c"}', {B: 2.0}),
        ('n_total{v=~"."}', {A: 40.0, B: 2.0}),
        ('n_total{w=""}', {A: 40.0, B: 2.0}),
        ("nothing_total", {}),
        ("rate(n_total[1m])", {A: 1.5, B: 0.3}),
        ('rate(n_total{v="a"}[10s])', {A: 2.0}),
        ("rate(n_total[5s])", {}),
        ("increase(n_total[1m])", {A: 90.0, B: 18.0}),
        ("sum(rate(n_total[1m]))", {ALL: 1.8}),
        ("sum by (v) (n_total)", {frozenset({("v", "a")}): 40.0, frozenset({("v", "b")}): 2.0}),
        ("sum by (v, m) (n_total)", {A: 40.0, B: 2.0}),
        ('sum(rate(n_total{v="b"}[1m])) / sum(rate(n_total[1m]))', {ALL: 0.3 / 1.8}),
        ('n_total - n_total{v="a"}', {A: 0.0}),
        ("1 - 2 * n_total", {A: -79.0, B: -3.0}),
        ("(1 - 2) * n_total", {A: -40.0, B: -2.0}),
        ("n_total > 10", {A: 40.0}),
        ("n_total > 10 and n_total < 30", {}),
        ('n_total and n_total{v="a"}', {A: 40.0}),
        ("sum(nothing_total) or vector(0)", {ALL: 0.0}),
        ('n_total{v="a"} or n_total', {A: 40.0, B: 2.0}),
        ("(sum(nothing_total) or vector(0)) / sum(n_total)", {ALL: 0.0}),
        ("histogram_quantile(0.5, rate(t_bucket[1m]))", {ALL: 0.1 + 0.9 / 2}),
        ("histogram_quantile(0.25, sum by (le) (t_bucket))", {ALL: 0.1}),
        ("histogram_quantile(0.99, t_bucket)", {ALL: 1.0}),
    ],
)
def test_what_an_expression_is(
    expression: str, expected: dict[frozenset[tuple[str, str]], float], series: ScrapedSeries
) -> None:
    assert evaluate(expression, series, at=20.0) == pytest.approx(expected)


def test_of_no_observations_there_is_no_quantile(series: ScrapedSeries) -> None:
    series.add(30.0, [("u_bucket", {"le": "+Inf"}, 0.0)])
    [found] = evaluate("histogram_quantile(0.5, u_bucket)", series, at=30.0).values()
    assert math.isnan(found)


def test_what_is_old_is_forgotten(series: ScrapedSeries) -> None:
    assert evaluate("n_total", series, at=319.0) != {}
    assert evaluate("n_total", series, at=320.0) == {}


@pytest.mark.parametrize(
    "expression",
    ["sum without (v) (n_total)", "n_total offset 5m", "avg(n_total)", "rate(n_total)", "sum(n_total",
     "n_total n_total", "n_total{v}", "n_total ^ 2", "", "topk(3, n_total)"],
)  # fmt: skip
def test_what_is_not_known_is_an_error(expression: str, series: ScrapedSeries) -> None:
    with pytest.raises(ConfigError):
        evaluate(expression, series, at=20.0)


def test_names() -> None:
    expression = 'histogram_quantile(0.95, sum by (le, m) (rate(t_bucket{v!="a"}[5m]))) > 1 and 0 * n_total == 0'
    assert metric_names(expression) == {"t_bucket", "n_total"}


def test_an_endpoint_that_goes_away_ends_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([True, True, False])

    def scrape(series: ScrapedSeries, url: str) -> None:
        if not next(answers):
            raise ConnectionRefusedError
        series.add(len(series.times), [("n_total", {}, 1.0)])

    monkeypatch.setattr(ScrapedSeries, "scrape", scrape)
    assert len(watch("http://nowhere", 60, 1, sleep=lambda _: None).times) == 2
