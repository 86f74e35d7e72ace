"""Collects requests for a few milliseconds and answers them in one guarded call of `generate`."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import StoppingCriteria, StoppingCriteriaList

from guardbind import Guard
from guardbind.events import SlotRecord

__all__ = ["Answer", "Batcher", "Closed", "Failure", "Full", "Job"]

logger = logging.getLogger("server")


class Full(Exception):
    """The queue holds as many requests as it may."""


class Closed(Exception):
    """The server is about to stop."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The end of a request.

    Attributes:
        text: The whole answer.
        tokens: How many tokens it has.
        stopped: It ended by itself, and not by its length.
        slots: The slots of this request, and of no other one of its batch.
        unfinished: It was cut off inside a value.
    """

    text: str
    tokens: int
    stopped: bool
    slots: tuple[SlotRecord, ...]
    unfinished: bool


@dataclass(frozen=True, slots=True)
class Failure:
    """What went wrong instead of an answer."""

    error: Exception


@dataclass(slots=True, eq=False)
class Job:
    """One request that waits, or that is being answered.

    Attributes:
        ids: The tokens of its prompt.
        max_tokens: The most tokens of its answer.
        sampling: What `generate` is told of sampling; only requests that say the same share a batch.
        tell: Is given pieces of text if it streams, and at last an `Answer` or a `Failure`; called in another thread.
        streams: Whether pieces are wanted.
        cancelled: Set by who no longer wants the answer.
    """

    ids: list[int]
    max_tokens: int
    sampling: tuple[tuple[str, Any], ...]
    tell: Callable[[str | Answer | Failure], None]
    streams: bool = False
    cancelled: bool = False
    written: list[int] = field(default_factory=list)
    sent: str = ""
    ended: bool = False

    def write(self, token: int, tokenizer: Any, ends: frozenset[int]) -> None:
        """Take the next token, and tell what of the text is whole by now."""
        if self.ended:
            return  # what follows is padding
        if token in ends:
            self.ended = True
        else:
            self.written.append(token)
            self.ended = len(self.written) >= self.max_tokens
        text = str(tokenizer.decode(self.written, skip_special_tokens=True))
        # A character may have several tokens.
        if self.streams and text.startswith(self.sent) and (self.ended or not text.endswith("\ufffd")):
            piece, self.sent = text[len(self.sent) :], text
            if piece:
                self.tell(piece)


class _Rows:
    """A streamer that deals each token out to the request whose row it stands in."""

    def __init__(self, jobs: Sequence[Job], tokenizer: Any, ends: frozenset[int]) -> None:
        self._jobs, self._tokenizer, self._ends = jobs, tokenizer, ends

    def put(self, value: Tensor) -> None:
        if value.ndim == 1:  # the first that comes is the prompt
            for job, token in zip(self._jobs, value.tolist(), strict=True):
                job.write(token, self._tokenizer, self._ends)

    def end(self) -> None:
        """Nothing is held back here."""


class _OwnLimits(StoppingCriteria):
    """Ends a row at its own length, or when nobody wants it any more."""

    def __init__(self, jobs: Sequence[Job], columns: int) -> None:
        self._jobs, self._columns = jobs, columns

    def __call__(self, input_ids: Tensor, scores: Any, **kwargs: Any) -> Tensor:
        written = input_ids.shape[1] - self._columns
        done = [job.cancelled or written >= job.max_tokens for job in self._jobs]
        return torch.tensor(done, device=input_ids.device)


class Batcher:
    """One thread that answers what is in the queue, batch after batch.

    Args:
        guard: Runs the model; nobody else has to use it.
        max_batch: Rows of one call of `generate`, at most.
        max_queue: Requests that may wait.
        wait: Seconds for which the first request of a batch waits for others.
        watch: Is told how many rows each batch has.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        max_batch: int = 8,
        max_queue: int = 64,
        wait: float = 0.005,
        watch: Callable[[int], None] = lambda rows: None,
    ) -> None:
        self._guard, self._watch = guard, watch
        self._max_batch, self._max_queue, self._wait = max_batch, max_queue, wait
        ends: Any = guard.model.generation_config.eos_token_id  # type: ignore[union-attr]
        self._ends = frozenset(ends if isinstance(ends, list) else [] if ends is None else [ends])
        self._waiting: deque[Job] = deque()
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="batches", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether requests are taken and answered."""
        return self._thread.is_alive() and not self._closed

    @property
    def waiting(self) -> int:
        """How many requests wait."""
        return len(self._waiting)

    def submit(self, job: Job) -> None:
        """Put a request into the queue.

        Raises:
            Closed: The server stops.
            Full: Too many wait already.
        """
        with self._changed:
            if not self.alive:
                raise Closed
            if len(self._waiting) >= self._max_queue:
                raise Full
            self._waiting.append(job)
            self._changed.notify()

    def close(self) -> None:
        """Take nothing more, and return when all that was taken is answered."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def _work(self) -> None:
        while jobs := self._batch():
            wanted = [job for job in jobs if not job.cancelled]
            if wanted:
                self._watch(len(wanted))
                self._answer(wanted)

    def _batch(self) -> list[Job]:
        """Wait for the requests of the next batch; none: the end."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if not self._waiting:
                return []
            last = time.monotonic() + self._wait
            while not self._closed and len(self._waiting) < self._max_batch:
                if not self._changed.wait(last - time.monotonic()):
                    break
            sampling = self._waiting[0].sampling
            taken = [job for job in self._waiting if job.sampling == sampling][: self._max_batch]
            self._waiting = deque(job for job in self._waiting if job not in taken)
            return taken

    def _answer(self, jobs: Sequence[Job]) -> None:
        try:
            answers = self._generate(jobs)
        except Exception as error:
            # What a prompt holds is logged nowhere, not even in a traceback.
            logger.warning("a batch of %d failed: %s", len(jobs), type(error).__name__)
            for job in jobs:
                # One prompt must not take the others of its batch down. What has begun to stream cannot begin again.
                if len(jobs) > 1 and not job.sent:
                    job.written, job.ended = [], False
                    self._answer([job])
                else:
                    job.tell(Failure(error))
            return
        for job, answer in zip(jobs, answers, strict=True):
            job.tell(answer)

    def _generate(self, jobs: Sequence[Job]) -> list[Answer]:
        tokenizer = self._guard.tokenizer
        columns = max(len(job.ids) for job in jobs)
        pads = [columns - len(job.ids) for job in jobs]
        pad: Any = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        ids = torch.tensor([[pad] * left + job.ids for left, job in zip(pads, jobs, strict=True)])
        mask = torch.tensor([[0] * left + [1] * len(job.ids) for left, job in zip(pads, jobs, strict=True)])
        device: Any = self._guard.model.device
        report = self._guard.generate(
            input_ids=ids.to(device),
            attention_mask=mask.to(device),
            max_new_tokens=max(job.max_tokens for job in jobs),
            stopping_criteria=StoppingCriteriaList([_OwnLimits(jobs, columns)]),
            streamer=_Rows(jobs, tokenizer, self._ends),
            pad_token_id=pad,
            **dict(jobs[0].sampling),
        ).report
        return [
            Answer(
                text=str(tokenizer.decode(job.written, skip_special_tokens=True)),
                tokens=len(job.written),
                stopped=len(job.written) < job.max_tokens,
                slots=report.row(row),
                unfinished=row in report.unfinished,
            )
            for row, job in enumerate(jobs)
        ]
