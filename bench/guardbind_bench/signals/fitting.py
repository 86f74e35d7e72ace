"""Fits what signals learn from other trials: the best column, and classifiers of errors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.neural_network import MLPClassifier
from torch import Tensor

from guardbind.errors import ConfigError
from guardbind_bench.arrays import Features, Flags, Floats
from guardbind_bench.experiments.probe.linear import FeatureEnvelope
from guardbind_bench.stats.metrics import auroc

__all__ = [
    "FEWEST",
    "ErrorClassifier",
    "area",
    "as_features",
    "best_column",
    "check_sample",
    "cross_validated",
    "logistic",
    "mlp",
]

FEWEST = 8
"""Fewest trials of either kind that anything is fitted to."""
_FOLDS = 3


class ErrorClassifier(Protocol):
    """What a classifier of errors does."""

    def __call__(self, features: Features) -> Floats:
        """Return a number per trial, higher for errors."""
        ...


Fitter = Callable[[Features, Flags], ErrorClassifier]


def check_sample(is_wrong: Flags) -> None:
    """Check that there is something to learn from.

    Raises:
        ConfigError: There are too few errors or too few right answers.
    """
    wrong, right = int(is_wrong.sum()), int((~is_wrong).sum())
    if min(wrong, right) < FEWEST:
        raise ConfigError(
            f"of the trials to learn from {wrong} are errors of stage 2B and {right} are right; {FEWEST} of both are "
            "needed.",
            hint="Give more of them, or others.",
        )


def area(scores: Floats, is_wrong: Flags) -> float:
    """Return the chance that an error scores above a right answer; 0.5 where there is none of either."""
    found = auroc(scores[is_wrong].tolist(), scores[~is_wrong].tolist())
    return 0.5 if found is None else found


def best_column(features: Tensor, is_wrong: Tensor) -> int:
    """Return which column of `[trials, columns]` ranks errors best.

    Raises:
        ConfigError: There is too little to learn from.
    """
    flags = is_wrong.numpy().astype(bool)
    check_sample(flags)
    columns = features.numpy().astype(float).T
    return int(np.argmax([area(column, flags) for column in columns]))


def logistic(penalty: float, *, standardised: bool = True, iterations: int = 1000) -> Fitter:
    """Return a fitter of logistic regressions.

    Args:
        penalty: Inverse strength of the L2 penalty.
        standardised: Give each feature mean 0 and deviation 1 first.
        iterations: At most.
    """

    def fit(features: Features, is_wrong: Flags) -> ErrorClassifier:
        envelope = FeatureEnvelope.of(features)
        scale = envelope.standardise if standardised else (lambda given: given)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = LogisticRegression(C=penalty, max_iter=iterations).fit(scale(features), is_wrong)
        return lambda given: np.asarray(fitted.decision_function(scale(given)), dtype=float)

    return fit


def mlp(seed: int = 0) -> Fitter:
    """Return a fitter of the published classifier of hidden states: 256, 128 and 64 units."""

    def fit(features: Features, is_wrong: Flags) -> ErrorClassifier:
        envelope = FeatureEnvelope.of(features)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            fitted = MLPClassifier((256, 128, 64), max_iter=60, early_stopping=True, random_state=seed).fit(
                envelope.standardise(features), is_wrong
            )
        return lambda given: np.asarray(fitted.predict_proba(envelope.standardise(given))[:, 1], dtype=float)

    return fit


def cross_validated(features: Features, is_wrong: Flags, fitter: Fitter) -> float:
    """Return the area under the curve of predictions on folds that were left out.

    Args:
        features: `[trials, features]`.
        is_wrong: Whether each is an error `[trials]`; see `check_sample`.
        fitter: What is fitted.
    """
    predicted: Any = np.zeros(len(features))
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=0)
    areas = []
    for train, test in folds.split(features, is_wrong):
        predicted[test] = fitter(features[train], is_wrong[train])(features[test])
        areas.append(area(predicted[test], is_wrong[test]))
    return float(np.mean(areas))


def as_features(values: Tensor) -> Features:
    """Return a tensor as an fp32 array."""
    array: Features = np.ascontiguousarray(values.detach().cpu().to(torch.float32).numpy())
    return array
