"""Learns which value a residual binds to the asked key, and asks whether the emitted one is it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from guardbind.errors import ConfigError, UnknownArchitectureError
from guardbind_bench.arrays import Features
from guardbind_bench.experiments.probe.bilinear import BilinearProbe, fit_bilinear
from guardbind_bench.methods.method import Knowledge
from guardbind_bench.prompts.trial import Trial
from guardbind_bench.signals.fitting import FEWEST, as_features
from guardbind_bench.signals.linear_probe import probe_layers
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FitSample, SignalNeed, SignalSettings, SignalTokens

__all__ = ["BILINEAR_PROBE", "BilinearSettings"]

_HELD_OUT = 4  # every fourth trial decides on the layer


class BilinearSettings(SignalSettings):
    """The hyper-parameters; the layer is chosen on a part of the trials to learn from."""

    rank: int = Field(default=16, ge=1)
    """Rank of the probe."""


@dataclass(frozen=True, slots=True, eq=False)
class BilinearState:
    """A probe and the place in the list of layers that it reads."""

    place: int
    probe: BilinearProbe


@dataclass(frozen=True, slots=True)
class BilinearProbeSignal:
    """By how much another bound value fits the residual better than the emitted one; see `Signal`."""

    name: str = "bilinear_probe"
    source: str = "guardbind"
    about: str = "By how much another bound value fits the residual better than the emitted one."
    needs: frozenset[SignalNeed] = frozenset({"layers", "trials"})
    told: Knowledge = "bindings"
    extra_forwards: int = 0
    extra_tokens: SignalTokens = "none"
    fitted: bool = True
    settings: type[BilinearSettings] = BilinearSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = ({"rank": 4}, {"rank": 64})

    def gather(self, reading: SlotReading) -> Tensor:
        """Return the residuals `[trials, layers, hidden]`."""
        residuals = reading.residuals()
        return residuals[probe_layers(len(residuals))].transpose(0, 1)

    def fit(self, features: Tensor, sample: FitSample, settings: BilinearSettings) -> BilinearState:
        """Choose the layer on every fourth trial, and fit to all."""
        trials = sample.trials
        if len(trials) < FEWEST:
            raise ConfigError(f"{len(trials)} trials are too few to learn from; {FEWEST} are needed.")
        tokens = sorted({token for trial in trials for token in _bound(trial)})
        head = sample.lab.model.get_output_embeddings()
        embeddings = _embeddings(head, tokens)
        allowed = np.array([[token in _bound(trial) for token in tokens] for trial in trials])
        targets = np.array([tokens.index(trial.target.value.token) for trial in trials])
        test = np.arange(len(trials)) % _HELD_OUT == 0

        def fitted(place: int, among: Any) -> BilinearProbe:
            inputs = as_features(features[:, place])[among]
            return fit_bilinear(inputs, embeddings, targets[among], allowed[among], rank=settings.rank, seed=0)

        def right(place: int) -> float:
            chosen = fitted(place, ~test).choose(as_features(features[:, place])[test], embeddings, allowed[test])
            return float((chosen == targets[test]).mean())

        place = max(range(features.shape[1]), key=right)
        return BilinearState(place, fitted(place, np.ones(len(trials), dtype=bool)))

    def read(self, reading: SlotReading, settings: BilinearSettings, state: BilinearState) -> Tensor:
        """Compare the scores of the bound values with that of the emitted token."""
        inputs = as_features(self.gather(reading)[:, state.place])
        head = reading.lab.model.get_output_embeddings()
        rows = []
        for place, trial in enumerate(reading.trials):
            emitted = int(reading.emitted[place])
            others = [token for token in _bound(trial) if token != emitted]
            embeddings = _embeddings(head, [emitted, *others])
            scores = state.probe.scores(inputs[place : place + 1], embeddings)[0]
            rows.append(float(scores[1:].max() - scores[0]) if others else 0.0)
        return torch.tensor(rows)


def _bound(trial: Trial) -> list[int]:
    return list(dict.fromkeys(bound.value.token for bound in trial.bound))


def _embeddings(head: Any, tokens: list[int]) -> Features:
    weight = getattr(head, "weight", None)
    if not isinstance(weight, Tensor) or weight.ndim != 2 or not weight.is_floating_point():
        raise UnknownArchitectureError("the output head has no matrix of embeddings that can be read.")
    return as_features(weight[tokens])


BILINEAR_PROBE = BilinearProbeSignal()
