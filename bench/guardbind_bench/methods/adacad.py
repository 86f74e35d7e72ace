"""Contrasts as strongly as the two passes diverge: AdaCAD."""

from __future__ import annotations

from functools import partial

from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.combiners import extrapolated, jensen_shannon
from guardbind_bench.methods.contrasting import Contrast
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.seconds import question_only, span_masked

__all__ = ["ADACAD", "ADACAD_SPAN", "AdaCadSettings"]


class AdaCadSettings(MethodSettings):
    """The hyper-parameters."""

    floor: float = Field(default=0.0, ge=0)
    """The smallest strength; the authors use .3 for long texts only."""
    scale: float = Field(default=1.0, ge=0)
    """What the divergence is multiplied by; the authors do not."""


def _combine(logprobs: Tensor, prior: Tensor, settings: AdaCadSettings) -> Tensor:
    alpha = settings.scale * jensen_shannon(logprobs, prior)
    return extrapolated(logprobs, prior, alpha.clamp(min=settings.floor))


_GRID = ({"floor": 0.3}, {"scale": 4.0}, {"scale": 16.0})
_made = partial(Contrast, source="arXiv 2409.07394", settings=AdaCadSettings, combine=_combine, grid=_GRID)

ADACAD = _made(
    name="adacad", about="Contrasts with the question alone, as published.", told="question", second=question_only
)
ADACAD_SPAN = _made(
    name="adacad_span", about="Contrasts with the asked statement hidden.", told="span", second=span_masked
)
