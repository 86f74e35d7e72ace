"""Keeps what the trials of a pool showed in one small file, so that counting on it needs no model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError

from guardbind.calibration.outcome import Outcome
from guardbind.errors import RunFolderError
from guardbind.frozen import Frozen
from guardbind_bench.running.files import write_atomic

__all__ = ["PoolHead", "SourceHead", "TrialPool"]

_FORMAT = 1
_DIGITS = 4
# What no count on a pool asks for.
_LEFT_OUT = {"verdict", "action", "target_score", "available", "prompt_tokens", "distance", "bindings", "residual_norm"}


class SourceHead(Frozen):
    """What the trials of one source are."""

    about: str
    """In one sentence."""
    seed: int
    """Of what was drawn."""
    trials: int
    """How many were run."""
    failed: int = 0
    """How many of them could not be measured, and are left out."""


class PoolHead(Frozen):
    """What a pool was made by; the first line of its file."""

    pool: int = _FORMAT
    """Version of the format."""
    command: str
    """The command that made it."""
    model: str
    """The model."""
    weights: str
    """Fingerprint of its weights."""
    guardbind: str
    """Version of guardbind."""
    resolver: str
    """What said which value was meant."""
    sources: dict[str, SourceHead]
    """The sources by name."""


class TrialPool(Frozen):
    """Outcomes of labelled trials by source."""

    head: PoolHead
    """What it was made by."""
    outcomes: dict[str, tuple[Outcome, ...]]
    """Name of a source to what its trials showed."""

    @classmethod
    def of(cls, head: PoolHead, outcomes: Mapping[str, Sequence[Outcome]]) -> Self:
        """Return the pool of some outcomes; what no count asks for is left out, numbers have four digits."""
        kept = {name: tuple(Outcome.model_validate(_small(o)) for o in every) for name, every in outcomes.items()}
        return cls(head=head, outcomes=kept)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a stored pool.

        Raises:
            RunFolderError: The file cannot be read, or is no pool of this version.
        """
        try:
            first, *lines = path.read_text(encoding="utf-8").splitlines()
            told = json.loads(first)
            if told.get("pool") != _FORMAT:
                raise ValueError(f"its version is {told.get('pool')}, and {_FORMAT} is read")
            head = PoolHead.model_validate(told)
            found: dict[str, list[Outcome]] = {name: [] for name in head.sources}
            for line in map(json.loads, lines):
                found[line["trial"].rpartition(":")[0]].append(Outcome.model_validate(line))
        except (OSError, ValueError, KeyError, AttributeError, ValidationError) as error:
            raise RunFolderError(
                f"{path} is no pool that can be read: {error}.", hint="Make one with `guardbind bench pool`."
            ) from error
        return cls(head=head, outcomes={name: tuple(every) for name, every in found.items()})

    def write(self, path: Path) -> None:
        """Store it, one line for each outcome."""
        lines = [self.head.model_dump(mode="json")]
        lines += [o.model_dump(mode="json", exclude_defaults=True) for every in self.outcomes.values() for o in every]
        write_atomic(path, ("\n".join(map(json.dumps, lines)) + "\n").encode())


def _small(outcome: Outcome) -> dict[str, Any]:
    told = outcome.model_dump(exclude=_LEFT_OUT, exclude_none=True)
    # Of wrong answers no flag is a false alarm.
    told["signals"] = {name: _short(value) for name, value in outcome.signals.items()} if outcome.own_right else {}
    return {name: _short(value) if isinstance(value, float) else value for name, value in told.items()}


def _short(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
