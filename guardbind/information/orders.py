"""Bounds how far predictions move when the evidence is reordered (arXiv 2509.11208)."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from guardbind.errors import ConfigError
from guardbind.information.divergence import kl_divergence
from guardbind.information.numeric import FloatArray, as_distribution

__all__ = ["jensen_penalty", "js_certificate", "martingale_violation_bound"]


def martingale_violation_bound(total_variations: ArrayLike) -> float:
    """Return ¼ Σ TV_i, an upper bound on E|q_π − q_π'| between two random orders (Theorems 1 and 2).

    A rank sensitivity of C/t makes it (C/4) H_{n−1}, which grows like ln n.

    Args:
        total_variations: Total variation in rank of each chunk's share of the event's logit, ≥ 0 `[chunks]`.

    Raises:
        ConfigError: A variation is negative or not finite.

    Example:
        >>> martingale_violation_bound([0.4, 0.2, 0.2])
        0.2
    """
    variations = np.asarray(total_variations, dtype=np.float64)
    if not ((variations >= 0.0) & np.isfinite(variations)).all():
        raise ConfigError(
            f"total_variations is {variations}; finite numbers ≥ 0 are accepted.", hint="Take magnitudes."
        )
    return float(variations.sum()) / 4.0


def js_certificate(orders: ArrayLike) -> float:
    """Return √(½ E_k KL(S_k‖S̄)), an upper bound on E|q_k − q̄| for every event (Proposition 2); no assumptions.

    Args:
        orders: Distribution per order `[orders, outcomes]`, each row summing to 1.

    Raises:
        ConfigError: A row is no distribution.

    Example:
        >>> round(js_certificate([[0.9, 0.1], [0.6, 0.4]]), 4)
        0.1779
    """
    rows = _rows(orders)
    mean = rows.mean(axis=0)
    return math.sqrt(sum(kl_divergence(row, mean) for row in rows) / len(rows) / 2.0)


def jensen_penalty(truth: ArrayLike, orders: ArrayLike) -> float:
    """Return J = E_k KL(P‖S_k) − KL(P‖S̄) ≥ 0 in nats: log-loss that averaging over orders saves (Theorem 4).

    Infinite where one order rules out an outcome that P has.

    Args:
        truth: P `[outcomes]`.
        orders: Distribution per order `[orders, outcomes]`, each row summing to 1.

    Raises:
        ConfigError: An argument is no distribution, every order rules out an outcome of P, or the shapes differ.

    Example:
        >>> round(jensen_penalty([1.0, 0.0], [[0.9, 0.1], [0.6, 0.4]]), 4)
        0.0204
    """
    rows = _rows(orders)
    mixture = kl_divergence(truth, rows.mean(axis=0))
    if math.isinf(mixture):
        raise ConfigError(
            "every order gives 0 to an outcome that truth has; the penalty would be a difference of infinities.",
            hint="Smooth the distributions, or drop that outcome.",
        )
    return max(0.0, sum(kl_divergence(truth, row) for row in rows) / len(rows) - mixture)


def _rows(orders: ArrayLike) -> FloatArray:
    """Return one distribution per order `[orders, outcomes]`."""
    table = np.asarray(orders, dtype=np.float64)
    if table.ndim != 2 or len(table) == 0:
        raise ConfigError(f"orders has shape {table.shape}; [orders, outcomes] is accepted.", hint="One row per order.")
    return np.stack([as_distribution("orders", row) for row in table])
