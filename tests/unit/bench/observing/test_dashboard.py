"""The dashboard and the alert rules of the examples ask for what the sink `otel` exposes, and mean what they say."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from paths import ROOT
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from guardbind.events import Event
from guardbind.testing.sink import example_records
from guardbind_adapters.otel import OtelSink
from guardbind_adapters.queued import QueuedSink
from guardbind_bench.observing.dashboard import DashboardPanel, read_alerts, read_dashboard
from guardbind_bench.observing.picture import draw, panel_lines
from guardbind_bench.observing.promql import evaluate, metric_names
from guardbind_bench.observing.series import ScrapedSeries

FOLDER = ROOT / "examples" / "observe"
PANELS = read_dashboard(FOLDER / "dashboard.json")
ALERTS = read_alerts(FOLDER / "alerts.yaml")
EXPRESSIONS = {
    **{f"{panel.title} {i}": query.filled("10m") for panel in PANELS for i, query in enumerate(panel.queries)},
    **ALERTS,
}
SLOT, INTERVENTION, _, _, END = example_records()


def slot(final: str, verdict: str = "binding_failure", **changes: Any) -> Event:
    return SLOT.model_copy(update={"verdict": verdict, "final_verdict": final, "seconds": 0.02, **changes})


def end(**changes: Any) -> Event:
    return END.model_copy(update={"longest_hold_back": 2, **changes})


WELL = [slot("ok", "ok", evidence_bits=6.0), slot("ok", "ok", evidence_bits=1.0), slot("repaired"), INTERVENTION, end()]
SICK = [
    slot("binding_failure", seconds=4.0),
    slot("binding_failure", seconds=4.0),
    slot("unsupported", "unsupported", seconds=4.0),
    *[slot("unresolved", "unresolved", seconds=4.0, budget=None, evidence_bits=None)] * 5,
    *[INTERVENTION.model_copy(update={"kept": False})] * 2,
    *[end(error="NumericsError", sink_failures=1, unfinished=(0,))] * 8,
]


def refuse(record: Event) -> None:
    raise OSError("disk full")


def scrapes(records: list[Event], times: int = 4, also: Callable[[], None] = lambda: None) -> ScrapedSeries:
    """What an endpoint exposes every hundred seconds while records come, from its own text on."""
    registry = CollectorRegistry()
    provider = MeterProvider(metric_readers=[PrometheusMetricReader(registry=registry)])
    sink, series = OtelSink(meter_provider=provider), ScrapedSeries()
    for time in range(times):
        for record in records:
            sink(record)
        also()
        families = text_string_to_metric_families(generate_latest(registry).decode())
        samples = [sample for family in families for sample in family.samples]
        series.add(100.0 * time, [(sample.name, sample.labels, sample.value) for sample in samples])
    provider.shutdown()
    return series


@pytest.fixture(scope="module")
def series() -> ScrapedSeries:
    """Scrapes in which everything happens."""

    def drop() -> None:
        with QueuedSink(refuse) as queue:
            queue(SLOT)

    return scrapes([*WELL, *SICK], also=drop)


def test_every_metric_and_label_that_is_asked_for_is_exposed(series: ScrapedSeries) -> None:
    asked = set().union(*map(metric_names, EXPRESSIONS.values()))
    assert len(asked) >= 12
    assert asked <= series.names()
    for expression in EXPRESSIONS.values():
        for name, matchers in re.findall(r"(guardbind_\w+)\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)\s*(?:=|!)", matchers)) <= series.labels(name), expression
        for labels in re.findall(r"by \(([^)]*)\)", expression):
            known = set().union(*(series.labels(name) for name in metric_names(expression)))
            assert set(re.split(r",\s*", labels)) <= known, expression


def test_every_counter_that_is_exposed_is_shown_or_watched(series: ScrapedSeries) -> None:
    asked = set().union(*map(metric_names, EXPRESSIONS.values()))
    exposed = {name for name in series.names() if name.startswith("guardbind_")}
    stems = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in exposed}
    assert stems == {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in asked}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.title)
def test_every_panel_has_something_to_show(panel: DashboardPanel, series: ScrapedSeries) -> None:
    for query in panel.queries:
        found = evaluate(query.filled("10m"), series, at=300.0)
        assert found, query.expression
        assert all(value >= 0 for value in found.values())
        assert len({query.called(dict(labels)) for labels in found}) == len(found)


def test_shares_are_those_of_the_records() -> None:
    shown = {}
    for panel in PANELS:
        if panel.kind == "stat":
            [lines] = panel_lines(panel, scrapes([*WELL, *SICK]), "10m", [300.0]).values()
            shown[panel.title] = lines[0]
    # Of 11 slots the model got 4 wrong, of which one was repaired; all is met once in 100 seconds.
    assert shown["Slots"] == pytest.approx(11 / 100)
    assert shown["Generations"] == pytest.approx(9 / 100)
    assert shown["Wrong by the model"] == pytest.approx(4 / 11)
    assert shown["Wrong in the answer"] == pytest.approx(3 / 11)
    assert shown["Time spent guarding"] == pytest.approx(0.25 / 2)
    assert 2.5 < shown["Slot latency, p95"] <= 5


def test_the_panels_of_evidence_add_up_to_all_that_was_measured(series: ScrapedSeries) -> None:
    [panel] = [panel for panel in PANELS if panel.title == "Slots per second, by evidence bits"]
    lines = panel_lines(panel, scrapes([*WELL, *SICK]), "10m", [300.0])
    assert {name: values[0] for name, values in lines.items()} == pytest.approx(
        {"against it": 4 / 100, "for it, up to 3 bits": 1 / 100, "for it, above 3 bits": 1 / 100}
    )


def fires(name: str, series: ScrapedSeries) -> bool:
    return bool(evaluate(ALERTS[name], series, at=300.0))


@pytest.mark.parametrize("name", ALERTS)
def test_no_alert_fires_while_all_is_well(name: str) -> None:
    assert not fires(name, scrapes(WELL))


SITUATIONS: dict[str, Callable[[], ScrapedSeries]] = {
    "GuardbindWrongValuesLeft": lambda: scrapes([*WELL, slot("binding_failure")]),
    "GuardbindModelOftenWrong": lambda: scrapes([*WELL, *[slot("repaired")] * 3]),
    "GuardbindTargetsUnresolved": lambda: scrapes([*WELL, *[slot("unresolved", "unresolved")] * 4]),
    "GuardbindSeesNoSlots": lambda: scrapes([end()]),
    "GuardbindGenerationsFail": lambda: scrapes([*WELL, *[end(error="NumericsError")] * 2]),
    "GuardbindSlotsSlow": lambda: scrapes([slot("ok", "ok", seconds=2.0), end()]),
    "GuardbindSinkFails": lambda: scrapes([*WELL, end(sink_failures=1)]),
}


def test_each_alert_has_a_situation() -> None:
    assert {*SITUATIONS, "GuardbindRecordsDropped"} == set(ALERTS)


@pytest.mark.parametrize("name", SITUATIONS)
def test_an_alert_fires_in_its_situation_and_in_no_other_that_it_does_not_contain(name: str) -> None:
    series = SITUATIONS[name]()
    assert [other for other in SITUATIONS if fires(other, series)] == [name]


def test_the_alert_on_dropped_records_fires(series: ScrapedSeries) -> None:
    assert fires("GuardbindRecordsDropped", series)


def test_the_dashboard_is_one_that_can_be_imported() -> None:
    dashboard = json.loads((FOLDER / "dashboard.json").read_text(encoding="utf-8"))
    variables = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(dashboard))) - {"__rate_interval", "__all"}
    assert used == variables == {"datasource", "model"}
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(PANELS)
    for panel in dashboard["panels"]:
        assert panel["description"] and panel["title"]
        assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


def test_no_panel_covers_another() -> None:
    cells = [
        [(x + i, y + j) for i, j in itertools.product(range(w), range(h))] for x, y, w, h in (p.place for p in PANELS)
    ]
    flat = list(itertools.chain(*cells))
    assert len(set(flat)) == len(flat)
    assert all(0 <= x < 24 for x, _ in flat)


def test_every_alert_says_what_it_is_about() -> None:
    import yaml

    groups = yaml.safe_load((FOLDER / "alerts.yaml").read_text(encoding="utf-8"))["groups"]
    for rule in (rule for group in groups for rule in group["rules"]):
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}
        assert {"summary", "description"} == set(rule["annotations"])
        assert not rule["annotations"]["summary"].startswith("{{")


def test_the_picture_has_every_panel(series: ScrapedSeries, tmp_path: Path) -> None:
    figure = draw(PANELS, series, "10m", "guardbind")
    texts = {text.get_text() for text in figure.texts}
    assert {panel.title for panel in PANELS} | {"guardbind"} <= texts
    assert len(figure.axes) == sum(panel.kind == "timeseries" for panel in PANELS)
    assert all(ax.lines or ax.collections for ax in figure.axes)
    figure.savefig(tmp_path / "picture.svg")
    assert "repaired" in (tmp_path / "picture.svg").read_text(encoding="utf-8")


def test_a_picture_of_nothing_says_so() -> None:
    empty = ScrapedSeries()
    empty.add(0.0, [])
    empty.add(60.0, [])
    figure = draw(PANELS, empty, "10m", "guardbind")
    assert sum(text.get_text() == "No data" for text in figure.texts) == 6
