"""Reads how much of the attention of the last token lies on the evidence, sinks left out."""

from __future__ import annotations

from typing import Literal

import torch
from pydantic import Field
from torch import Tensor

from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FormulaSignal, SignalNeed, SignalSettings

__all__ = ["EVIDENCE_ATTENTION", "OWN_ATTENTION", "AttentionSettings", "mass", "sinks", "without_sinks"]

_SINK_WEIGHT, _SINK_HEADS = 0.1, 0.5


class AttentionSettings(SignalSettings):
    """The hyper-parameters."""

    kind: Literal["all", "retrieval", "attending", "difference"] = "retrieval"
    """Whose attention counts: heads of this list, or all of them."""
    heads: int = Field(default=14, ge=1)
    """How many of the list."""
    sinks: bool = False
    """Count the sinks, too."""


def sinks(attention: Tensor) -> Tensor:
    """Return which columns are sinks `[..., layers, columns]`: the first, and what half of a layer's heads look at.

    Args:
        attention: `[..., layers, heads, columns]`.

    Example:
        >>> import torch
        >>> sinks(torch.tensor([[[0.2, 0.7, 0.1], [0.3, 0.6, 0.1]]])).tolist()
        [[True, True, False]]
    """
    found = (attention > _SINK_WEIGHT).float().mean(-2) > _SINK_HEADS
    found[..., 0] = True
    return found


def without_sinks(attention: Tensor) -> Tensor:
    """Return attention `[..., layers, heads, columns]` with the sinks at 0 and the rest summing to 1.

    The last column, a token's attention to itself, is no sink however much it is looked at.
    """
    hidden = sinks(attention)
    hidden[..., -1] = False
    kept = attention.masked_fill(hidden[..., None, :], 0.0)
    return kept / kept.sum(-1, keepdim=True).clamp(min=1e-12)


def mass(attention: Tensor, heads: list[tuple[int, int]] | None, columns: list[int]) -> Tensor:
    """Return the weight of some columns, mean over heads.

    Args:
        attention: Of one trial `[layers, heads, columns]`.
        heads: Heads as layer and number; None for all.
        columns: The columns.
    """
    summed = attention[:, :, columns].sum(-1)
    if heads is None:
        return summed.mean()
    return torch.stack([summed[layer, head] for layer, head in heads]).mean()


def _weights(reading: SlotReading, settings: AttentionSettings) -> tuple[Tensor, list[tuple[int, int]] | None]:
    heads = None if settings.kind == "all" else reading.heads.best(settings.kind, settings.heads)
    attention = reading.attention()
    return attention if settings.sinks else without_sinks(attention), heads


def _evidence(reading: SlotReading, settings: AttentionSettings) -> Tensor:
    attention, heads = _weights(reading, settings)
    spans = [list(trial.target.statement) for trial in reading.trials]
    return -torch.stack([mass(own, heads, span) for own, span in zip(attention, spans, strict=True)])


def _own(reading: SlotReading, settings: AttentionSettings) -> Tensor:
    attention, heads = _weights(reading, settings)
    rows = []
    for place, trial in enumerate(reading.trials):
        masses = {bound.statement: mass(attention[place], heads, list(bound.statement)) for bound in trial.bound}
        own = sum((masses[bound.statement] for bound in reading.own(place)), torch.zeros(()))
        rows.append(-own / sum(masses.values(), torch.zeros(())).clamp(min=1e-12))
    return torch.stack(rows)


_NEEDS: frozenset[SignalNeed] = frozenset({"attention", "head_lists"})
_GRID = ({"kind": "all"}, {"kind": "attending", "heads": 16}, {"kind": "difference", "heads": 16})
EVIDENCE_ATTENTION = FormulaSignal(
    "evidence_attention",
    "attention mass",
    "Minus the attention of retrieval heads to the asked statement, sinks left out.",
    _NEEDS,
    "span",
    _evidence,
    extra_forwards=1,
    extra_tokens="last token",
    settings=AttentionSettings,
    grid=_GRID,
)
OWN_ATTENTION = FormulaSignal(
    "own_attention",
    "attention mass",
    "Minus the share of the emitted value's statement in the attention of retrieval heads to all statements.",
    _NEEDS,
    "bindings",
    _own,
    extra_forwards=1,
    extra_tokens="last token",
    settings=AttentionSettings,
    grid=_GRID,
)
