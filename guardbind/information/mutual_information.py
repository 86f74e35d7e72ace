"""Estimates the information between the true value and the output from a confusion matrix, and the estimate's bias.

The plug-in estimate is biased up by about (M − 1)² / 2n nats, 1.5 nats at M = 50 and n = 800, which is more than the
effects it is used for. A bootstrap does not see that bias; the two corrections here do, and Fano on held-out error
(`fano_information`) avoids it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import rel_entr

from guardbind.errors import ConfigError
from guardbind.information.numeric import FloatArray, as_counts, as_table, check_alternatives

__all__ = [
    "PermutationNull",
    "confusion_counts",
    "miller_madow",
    "mutual_information",
    "permutation_null",
    "plug_in_bias",
]


def confusion_counts(truth: ArrayLike, output: ArrayLike, m: int) -> NDArray[np.int64]:
    """Count trials by true value and output.

    Args:
        truth: Index of the true value per trial, int `[n]`, in 0 … m − 1.
        output: Index of the emitted candidate per trial, int `[n]`, in 0 … m − 1.
        m: Size of the candidate set, at least 2.

    Returns:
        Counts, int64 `[m, m]`, rows `truth`, columns `output`.

    Raises:
        ConfigError: The lengths differ or an index is out of range.

    Example:
        >>> confusion_counts([0, 0, 1, 1], [0, 1, 1, 1], 2).tolist()
        [[1, 1], [0, 2]]
    """
    size, rows, columns = check_alternatives(m), np.asarray(truth), np.asarray(output)
    for name, index in (("truth", rows), ("output", columns)):
        whole = index.ndim == 1 and len(index) > 0 and np.issubdtype(index.dtype, np.integer)
        if not whole or index.shape != rows.shape or index.min() < 0 or index.max() >= size:
            raise ConfigError(
                f"{name} has shape {index.shape} and dtype {index.dtype};"
                f" one whole number in 0 … {size - 1} per trial is accepted.",
                hint="Leave out trials whose output is no candidate (gate failures), or count them apart.",
            )
    return np.bincount(rows * size + columns, minlength=size * size).reshape(size, size).astype(np.int64)


def mutual_information(table: ArrayLike) -> float:
    """Return I(V;Y) in nats of a joint table; on counts this is the plug-in estimate, biased up (see `plug_in_bias`).

    Args:
        table: Joint probabilities or counts `[rows, columns]`.

    Raises:
        ConfigError: Not a two-way table of finite non-negative entries.

    Example:
        >>> round(mutual_information([[40, 10], [10, 40]]), 4)
        0.1927
    """
    weights = as_table("table", table)
    joint = weights / weights.sum()
    independent = joint.sum(axis=1, keepdims=True) * joint.sum(axis=0, keepdims=True)
    return max(0.0, float(rel_entr(joint, independent).sum()))


def plug_in_bias(rows: int, columns: int, trials: int) -> float:
    """Return the leading bias (R − 1)(C − 1) / 2n in nats of the plug-in estimate when every cell can occur.

    Example:
        >>> plug_in_bias(50, 50, 800)
        1.500625
    """
    if rows < 1 or columns < 1 or trials < 1:
        raise ConfigError(
            f"{rows} rows, {columns} columns, {trials} trials; at least 1 of each is accepted.",
            hint="Count them from the confusion matrix.",
        )
    return (rows - 1) * (columns - 1) / (2.0 * trials)


def miller_madow(counts: ArrayLike) -> float:
    """Return the Miller–Madow estimate of I(V;Y) in nats: plug-in + (R + C − cells − 1) / 2n over occupied bins.

    May be negative, which is left so for averages to stay unbiased. It corrects too little where most cells are empty,
    that is with fewer trials than cells; take `permutation_null` there.

    Args:
        counts: Whole counts `[rows, columns]`.

    Raises:
        ConfigError: Not a two-way table of whole non-negative counts.

    Example:
        >>> round(miller_madow([[40, 10], [10, 40]]), 4)
        0.1877
    """
    table = as_counts("counts", counts)
    rows, columns, cells = (np.count_nonzero(part) for part in (table.sum(axis=1), table.sum(axis=0), table))
    return mutual_information(table) + float(rows + columns - cells - 1) / (2.0 * float(table.sum()))


@dataclass(frozen=True, slots=True)
class PermutationNull:
    """Plug-in information beside what the same margins give by chance, in nats."""

    observed: float
    """Plug-in I(V;Y) of the table."""

    samples: FloatArray
    """Plug-in I of each shuffled table `[permutations]`."""

    @property
    def mean(self) -> float:
        """Mean information by chance: the bias of `observed` where the truth is independence."""
        return float(self.samples.mean())

    @property
    def corrected(self) -> float:
        """`observed` less `mean`.

        It corrects too much where the dependence is strong, since a nearly deterministic table has less bias than a
        shuffled one: read it as a cautious estimate.
        """
        return self.observed - self.mean

    @property
    def p_value(self) -> float:
        """Share of tables, the observed one included, with at least the observed information."""
        # Equal tables can differ in the last bit, and a tie must count against the observation.
        return (1 + int((self.samples >= self.observed - 1e-12).sum())) / (1 + len(self.samples))


def permutation_null(counts: ArrayLike, permutations: int, generator: np.random.Generator) -> PermutationNull:
    """Shuffle the outputs over the trials and measure the information that is left by chance.

    Args:
        counts: Whole counts `[rows, columns]`.
        permutations: How many shuffles, at least 1.
        generator: Source of randomness; the same state gives the same result.

    Raises:
        ConfigError: Not a two-way table of whole non-negative counts, or `permutations` < 1.

    Example:
        >>> by_chance = permutation_null([[40, 10], [10, 40]], 999, np.random.default_rng(0))
        >>> round(by_chance.observed, 4), by_chance.p_value
        (0.1927, 0.001)
    """
    table = as_counts("counts", counts)
    if permutations < 1:
        raise ConfigError(f"permutations is {permutations}; at least 1 is accepted.", hint="1000 resolves p = 0.001.")
    cells = np.repeat(np.arange(table.size), table.ravel())
    truth, output = np.divmod(cells, table.shape[1])
    samples = np.empty(permutations)
    for i in range(permutations):
        shuffled = truth * table.shape[1] + generator.permutation(output)
        samples[i] = mutual_information(np.bincount(shuffled, minlength=table.size).reshape(table.shape))
    return PermutationNull(mutual_information(table), samples)
