"""Learns to tell errors by the residual at the last token, on other trials."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from guardbind_bench.methods.method import Knowledge
from guardbind_bench.signals.fitting import (
    ErrorClassifier,
    as_features,
    check_sample,
    cross_validated,
    logistic,
    mlp,
)
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FitSample, SignalNeed, SignalSettings, SignalTokens

__all__ = ["LINEAR_PROBE", "LinearProbeSettings", "probe_layers"]

_PENALTIES = (1e-3, 1e-2, 1e-1)


class LinearProbeSettings(SignalSettings):
    """The hyper-parameters; layer and penalty are chosen on folds of the trials to learn from."""

    kind: Literal["logistic", "mlp"] = "logistic"
    """A logistic regression, or the published network of 256, 128 and 64 units."""
    shuffled: bool = False
    """Learn from labels that are dealt anew: the control."""


@dataclass(frozen=True, slots=True, eq=False)
class ProbeState:
    """A probe and the place in the list of layers that it reads."""

    place: int
    classifier: ErrorClassifier


def probe_layers(depth: int) -> list[int]:
    """Return the layers that probes are tried at: every fourth of the depth, and the last.

    Example:
        >>> probe_layers(30)
        [7, 15, 22, 29]
    """
    return sorted({depth // 4, depth // 2, 3 * depth // 4, depth - 1})


@dataclass(frozen=True, slots=True)
class LinearProbeSignal:
    """How much the residual looks like that of an error; see `Signal`."""

    name: str = "linear_probe"
    source: str = "arXiv 2304.13734"
    about: str = "A classifier of errors on the residual."
    needs: frozenset[SignalNeed] = frozenset({"layers", "trials"})
    told: Knowledge = "nothing"
    extra_forwards: int = 0
    extra_tokens: SignalTokens = "none"
    fitted: bool = True
    settings: type[LinearProbeSettings] = LinearProbeSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = ({"kind": "mlp"},)

    def gather(self, reading: SlotReading) -> Tensor:
        """Return the residuals `[trials, layers, hidden]`."""
        residuals = reading.residuals()
        return residuals[probe_layers(len(residuals))].transpose(0, 1)

    def fit(self, features: Tensor, sample: FitSample, settings: LinearProbeSettings) -> ProbeState:
        """Choose layer and penalty on folds, and fit to all."""
        is_wrong = sample.is_wrong.numpy().astype(bool)
        check_sample(is_wrong)
        if settings.shuffled:
            is_wrong = is_wrong[torch.randperm(len(is_wrong), generator=torch.Generator().manual_seed(0)).numpy()]
        fitters = [mlp()] if settings.kind == "mlp" else [logistic(penalty) for penalty in _PENALTIES]
        layers = [as_features(features[:, place]) for place in range(features.shape[1])]
        tried = [
            (cross_validated(layers[place], is_wrong, fitter), place, fitter)
            for place, fitter in product(range(len(layers)), fitters)
        ]
        _, place, fitter = max(tried, key=lambda one: one[0])
        return ProbeState(place, fitter(layers[place], is_wrong))

    def read(self, reading: SlotReading, settings: LinearProbeSettings, state: ProbeState) -> Tensor:
        """Classify."""
        return torch.from_numpy(state.classifier(as_features(self.gather(reading)[:, state.place])))


LINEAR_PROBE = LinearProbeSignal()
