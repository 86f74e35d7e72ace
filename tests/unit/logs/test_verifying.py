"""Whatever is changed in a log is found, where the rest of the log says otherwise."""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from calibrations import acting_rule, plain_calibration
from log_records import a_slot
from plain_engine import ITEMS, PROMPT, Generation, PlainNull, peaked, write
from plain_slots import letters_row

from guardbind.calibration.artefact import CalibratedRange, Calibration, FlagRule
from guardbind.calibration.conditions import settings_record, settings_sha256
from guardbind.calibration.store import calibration_id
from guardbind.config import GuardConfig
from guardbind.events import Event, UnboundValueRecord, guaranteed
from guardbind.logs.reading import Unread, parse_line
from guardbind.logs.recomputed import near, slot_misses
from guardbind.logs.verifying import Fault, Verifier
from guardbind.policies import NoToken
from guardbind.session.called import Called
from guardbind.session.standing import Standing

CALIBRATION = plain_calibration(
    CalibratedRange(
        model="plain",
        weights="w",
        dtype="float32",
        attention="none",
        template_sha256=None,
        tasks=(),
        prompt_tokens=(1, 100),
        distance=(0, 100),
        bindings=(1, 10),
        residual_norm=None,
    ),
    acting_rule("slot_prefix", 1.0, 0.1, n=500),
    flagging=(FlagRule(signal="evidence_bits", suspicious="low", threshold=5.0, alpha=0.05, n=100),),
)
ID = calibration_id(CALIBRATION)


def generated(
    name: str, target: str | None, top: str, *, standing: Standing, attempts: Any = (), **changes: Any
) -> list[Event]:
    """Return the records of a generation."""
    row = letters_row(PROMPT, ITEMS, target)
    generation = Generation(row, attempts, standing=standing, null=PlainNull(peaked("1", 1.0)), **changes)
    seen: list[Event] = []
    generation.sinks.append(seen.append)
    generation.write(top)
    settings = settings_record(GuardConfig(slots=("line_end",), **changes))
    called = Called(settings, {"max_new_tokens": 2}, ())
    generation.recorder.end([row], longest_hold_back=None, unfinished=(), error=None, called=called)
    update = {"generation": name, "calibration": standing.id, "settings_sha256": settings_sha256(settings)}
    return [
        record.model_copy(update={"provenance": record.provenance and record.provenance.model_copy(update=update)})
        for record in seen
    ]


@pytest.fixture(scope="module")
def log() -> list[dict[str, Any]]:
    """A log with a certified answer, a controlled repair, one that is declared, and one that is outside."""
    inside, uncalibrated = Standing(CALIBRATION, id=ID), Standing()
    outside = Standing(CALIBRATION, ("weights", "alpha"), "flag", 3.0, ID)
    attempts = [NoToken("first", "none"), write("4")]
    records = [
        *generated("certified", "beta", "4", standing=inside),
        *generated("controlled", None, "1", standing=inside, attempts=attempts),
        *generated("declared", "beta", "1", standing=inside, attempts=attempts),
        *generated("outside", None, "1", standing=outside, attempts=attempts),
        *generated("uncalibrated", "beta", "1", standing=uncalibrated, attempts=attempts),
    ]
    return [json.loads(record.model_dump_json()) for record in records]


def faults(log: Sequence[dict[str, Any]], *known: Calibration) -> list[Fault]:
    records = [parse_line(json.dumps(record).encode()) for record in log]
    read = [record for record in records if not isinstance(record, tuple)]
    assert len(read) == len(log)
    return list(Verifier({calibration_id(each): each for each in known}).read(read))


def test_what_a_guard_writes_holds(log: list[dict[str, Any]]) -> None:
    kinds = {(record["event"], (record.get("guarantee") or {}).get("kind")) for record in log}
    assert kinds >= {("slot", kind) for kind in ("none", "controlled", "declared", "outside", "uncalibrated")}
    assert any(record.get("certificate") for record in log)
    assert faults(log) == []
    assert faults(log, CALIBRATION) == []


def test_what_rests_on_a_value_that_no_binding_holds_is_unresolved() -> None:
    value = UnboundValueRecord(span=(3, 7), statement=(0, 9), kind="number", bits=5.0)
    for told, expected in (("query", ["verdict"]), ("declared", []), ("slot_prefix", [])):
        slot = a_slot(resolved_by=told, verdict="gate_failure", final_verdict="gate_failure", unbound_value=value)
        about = [miss.field for miss in slot_misses(slot, {}) if "no binding holds" in miss.expected]
        assert about == expected, told


# Nothing else in a log says these, or not in every record that has them.
_SAID_ONCE = {
    *("generation.new_tokens", "generation.seconds", "generation.guard_seconds", "generation.sink_failures"),
    *("generation.prompt_sha256.0", "generation.arguments.max_new_tokens"),
    *("slot.step", "slot.kind", "slot.reason", "slot.grounds", "slot.target_score", "slot.words_target"),
    *("slot.gate_gap", "slot.value_gap", "slot.tie", "slot.margin", "slot.max_probability", "slot.entropy_bits"),
    *("slot.null_forwards", "slot.null_cost", "slot.at", "slot.seconds", "slot.distance"),
    *("slot.residual_norm", "slot.replaced", "slot.resolved_by", "slot.candidates.0.index", "slot.candidates.1.index"),
    "slot.bits_by_binding.0",  # of a binding that is not the target
    *("intervention.reason", "intervention.tokens_inserted", "intervention.tokens_vetoed", "intervention.bits_after"),
    *("intervention.action", "intervention.verdict_after", "intervention.confirmed", "intervention.gain_bits"),
    "intervention.token_after",  # of a proposal that was not carried out
}


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, name))
    elif value is not None:
        yield path


def changed(value: Any) -> list[Any]:
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int):
        return [value + 1]
    if isinstance(value, float):
        return [value + 0.01, value * 0.99 - 0.001]
    return [f"{value}x"] if value not in OTHERS else [OTHERS[value]]


OTHERS = {
    "ok": "unsupported",
    "unsupported": "ok",
    "binding_failure": "gate_failure",
    "repaired": "ok",
    "controlled": "declared",
    "declared": "controlled",
    "none": "declared",
    "outside": "none",
    "uncalibrated": "none",
}


def test_a_changed_number_is_found_wherever_something_else_says_it(log: list[dict[str, Any]]) -> None:
    unfound = set()
    for record in log:
        alone = [other for other in log if other["provenance"]["generation"] == record["provenance"]["generation"]]
        place = alone.index(record)
        for path in leaves(record):
            if path[0] == "event":
                continue
            *inner, last = path
            for value in changed(_at(record, path)):
                tampered = copy.deepcopy(alone)
                _at(tampered[place], inner)[last] = value
                try:
                    found = faults(tampered, CALIBRATION)
                except AssertionError:
                    continue  # it can no longer be read
                if not found:
                    unfound.add(f"{record['event']}.{'.'.join(map(str, path))}")
    assert unfound == _SAID_ONCE, (sorted(unfound - _SAID_ONCE), sorted(_SAID_ONCE - unfound))


def _at(value: Any, path: Sequence[Any]) -> Any:
    for part in path:
        value = value[part]
    return value


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"acting": (acting_rule("slot_prefix", 90.0, 0.1, n=500),)}, "guarantee.rule"),
        ({"acting": ()}, "guarantee.rule"),
        ({"risk": 0.2}, "guarantee.risk"),
        ({"tested": ("slot_prefix", "query")}, "guarantee.rule.tested"),
        ({"flagging": (FlagRule(signal="margin", suspicious="low", threshold=99.0, alpha=0.05, n=9),)}, "flags"),
        ({"trials": 7}, "guarantee.calibration"),
    ],
)
def test_guarantees_are_those_of_the_calibration(log: list[dict[str, Any]], changes: Any, field: str) -> None:
    other = CALIBRATION.model_copy(update=changes)
    known = {ID if field != "guarantee.calibration" else calibration_id(other): other}
    records = [parse_line(json.dumps(record).encode()) for record in log]
    found = list(Verifier(known).read(record for record in records if not isinstance(record, tuple)))
    assert field in {fault.field for fault in found}
    assert {fault.generation for fault in found} <= {"controlled", "declared", "certified", "outside"}


def test_a_later_value_is_outside_and_only_a_later_one() -> None:
    attempts = [NoToken("first", "none"), write("4")]
    standing = Standing(CALIBRATION, id=ID)
    said = "17\nbeta=17"
    records = generated("two", None, said, standing=standing, attempts=attempts, patterns=("beta=$",))
    log = [json.loads(record.model_dump_json()) for record in records]
    outside = [record["guarantee"]["outside"] for record in log if record["event"] == "slot"]
    assert outside == [[], ["later_value"]]
    assert faults(log, CALIBRATION) == []
    later = next(place for place, record in enumerate(log) if (record.get("guarantee") or {}).get("outside"))
    assert {fault.field for fault in faults([*log[:later], *log[later + 1 :]])} >= {"slots"}
    for record in log:
        if record["event"] == "slot":
            held = {"kind": "none", "statement": guaranteed("none").statement, "outside": []}
            record["guarantee"] |= held if record["guarantee"]["outside"] else {}
            record["flags"] = [flag for flag in record["flags"] if flag != "outside"]
    assert [fault.field for fault in faults(log, CALIBRATION)] == ["guarantee.outside"]


def test_a_bound_that_counts_cannot_give_is_found(log: list[dict[str, Any]]) -> None:
    few = copy.deepcopy(log)
    for record in few:
        rule = (record.get("guarantee") or {}).get("rule")
        if rule is not None:
            rule["n"], record["guarantee"]["statement"] = 298, record["guarantee"]["statement"].replace("500", "298")
    found = faults(few)
    assert {fault.field for fault in found} == {"guarantee.risk"}


@pytest.mark.parametrize("left_out", [0, 2, 4])
def test_a_record_that_is_missing_is_found(log: list[dict[str, Any]], left_out: int) -> None:
    assert [record["event"] for record in log[:5]] == ["slot", "generation", "slot", "intervention", "intervention"]
    assert faults([*log[:left_out], *log[left_out + 1 :]])


def test_older_records_and_broken_lines_are_borne(log: list[dict[str, Any]]) -> None:
    old = copy.deepcopy(log[:2])
    for record in old:
        record["provenance"] = {**record["provenance"], "schema_version": 4}
        for name in ("guarantee", "certificate", "flags", "null", "needed_bits", "prompt_tokens", "settings"):
            if (record["event"], name) != ("generation", "prompt_tokens"):
                record.pop(name, None)
        if record["event"] == "generation":
            record["prompt_sha256"] = []
        for name in ("calibration", "settings_sha256"):
            record["provenance"].pop(name)
    assert faults(old) == []
    unread = parse_line(b'{"event": "sl')
    assert isinstance(unread, tuple)
    verifier = Verifier()
    (fault,) = verifier.read([Unread("a.jsonl", 3, *unread)])
    assert (fault.event, fault.field, fault.recorded) == ("line", "a.jsonl:3", "cut off")


def test_a_generation_without_an_end_is_checked_as_far_as_it_goes(log: list[dict[str, Any]]) -> None:
    broken = copy.deepcopy(log[:1])
    broken[0]["budget"]["observed_bits"] += 1
    verifier = Verifier()
    records = [parse_line(json.dumps(record).encode()) for record in broken]
    found = list(verifier.read(record for record in records if not isinstance(record, tuple)))
    assert {fault.field for fault in found} == {"budget.observed_bits"}
    assert verifier.checked["generations without an end"] == 1


def test_no_number_is_hidden_behind_nan(log: list[dict[str, Any]]) -> None:
    log[0]["evidence_bits"] = math.nan
    assert "evidence_bits" in {fault.field for fault in faults(log)}
    assert near(math.nan, math.inf) and near(1.0, math.nan) and not near(math.nan, 1.0)
