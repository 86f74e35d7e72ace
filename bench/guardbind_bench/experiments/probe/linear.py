"""Fits linear probes: which value does a residual stand for, with the published recipe and with a better one."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from torch import nn

from guardbind_bench.arrays import Features, Words

__all__ = ["FeatureEnvelope", "LinearProbe", "fit_published", "fit_standardised"]

_EPOCHS, _BATCH, _RATE, _DECAY = 30, 256, 1e-2, 1e-3
# Inverse strength of the L2 penalty on standardised features.
_PENALTIES = (1e-3, 1e-2, 1e-1)
_ITERATIONS = 500
_VALIDATION = 0.2


@dataclass(frozen=True, slots=True, eq=False)
class FeatureEnvelope:
    """Where the features lie that a probe was fitted on; outside of it the probe has shown nothing.

    Attributes:
        mean: Mean of each feature `[hidden]`.
        scale: Standard deviation of each feature `[hidden]`; 1 where it does not vary.
        norm: Mean Euclidean norm of the features of a trial.
        trials: How many trials.
    """

    mean: Features
    scale: Features
    norm: float
    trials: int

    @classmethod
    def of(cls, features: Features) -> FeatureEnvelope:
        """Measure features `[trials, hidden]`."""
        scale = features.std(axis=0)
        # A feature that varies by rounding only would be blown up.
        still = scale <= 1e-6 * np.abs(features).max(initial=1e-30)
        norm = float(np.linalg.norm(features, axis=1).mean())
        return cls(features.mean(axis=0), np.where(still, 1, scale).astype(np.float32), norm, len(features))

    def standardise(self, features: Features) -> Features:
        """Return features `[..., hidden]` with mean 0 and deviation 1 on what was measured."""
        standardised: Features = (features - self.mean) / self.scale
        return standardised

    def distance(self, features: Features) -> Features:
        """Return for each trial `[trials]` the root mean square of its standardised features; about 1 inside.

        It is the Mahalanobis distance with the diagonal of the covariance, divided by the square root of the number of
        features.
        """
        distances: Features = np.sqrt((self.standardise(features) ** 2).mean(axis=-1))
        return distances

    def norm_ratio(self, features: Features) -> float:
        """Return the mean norm of the trials over that of the trials that were measured."""
        return float(np.linalg.norm(features, axis=1).mean() / self.norm)


@dataclass(frozen=True, slots=True, eq=False)
class LinearProbe:
    """A linear classifier of residuals.

    Attributes:
        classes: The words it tells apart.
        weight: `[classes, hidden]`.
        bias: `[classes]`.
        standardised: Whether it takes standardised features.
        envelope: Where it was fitted.
    """

    classes: Words
    weight: Features
    bias: Features
    standardised: bool
    envelope: FeatureEnvelope

    def predict(self, features: Features) -> Words:
        """Return the word `[trials]` of highest score for features `[trials, hidden]`."""
        features = self.envelope.standardise(features) if self.standardised else features
        best: Words = self.classes[(features @ self.weight.T + self.bias).argmax(axis=1)]
        return best


def fit_published(features: Features, words: Words, seed: int) -> LinearProbe:
    """Fit the probe of the paper's Table 3.

    A linear layer with PyTorch's initial weights, AdamW (rate 1e-2, decay 1e-3), 30 epochs in batches of 256, raw
    features, nothing chosen on held-out trials. A word that never occurs has no class; the paper's classes are the
    whole pool, which is the same but for words without a trial.

    Args:
        features: `[trials, hidden]`.
        words: What each trial stands for `[trials]`.
        seed: Of the initial weights and of the order of the trials.
    """
    classes, labels = np.unique(words, return_inverse=True)
    generator = torch.Generator().manual_seed(seed)
    inputs, targets = torch.from_numpy(features), torch.from_numpy(labels)
    bound = features.shape[1] ** -0.5
    weight = torch.empty(len(classes), features.shape[1]).uniform_(-bound, bound, generator=generator)
    bias = torch.empty(len(classes)).uniform_(-bound, bound, generator=generator)
    parameters = [weight.requires_grad_(), bias.requires_grad_()]
    optimizer = torch.optim.AdamW(parameters, lr=_RATE, weight_decay=_DECAY)
    with torch.enable_grad():
        for _ in range(_EPOCHS):
            for batch in torch.randperm(len(inputs), generator=generator).split(_BATCH):
                optimizer.zero_grad()
                nn.functional.cross_entropy(inputs[batch] @ weight.T + bias, targets[batch]).backward()
                optimizer.step()
    fitted = [parameter.detach().numpy() for parameter in parameters]
    return LinearProbe(classes, fitted[0], fitted[1], False, FeatureEnvelope.of(features))


def fit_standardised(features: Features, words: Words, seed: int) -> LinearProbe:
    """Fit a multinomial logistic regression on standardised features.

    A random fifth of the trials is held out to choose the L2 penalty, and the probe is the one fitted on the others:
    each seed gives another training set.

    Args:
        features: `[trials, hidden]`.
        words: What each trial stands for `[trials]`; at least two different ones are needed among those fitted on.
        seed: Of the split.
    """
    order = np.random.default_rng(seed).permutation(len(words))
    held_out = max(1, round(_VALIDATION * len(words)))
    validation, training = order[:held_out], order[held_out:]
    envelope = FeatureEnvelope.of(features[training])
    inputs = envelope.standardise(features)
    with warnings.catch_warnings():
        # With few trials per word, words look like numbers to scikit-learn.
        warnings.filterwarnings("ignore", "The number of unique classes is greater than 50%", UserWarning)
        fits = [
            LogisticRegression(C=penalty, max_iter=_ITERATIONS, tol=1e-3).fit(inputs[training], words[training])
            for penalty in _PENALTIES
        ]
    # Of equally good ones the simplest, which comes first.
    best = max(fits, key=lambda fit: float((fit.predict(inputs[validation]) == words[validation]).mean()))
    weight, bias = best.coef_, best.intercept_
    if len(best.classes_) == 2:
        weight, bias = np.concatenate([-weight, weight]) / 2, np.concatenate([-bias, bias]) / 2
    return LinearProbe(best.classes_, weight.astype(np.float32), bias.astype(np.float32), True, envelope)
