"""Chooses by pointwise mutual information with a condition that was masked: CoDa."""

from __future__ import annotations

from functools import partial

from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.combiners import coda
from guardbind_bench.methods.contrasting import Contrast
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.seconds import key_masked, key_swapped, span_masked

__all__ = ["CODA", "CODA_SPAN", "CODA_SWAP", "CodaSettings"]


class CodaSettings(MethodSettings):
    """The hyper-parameters."""

    theta: float = Field(default=0.01, gt=0, le=1)
    """Share of the largest probability that makes a token plausible."""


def _combine(logprobs: Tensor, prior: Tensor, settings: CodaSettings) -> Tensor:
    return coda(logprobs, prior, settings.theta)


_GRID = ({"theta": 0.3}, {"theta": 0.1}, {"theta": 0.001})
_made = partial(Contrast, source="arXiv 2502.16143", settings=CodaSettings, combine=_combine, grid=_GRID)

CODA = _made(name="coda", about="The condition is the key in the question.", told="question", second=key_masked)
CODA_SPAN = _made(name="coda_span", about="The condition is the asked statement.", told="span", second=span_masked)
CODA_SWAP = _made(
    name="coda_swap", about="The condition is that this key is asked for.", told="question and keys", second=key_swapped
)
