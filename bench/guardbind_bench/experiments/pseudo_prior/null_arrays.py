"""Reads the records of the measure `nulls` into arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from guardbind.information import nats_to_bits
from guardbind_bench.arrays import Flags, Floats

__all__ = ["NullArrays"]


@dataclass(frozen=True, slots=True)
class NullArrays:
    """What was read on the trials of a cell; one row per trial, one column per null, NaN where a null was not read.

    Attributes:
        nulls: Names of the nulls.
        guard_null: The null that a guard uses.
        right: Whether the emitted token is the target's `[trials]`.
        wrong_2b: Whether it is another candidate's `[trials]`.
        posterior: Probability of the target among the candidates `[trials]`.
        among: Log p1 and log p0 of the emitted token among the candidates, by the guard's null `[2, trials]`, nats;
            -inf where it is none of them.
        target: Log p1 of the target's token `[trials]`, nats.
        token: Log p1 of the emitted token `[trials]`, nats.
        bits: Evidence bits of the emitted token on the target's statement, by the guard's null `[trials]`.
        any_bits: The larger of these and those on the competitor's statement, where that is bound `[trials]`.
        baselines: Name of a score that looks at no null to its values `[trials]`; higher is surer.
        target_priors: Log p0 of the target's token `[trials, nulls]`, nats.
        token_priors: Log p0 of the emitted token `[trials, nulls]`, nats.
        posteriors: Probability of the target among the candidates `[trials, nulls]`.
        null_right: 1 where the best token under the null is the target's, else 0 `[trials, nulls]`.
        forwards: Forward passes `[trials, nulls]`.
        tokens_read: Tokens read `[trials, nulls]`.
        seconds: Time `[trials, nulls]`.
    """

    nulls: tuple[str, ...]
    guard_null: str
    right: Flags
    wrong_2b: Flags
    posterior: Floats
    among: Floats
    target: Floats
    token: Floats
    bits: Floats
    any_bits: Floats
    baselines: dict[str, Floats]
    target_priors: Floats
    token_priors: Floats
    posteriors: Floats
    null_right: Floats
    forwards: Floats
    tokens_read: Floats
    seconds: Floats

    @classmethod
    def of(cls, frame: pd.DataFrame) -> NullArrays:
        """Read the records of a cell, none of them failed, at least one."""

        def column(name: str) -> Floats:
            return np.asarray(frame[name], dtype=float)

        def table(name: str) -> Floats:
            return np.stack([np.asarray(row, dtype=float) for row in frame[name]])

        tokens = table("null_tokens")
        among = np.nan_to_num([column("token_posterior"), column("token_posterior_prior")])
        with np.errstate(divide="ignore"):
            among = np.log(among)
        return cls(
            nulls=tuple(map(str, frame["nulls"].iloc[0])),
            guard_null=str(frame["guard_null"].iloc[0]),
            right=(frame["stage"] == "right").to_numpy(),
            wrong_2b=(frame["stage"] == "2B").to_numpy(),
            posterior=column("posterior"),
            among=among,
            target=np.minimum(column("target_logprob"), 0.0),
            token=np.minimum(column("token_logprob"), 0.0),
            bits=column("target_bits"),
            any_bits=np.fmax(column("target_bits"), column("competitor_bits")),
            baselines={
                "max_probability": column("max_probability"),
                "margin": column("margin"),
                "entropy": -column("entropy_bits"),
                "runner_up": column("runner_up_gap"),
            },
            target_priors=table("target_log_priors"),
            token_priors=table("token_log_priors"),
            posteriors=table("null_posteriors"),
            null_right=np.where(np.isnan(tokens), np.nan, tokens == column("target_token")[:, None]),
            forwards=table("forwards"),
            tokens_read=table("tokens_read"),
            seconds=table("seconds"),
        )

    @property
    def guard_prior(self) -> Floats:
        """Log p0 of the emitted token by the guard's null `[trials]`, nats."""
        return np.minimum(self.token - self.bits * math.log(2), 0.0)

    def bits_under(self, null: str) -> Floats:
        """Return the evidence bits of the emitted token `[trials]`."""
        # NaN where the null was not read, so these are no log-probabilities to check.
        return nats_to_bits(self.token - self.token_priors[:, self.nulls.index(null)])
