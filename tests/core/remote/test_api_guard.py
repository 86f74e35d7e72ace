"""The guard of a model that is asked from outside, on a model of a few rules: verdicts, repairs, records, failures."""

from __future__ import annotations

import asyncio
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy_backend import BADGES, PROMPT, ToyBackend

from guardbind import ApiGuard, ApiGuardConfig, ApiOutput, BindingFailureError, ConfigError, GuardbindError, GuardConfig
from guardbind.backends import Abilities
from guardbind.errors import BackendError
from guardbind.events.records import Event, GenerationRecord, InterventionRecord, SlotRecord

CHAT = [{"role": "user", "content": PROMPT}]
RIGHT = "The badge number of Boris is 9370."
WRONG = "The badge number of Boris is 4821."


def guarded(backend: ToyBackend, **settings: Any) -> ApiOutput:
    return ApiGuard(backend, ApiGuardConfig(**settings)).generate(CHAT, max_new_tokens=16)


def test_an_answer_that_rests_on_its_evidence_is_ok_and_stays_as_it_is() -> None:
    output = guarded(ToyBackend())
    (slot,) = output.report.slots
    assert output.text == RIGHT
    assert (slot.verdict, slot.final_verdict, slot.action, slot.key) == ("ok", "ok", "none", "Boris's badge number")
    assert slot.ranges is not None and slot.ranges.decided == "yes"
    assert slot.evidence_bits is not None and slot.evidence_bits > 5
    assert slot.cost is not None and slot.cost.requests >= 2
    assert output.spent.requests > slot.cost.requests


@pytest.mark.parametrize("prompt", [CHAT, PROMPT + "\n"])
@pytest.mark.parametrize("policy", ["auto", "contrast", "veto", "checkpoint", "choice"])
def test_a_wrong_binding_is_repaired_and_read_a_second_time(policy: str, prompt: Any) -> None:
    backend = ToyBackend(own=0.3, rival=0.6)
    if policy == "choice":
        # Held to the values it writes another one, unless it would have written that one anyway.
        backend = ToyBackend(own=0.3, rival=0.6, abilities=Abilities(top=100))
    output = ApiGuard(backend, ApiGuardConfig(policy=policy)).generate(prompt, max_new_tokens=16)
    (slot,) = output.report.slots
    tried = output.report.interventions
    assert slot.verdict == "binding_failure"
    if policy == "choice":
        assert output.text == WRONG and [one.kept for one in tried] == [False]
        return
    assert output.text == RIGHT and slot.final_verdict == "repaired" and slot.replaced == 0
    assert tried[-1].kept and tried[-1].verdict_after == "ok"
    assert tried[-1].gain_range is not None and tried[-1].gain_range[0] is not None and tried[-1].gain_range[0] > 0


def test_a_choice_among_the_values_opens_a_closed_gate() -> None:
    class Silent(ToyBackend):
        def _values(self, name: str, stated: dict[str, str], restated: dict[str, str]) -> dict[str, float]:
            return {**super()._values(name, stated, restated), " 7777": 5.0}

    output = guarded(Silent(holds=False), policy="choice")
    (slot,) = output.report.slots
    assert (slot.verdict, slot.final_verdict, slot.action) == ("gate_failure", "repaired", "choice")
    assert output.text == RIGHT


def test_observe_changes_nothing_and_says_what_is_wrong() -> None:
    output = guarded(ToyBackend(own=0.3, rival=0.6), policy="observe")
    assert output.text == WRONG and not output.report.interventions
    assert [slot.final_verdict for slot in output.report.slots] == ["binding_failure"]


def test_abstain_ends_the_answer_and_raise_raises() -> None:
    output = guarded(ToyBackend(own=0.3, rival=0.6), policy="abstain", abstain_text=" [unsure]")
    assert output.text == "The badge number of Boris is [unsure]"
    with pytest.raises(BindingFailureError, match="binding_failure"):
        guarded(ToyBackend(own=0.3, rival=0.6), policy="raise")


@given(own=st.floats(0.01, 0.98), top=st.integers(1, 20), evidence=st.booleans())
def test_a_sieve_never_says_what_all_tokens_would_not(own: float, top: int, evidence: bool) -> None:
    """Bits in the range, decided verdicts as the exact ones, and certificates only where there is an exact one."""
    rival = (0.99 - own) if evidence else own * 0.9
    policy = "observe"
    (exact,) = guarded(ToyBackend(own=own, rival=rival), policy=policy).report.slots
    (seen,) = guarded(ToyBackend(own=own, rival=rival, top=top), policy=policy).report.slots
    assert seen.ranges is not None and exact.evidence_bits is not None
    if seen.ranges.evidence_bits is not None:
        low, high = seen.ranges.evidence_bits
        assert (low is None or low <= exact.evidence_bits + 1e-6) and (
            high is None or exact.evidence_bits - 1e-6 <= high
        )
    for bounds, number in ((seen.ranges.gate_gap, exact.gate_gap), (seen.ranges.value_gap, exact.value_gap)):
        if bounds is not None and number is not None:
            assert bounds[0] is None or bounds[0] <= number + 1e-6
            assert bounds[1] is None or number - 1e-6 <= bounds[1]
    if seen.ranges.decided in ("yes", "no") and seen.verdict != "unresolved":
        assert seen.verdict == exact.verdict
    if seen.verdict == "ok":
        assert exact.verdict == "ok"
    if seen.certificate is not None:
        assert exact.certificate is not None
        assert seen.certificate.p1 <= exact.certificate.p1 + 1e-6


@given(own=st.floats(0.05, 0.9), top=st.integers(1, 20))
def test_what_a_sieve_repairs_is_what_all_tokens_would_have_repaired(own: float, top: int) -> None:
    rival = 0.95
    exact, seen = (guarded(ToyBackend(own=own, rival=rival, top=width), policy="auto") for width in (None, top))
    assert seen.text in (RIGHT, WRONG)
    if seen.report.slots[0].passed:
        assert exact.report.slots[0].passed and seen.text == exact.text


def test_what_one_token_leaves_open_is_said_and_nothing_is_done_about_it() -> None:
    output = guarded(ToyBackend(own=0.3, rival=0.6, top=1))
    (slot,) = output.report.slots
    assert slot.verdict == "binding_failure" and slot.final_verdict != "ok"
    unsure = guarded(ToyBackend(own=0.5, rival=0.45, top=1))
    assert [one.kept for one in unsure.report.interventions if one.kept] == []
    assert all(one.entropy_bits is None and one.margin is None for one in unsure.report.slots)


def test_tokens_that_can_be_asked_for_are_asked_for_where_the_ranking_lacks_them() -> None:
    able = Abilities(top=1, chosen=128)
    output = guarded(ToyBackend(own=0.3, rival=0.6, top=1, abilities=able), policy="veto")
    assert output.text == RIGHT
    assert [slot.final_verdict for slot in output.report.slots] == ["repaired"]


def test_bits_that_a_ranking_leaves_open_are_not_a_number() -> None:
    """Without its evidence the value is not among the returned tokens: its bits have a least, and no most."""
    (slot,) = guarded(ToyBackend(own=0.9, rival=0.05, top=2), policy="observe").report.slots
    assert slot.ranges is not None and slot.ranges.evidence_bits is not None
    low, high = slot.ranges.evidence_bits
    assert low is not None and low > 3 and high is None
    assert slot.evidence_bits is None and slot.verdict == "ok"
    assert slot.budget is None or math.isfinite(slot.budget.margin_bits)


def test_a_failure_of_the_backend_ends_the_answer_and_keeps_what_was_settled() -> None:
    records: list[Event] = []
    second = f"{PROMPT} And what is the badge number of Boris?"
    backend = ToyBackend(fails=1)
    guard = ApiGuard(backend, ApiGuardConfig(sinks=(records.append,), policy="observe"))
    with pytest.raises(BackendError, match="the toy is broken"):
        guard.generate([{"role": "user", "content": second}], max_new_tokens=16)
        guard.generate([{"role": "user", "content": second}], max_new_tokens=16)
    kinds = [type(record) for record in records]
    assert kinds.count(SlotRecord) == 1
    ends = [record for record in records if isinstance(record, GenerationRecord)]
    assert [end.error for end in ends] == [None, "BackendError"]
    assert all(end.cost is not None and end.cost.requests > 0 for end in ends)


def test_sinks_see_costs_and_ranges_and_no_text() -> None:
    records: list[Event] = []
    guarded(ToyBackend(own=0.3, rival=0.6), sinks=(records.append,))
    assert {type(record) for record in records} == {SlotRecord, InterventionRecord, GenerationRecord}
    for record in records:
        assert record.cost is not None
        shown = record.model_dump_json()
        assert not any(f"{mark}{badge}" in shown for badge in BADGES.values() for mark in ('"', " "))
        assert "Boris" not in shown


def test_the_page_shows_the_answer_with_its_slots() -> None:
    output = guarded(ToyBackend(own=0.3, rival=0.6), capture_text=True)
    page = output.report.to_html()
    assert "9370" in page and "repaired" in page
    assert "9370" not in output.report.to_html(text=False)


def test_a_server_that_begins_anew_is_followed_and_not_repaired() -> None:
    able = Abilities(top=20, begun=False)
    right = guarded(ToyBackend(top=20, abilities=able))
    assert [slot.verdict for slot in right.report.slots] == ["ok"]
    backend = ToyBackend(own=0.3, rival=0.6, top=20, abilities=able)
    wrong = guarded(backend)
    assert wrong.text == WRONG and [slot.final_verdict for slot in wrong.report.slots] == ["binding_failure"]
    assert not any(request.begun for request in backend.asked)


class Refusing(ToyBackend):
    """Says another thing than an answer where the asked value is blacked out by one of some marks."""

    marks: tuple[str, ...] = ("[REDACTED]",)

    def _chances(self, asked: Any) -> dict[str, float]:
        shown = asked.messages[-1]["content"]
        if any(f"Boris is {mark}" in shown for mark in self.marks) or "Boris is" not in shown:
            said = asked.begun.split()
            return {" cannot" if len(said) == 1 else "I" if not said else "<end>": 0.9, "The": 0.1}
        return super()._chances(asked)


def test_where_an_answer_that_is_given_anew_is_another_one_another_null_is_read() -> None:
    backend = Refusing(top=20, abilities=Abilities(top=20, begun=False))
    (slot,) = guarded(backend).report.slots
    assert (slot.verdict, slot.null) == ("ok", "same_length")
    assert slot.ranges is not None and set(slot.ranges.p0) == {"same_length"} and slot.ranges.decided == "yes"
    assert slot.budget is not None and slot.budget.null == "same_length"
    # A server that goes on with a begun answer is asked for nothing else than the null of the settings.
    (slot,) = guarded(Refusing(top=20)).report.slots
    assert slot.null == "redact"


@pytest.mark.parametrize("others", [(), ("same_length", "no_evidence")])
def test_where_no_answer_that_is_given_anew_is_the_same_so_far_that_is_said(others: tuple[str, ...]) -> None:
    backend = Refusing(top=20, abilities=Abilities(top=20, begun=False))
    backend.marks = ("[REDACTED]", "____")
    (slot,) = guarded(backend, other_nulls=others).report.slots
    assert (slot.verdict, slot.evidence_bits, slot.null) == ("unresolved", None, "none")
    assert "does not give the same answer so far" in slot.reason and "no null takes" not in slot.reason
    assert slot.ranges is not None and slot.ranges.unread == ("followed",) and slot.ranges.p0 == {}


def test_what_the_answer_repeats_cannot_be_taken_away_by_answering_anew() -> None:
    class Twice(ToyBackend):
        def _chances(self, asked: Any) -> dict[str, float]:
            # Whatever is shown, it says the same twice: the second time it may rest on the first.
            lead = "The badge number of Boris is"
            said = f"{lead} 9370.\n{lead} 9370."
            left = said.removeprefix(asked.begun)
            word = re.match(r"\s?\w+|\W", left)
            return {word[0] if word else "<end>": 0.9, "w1": 0.1}

    able = Abilities(top=20, begun=False)
    first, second = guarded(Twice(top=20, abilities=able)).report.slots[:2]
    assert first.verdict == "unsupported"
    assert second.verdict == "unresolved" and "same answer so far" in second.reason


def test_a_value_that_begins_within_a_token_is_left_open_where_answers_begin_anew() -> None:
    class Quoting(ToyBackend):
        def _values(self, name: str, stated: dict[str, str], restated: dict[str, str]) -> dict[str, float]:
            return {f' "{value.strip()}': weight for value, weight in super()._values(name, stated, restated).items()}

    output = guarded(Quoting(top=20, abilities=Abilities(top=20, begun=False)))
    assert '"9370' in output.text
    (slot,) = output.report.slots
    assert slot.verdict == "unresolved" and "within a token" in slot.reason


@pytest.mark.parametrize("null", ["redact", "delete", "same_length", "other_value", "no_evidence", "no_question"])
def test_every_null_takes_something_away(null: str) -> None:
    backend = ToyBackend()
    output = guarded(backend, null=null, policy="observe")
    (slot,) = output.report.slots
    assert slot.null == null and slot.evidence_bits is not None
    changed = {request.messages[0]["content"] for request in backend.asked} - {PROMPT}
    assert len(changed) == 1 and slot.ranges is not None and not slot.ranges.unread


def test_an_envelope_is_the_worst_of_several() -> None:
    (slot,) = guarded(ToyBackend(), envelope=("delete", "no_question"), policy="observe").report.slots
    assert slot.ranges is not None and set(slot.ranges.p0) == {"redact", "delete", "no_question"}
    assert slot.budget is not None and slot.budget.null in slot.ranges.p0


def test_many_answers_at_once_are_each_as_if_alone() -> None:
    async def all_of_them() -> list[ApiOutput]:
        guards = [ApiGuard(ToyBackend(own=own, rival=0.6)) for own in (0.3, 0.9, 0.2)]
        return await asyncio.gather(*(guard.agenerate(CHAT, max_new_tokens=16) for guard in guards))

    assert [output.text for output in asyncio.run(all_of_them())] == [RIGHT] * 3


def test_generate_says_what_to_do_inside_an_event_loop() -> None:
    async def inside() -> None:
        ApiGuard(ToyBackend()).generate(CHAT)

    with pytest.raises(GuardbindError, match="agenerate"):
        asyncio.run(inside())


def test_declared_bindings_and_targets_are_those_of_the_caller() -> None:
    bindings = {f"badge of {name}": badge for name, badge in BADGES.items()}
    output = ApiGuard(ToyBackend()).generate(CHAT, bindings=bindings, target="badge of Boris", max_new_tokens=16)
    assert [item.key for item in output.items] == list(bindings)
    assert [(slot.resolved_by, slot.key, slot.verdict) for slot in output.report.slots] == [
        ("declared", "badge of Boris", "ok")
    ]
    with pytest.raises(GuardbindError, match="badge of Dora"):
        ApiGuard(ToyBackend()).generate(CHAT, bindings=bindings, target="badge of Dora")


@pytest.mark.parametrize(
    "settings",
    [
        {"resolver": "elsewhere"},
        {"null": "mask"},
        {"envelope": ("mask",)},
        {"other_nulls": ("mask",)},
        {"lens_layers": (0,)},
        {"keep_readouts": True},
        {"calibration": "smollm2-135m"},
        {"policy": "strange"},
        {"policy": print},
        {"top": 0},
        {"checkpoint": {"placement": "slot"}},
    ],
)
def test_settings_that_need_weights_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        ApiGuardConfig(**settings)


@pytest.mark.parametrize("scores", [True, False])
@pytest.mark.parametrize("resolver", ["both", "reading"])
def test_a_question_is_read_only_where_prompts_are_scored(resolver: str, scores: bool) -> None:
    backend = ToyBackend(abilities=Abilities(top=100, scores=scores))  # it scores continuations, and no prompts
    with pytest.raises(BackendError, match="scores no prompt"):
        ApiGuard(backend, ApiGuardConfig(resolver=resolver))


def test_settings_of_a_local_guard_are_taken_over_as_far_as_they_were_set() -> None:
    config = ApiGuard(ToyBackend(), GuardConfig(alpha=1.0, policy="veto")).config
    assert (config.alpha, config.policy, config.null, config.resolver) == (1.0, "veto", "redact", "words")


def test_a_backend_without_log_probabilities_is_refused_at_once() -> None:
    backend = ToyBackend(top=5)
    backend.abilities = Abilities(top=0)
    with pytest.raises(BackendError, match="no log-probabilities"):
        ApiGuard(backend)


@pytest.mark.parametrize("messages", ["", [], [{"role": "user"}], [{"role": "poet", "content": "a"}]])
def test_prompts_that_are_none_are_refused(messages: Any) -> None:
    with pytest.raises(ConfigError):
        ApiGuard(ToyBackend()).generate(messages)


@pytest.mark.parametrize("top", [None, 20, 2, 1])
@pytest.mark.parametrize("policy", ["auto", "choice", "observe", "veto"])
def test_a_log_of_it_can_be_verified(top: int | None, policy: str, tmp_path: Any) -> None:
    from click.testing import CliRunner

    from guardbind.cli.main import main

    log = tmp_path / "records.jsonl"
    for own, rival in ((0.9, 0.05), (0.3, 0.6)):
        records: list[Event] = []
        backend = ToyBackend(own=own, rival=rival, top=top)
        guarded(backend, policy=policy, sinks=(records.append,), envelope=("no_question",))
        with log.open("a") as file:
            file.writelines(record.model_dump_json() + "\n" for record in records)
    result = CliRunner().invoke(main, ["verify", str(log)])
    assert result.exit_code == 0, result.output
    wrong, good = '"verdict":"binding_failure"', '"verdict":"ok"'
    if policy == "observe":
        log.write_text(log.read_text().replace(wrong, good))
        assert CliRunner().invoke(main, ["verify", str(log)]).exit_code == 1
