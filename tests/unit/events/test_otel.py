"""What the sink `otel` makes of records: spans, events and metrics, without a model and within this process."""

from __future__ import annotations

import inspect
import json
import math
import subprocess
import sys
import textwrap
from collections.abc import Iterable
from typing import Any

import pytest
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes
from opentelemetry.trace import StatusCode
from plain_records import ended
from telemetry import Collected

from guardbind.errors import ConfigError
from guardbind.events import BudgetRecord, Event, GenerationRecord, InterventionRecord, Provenance, SlotRecord
from guardbind.testing import check_sink
from guardbind.testing.sink import example_records
from guardbind_adapters import otel
from guardbind_adapters.otel import OtelSink, otel_sink
from guardbind_adapters.queued import QueuedSink, dropped_records

EXAMPLES = example_records()
SLOT, INTERVENTION, END = EXAMPLES[0], EXAMPLES[1], EXAMPLES[-1]
assert (
    isinstance(SLOT, SlotRecord) and isinstance(INTERVENTION, InterventionRecord) and isinstance(END, GenerationRecord)
)
TEXTS = ("the key", " five", " seven", "wert für 値", "of two lines")


def of(generation: str, record: Any, **changes: Any) -> Any:
    """A record as of another generation."""
    provenance: Provenance = record.provenance
    return record.model_copy(update={"provenance": provenance.model_copy(update={"generation": generation}), **changes})


@pytest.fixture
def collected() -> Collected:
    return Collected()


def one_generation(sink: Any, **changes: Any) -> None:
    for record in (SLOT.without_text(), INTERVENTION.without_text(), END.model_copy(update=changes)):
        sink(record)


def everything(collected: Collected) -> Iterable[Any]:
    """Every mapping of attributes that was sent anywhere."""
    yield from (span.attributes for span in collected.spans)
    yield from (event.attributes for event in collected.events)
    yield from (point.attributes for points in collected.points().values() for point in points)


def test_it_keeps_the_contract_of_a_sink(collected: Collected) -> None:
    check_sink(collected.sink)
    assert collected.total("guardbind.slots") == 18
    assert collected.total("guardbind.interventions", kept="true") == 18
    assert collected.total("guardbind.generations") == 9


def test_spans_stand_in_each_other_with_the_times_of_the_records(collected: Collected) -> None:
    with collected.tracer_provider.get_tracer("app").start_as_current_span("request") as request:
        one_generation(collected.sink)
    slot, generation, outer = collected.spans
    assert [span.name for span in (slot, generation, outer)] == ["guardbind.slot", "guardbind.generation", "request"]
    assert slot.parent is not None and generation.parent is not None
    assert slot.parent.span_id == generation.context.span_id
    assert generation.parent.span_id == request.get_span_context().span_id
    started = round(1e9 * 1e9)  # what the example says, in nanoseconds
    assert (generation.start_time, generation.end_time) == (started, started + round(2e9))
    assert (slot.start_time, slot.end_time) == (started + round(0.25e9), started + round(0.5e9))
    assert generation.instrumentation_scope is not None and generation.instrumentation_scope.name == "guardbind"


def test_events_belong_to_the_span_that_they_tell_about(collected: Collected) -> None:
    one_generation(collected.sink)
    slot, generation = collected.spans
    told = [(event.event_name, event.span_id, event.severity_text) for event in collected.events]
    assert told == [
        ("gen_ai.evaluation.result", slot.context.span_id, "INFO"),
        ("guardbind.intervention", slot.context.span_id, "INFO"),
        ("guardbind.generation", generation.context.span_id, "INFO"),
    ]
    evaluation = collected.events[0].attributes
    assert evaluation["gen_ai.evaluation.name"] == "guardbind"
    assert evaluation["gen_ai.evaluation.score.label"] == "repaired"
    assert evaluation["gen_ai.evaluation.score.value"] == -2.0
    assert evaluation["guardbind.verdict"] == "binding_failure"


def test_what_ends_wrong_is_told_with_its_severity(collected: Collected) -> None:
    failed = SLOT.model_copy(update={"final_verdict": "unsupported"})
    collected.sink(failed)
    collected.sink(END.model_copy(update={"error": "BindingFailureError"}))
    assert [event.severity_text for event in collected.events] == ["WARN", "ERROR"]
    generation = collected.spans[-1]
    assert generation.status.status_code is StatusCode.ERROR
    assert generation.attributes is not None and generation.attributes["error.type"] == "BindingFailureError"
    [point] = collected.points()["guardbind.generations"]
    assert point.attributes["error.type"] == "BindingFailureError"


def test_generations_side_by_side_are_kept_apart(collected: Collected) -> None:
    for record in (
        of("a", SLOT),
        of("b", SLOT),
        of("b", INTERVENTION),
        of("a", INTERVENTION),
        of("a", END),
        of("b", END),
    ):
        collected.sink(record)
    spans = {
        span.attributes["guardbind.generation"]: span
        for span in collected.spans
        if span.name == "guardbind.generation" and span.attributes is not None
    }
    slots = [span for span in collected.spans if span.name == "guardbind.slot"]
    assert [slot.parent and slot.parent.span_id for slot in slots] == [spans[g].context.span_id for g in ("a", "b")]
    interventions = [event for event in collected.events if event.event_name == "guardbind.intervention"]
    assert [event.span_id for event in interventions] == [slots[1].context.span_id, slots[0].context.span_id]


def test_a_generation_that_never_ends_is_not_remembered_for_ever(
    collected: Collected, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otel, "_MOST_OPEN", 2)
    for name in ("a", "b", "c"):
        collected.sink(of(name, SLOT))
    ended_early = [span for span in collected.spans if span.name == "guardbind.generation"]
    assert [span.attributes["guardbind.generation"] for span in ended_early if span.attributes] == ["a"]


BITS = [5.0, 0.0, 0.5, -0.5, -7.0, math.inf, -math.inf, 400.0, None]


def test_no_evidence_is_lost_whatever_its_sign(collected: Collected) -> None:
    for bits in BITS:
        collected.sink(SLOT.model_copy(update={"evidence_bits": bits}))
    points = collected.points()
    [spoke_for], [spoke_against] = (points[f"guardbind.evidence_bits.{side}"] for side in ("for", "against"))
    assert (spoke_for.count, spoke_against.count) == (5, 3)
    assert spoke_for.sum - spoke_against.sum == 5.0 + 0.0 + 0.5 + 30 + 30 - 0.5 - 7 - 30
    assert tuple(spoke_for.explicit_bounds) == (0, 1, 3, 6, 10, 15, 20)
    assert collected.total("guardbind.slots") == len(BITS)


def test_bounds_of_buckets_are_advice_that_a_view_overrides() -> None:
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View

    reader = InMemoryMetricReader()
    view = View(instrument_name="guardbind.slot.duration", aggregation=ExplicitBucketHistogramAggregation((1, 2)))
    sink = OtelSink(meter_provider=MeterProvider(metric_readers=[reader], views=[view]))
    sink(SLOT)
    data = reader.get_metrics_data()
    assert data is not None
    metrics = {metric.name: metric for metric in data.resource_metrics[0].scope_metrics[0].metrics}
    bounds = {name: tuple(getattr(metrics[name].data.data_points[0], "explicit_bounds", ())) for name in metrics}
    assert bounds["guardbind.slot.duration"] == (1, 2)
    assert bounds["guardbind.evidence_bits.against"] == (0, 1, 3, 6, 10, 15, 20)


def test_names_are_of_guardbind_or_merged_into_the_conventions(collected: Collected) -> None:
    one_generation(collected.sink, error="ValueError", longest_hold_back=3)
    collected.sink(SLOT)
    merged = {value for name, value in inspect.getmembers(gen_ai_attributes) if name.isupper()} | {"error.type"}
    names = {name for attributes in everything(collected) for name in attributes}
    assert {name for name in names if not name.startswith("guardbind.")} <= merged
    assert {name for name in names if name.startswith("gen_ai.")} >= {
        "gen_ai.request.model",
        "gen_ai.usage.input_tokens",
        "gen_ai.evaluation.score.label",
    }
    assert all(name.startswith("guardbind.") for name in collected.points())


def test_metrics_are_told_by_what_has_few_values(collected: Collected) -> None:
    one_generation(collected.sink, error="ValueError", longest_hold_back=3)
    labels = {name for points in collected.points().values() for point in points for name in point.attributes}
    assert labels == {
        "gen_ai.request.model",
        "error.type",
        *(f"guardbind.{name}" for name in ("policy", "verdict", "final_verdict", "action", "null", "kept")),
        *({"guardbind.sink", "guardbind.reason"} if dropped_records() else ()),
    }


@pytest.mark.parametrize("record", [SLOT, INTERVENTION])
def test_text_is_sent_only_where_the_record_holds_it(record: Any, collected: Collected) -> None:
    collected.sink(record.without_text())
    silent = repr([dict(attributes) for attributes in everything(collected)])
    assert not any(text in silent for text in TEXTS)
    collected.sink(record)
    assert " five" in repr([dict(attributes) for attributes in everything(collected)])
    assert not any(" five" in repr(p.attributes) for points in collected.points().values() for p in points)


ODD = [
    SLOT.model_copy(
        update={
            "evidence_bits": math.nan,
            "gate_gap": None,
            "value_gap": math.inf,
            "entropy_bits": math.nan,
            "target": None,
            "budget": None,
            "seconds": None,
            "at": None,
            "provenance": None,
        }
    ),
    SLOT.model_copy(
        update={
            "budget": BudgetRecord(
                null="mask", p1=1.0, p0=0.0, tau=0.9, observed_bits=math.inf, required_bits=math.inf, margin_bits=0.0
            )
        }
    ),
    INTERVENTION.model_copy(update={"bits_before": -math.inf, "bits_after": None, "token_after": None}),
    ended(),
    ended(longest_hold_back=0, unfinished=(0, 2), error="ValueError", sink_failures=2),
]


@pytest.mark.parametrize("record", ODD)
def test_no_attribute_is_none_or_no_number(
    record: Event, collected: Collected, caplog: pytest.LogCaptureFixture
) -> None:
    collected.sink(record)
    collected.sink(ended())
    for attributes in everything(collected):
        for name, value in attributes.items():
            assert value is not None, name
            assert not (isinstance(value, float) and not math.isfinite(value)), name
        json.dumps(dict(attributes), allow_nan=False)
    assert [entry for entry in caplog.records if entry.name.startswith("opentelemetry")] == []


def test_two_sinks_on_one_meter_count_together(collected: Collected, caplog: pytest.LogCaptureFixture) -> None:
    one_generation(collected.sink)
    one_generation(collected.further_sink())
    assert collected.total("guardbind.slots") == 2
    assert caplog.text == ""


def test_what_a_queue_drops_is_a_counter_and_an_attribute(collected: Collected) -> None:
    def refusing(record: Event) -> None:
        raise OSError("disk full")

    with QueuedSink(refusing) as queued:
        one_generation(queued)
    assert collected.total("guardbind.records_dropped", sink="refusing", reason="failed") == 3
    assert [
        p.value for p in collected.points()["guardbind.records_dropped"] if p.attributes["guardbind.reason"] == "full"
    ]
    collected.sink(END)
    assert collected.spans[-1].attributes is not None
    assert collected.spans[-1].attributes["guardbind.records_dropped"] >= 3  # type: ignore[operator]


def test_behind_a_queue_the_span_of_the_caller_is_still_the_parent(collected: Collected) -> None:
    with QueuedSink(collected.sink) as queued:
        with collected.tracer_provider.get_tracer("app").start_as_current_span("request") as request:
            one_generation(queued)
        assert queued.flush(20)
    generation = next(span for span in collected.spans if span.name == "guardbind.generation")
    assert generation.parent is not None
    assert generation.parent.span_id == request.get_span_context().span_id


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_by_name_it_uses_the_global_providers_even_those_that_are_set_later() -> None:
    printed = run("""
        from opentelemetry import metrics, trace
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import SimpleSpanProcessor
        from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
        from guardbind.events import GenerationRecord, build_sinks
        end = GenerationRecord(rows=1, prompt_tokens=1, new_tokens=1, slots=0, interventions=0, seconds=1.0,
                               guard_seconds=0.0, longest_hold_back=None, unfinished=(), error=None, sink_failures=0)
        [before] = build_sinks(["otel"])
        before(end)  # nothing is set: it goes nowhere
        reader, spans, tracers = InMemoryMetricReader(), InMemorySpanExporter(), TracerProvider()
        tracers.add_span_processor(SimpleSpanProcessor(spans))
        metrics.set_meter_provider(MeterProvider(metric_readers=[reader]))
        trace.set_tracer_provider(tracers)
        [after] = build_sinks(["otel"])
        before(end)
        after(end)
        found = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
        counted = {metric.name: metric.data.data_points[0] for metric in found}
        print(counted["guardbind.generations"].value, len(spans.get_finished_spans()))
    """)
    assert printed.split() == ["2", "2"]


def test_without_the_extra_the_library_works_and_the_sink_says_what_to_install() -> None:
    printed = run("""
        import sys
        sys.modules["opentelemetry"] = None  # as if it were not installed
        import guardbind
        from guardbind import MissingDependencyError
        from guardbind.events import build_sinks
        build_sinks(["logging", "queued:logging"])
        try:
            build_sinks(["otel"])
        except MissingDependencyError as error:
            print(error)
    """)
    assert "guardbind[otel]" in printed


def test_an_argument_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"takes no argument, got 'http://localhost'"):
        otel_sink("http://localhost")
