"""Puts a bounded queue in front of a sink, so that decoding never waits for it, and counts what is dropped."""

from __future__ import annotations

import atexit
import contextvars
import logging
import os
import queue
import threading
import time
import weakref
from collections import Counter

from guardbind.errors import ConfigError
from guardbind.events import AuditEvent, Event, build_sinks
from guardbind.events.emit import Sink

__all__ = ["QueuedSink", "dropped_records", "queued_sink"]

logger = logging.getLogger("guardbind")

_SIZE = 10_000
_CLOSE_SECONDS = 5.0
# A counter that comes to be with its first drop would hide that drop from whoever watches how it grows.
_COUNTED_FROM_THE_START = ("full", "failed")


class _Drops:
    """Counts the dropped records of the process, by sink and reason; never counts down."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Begin again, as in a process that was forked: what was dropped before is its parent's to tell."""
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, sink: str, reason: str, count: int = 1) -> None:
        with self._lock:
            self._counts[sink, reason] += count

    def counts(self) -> dict[tuple[str, str], int]:
        with self._lock:
            return dict(self._counts)


_drops = _Drops()


def dropped_records() -> dict[tuple[str, str], int]:
    """Return how many records the queues of this process have dropped, by the name of the sink and the reason.

    Reasons are `full` (the queue was), `failed` (the sink raised), `closed` (the queue was) and `late` (the process, or
    `close`, did not wait any longer).
    """
    return _drops.counts()


class _Worker:
    """Owns queue and thread; knows nothing of the `QueuedSink`, so that one that is forgotten can be collected."""

    def __init__(self, sink: Sink, name: str, size: int) -> None:
        self.sink = sink
        self.name = name
        self.size = size
        self.reset()

    def reset(self) -> None:
        """Begin with an empty queue and no thread, as in a process that was forked."""
        # Unlike queue.Queue it can be put to from a finalizer, wherever that interrupts the thread.
        self.queue: queue.SimpleQueue[tuple[contextvars.Context, Event | AuditEvent] | None] = queue.SimpleQueue()
        self.lock = threading.Lock()
        self.progress = threading.Condition()
        self.thread: threading.Thread | None = None
        self.closed = False
        self.taken = self.handled = self.dropped = 0
        for reason in _COUNTED_FROM_THE_START:
            _drops.add(self.name, reason, 0)

    def put(self, record: Event | AuditEvent) -> None:
        # With the context, so that a span that is current here is the parent of what the sink makes.
        item = (contextvars.copy_context(), record)
        with self.lock:
            refused = "closed" if self.closed else "full" if self.queue.qsize() >= self.size else None
            if refused is None:
                if self.thread is None:
                    # A daemon, so that a sink that hangs cannot keep the process alive.
                    self.thread = threading.Thread(target=self.run, name=f"guardbind-{self.name}", daemon=True)
                    self.thread.start()
                self.taken += 1
                self.queue.put(item)
        if refused is not None:
            self.drop(refused)

    def run(self) -> None:
        while (item := self.queue.get()) is not None:
            context, record = item
            try:
                context.run(self.sink, record)
            except BaseException as error:  # whatever it is, the next record may go through
                self.drop("failed", error)
            self.handle(1)

    def handle(self, count: int) -> None:
        with self.progress:
            self.handled += count
            self.progress.notify_all()

    def drop(self, reason: str, error: BaseException | None = None, count: int = 1) -> None:
        _drops.add(self.name, reason, count)
        with self.lock:
            first = self.dropped == 0
            self.dropped += count
        if first:
            why = reason if error is None else f"{reason}: {error!r}"
            logger.warning("the queue of the sink %r drops records (%s); further ones are only counted", self.name, why)

    def drained(self, seconds: float | None) -> bool:
        """Wait until every record taken so far has been handed on; returns whether that was so in time."""
        taken = self.taken
        with self.progress:
            return self.progress.wait_for(lambda: self.handled >= taken, seconds)

    def close(self) -> None:
        """Take no further record; the thread ends behind the last one."""
        with self.lock:
            self.forget()

    def forget(self) -> None:
        """Do the same without the lock: nobody is left who could put a record."""
        self.closed = True
        self.queue.put(None)

    def give_up(self) -> None:
        """Drop what still waits."""
        left = 0
        while True:
            try:
                left += self.queue.get_nowait() is not None
            except queue.Empty:
                break
        self.queue.put(None)
        if left:
            self.drop("late", count=left)
        self.handle(left)


_workers: weakref.WeakSet[_Worker] = weakref.WeakSet()


class QueuedSink:
    """Hands records to a sink in a thread of its own.

    To hand over a record costs a few microseconds and never waits: where the queue is full, the record is dropped,
    counted and, the first time, logged. At the end of the process what waits is written, for five seconds at most. A
    process that is killed loses what waits. After a fork the child begins with an empty queue.

    Args:
        sink: A function of one record, or what `GuardConfig.sinks` takes, as `jsonl:records.jsonl`.
        size: Records that may wait.

    Raises:
        ConfigError: The size is below 1, or the sink cannot be made.

    Example:
        >>> seen = []
        >>> with QueuedSink(seen.append) as sink:
        ...     sink.flush()
        True
        >>> sink.dropped
        0
    """

    def __init__(self, sink: str | Sink, *, size: int = _SIZE) -> None:
        if size < 1:
            raise ConfigError(f"a queue of size {size} holds nothing; at least 1 is needed.")
        [made] = build_sinks([sink])
        name = sink.partition(":")[0] if isinstance(sink, str) else getattr(sink, "__name__", type(sink).__name__)
        self._worker = _Worker(made, str(name), size)
        _workers.add(self._worker)
        # Whoever forgets the sink still gets written what he handed to it.
        weakref.finalize(self, self._worker.forget).atexit = False

    def __call__(self, record: Event | AuditEvent) -> None:
        """Queue a record, or drop it where there is no room."""
        self._worker.put(record)

    @property
    def dropped(self) -> int:
        """Records that were dropped: no room, a sink that raised, or handed over after `close`."""
        return self._worker.dropped

    @property
    def waiting(self) -> int:
        """Records that the sink has not taken yet."""
        return self._worker.taken - self._worker.handled

    def flush(self, seconds: float | None = None) -> bool:
        """Wait until the sink has taken all records.

        Args:
            seconds: How long to wait at most; None for as long as it takes.

        Returns:
            Whether it has.
        """
        return self._worker.drained(seconds)

    def close(self, seconds: float = _CLOSE_SECONDS) -> bool:
        """Take no further record, and wait until the sink has taken those that wait; closing twice is fine.

        Args:
            seconds: How long to wait at most; what waits after that is dropped and counted.

        Returns:
            Whether it has; what it is still busy with may be lost, too.
        """
        self._worker.close()
        in_time = self._worker.drained(seconds)
        if not in_time:
            self._worker.give_up()
        return in_time

    def __enter__(self) -> QueuedSink:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def queued_sink(argument: str) -> QueuedSink:
    """Return a sink behind a queue of 10,000 records: `GuardConfig(sinks=("queued:jsonl:records.jsonl",))`.

    Args:
        argument: The sink, as `GuardConfig.sinks` takes it.

    Raises:
        ConfigError: There is none, or it cannot use its argument.
        UnknownNameError: No sink has that name.
    """
    if not argument:
        raise ConfigError(
            "the sink 'queued' needs the sink that it is put in front of.", hint="Write queued:jsonl:records.jsonl."
        )
    return QueuedSink(argument)


def _close_all() -> None:
    """Close all queues at the end of the process, all of them together within the time of one."""
    workers = [worker for worker in list(_workers) if worker.thread is not None]
    for worker in workers:
        worker.close()
    deadline = time.monotonic() + _CLOSE_SECONDS
    for worker in workers:
        if not worker.drained(max(0.0, deadline - time.monotonic())):
            worker.give_up()


def _after_fork() -> None:
    _drops.clear()
    for worker in list(_workers):
        worker.reset()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
