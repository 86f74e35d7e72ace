"""Checks what is seen and vetoed inside an engine, alone and in batches that change while they run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scripted_engine import Scripted, ScriptedEngine, alone

from guardbind.events import Event, GenerationRecord, InterventionRecord, SlotRecord
from guardbind.registry import SINKS
from guardbind_adapters.vllm.batch import WatchedBatch
from guardbind_adapters.vllm.device import WatchedSlots
from guardbind_adapters.vllm.judging import UNREAD, LogitEdit
from guardbind_adapters.vllm.monitor import EngineMonitor
from guardbind_adapters.vllm.settings import EngineSettings
from guardbind_adapters.vllm.watch import Arrival

TEXT = "alpha = 17\nbeta = 42\ngamma = 63\n"
ASKED = TEXT + "Print the value of beta: "
BINDINGS = [{"key": "alpha", "value": "17"}, {"key": "beta", "value": "42"}, {"key": "gamma", "value": "63"}]
END = "<|end|>"


class Played:
    """A monitor whose records are kept, and requests for it."""

    def __init__(self, tokenizer: Any, kept: list[Event]) -> None:
        self.tokenizer, self.kept = tokenizer, kept
        self.monitor = EngineMonitor(
            tokenizer, EngineSettings(sinks=("kept",), capture_text=True), model="tiny", dtype="float32"
        )

    def request(self, answer: str, *, prompt: str = ASKED, name: int = 1, **said: Any) -> Scripted:
        wants = self.ids(answer)
        stops = frozenset(self.ids(END))
        arrival = Arrival({"id": str(name), **said}, stops, most=len(wants))
        return Scripted(name, arrival, self.ids(prompt), wants, len(self.tokenizer))

    def ids(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])

    def written(self, request: Scripted) -> str:
        return str(self.tokenizer.decode(request.written))

    def of(self, name: int, among: Sequence[Event] | None = None) -> list[Event]:
        kept = self.kept if among is None else among
        return [record for record in kept if record.provenance and record.provenance.generation == str(name)]

    def slots(self, name: int = 1) -> list[SlotRecord]:
        return [record for record in self.of(name) if isinstance(record, SlotRecord)]


@pytest.fixture
def played(tiny_tokenizer: Any, monkeypatch: pytest.MonkeyPatch) -> Played:
    kept: list[Event] = []
    with_sink(monkeypatch, kept)
    return Played(tiny_tokenizer, kept)


def with_sink(monkeypatch: pytest.MonkeyPatch, kept: list[Event]) -> None:
    found = SINKS.get
    monkeypatch.setattr(SINKS, "get", lambda name: (lambda argument: kept.append) if name == "kept" else found(name))


def run_alone(played: Played, answer: str, **said: Any) -> Scripted:
    request = played.request(answer, **said)
    alone(WatchedBatch(played.monitor), request)
    assert played.monitor.failures == 0
    return request


@pytest.mark.parametrize("bindings", [BINDINGS, None])
def test_another_value_than_the_declared_one_is_seen_and_let_be(played: Played, bindings: Any) -> None:
    request = run_alone(played, "17" + END, bindings=bindings, target="beta")
    assert played.written(request) == "17" + END
    first = played.slots()[0]
    assert (first.verdict, first.final_verdict, first.action) == ("binding_failure", "binding_failure", "none")
    assert first.gate_gap is not None and first.gate_gap > 0 and first.value_gap is not None and first.value_gap < 0
    assert (first.null, first.evidence_bits, first.budget, first.resolved_by) == ("none", None, None, "declared")
    assert (first.key, first.token_text, first.final_text) == ("beta", "1", "1")
    ended = played.of(1)[-1]
    assert isinstance(ended, GenerationRecord)
    assert (ended.new_tokens, ended.slots, ended.interventions, ended.error) == (3, len(played.slots()), 0, None)


def test_the_right_value_is_not_called_right_where_no_null_was_read(played: Played) -> None:
    run_alone(played, "42" + END, bindings=BINDINGS, target="beta")
    first = played.slots()[0]
    assert (first.verdict, first.final_verdict, first.passed) == ("unresolved", "unresolved", False)
    assert first.target == 1 and UNREAD in first.reason and first.value_gap is not None and first.value_gap > 0


@pytest.mark.parametrize(
    ("answer", "verdict"), [("17 it is" + END, "binding_failure"), ("The seat" + END, "gate_failure")]
)
def test_a_veto_lets_only_the_declared_value_begin(played: Played, answer: str, verdict: str) -> None:
    request = run_alone(played, answer, prompt=TEXT + "beta=", bindings=BINDINGS, target="beta", action="veto")
    assert played.written(request).startswith("42")
    first = played.slots()[0]
    assert (first.verdict, first.final_verdict, first.action) == (verdict, "repaired", "veto")
    assert first.guarantee is not None and first.guarantee.kind == "declared"
    made = [record for record in played.of(1) if isinstance(record, InterventionRecord)]
    assert [(one.action, one.kept, one.confirmed, one.bits_after) for one in made] == [("veto", True, None, None)]
    assert made[0].tokens_vetoed >= 1 and made[0].text_after == "4"


def test_a_vetoed_value_does_not_go_on_as_another_number(played: Played) -> None:
    request = run_alone(played, "175" + END, bindings=BINDINGS, target="beta", action="veto")
    assert played.written(request).startswith("42")
    assert not played.written(request)[2:3].isdigit()
    assert played.slots()[0].final_verdict == "repaired"


def test_once_the_declared_value_is_written_others_may_be_named(played: Played) -> None:
    request = run_alone(
        played, "17\nalpha = 17" + END, prompt=TEXT + "beta=", bindings=BINDINGS, target="beta", action="veto"
    )
    assert played.written(request) == "42\nalpha = 17" + END


def test_what_only_the_words_say_is_not_enforced(played: Played) -> None:
    request = run_alone(played, "alpha = 42" + END, prompt=TEXT, bindings=BINDINGS, target="beta", action="veto")
    first = played.slots()[0]
    assert played.written(request) == "alpha = 42" + END
    assert (first.resolved_by, first.verdict, first.action) == ("slot_prefix", "binding_failure", "none")


def test_a_value_that_is_not_there_is_said_to_be_absent(played: Played) -> None:
    run_alone(played, "17" + END, bindings=[*BINDINGS, {"key": "delta", "value": "80"}], target="delta")
    assert played.slots()[0].verdict == "absent"


def test_a_request_that_breaks_off_in_a_value_is_told_to(played: Played) -> None:
    run_alone(played, "1", bindings=BINDINGS, target="beta", action="veto")
    first, ended = played.slots()[0], played.of(1)[-1]
    assert (first.action, first.final_verdict) == ("veto", "binding_failure") and "to its end" in first.reason
    assert isinstance(ended, GenerationRecord) and ended.unfinished == (0,)


def test_drawn_tokens_stay_among_those_that_a_veto_leaves(played: Played) -> None:
    request = played.request("17" + END, bindings=BINDINGS, target="beta", action="veto")
    request.arrival = Arrival(request.arrival.settings, request.arrival.stops, sampling=True, most=3)
    batch, generator = WatchedBatch(played.monitor), torch.Generator().manual_seed(3)
    batch.update([], [(0, request.arrival, request.prompt, request.written)], [])
    for _ in range(3):
        logits = request.logits()[None] / 5
        batch.apply(logits)
        request.written.append(int(torch.multinomial(logits[0].softmax(0), 1, generator=generator)))
    batch.update([0], [], [])
    assert played.written(request).startswith("42") and played.slots()[0].final_verdict == "repaired"


@pytest.mark.parametrize("seed", range(6))
def test_a_draw_does_not_leave_the_target_where_the_likeliest_token_is_its_own(played: Played, seed: int) -> None:
    bindings = [{"key": "alpha", "value": "17"}, {"key": "beta", "value": "42"}, {"key": "gamma", "value": "45"}]
    request = played.request("42" + END, bindings=bindings, target="beta", action="veto")
    request.arrival = Arrival(request.arrival.settings, request.arrival.stops, sampling=True, most=3)
    batch, generator = WatchedBatch(played.monitor), torch.Generator().manual_seed(seed)
    batch.update([], [(0, request.arrival, request.prompt, request.written)], [])
    digits = played.ids("0123456789")
    for _ in range(2):
        logits = request.logits()[None]
        logits[0, digits] = 20 + logits[0, digits] / 8  # any digit is nearly as likely as the one that is wanted
        batch.apply(logits)
        request.written.append(int(torch.multinomial(logits[0].softmax(0), 1, generator=generator)))
    batch.update([0], [], [])
    assert played.written(request) == "42"
    assert [(slot.verdict, slot.final_verdict, slot.action) for slot in played.slots()] == [
        ("binding_failure", "repaired", "veto")
    ]


def test_text_stays_inside_unless_it_is_asked_for(played: Played) -> None:
    played.monitor = EngineMonitor(played.tokenizer, EngineSettings(sinks=("kept",)), model="tiny", dtype="float32")
    run_alone(played, "17" + END, bindings=BINDINGS, target="beta", action="veto")
    told = "".join(record.model_dump_json() for record in played.of(1))
    assert played.slots() and not any(word in told for word in ("alpha", "beta", '"42"', '"17"', "Print"))


@pytest.mark.parametrize("broken", ["nan", "small", "settings", "target"])
def test_what_goes_wrong_with_one_request_is_counted_and_touches_no_other(played: Played, broken: str) -> None:
    bad = played.request("17" + END, name=1, bindings=BINDINGS, target="beta", action="veto")
    good = played.request("17" + END, name=2, bindings=BINDINGS, target="beta", action="veto")
    if broken == "settings":
        bad.arrival = Arrival("no JSON")
    if broken == "target":
        bad.arrival = Arrival({"target": "delta", "action": "veto"})
    batch = WatchedBatch(played.monitor)
    batch.update([], [(row, one.arrival, one.prompt, one.written) for row, one in enumerate((bad, good))], [])
    while not good.ended:
        rows = [bad.logits(), good.logits()]
        if broken == "nan":
            rows[0][:] = torch.nan
        before = rows[0].clone()
        logits = torch.stack(rows)
        if broken == "small":
            # The first row alone is as short as a vocabulary that the candidates do not fit into.
            played.monitor.look(next(iter(batch._rows))[1].watch, bad.written, before[:4], int(before.argmax()))
        batch.apply(logits)
        assert broken == "small" or torch.equal(logits[0], before) or bool(before.isnan().all())
        bad.written.append(int(rows[0].nan_to_num().argmax()))
        good.written.append(int(logits[1].argmax()))
    batch.update([0, 1], [], [])
    assert played.monitor.failures == 1
    assert played.written(good).startswith("42") and played.slots(2)[0].final_verdict == "repaired"


def test_only_who_asks_is_watched_unless_the_engine_says_so(played: Played) -> None:
    silent = Arrival(None)
    assert played.monitor.begin(silent, played.ids(ASKED)) is None
    assert played.monitor.begin(Arrival({}), None) is None
    every = EngineMonitor(played.tokenizer, EngineSettings(every_request=True), model="tiny", dtype="float32")
    assert every.begin(silent, played.ids(ASKED)) is not None


def test_a_long_prompt_is_not_read_while_the_engine_waits(played: Played) -> None:
    short = EngineMonitor(played.tokenizer, EngineSettings(longest_read=10), model="tiny", dtype="float32")
    assert short.begin(Arrival({}), played.ids(ASKED)) is None and short.failures == 1
    assert short.begin(Arrival({"bindings": BINDINGS}), played.ids(ASKED)) is not None


ANSWERS = [
    "17" + END,
    "42" + END,
    "The value is 63." + END,
    "beta = 17\ngamma = 63" + END,
    "425" + END,
    "no" + END,
    "1",
]
SAID: list[dict[str, Any] | None] = [
    {"bindings": BINDINGS, "target": "beta", "action": "veto"},
    {"bindings": BINDINGS, "target": "gamma"},
    {"bindings": BINDINGS},
    None,
]


def plain(record: Event) -> dict[str, Any]:
    """Return a record without what time and chance put into it."""
    data = record.model_dump()
    for name in ("at", "seconds", "guard_seconds", "provenance"):
        data.pop(name, None)
    return data


def final(records: Sequence[Event], *, put_off: bool) -> list[dict[str, Any]]:
    """Return the records of a request; of those of its end the last one counts.

    Of one that was put off in the middle of a value it was said already that the value was not written to its end.
    """
    slots = [plain(record) for record in records if not isinstance(record, GenerationRecord)]
    for slot in slots if put_off else ():
        assert slot.pop("final_verdict", None) != "ok"
        slot.pop("reason")
    return [*slots, *[plain(record) for record in records if isinstance(record, GenerationRecord)][-1:]]


@settings(max_examples=40)
@given(
    chosen=st.lists(st.tuples(st.sampled_from(ANSWERS), st.sampled_from(range(len(SAID)))), min_size=1, max_size=7),
    seed=st.integers(0, 10**6),
    rows=st.integers(1, 4),
)
def test_a_request_is_seen_in_any_batch_as_it_is_alone(
    tiny_tokenizer: Any, chosen: list[tuple[str, int]], seed: int, rows: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        kept: list[Event] = []
        with_sink(patch, kept)
        played = Played(tiny_tokenizer, kept)

        def requests() -> list[Scripted]:
            made = []
            for name, (answer, said) in enumerate(chosen, 1):
                told: dict[str, Any] | None = SAID[said]
                settings_said: dict[str, Any] = {} if told is None else told
                one = played.request(answer, name=name, **settings_said)
                if told is None:
                    one.arrival = Arrival(None, one.arrival.stops, most=one.arrival.most)
                made.append(one)
            return made

        singles = requests()
        for one in singles:
            alone(WatchedBatch(played.monitor), one)
        expected = list(kept)
        kept.clear()
        draw = random.Random(seed)
        together = requests()
        for one in together:
            one.chunks = draw.randint(1, 3)
        ScriptedEngine(WatchedBatch(played.monitor), draw, rows).run(together)
        assert [one.written for one in together] == [one.written for one in singles]
        for one in together:
            found, due = (played.of(one.name, among) for among in (kept, expected))
            assert final(found, put_off=one.put_off) == final(due, put_off=one.put_off)
        assert played.monitor.failures == 0


class _Buffer:
    def __init__(self, values: torch.Tensor) -> None:
        self.gpu = values


class _Tokens:
    def __init__(self, slots: int, length: int) -> None:
        self.all_token_ids = _Buffer(torch.zeros(slots, length, dtype=torch.int32))
        self.prompt_len = _Buffer(torch.zeros(slots, dtype=torch.int32))
        self.total_len = _Buffer(torch.zeros(slots, dtype=torch.int32))

    def put(self, slot: int, prompt: Sequence[int]) -> None:
        self.all_token_ids.gpu[slot, : len(prompt)] = torch.tensor(prompt, dtype=torch.int32)
        self.prompt_len.gpu[slot] = self.total_len.gpu[slot] = len(prompt)

    def write(self, slot: int, token: int) -> None:
        self.all_token_ids.gpu[slot, int(self.total_len.gpu[slot])] = token
        self.total_len.gpu[slot] += 1


def test_slots_on_a_device_are_seen_as_rows_are(played: Played) -> None:
    said: dict[str, Any] = {"bindings": BINDINGS, "target": "beta", "action": "veto"}
    single = run_alone(played, "17" + END, **said)
    expected = [plain(record) for record in played.of(1)]
    played.kept.clear()
    tokens = _Tokens(4, 200)
    slots = WatchedSlots(played.monitor, tokens)
    request = played.request("17" + END, **said)
    slots.add(2, request.arrival)
    tokens.put(2, request.prompt)
    # In the middle of the prompt nothing is looked at, nor is a row of nobody.
    middle = torch.full((2, request.vocabulary), torch.nan)
    slots.apply(middle, [2, 0], [5, 7])
    while not request.ended:
        logits = torch.stack([torch.zeros(request.vocabulary), request.logits()])
        slots.apply(logits, [0, 2], [3, int(tokens.total_len.gpu[2]) - 1])
        assert not bool(logits[0].any())
        token = int(logits[1].argmax())
        request.written.append(token)
        tokens.write(2, token)
    slots.apply(torch.zeros(1, request.vocabulary), [0], [3])
    slots.add(2, None)
    assert request.written == single.written and len(slots) == 0
    assert [plain(record) for record in played.of(1)] == expected


def test_an_edit_that_would_leave_nothing_is_not_made() -> None:
    logits = torch.tensor([0.0, float("-inf"), 1.0])
    before = logits.clone()
    assert not LogitEdit(allowed=(1,)).carry_out(logits) and torch.equal(logits, before)
    assert not LogitEdit(banned=(0, 2)).carry_out(logits) and torch.equal(logits, before)
    assert LogitEdit(allowed=(0, 1)).carry_out(logits)
    assert logits.tolist() == [0.0, float("-inf"), float("-inf")]
