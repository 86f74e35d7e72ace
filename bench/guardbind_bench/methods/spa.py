"""Steers away from a pass whose anchor is masked: selective prompt anchoring."""

from __future__ import annotations

from functools import partial

from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.combiners import extrapolated
from guardbind_bench.methods.contrasting import Contrast
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.seconds import key_masked, span_masked

__all__ = ["SPA", "SPA_SPAN", "SpaSettings"]


class SpaSettings(MethodSettings):
    """The hyper-parameters."""

    omega: float = Field(default=1.5, ge=0)
    """Strength; 1 is the unguarded model. 1.5 in the authors' code, 1.4 in their documentation."""


def _combine(logprobs: Tensor, prior: Tensor, settings: SpaSettings) -> Tensor:
    return extrapolated(logprobs, prior, settings.omega - 1)


_GRID = ({"omega": 1.2}, {"omega": 2.0}, {"omega": 4.0})
_made = partial(Contrast, source="arXiv 2408.09121", settings=SpaSettings, combine=_combine, grid=_GRID)

SPA = _made(name="spa", about="The anchor is the key in the question.", told="question", second=key_masked)
SPA_SPAN = _made(name="spa_span", about="The anchor is the asked statement.", told="span", second=span_masked)
