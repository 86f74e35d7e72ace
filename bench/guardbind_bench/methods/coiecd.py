"""Contrasts within a typical set and mixes outside of it: contextual information-entropy constraint decoding."""

from __future__ import annotations

from functools import partial

from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.combiners import constrained
from guardbind_bench.methods.contrasting import Contrast
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.seconds import question_only, span_masked

__all__ = ["COIECD", "COIECD_SPAN", "CoiecdSettings"]


class CoiecdSettings(MethodSettings):
    """The hyper-parameters."""

    alpha: float = Field(default=1.0, ge=0)
    """Strength of the contrast."""
    ratio: float = Field(default=4.0, ge=1)
    """How many times rarer than the likeliest token a token may be, and how many times likelier than the rarest."""


def _combine(logprobs: Tensor, prior: Tensor, settings: CoiecdSettings) -> Tensor:
    return constrained(logprobs, prior, settings.alpha, settings.ratio)


_GRID = ({"alpha": 0.5}, {"alpha": 4.0}, {"ratio": 100.0})
_made = partial(Contrast, source="arXiv 2402.11893", settings=CoiecdSettings, combine=_combine, grid=_GRID)

COIECD = _made(
    name="coiecd", about="The prior is the question alone, as published.", told="question", second=question_only
)
COIECD_SPAN = _made(
    name="coiecd_span", about="The prior is blind to the asked statement.", told="span", second=span_masked
)
