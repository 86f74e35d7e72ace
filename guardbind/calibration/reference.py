"""Keeps how a signal was distributed on the trials of a calibration: as quantiles, for tests of drift."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Self

from pydantic import Field

from guardbind.errors import CalibrationError
from guardbind.frozen import Frozen

__all__ = ["SignalReference"]

_POINTS = 201


class SignalReference(Frozen):
    """The distribution of one signal on the trials of a calibration."""

    name: str
    """Name of the signal (`guardbind.calibration.signals`)."""
    n: int = Field(ge=1)
    """Trials that have it."""
    quantiles: tuple[float, ...] = Field(min_length=2)
    """All values in rising order where there are few; else quantiles at equal steps, least and most included."""

    @classmethod
    def of(cls, name: str, values: Sequence[float]) -> Self:
        """Describe the values of a signal.

        Raises:
            CalibrationError: There are fewer than two, or one is not finite.

        Example:
            >>> SignalReference.of("margin", [3.0, 1.0, 2.0]).quantiles
            (1.0, 2.0, 3.0)
        """
        if len(values) < 2 or not all(map(math.isfinite, values)):
            raise CalibrationError(f"{name} has {len(values)} values; two finite ones or more are accepted.")
        ordered = sorted(map(float, values))
        if len(ordered) > _POINTS:
            last = len(ordered) - 1
            ordered = [ordered[round(last * step / (_POINTS - 1))] for step in range(_POINTS)]
        return cls(name=name, n=len(values), quantiles=tuple(ordered))

    def rank(self, value: float, tie: float = 0.5) -> float:
        """Return the share of the reference below a value, in (0, 1).

        Args:
            value: A new value.
            tie: Where it stands among equal ones, in [0, 1]; drawn evenly, the rank is even under no drift.

        Example:
            >>> reference = SignalReference.of("margin", [1.0, 2.0, 3.0])
            >>> reference.rank(0.0), reference.rank(2.5), reference.rank(9.0)
            (0.125, 0.625, 0.875)
        """
        below = sum(1 for known in self.quantiles if known < value)
        equal = sum(1 for known in self.quantiles if known == value)
        # One place more than there are values: among exchangeable ones the new value is equally likely in each.
        return (below + tie * (equal + 1)) / (len(self.quantiles) + 1)
