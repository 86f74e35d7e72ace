"""A queue in front of a sink: nothing waits for it, what is dropped is counted, and the end of a process is bounded."""

from __future__ import annotations

import contextvars
import gc
import logging
import os
import threading
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from plain_records import run_program

from guardbind.errors import ConfigError, UnknownNameError
from guardbind.events import Event, build_sinks
from guardbind.testing import check_sink
from guardbind.testing.sink import example_records
from guardbind_adapters.queued import QueuedSink, dropped_records, queued_sink

RECORD = example_records()[0]


class Gate:
    """A sink that takes nothing until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.entered = threading.Event()
        self.seen: list[Event] = []

    def __call__(self, record: Event) -> None:
        self.entered.set()
        assert self.open.wait(20)
        self.seen.append(record)


@pytest.fixture
def gate() -> Iterator[Gate]:
    gate = Gate()
    yield gate
    gate.open.set()


def drops(sink: str) -> dict[str, int]:
    return {reason: count for (name, reason), count in dropped_records().items() if name == sink}


def test_it_keeps_the_contract_of_a_sink_and_the_order() -> None:
    seen: list[Event] = []
    with QueuedSink(seen.append) as sink:
        check_sink(sink)
        assert sink.flush(20)
        assert len(seen) == 45
        for record in example_records():
            sink(record)
    assert seen[45:] == list(example_records())
    assert (sink.dropped, sink.waiting) == (0, 0)


def test_a_full_queue_drops_counts_and_says_so_once(gate: Gate, caplog: pytest.LogCaptureFixture) -> None:
    sink = QueuedSink(gate, size=3)
    before = drops("Gate")
    sink(RECORD)
    assert gate.entered.wait(20)
    with caplog.at_level(logging.WARNING, logger="guardbind"):
        for _ in range(10):
            sink(RECORD)
    assert (sink.dropped, sink.waiting) == (7, 4)
    assert drops("Gate").get("full", 0) - before.get("full", 0) == 7
    assert [entry.getMessage() for entry in caplog.records] == [
        "the queue of the sink 'Gate' drops records (full); further ones are only counted"
    ]
    gate.open.set()
    assert sink.flush(20)
    assert len(gate.seen) == 4


def test_nothing_is_lost_or_doubled_among_threads() -> None:
    seen: list[Event] = []
    sink = QueuedSink(seen.append, size=64)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sink(RECORD), range(2000)))
    sink.close(20)
    assert len(seen) + sink.dropped == 2000
    assert seen


def test_a_sink_that_raises_is_counted_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[Event] = []

    def picky(record: Event) -> None:
        if record.event == "intervention":
            raise SystemExit("disk full")
        seen.append(record)

    with caplog.at_level(logging.WARNING, logger="guardbind"), QueuedSink(picky) as sink:
        for record in example_records():
            sink(record)
    assert (sink.dropped, drops("picky")) == (2, {"full": 0, "failed": 2})
    assert [record.event for record in seen] == ["slot", "slot", "generation"]
    assert caplog.text.count("disk full") == 1


def test_behind_close_records_are_dropped_and_closing_twice_is_fine(gate: Gate) -> None:
    gate.open.set()
    sink = QueuedSink(gate)
    assert sink.close()
    sink(RECORD)
    assert sink.close()
    assert (sink.dropped, gate.seen) == (1, [])


def test_closing_waits_no_longer_than_it_is_told(gate: Gate) -> None:
    sink = QueuedSink(gate)
    sink(RECORD)
    assert gate.entered.wait(20)
    sink(RECORD)
    assert not sink.flush(0.01)
    assert not sink.close(0.01)
    assert sink.dropped == 1
    assert drops("Gate")["late"] >= 1


def test_who_forgets_a_sink_gets_his_records_and_no_thread_stays(gate: Gate) -> None:
    sink = QueuedSink(gate)
    sink(RECORD)
    sink(RECORD)
    gone, thread = weakref.ref(sink), next(t for t in threading.enumerate() if t.name == "guardbind-Gate")
    del sink
    gc.collect()
    assert gone() is None
    gate.open.set()
    thread.join(20)
    assert not thread.is_alive()
    assert len(gate.seen) == 2


def test_the_sink_runs_in_the_context_of_who_handed_over() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    seen: list[str] = []
    with QueuedSink(lambda record: seen.append(variable.get())) as sink:
        sink(RECORD)
        token = variable.set("request 7")
        sink(RECORD)
        variable.reset(token)
    assert seen == ["none", "request 7"]


def test_by_name(tmp_path: Path) -> None:
    [sink] = build_sinks([f"queued:jsonl:{tmp_path / 'records.jsonl'}"])
    assert isinstance(sink, QueuedSink)
    sink(RECORD)
    assert sink.flush(20)
    assert len((tmp_path / "records.jsonl").read_text(encoding="utf-8").splitlines()) == 1


@pytest.mark.parametrize(
    ("argument", "error", "said"),
    [("", ConfigError, "queued:jsonl:records.jsonl"), ("jsonl:", ConfigError, "path of a file"),
     ("jsonnl:x", UnknownNameError, "Did you mean 'jsonl'")],
)  # fmt: skip
def test_what_cannot_be_queued_is_refused(argument: str, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        queued_sink(argument)
    with pytest.raises(ConfigError, match="size 0"):
        QueuedSink(print, size=0)


def test_the_end_of_a_process_writes_what_waits_and_is_not_held_up() -> None:
    done = run_program("""
        import logging, time
        from guardbind_adapters import queued
        logging.basicConfig()
        queued._CLOSE_SECONDS = 0.3
        slow = queued.QueuedSink(lambda record: (time.sleep(0.01), print("wrote", flush=True)))
        stuck = queued.QueuedSink(lambda record: time.sleep(60))
        for number in range(5):
            slow(ended(number))
            stuck(ended(number))
    """)
    assert done.stdout.count("wrote") == 5
    assert done.stderr.count("drops records (late)") == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_process_has_a_queue_of_its_own() -> None:
    done = run_program("""
        import os
        from guardbind_adapters.queued import QueuedSink
        sink = QueuedSink(lambda record: print(os.getpid(), flush=True), size=100)
        sink(ended())
        sink.flush()
        if os.fork() == 0:
            sink(ended())
            assert sink.flush(10) and sink.dropped == 0
            os._exit(0)
        assert os.wait()[1] == 0
        sink(ended())
        sink.close()
    """)
    first, child, last = done.stdout.split()
    assert first == last != child
