"""Learns true from false on plain statements about the world, and applies it to the value that is written here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from guardbind.model.cache import input_device
from guardbind.model.forward import last_logits, left_padded
from guardbind.model.lens import Lens
from guardbind_bench.measures.lab import Lab
from guardbind_bench.methods.method import Knowledge
from guardbind_bench.signals.fitting import ErrorClassifier, as_features, cross_validated, logistic
from guardbind_bench.signals.linear_probe import probe_layers
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FitSample, SignalNeed, SignalTokens, SignedSettings

__all__ = ["FOREIGN_PROBE", "statements"]

_FACTS = {
    "The capital of {} is {}": (
        "France Paris, Germany Berlin, Italy Rome, Spain Madrid, Russia Moscow, Japan Tokyo, China Beijing, "
        "Egypt Cairo, Greece Athens, Austria Vienna, Poland Warsaw, Cuba Havana, Ireland Dublin, Kenya Nairobi"
    ),
    "The language of {} is {}": (
        "France French, Germany German, Italy Italian, Spain Spanish, Russia Russian, Japan Japanese, China Chinese, "
        "Greece Greek, Poland Polish, Portugal Portuguese, Sweden Swedish, Turkey Turkish"
    ),
    "The colour of {} is {}": (
        "grass green, snow white, coal black, blood red, gold yellow, chocolate brown, the_sky blue, ash grey"
    ),
    "A young {} is called a {}": (
        "dog puppy, cat kitten, cow calf, sheep lamb, horse foal, goat kid, bear cub, duck duckling"
    ),
}


def statements() -> list[tuple[str, bool]]:
    """Return statements and whether they are true: each fact once, and once with the answer to the next one."""
    made = []
    for template, facts in _FACTS.items():
        pairs = [tuple(word.replace("_", " ") for word in fact.split()) for fact in facts.split(", ")]
        for place, (what, answer) in enumerate(pairs):
            made += [
                (template.format(what, answer), True),
                (template.format(what, pairs[(place + 1) % len(pairs)][1]), False),
            ]
    return made


@dataclass(frozen=True, slots=True, eq=False)
class ForeignState:
    """A probe and the layer that it reads."""

    layer: int
    classifier: ErrorClassifier


@dataclass(frozen=True, slots=True)
class ForeignProbe:
    """How much the residual behind the emitted value looks like that of a false statement; see `Signal`."""

    name: str = "foreign_probe"
    source: str = "arXiv 2304.13734"
    about: str = "A classifier of false statements about the world, on the residual behind the emitted value."
    needs: frozenset[SignalNeed] = frozenset({"layers", "trials"})
    told: Knowledge = "nothing"
    extra_forwards: int = 1
    extra_tokens: SignalTokens = "last token"
    fitted: bool = True
    settings: type[SignedSettings] = SignedSettings
    grid: ClassVar[tuple[dict[str, Any], ...]] = ({"sign": -1},)

    def gather(self, reading: SlotReading) -> Tensor:
        """Return nothing: it learns from statements of its own."""
        return torch.zeros(len(reading.trials), 0)

    def fit(self, features: Tensor, sample: FitSample, settings: SignedSettings) -> ForeignState:
        """Choose the layer on folds of the statements, and fit to all."""
        made = statements()
        residuals = _residuals(sample.lab, [text for text, _ in made])
        is_false = np.array([not true for _, true in made])
        layers = probe_layers(len(residuals))
        read = {layer: as_features(residuals[layer]) for layer in layers}
        layer = max(layers, key=lambda one: cross_validated(read[one], is_false, logistic(1e-2)))
        return ForeignState(layer, logistic(1e-2)(read[layer], is_false))

    def read(self, reading: SlotReading, settings: SignedSettings, state: ForeignState) -> Tensor:
        """Append the emitted token, and classify."""
        behind = reading.after(reading.emitted.tolist())[state.layer]
        return settings.sign * torch.from_numpy(state.classifier(as_features(behind)))


@torch.no_grad()
def _residuals(lab: Lab, texts: list[str]) -> Tensor:
    lens, rows = Lens.bind(lab.model), [lab.tokenizer(text)["input_ids"] for text in texts]
    ids, mask, positions = left_padded([list(row) for row in rows], input_device(lab.model))
    with lens.attach():
        last_logits(lab.model, ids, mask=mask, positions=positions)
    return torch.stack([lens.residuals[layer].float() for layer in sorted(lens.residuals)])


FOREIGN_PROBE = ForeignProbe()
