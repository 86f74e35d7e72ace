"""The sink `otel` on guarded generations: collected here, sent by OTLP, scraped by Prometheus."""

from __future__ import annotations

import logging
import time
from collections import Counter
from typing import Any

import pytest
from asking import ALPHA, BETA, Ask
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from otlp_receiver import attributes_of, otlp_receiver
from telemetry import Collected, scraped_sink
from transformers import PreTrainedTokenizerBase, TextStreamer

from guardbind import BindingFailureError, Guard, GuardConfig
from guardbind.report.report import Report
from guardbind_adapters.otel import OtelSink
from guardbind_adapters.queued import QueuedSink


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


def slots_by(report: Report, *fields: str) -> Counter[tuple[str, ...]]:
    return Counter(tuple(getattr(slot, field) for field in fields) for slot in report.slots)


class TestOneGeneration:
    def test_times_and_counts_are_those_of_the_report(self, ask: Ask) -> None:
        collected = Collected()
        before = time.time_ns()
        report = ask(ask.first, BETA, GuardConfig(sinks=(collected.sink,))).report
        after = time.time_ns()
        slot, generation = collected.spans
        assert generation.attributes is not None
        assert generation.attributes["guardbind.slots"] == len(report.slots) == 1
        assert generation.attributes["guardbind.interventions"] == 1
        assert generation.attributes["gen_ai.usage.input_tokens"] == len(ask.tokenizer(BETA).input_ids)
        assert generation.attributes["guardbind.generation"] == report.provenance.generation
        # The clock of the spans is read once; what is told relative to it may differ by its resolution.
        slack = 50_000_000
        assert before - slack <= generation.start_time <= slot.start_time <= slot.end_time <= generation.end_time  # type: ignore[operator]
        assert generation.end_time <= after + slack  # type: ignore[operator]
        assert (report.slots[0].seconds or 0) > 0
        [duration] = collected.points()["guardbind.slot.duration"]
        assert duration.sum == report.slots[0].seconds
        [guarding] = collected.points()["guardbind.guard.duration"]
        [whole] = collected.points()["guardbind.generation.duration"]
        assert duration.sum <= guarding.sum <= whole.sum

    def test_the_tokens_that_a_streamer_waited_for(self, ask: Ask) -> None:
        collected = Collected()
        config = GuardConfig(sinks=(collected.sink,))
        ask(ask.first, BETA, config)
        assert "guardbind.held_back_tokens" not in collected.points()
        report = ask(ask.first, BETA, config, streamer=TextStreamer(ask.tokenizer)).report
        [held] = collected.points()["guardbind.held_back_tokens"]
        assert (held.count, held.sum) == (1, report.longest_hold_back)

    def test_one_that_raises_is_counted_under_its_error(self, ask: Ask) -> None:
        collected = Collected()
        with pytest.raises(BindingFailureError):
            ask(ask.first, BETA, GuardConfig(policy="raise", sinks=(collected.sink,)))
        [point] = collected.points()["guardbind.generations"]
        assert point.attributes["error.type"] == "BindingFailureError"
        assert point.attributes["guardbind.policy"] == "raise"
        assert not collected.spans[-1].status.is_ok

    def test_an_error_that_was_being_handled_is_none_of_the_generation(self, ask: Ask) -> None:
        collected = Collected()
        try:
            raise ValueError("the application's own")
        except ValueError:
            ask(ask.first, BETA, GuardConfig(sinks=(collected.sink,)))
        assert collected.spans[-1].status.is_ok

    def test_a_policy_of_ones_own_is_told_by_its_name(self, ask: Ask) -> None:
        def careful(slot: Any) -> str:
            return "contrast"

        collected = Collected()
        ask(ask.first, BETA, GuardConfig(policy=careful, sinks=(collected.sink,)))
        assert collected.total("guardbind.slots", policy="careful") == 1

    def test_prompt_text_is_sent_only_with_capture_text(self, ask: Ask) -> None:
        for capture in (False, True):
            collected = Collected()
            ask(ask.first, BETA, GuardConfig(sinks=(collected.sink,), capture_text=capture))
            sent = [dict(event.attributes) for event in collected.events]
            assert ("'beta'" in repr(sent)) is capture
            assert ("guardbind.key" in sent[0]) is capture


def providers(url: str, seconds: float = 10) -> dict[str, Any]:
    tracers, loggers = TracerProvider(), LoggerProvider()
    tracers.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{url}/v1/traces", timeout=seconds)))
    loggers.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(f"{url}/v1/logs", timeout=seconds)))
    reader = PeriodicExportingMetricReader(OTLPMetricExporter(f"{url}/v1/metrics", timeout=seconds))
    meters = MeterProvider(metric_readers=[reader])
    return {"tracer_provider": tracers, "logger_provider": loggers, "meter_provider": meters}


class TestOtlp:
    def test_a_receiver_gets_spans_events_and_metrics(self, ask: Ask) -> None:
        with otlp_receiver() as received:
            given = providers(received.url)
            report = ask(ask.first, BETA, GuardConfig(sinks=(OtelSink(**given),))).report
            for provider in given.values():
                provider.force_flush()
                provider.shutdown()
        slot, generation = sorted(received.spans(), key=lambda span: -span.start_time_unix_nano)
        assert (slot.name, generation.name) == ("guardbind.slot", "guardbind.generation")
        assert (slot.trace_id, slot.parent_span_id) == (generation.trace_id, generation.span_id)
        names = [event.event_name for event in received.events()]
        assert names == ["gen_ai.evaluation.result", "guardbind.intervention", "guardbind.generation"]
        assert received.events()[0].span_id == slot.span_id
        [point] = received.metrics()["guardbind.slots"].sum.data_points
        assert (point.as_int, attributes_of(point)["guardbind.final_verdict"]) == (1, report.slots[0].final_verdict)
        [bits] = received.metrics()["guardbind.evidence_bits.against"].histogram.data_points
        assert bits.sum == pytest.approx(-(report.slots[0].evidence_bits or 0))

    def test_one_that_does_not_answer_holds_nothing_up(self, ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
        with otlp_receiver() as received:
            url = received.url
        caplog.set_level(logging.CRITICAL, "opentelemetry")
        given = providers(url, seconds=0.05)
        output = ask(ask.first, BETA, GuardConfig(sinks=(OtelSink(**given),)))
        assert (output.text, output.report.sink_failures) == (["42]\n"], 0)
        for provider in given.values():
            provider.shutdown()


class TestPrometheus:
    def test_a_scrape_tells_what_the_reports_tell(self, ask: Ask) -> None:
        with scraped_sink() as (sink, scraped), QueuedSink(sink) as queued:
            config = GuardConfig(sinks=(queued,))
            reports = [ask(ask.first, prompt, config).report for prompt in (ALPHA, BETA, BETA)]
            assert queued.flush(20)
            assert scraped.total("guardbind_slots_total") == sum(len(report.slots) for report in reports) == 3
            assert scraped.total("guardbind_slots_total", final_verdict="repaired") == 2
            assert scraped.total("guardbind_generation_duration_seconds_count") == 3
            against = scraped.total("guardbind_evidence_bits_against_count")
            assert scraped.total("guardbind_evidence_bits_for_count") + against == 3
            buckets = [s for s in scraped.samples() if s.name == "guardbind_slot_duration_seconds_bucket"]
            assert {bucket.labels["le"] for bucket in buckets} >= {"0.001", "0.25", "5.0", "+Inf"}


BADGES = {"Alice": "4417", "Bob": "8213", "Carol": "3352", "Dave": "9076", "Erin": "6641", "Frank": "1598"}
FACTS = " ".join(f"{name}'s badge number is {number}." for name, number in BADGES.items())


def test_the_counters_of_a_real_generation_are_those_of_its_report(demo_model: Any) -> None:
    model, tokenizer = demo_model
    prompts = [f"{FACTS}\nQ: What is {name}'s badge number?\nA: {name}'s badge number is" for name in ("Bob", "Erin")]
    inputs = tokenizer(prompts, return_tensors="pt", padding=True)
    with scraped_sink() as (sink, scraped):
        out = Guard(model, tokenizer, GuardConfig(sinks=(sink,))).generate(**inputs, max_new_tokens=6)
        report = out.report
        told = Counter(
            {
                tuple(sample.labels[f"guardbind_{name}"] for name in ("verdict", "final_verdict", "action")): int(
                    sample.value
                )
                for sample in scraped.samples()
                if sample.name == "guardbind_slots_total"
            }
        )
        kept = scraped.total("guardbind_interventions_total", kept="true")
        tokens = scraped.total("guardbind_output_tokens_total")
        for_, against = (scraped.total(f"guardbind_evidence_bits_{side}_sum") for side in ("for", "against"))
    assert told == slots_by(report, "verdict", "final_verdict", "action")
    assert told["binding_failure", "repaired", "contrast"] >= 1
    assert kept == sum(intervention.kept for intervention in report.interventions)
    assert tokens == sum(len(tokenizer(text, add_special_tokens=False).input_ids) for text in out.text)
    assert for_ - against == pytest.approx(sum(slot.evidence_bits or 0 for slot in report.slots))
