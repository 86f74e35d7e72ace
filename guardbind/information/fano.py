"""Turns error into used information and back by Fano's inequality on M candidates, and tells what the bound omits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import overload

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import rel_entr

from guardbind.errors import ConfigError
from guardbind.information.entropy import binary_entropy, entropy
from guardbind.information.mutual_information import mutual_information
from guardbind.information.numeric import (
    FloatArray,
    as_probabilities,
    as_table,
    check_alternatives,
    check_finite,
    crossing,
    unwrap,
)

__all__ = ["FanoSlack", "fano_information", "fano_inverse", "fano_slack"]


@overload
def fano_information(error: float, m: int) -> float: ...
@overload
def fano_information(error: FloatArray, m: int) -> FloatArray: ...
def fano_information(error: float | FloatArray, m: int) -> float | FloatArray:
    """Return Φ_M(ε) = ln M − h(ε) − ε ln(M − 1) in nats, a lower bound on I(V;Y) (paper Theorem 1).

    It holds for V uniform over the candidate set. It reads one way only: a *low* error proves that much information was
    used; a high error proves nothing, since a fixed derangement errs always and keeps everything. Φ falls to 0 at
    ε = 1 − 1/M and rises again beyond, where a small value only says that the output avoids the truth; so with an upper
    confidence limit at or past 1 − 1/M the bound is 0. Error and information must be of one population: all trials, or
    those with an open gate, never one of each.

    Args:
        error: P(Y ≠ V), elementwise.
        m: Size of the candidate set, at least 2.

    Raises:
        ConfigError: `error` is no probability or `m` < 2.

    Example:
        >>> round(fano_information(0.35, 4), 4)
        0.3543
    """
    size, eps = check_alternatives(m), as_probabilities("error", error)
    nats = math.log(size) - np.asarray(binary_entropy(eps)) - eps * math.log(size - 1)
    return unwrap(np.maximum(0.0, nats))


def fano_inverse(information: float, m: int) -> float:
    """Return the smallest error compatible with I(V;Y) = `information` nats (paper Corollary 1).

    The M-ary symmetric channel attains it (Proposition 2).

    Args:
        information: Information about V in the output, in nats; from ln M on the answer is 0.
        m: Size of the candidate set, at least 2.

    Returns:
        An error in [0, 1 − 1/M].

    Raises:
        ConfigError: `information` is negative or not finite, or `m` < 2.

    Example:
        >>> round(fano_inverse(0.5, 4), 4)
        0.2731
    """
    size, nats = check_alternatives(m), check_finite("information", information, least=0.0)
    if nats >= fano_information(0.0, size):
        return 0.0
    return crossing(lambda error: fano_information(error, size) > nats, 0.0, 1.0 - 1.0 / size)[1]


@dataclass(frozen=True, slots=True)
class FanoSlack:
    """The exact distance between I(V;Y) and Fano's bound (paper Proposition 3), in nats.

    `information = fano − prior_deficit + uneven_errors + uneven_wrong_values`; each term is ≥ 0.
    """

    information: float
    """I(V;Y)."""

    error: float
    """ε = P(Y ≠ V)."""

    fano: float
    """Φ_M(ε)."""

    prior_deficit: float
    """ln M − H(V): 0 for a uniform V, which the proposition assumes."""

    uneven_errors: float
    """h(ε) − H(E|Y): 0 iff the error rate is the same for every output."""

    uneven_wrong_values: float
    """ε [ln(M − 1) − H(V|Y, E=1)]: 0 iff, given an error, all other values are equally likely."""


def fano_slack(joint: ArrayLike) -> FanoSlack:
    """Decompose I(V;Y) into Fano's bound and its slack.

    Args:
        joint: Joint probabilities or counts `[M, M]`, rows V, columns Y, values in the same order on both axes.

    Raises:
        ConfigError: The table is not square, smaller than 2 × 2, or no table of weights.

    Example:
        >>> slack = fano_slack([[3, 1], [0, 4]])
        >>> round(slack.information, 4), round(slack.fano, 4), round(slack.uneven_errors, 4)
        (0.3804, 0.3164, 0.064)
    """
    weights = as_table("joint", joint)
    rows, columns = weights.shape
    if rows != columns:
        raise ConfigError(
            f"joint has {rows} rows and {columns} columns; a square table is accepted.",
            hint="Give rows and columns the same candidates in the same order.",
        )
    m = check_alternatives(rows)
    table = weights / weights.sum()
    outputs = table.sum(axis=0)
    wrong = table * (1.0 - np.eye(m))
    wrong_by_output = wrong.sum(axis=0)
    error = float(wrong_by_output.sum())
    right_by_output = table.diagonal()
    by_output = rel_entr(wrong_by_output, outputs) + rel_entr(right_by_output, outputs)
    h_error_given_output = -float(by_output.sum())
    eps_h_value_given_error = -float(rel_entr(wrong, wrong_by_output).sum())
    return FanoSlack(
        information=mutual_information(table),
        error=error,
        fano=fano_information(error, m),
        prior_deficit=max(0.0, math.log(m) - entropy(table.sum(axis=1))),
        uneven_errors=max(0.0, binary_entropy(error) - h_error_given_output),
        uneven_wrong_values=max(0.0, error * math.log(m - 1) - eps_h_value_given_error),
    )
