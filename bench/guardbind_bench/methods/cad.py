"""Contrasts with a pass that lacks the context, at a fixed strength: context-aware decoding."""

from __future__ import annotations

from functools import partial

from pydantic import Field
from torch import Tensor

from guardbind_bench.methods.combiners import extrapolated
from guardbind_bench.methods.contrasting import Contrast
from guardbind_bench.methods.method import MethodSettings
from guardbind_bench.methods.seconds import key_masked, key_swapped, no_statement, question_only, span_masked

__all__ = ["CAD", "CAD_KEY", "CAD_NO_STATEMENT", "CAD_SPAN", "CAD_SWAP", "CadSettings"]


class CadSettings(MethodSettings):
    """The hyper-parameters."""

    alpha: float = Field(default=1.0, ge=0)
    """Strength; 1 is what the authors use where context and memory conflict, .5 for summaries."""
    theta: float = Field(default=0.0, ge=0, le=1)
    """Share of the largest p1 that a token needs; the authors have no such mask."""


def _combine(logprobs: Tensor, prior: Tensor, settings: CadSettings) -> Tensor:
    return extrapolated(logprobs, prior, settings.alpha, settings.theta)


_GRID = ({"alpha": 0.5}, {"alpha": 4.0}, {"alpha": 2.0, "theta": 0.01})
_made = partial(Contrast, source="arXiv 2305.14739", settings=CadSettings, combine=_combine, grid=_GRID)

CAD = _made(name="cad", about="Contrasts with the question alone, as published.", told="question", second=question_only)
CAD_NO_STATEMENT = _made(
    name="cad_no_statement", about="Contrasts with all statements hidden.", told="bindings", second=no_statement
)
CAD_SPAN = _made(name="cad_span", about="Contrasts with the asked statement hidden.", told="span", second=span_masked)
CAD_KEY = _made(
    name="cad_key", about="Contrasts with the key hidden in the question.", told="question", second=key_masked
)
CAD_SWAP = _made(
    name="cad_swap",
    about="Contrasts with the question for the other keys.",
    told="question and keys",
    second=key_swapped,
)
