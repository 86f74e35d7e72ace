"""Measures how information shrinks on its way to the output: contraction, routing efficiency, what is left unused."""

from __future__ import annotations

import math
from collections.abc import Iterable

from guardbind.errors import ConfigError
from guardbind.information.numeric import check_finite, check_probability

__all__ = ["routing_efficiency", "sdpi_bound", "unused_information"]


def sdpi_bound(information: float, coefficients: Iterable[float]) -> float:
    """Return the upper bound (Π α_t) · I(V;S_0) on what is left after the channels K_t, in nats (paper Theorem 3).

    An equality for erasure channels only. For copy-or-noise channels whose noise cannot be told from a copy, less is
    left (the paper's Proposition 5 claims equality there too: a fair bit copied with probability ½ keeps 0.189 bit, not
    0.5).

    Args:
        information: I(V;S_0) in nats at the start of the chain.
        coefficients: Contraction coefficient α_t in [0, 1] of each channel, or an upper bound on it.

    Raises:
        ConfigError: The information is negative or not finite, or a coefficient is outside [0, 1].

    Example:
        >>> round(sdpi_bound(1.0, [0.9, 0.8]), 3)
        0.72
    """
    start = check_finite("information", information, least=0.0)
    return start * math.prod(check_probability("coefficients", alpha) for alpha in coefficients)


def routing_efficiency(used: float, available: float) -> float:
    """Return η = I(V;Y) / I(V;H), the share of the available information that reaches the output (paper section 3).

    With exact arguments η lies in [0, 1] (Proposition 1). With estimates it certifies nothing: a lower bound on `used`
    over a lower bound on `available`, as in the paper's η ≈ 0.19 (Fano on the output's error over Fano on a probe's
    error), bounds η on neither side, and may exceed 1. Both must also come from the same trials; selecting the trials
    where the output is wrong makes its information look small by construction. For a proof that information goes unused
    see `unused_information`.

    Args:
        used: Information in the output, nats (any unit shared by both).
        available: Information in the state, same unit, above 0.

    Raises:
        ConfigError: An argument is negative or not finite, or `available` is 0.

    Example:
        >>> round(routing_efficiency(0.2, 0.8), 3)
        0.25
    """
    numerator = check_finite("used", used, least=0.0)
    denominator = check_finite("available", available, least=0.0)
    if denominator == 0.0:
        raise ConfigError(
            "available is 0; more than 0 nats are accepted.",
            hint="A share of nothing is undefined: report the information itself.",
        )
    return numerator / denominator


def unused_information(available_at_least: float, used_at_most: float) -> float:
    """Return the certified lower bound on I(V;H) − I(V;Y), in the unit of the arguments (paper Proposition 4).

    Args:
        available_at_least: A lower bound on I(V;f(H)) of any probe f, such as Fano on its held-out error.
        used_at_most: An *upper* bound on I(V;Y) on the same trials. Fano on the output's error is a lower bound and
            does not do; the entropy of the output does.

    Returns:
        What is proven to go unused; 0 where nothing is.

    Raises:
        ConfigError: An argument is negative or not finite.

    Example:
        >>> round(unused_information(1.1, 0.3), 3)
        0.8
    """
    available = check_finite("available_at_least", available_at_least, least=0.0)
    return max(0.0, available - check_finite("used_at_most", used_at_most, least=0.0))
