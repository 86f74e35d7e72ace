"""Fits bilinear probes, which know no value by name: score(h, v) = hᵀ W e_v, with W a multiple of 1 plus a low rank.

A linear probe has a class per value, so it says nothing about values that it was not fitted on. This one takes the
embedding of a value instead, and is tested on values that no trial of its training set binds. The multiple of 1, nearly
the logit lens, is what carries over to them: a few dozen embeddings span little of the space.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from guardbind_bench.arrays import Features, Flags, Indices
from guardbind_bench.experiments.probe.linear import FeatureEnvelope

__all__ = ["BilinearProbe", "fit_bilinear", "halves"]

_STEPS, _RATE, _DECAY = 100, 1e-2, 1.0
_DIRECT = 10.0


@dataclass(frozen=True, slots=True, eq=False)
class BilinearProbe:
    """Scores of values for residuals.

    Attributes:
        left: From features to the rank `[hidden, rank]`.
        right: From embeddings to the rank `[embedding, rank]`.
        direct: The multiple of 1; 0 where features and embeddings differ in width.
        features: Where the features lay that it was fitted on.
        embeddings: Where the embeddings lay.
    """

    left: Features
    right: Features
    direct: float
    features: FeatureEnvelope
    embeddings: FeatureEnvelope

    def choose(self, features: Features, embeddings: Features, allowed: Flags) -> Indices:
        """Return the allowed value of highest score.

        Args:
            features: `[trials, hidden]`.
            embeddings: Of the values `[values, embedding]`.
            allowed: Which values each trial may choose from `[trials, values]`, at least one.

        Returns:
            Index of a value `[trials]`.
        """
        places: Indices = np.where(allowed, self.scores(features, embeddings), -np.inf).argmax(axis=1)
        return places

    def scores(self, features: Features, embeddings: Features) -> Features:
        """Return the score of every value on every trial `[trials, values]`; arguments as of `choose`."""
        inputs, values = _scaled(self.features, features), _centred(self.embeddings, embeddings)
        scores: Features = (inputs @ self.left) @ (values @ self.right).T
        if self.direct:
            scores = scores + self.direct * (inputs @ values.T)
        return scores


def fit_bilinear(
    features: Features, embeddings: Features, targets: Indices, allowed: Flags, *, rank: int, seed: int
) -> BilinearProbe:
    """Fit the softmax of the scores over the allowed values.

    AdamW on all trials at once; nothing is chosen on held-out trials.

    Args:
        features: `[trials, hidden]`.
        embeddings: Of all values `[values, embedding]`; those never allowed are not looked at.
        targets: The right value of each trial `[trials]`, an allowed one.
        allowed: Which values each trial is told from `[trials, values]`.
        rank: Rank of W, at least 1.
        seed: Of the initial weights.
    """
    around, known = FeatureEnvelope.of(features), FeatureEnvelope.of(embeddings[allowed.any(axis=0)])
    inputs = torch.from_numpy(_scaled(around, features))
    values = torch.from_numpy(_centred(known, embeddings))
    labels, forbidden = torch.from_numpy(targets), torch.from_numpy(~allowed)
    generator = torch.Generator().manual_seed(seed)
    widths = inputs.shape[1], values.shape[1]
    left, right = (torch.randn(width, rank, generator=generator) / rank**0.5 for width in widths)
    direct = torch.tensor(_DIRECT if widths[0] == widths[1] else 0.0)
    if direct:
        right.zero_()
    groups = [
        {"params": [left.requires_grad_(), right.requires_grad_()], "weight_decay": _DECAY},
        {"params": [direct.requires_grad_(bool(direct))], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=_RATE)
    with torch.enable_grad():
        for _ in range(_STEPS):
            optimizer.zero_grad()
            scores = (inputs @ left) @ (values @ right).T
            if direct.requires_grad:
                scores = scores + direct * (inputs @ values.T)
            scores = scores.masked_fill(forbidden, -torch.inf)
            nn.functional.cross_entropy(scores, labels).backward()
            optimizer.step()
    sides = left.detach().numpy(), right.detach().numpy()
    return BilinearProbe(*sides, float(direct.detach()), around, known)


def _scaled(envelope: FeatureEnvelope, features: Features) -> Features:
    scaled: Features = envelope.standardise(features) / np.float32(features.shape[1] ** 0.5)
    return scaled


def _centred(envelope: FeatureEnvelope, embeddings: Features) -> Features:
    spread = np.float32(np.sqrt((envelope.scale**2).sum()))
    centred: Features = (embeddings - envelope.mean) / spread
    return centred


def halves(values: int, splits: int, seed: int) -> Iterator[tuple[Flags, Flags]]:
    """Split the values in two at random, again and again; each split comes in both directions.

    Args:
        values: How many values.
        splits: How many splits.
        seed: Of the splits.

    Yields:
        Flags of the values to fit on and of those to test on, each `[values]`.
    """
    draw = np.random.default_rng(seed)
    for _ in range(splits):
        first = np.zeros(values, dtype=bool)
        first[draw.permutation(values)[: values // 2]] = True
        yield first, ~first
        yield ~first, first
