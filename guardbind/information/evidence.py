"""Measures how far a value rests on its evidence in signed bits and nats."""

from __future__ import annotations

from typing import overload

import numpy as np

from guardbind.errors import ConfigError
from guardbind.information.divergence import bernoulli_kl
from guardbind.information.entropy import nats_to_bits
from guardbind.information.numeric import ROUNDING, FloatArray, as_probabilities, check_probability, unwrap

__all__ = ["evidence_bits", "evidence_bits_from_logprobs", "signed_divergence"]


@overload
def evidence_bits(p1: float, p0: float, *, floor: float = 0.0) -> float: ...
@overload
def evidence_bits(p1: FloatArray, p0: FloatArray | float, *, floor: float = 0.0) -> FloatArray: ...
def evidence_bits(p1: float | FloatArray, p0: float | FloatArray, *, floor: float = 0.0) -> float | FloatArray:
    """Return log2(p1 / p0) in bits, elementwise: how much the token rests on the evidence that the null takes away.

    Args:
        p1: Probability of the token in full context.
        p0: Its probability under the null. With `p0` = 0 < `p1` the result is inf, the reverse gives −inf, two zeros
            give 0.
        floor: Smallest probability that the measurement tells from 0; both probabilities are raised to it. At 0, the
            default, they are taken as they are.

    Raises:
        ConfigError: A probability or the floor is NaN or outside [0, 1].

    Example:
        >>> evidence_bits(0.8, 0.1)
        3.0
    """
    least = check_probability("floor", floor)
    with np.errstate(divide="ignore"):
        log_p1 = np.log(np.maximum(as_probabilities("p1", p1), least))
        log_p0 = np.log(np.maximum(as_probabilities("p0", p0), least))
    return unwrap(_log_ratio_bits(log_p1, log_p0))


@overload
def evidence_bits_from_logprobs(lp1_nats: float, lp0_nats: float) -> float: ...
@overload
def evidence_bits_from_logprobs(lp1_nats: FloatArray, lp0_nats: FloatArray | float) -> FloatArray: ...
def evidence_bits_from_logprobs(lp1_nats: float | FloatArray, lp0_nats: float | FloatArray) -> float | FloatArray:
    """Return `evidence_bits` from natural log-probabilities, exact where the probabilities themselves would underflow.

    Args:
        lp1_nats: ln p1; −inf is accepted.
        lp0_nats: ln p0; −inf is accepted.

    Raises:
        ConfigError: NaN, or positive by more than rounding.

    Example:
        >>> round(evidence_bits_from_logprobs(-0.1, -800.0), 1)
        1154.0
    """
    logs = []
    for name, value in (("lp1_nats", lp1_nats), ("lp0_nats", lp0_nats)):
        array = np.asarray(value, dtype=np.float64)
        wrong = ~(array <= ROUNDING)
        if wrong.any():
            raise ConfigError(
                f"{name} holds {array[wrong].flat[0]}; natural log-probabilities (≤ 0) are accepted.",
                hint="Apply log_softmax to the logits first.",
            )
        logs.append(np.minimum(array, 0.0))
    return unwrap(_log_ratio_bits(*logs))


@overload
def signed_divergence(p1: float, p0: float) -> float: ...
@overload
def signed_divergence(p1: FloatArray, p0: FloatArray | float) -> FloatArray: ...
def signed_divergence(p1: float | FloatArray, p0: float | FloatArray) -> float | FloatArray:
    """Return sign(p1 − p0) · KL(Ber(p1)‖Ber(p0)) in nats, elementwise; it rises with `p1` and falls with `p0`.

    Args:
        p1: Probability of the value in full context.
        p0: Its pseudo-prior; 0 gives inf for any other `p1`, and 1 gives −inf.

    Raises:
        ConfigError: NaN, or outside [0, 1].

    Example:
        >>> round(signed_divergence(0.9, 0.1), 4), round(signed_divergence(0.1, 0.9), 4)
        (1.7578, -1.7578)
    """
    full, prior = as_probabilities("p1", p1), as_probabilities("p0", p0)
    # Where the two are equal the divergence is 0, never infinite, so 0 · inf does not arise.
    return unwrap(np.sign(full - prior) * np.asarray(bernoulli_kl(full, prior)))


def _log_ratio_bits(log_p1: FloatArray, log_p0: FloatArray) -> FloatArray:
    """Return (ln p1 − ln p0) in bits, and 0 where both are −inf: nothing was moved."""
    with np.errstate(invalid="ignore"):
        return nats_to_bits(np.where(log_p1 == log_p0, 0.0, log_p1 - log_p0))
