"""What sinks are told of an audit: a record per claim and one at its end, with text only where it was asked for."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fake_verifier import FakeVerifier
from telemetry import Collected

from guardbind import AuditConfig, audit
from guardbind.cli.main import main
from guardbind.errors import ConfigError, UnknownNameError
from guardbind.events import AuditClaimRecord, AuditEndRecord
from guardbind.logs import Unread, Verifier, read_events

CONTEXT = "The badge number of Bob is 4417.\n\nThe badge number of Alice is 8213.\n\nThe pool opens at dawn."
ANSWER = "The badge number of Bob is 8213 [1]. The pool opens at dawn [3]."


def test_each_claim_and_the_end_are_told_without_text() -> None:
    seen: list[Any] = []
    report = audit(ANSWER, CONTEXT, config=AuditConfig(sinks=(seen.append,)))
    *claims, end = seen
    assert [type(record) for record in seen] == [AuditClaimRecord, AuditClaimRecord, AuditEndRecord]
    assert [record.verdict for record in claims] == [judged.verdict for judged in report.claims]
    assert [record.text for record in claims] == [None, None]
    assert not any(value in record.model_dump_json() for record in seen for value in ("8213", "Bob", "dawn"))
    assert (end.claims, end.verdicts, end.follows, end.able) == (2, report.counts, report.answer.follows, None)
    assert len({record.provenance.generation for record in seen}) == 1
    assert "sinks" not in report.settings and "sinks" not in end.settings


def test_text_and_what_the_verifier_measured_are_told_where_they_are_there() -> None:
    seen: list[Any] = []
    config = AuditConfig(sinks=(seen.append,), capture_text=True)
    report = audit(ANSWER, CONTEXT, verifier=FakeVerifier(), config=config)
    pool = seen[1]
    reading = report.claims[1].reading
    assert reading is not None and pool.text == "The pool opens at dawn."
    assert pool.p1 == (reading.p1.low, reading.p1.high) and pool.null == reading.worst
    assert seen[-1].able is True and seen[-1].accuracy == 1.0 and seen[-1].cost.requests == report.cost.requests


def test_an_audit_that_raises_is_told_too_and_a_sink_that_fails_breaks_none() -> None:
    seen: list[Any] = []
    with pytest.raises(ConfigError):
        audit(ANSWER, config=AuditConfig(sinks=(seen.append,)))
    assert [(record.event, record.error) for record in seen] == [("audit", "ConfigError")]

    def broken(record: Any) -> None:
        raise OSError("no space left")

    assert len(audit(ANSWER, CONTEXT, config=AuditConfig(sinks=(broken,))).claims) == 2
    with pytest.raises(UnknownNameError, match="jsonl"):
        audit(ANSWER, CONTEXT, config=AuditConfig(sinks=("jsnol:x",)))


def test_logs_tell_audits_from_generations(tmp_path: Path) -> None:
    log = tmp_path / "audits.jsonl"
    (tmp_path / "context.txt").write_text(CONTEXT)
    (tmp_path / "answer.txt").write_text(ANSWER)
    asked = ["audit", str(tmp_path / "answer.txt"), "--context", str(tmp_path / "context.txt"), "--no-model"]
    ran = CliRunner().invoke(main, [*asked, "--sink", f"jsonl:{log}"])
    assert ran.exit_code == 1, ran.output
    assert AuditEndRecord.model_validate_json(log.read_text().splitlines()[-1]).verdicts["contradicted"] == 1
    found = list(read_events(log))
    assert [line.problem for line in found if isinstance(line, Unread)] == ["of an audit"] * 3
    summed = CliRunner().invoke(main, ["events", str(log)])
    assert summed.exit_code == 0 and "3 records of audits left out" in summed.output
    assert list(Verifier().read(found)) == []


def test_what_is_flagged_is_logged_as_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="guardbind.events"):
        audit(ANSWER, CONTEXT, config=AuditConfig(sinks=("logging",)))
    levels = [record.levelname for record in caplog.records if record.name == "guardbind.events"]
    assert levels == ["WARNING", "INFO", "INFO"]
    assert "contradicted 1" in caplog.records[-1].message


def test_otel_counts_claims_by_verdict_and_writes_an_event_for_each() -> None:
    collected = Collected()
    audit(ANSWER, CONTEXT, config=AuditConfig(sinks=(collected.sink,)))
    with pytest.raises(ConfigError):
        audit(ANSWER, config=AuditConfig(sinks=(collected.sink,)))
    points = collected.points()
    counted = {point.attributes["guardbind.verdict"]: point.value for point in points["guardbind.audit.claims"]}
    assert counted == {"contradicted": 1, "undecided": 1}
    assert sorted(point.attributes.get("error.type", "") for point in points["guardbind.audits"]) == ["", "ConfigError"]
    told = [(event.event_name, event.severity_text) for event in collected.events]
    assert told == [
        ("gen_ai.evaluation.result", "WARN"),
        ("gen_ai.evaluation.result", "INFO"),
        ("guardbind.audit", "INFO"),
        ("guardbind.audit", "ERROR"),
    ]
