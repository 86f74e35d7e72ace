"""Tests whether the signals of a log still come from where a reference comes from; its error rate holds at all times.

Each signal has an e-value (`guardbind.calibration.betting`), which rises where slots do not look like the reference.
With S signals, drift is said of a signal as soon as its e-value has ever reached S / alpha. Without drift, the
probability that this ever happens to any of them is at most alpha, however the signals hang together and however often
one looks. Assumed is that without drift the slots of the reference and those of the log are exchangeable: the same kind
of prompts, none of which decides what another one is.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import Field

from guardbind.calibration.betting import BETTORS, MEMORIES, Betting, Ledger
from guardbind.calibration.reference import SignalReference
from guardbind.errors import ConfigError
from guardbind.frozen import Frozen

__all__ = ["DriftReport", "DriftState", "DriftTest", "SignalDrift"]

_ALPHA = 0.01
_LARGEST = math.log(1e300)


class SignalDrift(Frozen):
    """What the test says of one signal."""

    name: str
    """Name of the signal."""
    n: int
    """Slots of the reference."""
    missing: int
    """Slots of the log in which it was not measured."""
    e_value: float
    """Evidence against "nothing has drifted" now: 1 says nothing; capped at 1e300."""
    largest: float
    """The largest e-value so far."""
    drifted: bool
    """Whether the largest has reached `DriftReport.threshold`."""
    crossed_at: int | None
    """The slot of the log at which it did so first, from 1."""
    crossed_time: float | None
    """When that slot was, in seconds since 1970 (UTC), where the record says so."""
    recent_rank: float
    """Mean rank of the last few hundred values within the reference: .5 without drift, 0 below all of it, 1 above."""


class DriftReport(Frozen):
    """What the test says now."""

    seen: int
    """Slots of the log that were compared."""
    alpha: float
    """Probability of saying drift, ever, where there is none: at most this."""
    threshold: float
    """E-value from which a signal is said to have drifted: the number of signals divided by alpha."""
    e_value: float
    """Mean e-value of all signals now: evidence that any has drifted. As a mean of tests that each know of one signal
    only it is an e-value at each time fixed beforehand; what is decided rests on the signals."""
    drifted: bool
    """Whether any signal has drifted."""
    signals: tuple[SignalDrift, ...]
    """Each signal, in the order of the references."""


class DriftState(Frozen):
    """Where a test stands, so that another process can go on: what follows is the same as in one run."""

    format: int = 1
    """Version of the format."""
    references: str
    """Fingerprint of the references."""
    alpha: float = Field(gt=0, lt=1)
    """Error rate."""
    seed: int = Field(ge=0)
    """Seed of what equal values are ordered by."""
    steps: int = Field(ge=1)
    """Slots so far."""
    missing: tuple[int, ...]
    """Slots in which each signal was not measured."""
    seen: tuple[tuple[int, ...], ...]
    """Values of each signal in each cell."""
    recent: tuple[tuple[tuple[float, ...], ...], ...]
    """The same with older ones counting less."""
    awake: tuple[tuple[float, ...], ...]
    """Natural logarithm of what each bettor of each signal holds."""
    largest: tuple[float, ...]
    """Natural logarithm of the largest e-value of each signal."""
    crossed_at: tuple[int | None, ...]
    """First slot at which each signal drifted."""
    crossed_time: tuple[float | None, ...]
    """When that was."""


class DriftTest:
    """Compares slot after slot with references.

    Args:
        references: One per signal.
        alpha: Probability of saying drift, ever, where there is none; by default that of the state, else 0.01.
        seed: Seed of what equal values are ordered by; that of the state counts.
        state: Where to go on.

    Raises:
        ConfigError: There are no references, two of one name, alpha is outside (0, 1), or the state is of other
            references or another alpha.
    """

    def __init__(
        self,
        references: Sequence[SignalReference],
        *,
        alpha: float | None = None,
        seed: int = 0,
        state: DriftState | None = None,
    ) -> None:
        if not references:
            raise ConfigError("there is no reference to compare with.", hint="Give one for each signal.")
        if len({reference.name for reference in references}) < len(references):
            raise ConfigError("two references are of one signal.", hint="Give one for each signal.")
        if alpha is None:
            alpha = _ALPHA if state is None else state.alpha
        if not 0 < alpha < 1:
            raise ConfigError(f"alpha is {alpha}; a number between 0 and 1 is needed.", hint="0.01 is usual.")
        self._references = tuple(references)
        if state is not None and state.alpha != alpha:
            raise ConfigError(
                f"the state of the drift test has alpha {state.alpha}, {alpha} was asked for.",
                hint="Go on with the same, or begin with a new state.",
            )
        self._alpha = alpha
        self._seed = seed if state is None else state.seed
        self._threshold = math.log(len(references) / self._alpha)
        gaps = [reference.gaps for reference in references]
        size, width = len(references), max(len(row) for row in gaps) - 1
        padded = [[*found.edges, *[(math.inf, 0.0)] * width][:width] for found in references]
        self._edges, self._drawn = np.array(padded, dtype=np.float64).transpose(2, 0, 1)
        if state is None:
            self._betting = Betting(gaps)
            self._missing = np.zeros(size, dtype=np.int64)
            self._largest = np.zeros(size)
            self._crossed_at: list[int | None] = [None] * size
            self._crossed_time: list[float | None] = [None] * size
        else:
            self._betting = Betting(gaps, _ledger(state, self.fingerprint, gaps))
            self._missing = np.array(state.missing, dtype=np.int64)
            self._largest = np.array(state.largest)
            self._crossed_at = list(state.crossed_at)
            self._crossed_time = list(state.crossed_time)
        # Each slot takes as many draws as there are signals, so a state is gone on from by passing over them.
        self._random = np.random.Generator(np.random.PCG64(self._seed).advance(self._betting.ledger.steps * size))

    @property
    def fingerprint(self) -> str:
        """Say in 16 digits which references these are."""
        data = [reference.model_dump(mode="json") for reference in self._references]
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]

    def add(self, signals: Mapping[str, float], *, time: float | None = None) -> None:
        """Compare one slot.

        Args:
            signals: Its signals by name; one that is left out was not measured.
            time: When it was, in seconds since 1970.
        """
        given = np.array([signals.get(reference.name, math.nan) for reference in self._references], dtype=np.float64)
        measured = np.isfinite(given)
        self._missing += ~measured
        values = np.where(measured, given, -np.inf)[:, None]
        ties = self._random.random(len(values))[:, None]
        below = (self._edges < values) | ((self._edges == values) & (self._drawn < ties))
        cells = below.sum(1)
        self._betting.step(cells)
        now = self._betting.log_capital()
        for place in np.flatnonzero((now >= self._threshold) & (self._largest < self._threshold)):
            self._crossed_at[place] = self._betting.ledger.steps
            self._crossed_time[place] = time
        self._largest = np.maximum(self._largest, now)

    def report(self) -> DriftReport:
        """Return what the test says now."""
        now, ranks = self._betting.log_capital(), self._betting.recent_rank()
        signals = tuple(
            SignalDrift(
                name=reference.name,
                n=reference.n,
                missing=int(self._missing[place]),
                e_value=_e(now[place]),
                largest=_e(self._largest[place]),
                drifted=bool(self._largest[place] >= self._threshold),
                crossed_at=self._crossed_at[place],
                crossed_time=self._crossed_time[place],
                recent_rank=float(ranks[place]) if self._betting.ledger.steps else 0.5,
            )
            for place, reference in enumerate(self._references)
        )
        return DriftReport(
            seen=self._betting.ledger.steps,
            alpha=self._alpha,
            threshold=len(signals) / self._alpha,
            e_value=sum(signal.e_value / len(signals) for signal in signals),
            drifted=any(signal.drifted for signal in signals),
            signals=signals,
        )

    def state(self) -> DriftState | None:
        """Return where the test stands; None before the first slot."""
        ledger = self._betting.ledger
        if not ledger.steps:
            return None
        return DriftState(
            references=self.fingerprint,
            alpha=self._alpha,
            seed=self._seed,
            steps=ledger.steps,
            missing=tuple(self._missing.tolist()),
            seen=ledger.seen.tolist(),
            recent=ledger.recent.tolist(),
            awake=ledger.awake.tolist(),
            largest=tuple(self._largest.tolist()),
            crossed_at=tuple(self._crossed_at),
            crossed_time=tuple(self._crossed_time),
        )


def _e(log_value: float) -> float:
    return float(math.exp(min(float(log_value), _LARGEST)))


def _ledger(state: DriftState, fingerprint: str, gaps: Sequence[Sequence[int]]) -> Ledger:
    """Return where the bets of a state stand.

    Raises:
        ConfigError: The state is of another format or of other references, or is damaged.
    """
    hint = "Give the references that it was made with, or begin with a new state."
    if state.format != 1:
        raise ConfigError(f"the state of the drift test has format {state.format}; 1 is read.", hint=hint)
    if state.references != fingerprint:
        raise ConfigError(
            f"the state of the drift test is of references {state.references}, these are {fingerprint}.", hint=hint
        )
    streams, width = len(gaps), max(len(row) for row in gaps)
    try:
        ledger = Ledger(
            state.steps,
            np.array(state.seen, dtype=np.int64),
            np.array(state.recent, dtype=np.float64),
            np.array(state.awake, dtype=np.float64),
        )
        rows = np.array([state.missing, state.largest, [at or 0 for at in state.crossed_at]], dtype=np.float64)
    except ValueError as error:
        raise ConfigError(
            "the state of the drift test is damaged: its rows are of unlike length.", hint=hint
        ) from error
    shapes = (ledger.seen.shape, ledger.recent.shape, ledger.awake.shape, rows.shape, len(state.crossed_time))
    wanted = ((streams, width), (streams, len(MEMORIES), width), (streams, BETTORS), (3, streams), streams)
    counted = shapes == wanted and bool((ledger.seen.sum(1) == state.steps).all()) and bool((ledger.seen >= 0).all())
    if not counted or not all(np.isfinite(part).all() for part in (ledger.recent, ledger.awake, rows)):
        raise ConfigError("the state of the drift test is damaged: its counts do not fit.", hint=hint)
    return ledger
