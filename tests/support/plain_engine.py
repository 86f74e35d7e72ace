"""Drives an engine without a model: rows of letters, readouts and nulls written by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import torch
from plain_slots import LETTERS, VOCABULARY, PlainModel, plain_branch
from torch import Tensor

from guardbind.config import GuardConfig
from guardbind.events import Emitter, Event, Provenance
from guardbind.events.emit import Sink
from guardbind.model import LanguageModel, Reading
from guardbind.model.tail import Tail
from guardbind.nulls import NullReading, NullRow
from guardbind.policies import Attempt, Follow, Restate, Slot, Write
from guardbind.session.engine import Engine, Protection
from guardbind.session.limits import Limits
from guardbind.session.recorder import Recorder
from guardbind.session.row import Row
from guardbind.session.standing import UNCALIBRATED, Standing
from guardbind.session.value import Phase

PROMPT = "alpha=17\nbeta=42\nbeta="
ITEMS = {"alpha": "17", "beta": "42"}
ALIKE = "alpha=1950\nbeta=19\nbeta="
INSERTED = "\nbeta=42\nbeta="
END = "\0"
PROVENANCE = Provenance(
    guardbind="0",
    transformers="0",
    torch="0",
    model="plain",
    dtype="float32",
    attention="none",
    template_sha256=None,
    seed=None,
    generation="0",
)


def peaked(top: str, logit: float = 9.0) -> Tensor:
    """Return logits of all letters, one of them raised."""
    logits = torch.zeros(VOCABULARY)
    logits[ord(top)] = logit
    return logits


def sure(top: str) -> Tensor:
    """Return a second readout that is surer of a letter than the model ever is of its own."""
    return peaked(top, 20.0).log_softmax(-1)


def branch(top: str) -> Any:
    """Return a branch that says one letter whatever it reads."""
    return plain_branch(peaked(top).softmax(-1).tolist())


def write(token: str) -> Write:
    return Write("mine", ord(token), readout=sure(token), support=sure(token))


def follow(token: str, said: Any) -> Follow:
    return Follow("mine", ord(token), said, readout=sure(token), support=sure(token))


def restate(token: str) -> Restate:
    inserted = tuple(LETTERS.encode(INSERTED))
    return Restate("mine", ord(token), inserted, len("\nbeta=42"), readout=sure(token), support=sure(token))


def limits(**changes: Any) -> Limits:
    given: dict[str, Any] = {
        "max_positions": None,
        "max_columns": None,
        "max_new_tokens": None,
        "eos": frozenset({ord(END)}),
        "pad": None,
        "sampling": False,
    }
    return Limits(**(given | changes))


class PlainNull:
    """A null of no model: what the model would say without the evidence is told, and all letters alike by default."""

    name = "plain"
    stand_ins: tuple[str, ...] = ()

    def __init__(self, said: Tensor | None = None) -> None:
        self.said = torch.zeros(VOCABULARY) if said is None else said
        self.watched: Row | None = None
        self.phases: list[Phase] = []

    def __call__(self, tail: Tail, rows: Sequence[NullRow], *, plain: bool) -> NullReading:
        if self.watched is not None:
            self.phases.append(self.watched.phase)
        return NullReading(tuple(self.said.expand(len(row.statements), -1) for row in rows), None, 1, "none")


class Generation:
    """A generation of one row, whose policy attempts what it is told, slot by slot."""

    def __init__(
        self,
        row: Row,
        *attempts: Sequence[Attempt],
        allowed: Limits | None = None,
        null: PlainNull | None = None,
        standing: Standing = UNCALIBRATED,
        **settings: Any,
    ) -> None:
        self.row = row
        self._attempts = list(attempts)
        self.asked: list[Slot] = []
        self.sinks: list[Sink] = []
        self.recorder = Recorder(LETTERS, Emitter((self._sink,), capture_text=False), PROVENANCE, keep_readouts=False)
        config = GuardConfig(**({"slots": ("line_end",)} | settings))
        self._engine = Engine(
            LanguageModel(PlainModel(), LETTERS),
            Protection(config, self._policy, [cast(Any, null or PlainNull())], standing=standing),
            [row],
            cast(Any, SimpleNamespace(suspended=nullcontext, lens=None)),
            self.recorder,
            allowed or limits(),
        )

    def _sink(self, record: Event) -> None:
        for sink in self.sinks:
            sink(record)

    def observe(self, letter: str) -> None:
        """Let a letter have been drawn, whatever the scores were."""
        self._engine.observe([ord(letter)])

    def _policy(self, slot: Slot) -> Iterable[Attempt]:
        self.asked.append(slot)
        return self._attempts.pop(0) if self._attempts else ()

    def step(
        self, top: str, banned: str = "", *, score: float | None = None, logit: float | None = None
    ) -> tuple[Tensor, Tensor]:
        """Take a step at which the model would write a letter; returns the scores before and after it.

        Args:
            top: The letter.
            banned: Letters that a logits processor rules out.
            score: Score of the letter 3, where it is not that of all others.
            logit: Its logit, likewise.
        """
        logits = peaked(top)[None]
        scores = logits.clone()
        scores[0, LETTERS.encode(banned)] = -math.inf
        if score is not None:
            scores[0, ord("3")] = score
        if logit is not None:
            logits[0, ord("3")] = logit
        reading = Reading(logits, torch.zeros(1, 2), None, {})
        return scores, self._engine.step(reading, scores, len(self.row.ids))

    def write(self, tops: str, banned: str = "") -> str:
        """Take a step for each letter that the model would write, and return what is written."""
        written = ""
        for top in tops:
            _, after = self.step(top, banned)
            token = int(after[0].argmax())
            self._engine.observe([token])
            written += chr(token)
        return written

    def tried(self) -> list[tuple[str, bool, str]]:
        return [(record.action, record.kept, record.reason) for record in self.recorder.interventions]


def forced(scores: Tensor) -> str | None:
    """Return the only letter that may be written."""
    live = (scores[0] > -math.inf).nonzero()[:, 0].tolist()
    return chr(live[0]) if len(live) == 1 else None
