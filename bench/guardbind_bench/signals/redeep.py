"""Reads what copying heads take from the context, and what MLPs add to it: ReDeEP's two scores, and both together."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from pydantic import Field
from torch import Tensor

from guardbind.errors import UnknownArchitectureError
from guardbind_bench.methods.method import Knowledge
from guardbind_bench.signals.fitting import area, check_sample
from guardbind_bench.signals.reading import SlotReading
from guardbind_bench.signals.signal import FitSample, SignalNeed, SignalSettings, SignalTokens

__all__ = [
    "REDEEP",
    "REDEEP_EXTERNAL",
    "REDEEP_PARAMETRIC",
    "ReDeEPSettings",
    "context_scores",
    "knowledge_scores",
]

_ATTENDED = 0.1
_CLOSE = 1e-2


class ReDeEPSettings(SignalSettings):
    """The hyper-parameters; which heads and layers count is chosen on the trials to learn from."""

    heads: int = Field(default=10, ge=1)
    """How many heads."""
    layers: int = Field(default=5, ge=1)
    """How many layers."""
    weight: float = Field(default=0.4, ge=0)
    """Weight of the context beside the MLPs, where both count; the authors' are from .2 to .6."""


def context_scores(attention: Tensor, states: Tensor) -> Tensor:
    """Return how much each head's context is in the last token: a cosine `[trials, layers, heads]`.

    Args:
        attention: Of the last token `[trials, layers, heads, columns]`.
        states: The last layer's output at every column `[trials, columns, hidden]`.
    """
    columns = attention.shape[-1] - 1
    count = max(1, math.ceil(_ATTENDED * columns))
    most = attention[..., :columns].topk(count, -1).indices
    chosen = torch.zeros_like(attention[..., :columns]).scatter_(-1, most, 1.0 / count)
    context = torch.einsum("tlhc,tcd->tlhd", chosen, states[:, :columns])
    return torch.nn.functional.cosine_similarity(context, states[:, -1][:, None, None], dim=-1)


def knowledge_scores(before: Tensor, after: Tensor) -> Tensor:
    """Return the Jensen-Shannon divergence of what the lens reads before and after an MLP `[...]`, nats.

    Args:
        before: Log-probabilities `[..., vocabulary]`.
        after: Likewise.
    """
    # In double precision: differences of what is nearly alike are all that is left of it.
    before, after = before.double(), after.double()
    middle = torch.logaddexp(before, after) - math.log(2)
    halves = [(p.exp() * (p - middle)).nan_to_num().sum(-1) for p in (before, after)]
    return ((halves[0] + halves[1]) / 2).float()


@dataclass(frozen=True, slots=True, eq=False)
class ReDeEPState:
    """What counts, and where its values lie.

    Attributes:
        heads: Places of heads in the flat list of all.
        layers: Layers.
        context: Least and largest sum over the heads.
        knowledge: Likewise over the layers.
    """

    heads: tuple[int, ...]
    layers: tuple[int, ...]
    context: tuple[float, float]
    knowledge: tuple[float, float]


@dataclass(frozen=True, slots=True)
class ReDeEP:
    """One of the two scores or both; see `Signal`.

    Attributes:
        part: Which.
    """

    part: Literal["external", "parametric", "both"]
    name: str
    about: str
    needs: frozenset[SignalNeed]
    extra_forwards: int
    extra_tokens: SignalTokens
    source: str = "arXiv 2410.11414"
    told: Knowledge = "nothing"
    fitted: bool = True
    settings: type[ReDeEPSettings] = ReDeEPSettings
    grid: tuple[dict[str, Any], ...] = field(default=({"heads": 3, "layers": 2}, {"heads": 30, "layers": 10}))

    def gather(self, reading: SlotReading) -> Tensor:
        """Return the scores of heads, then of layers `[trials, heads + layers]`; those not needed are left out."""
        parts = []
        if self.part != "parametric":
            parts.append(reading.once("redeep_context", lambda: _context(reading)))
        if self.part != "external":
            parts.append(reading.once("redeep_knowledge", lambda: _knowledge(reading)))
        return torch.cat(parts, -1)

    def fit(self, features: Tensor, sample: FitSample, settings: ReDeEPSettings) -> ReDeEPState:
        """Choose heads whose score is low and layers whose score is high on errors."""
        is_wrong = sample.is_wrong.numpy().astype(bool)
        check_sample(is_wrong)
        context, knowledge = self._split(features, sample.lab.model.config.get_text_config(decoder=True))
        heads = _best(-context, is_wrong, settings.heads)
        layers = _best(knowledge, is_wrong, settings.layers)
        return ReDeEPState(heads, layers, _span(context, heads), _span(knowledge, layers))

    def read(self, reading: SlotReading, settings: ReDeEPSettings, state: ReDeEPState) -> Tensor:
        """Sum, scaled to what was seen before."""
        config = reading.lab.model.config.get_text_config(decoder=True)
        context, knowledge = self._split(self.gather(reading), config)
        found = torch.zeros(len(reading.trials))
        if self.part != "external":
            found = found + _scaled(knowledge, state.layers, state.knowledge)
        if self.part != "parametric":
            weight = 1.0 if self.part == "external" else settings.weight
            found = found - weight * _scaled(context, state.heads, state.context)
        return found

    def _split(self, features: Tensor, config: Any) -> tuple[Tensor, Tensor]:
        layers = 0 if self.part == "external" else int(config.num_hidden_layers)
        heads = features.shape[-1] - layers
        return features[:, :heads], features[:, heads:]


def _context(reading: SlotReading) -> Tensor:
    return context_scores(reading.attention(), reading.last_layer).flatten(1)


def _best(scores: Tensor, is_wrong: Any, count: int) -> tuple[int, ...]:
    areas = [area(column.astype(float), is_wrong) for column in scores.numpy().T]
    return tuple(sorted(range(len(areas)), key=lambda place: -areas[place])[:count])


def _span(scores: Tensor, places: tuple[int, ...]) -> tuple[float, float]:
    if not places:
        return 0.0, 1.0
    summed = scores[:, list(places)].sum(-1)
    return float(summed.min()), float(summed.max())


def _scaled(scores: Tensor, places: tuple[int, ...], seen: tuple[float, float]) -> Tensor:
    return (scores[:, list(places)].sum(-1) - seen[0]) / max(seen[1] - seen[0], 1e-12)


@torch.no_grad()
def _knowledge(reading: SlotReading) -> Tensor:
    """Return the divergence that each MLP makes at the last token `[trials, layers]`."""
    with _blocks(reading) as kept:
        reading.row()
    later = reading.layers()
    rows = []
    for layer in range(len(reading.seat.layers)):
        came, mixed, added, went = (kept[layer, part] for part in ("in", "attention", "mlp", "out"))
        before = came + mixed
        if (went - added - before).norm() > _CLOSE * went.norm():
            raise UnknownArchitectureError(
                f"layer {layer} of {type(reading.lab.model).__name__} is not its input plus what its attention and "
                "its MLP give, so that there is no residual between them.",
                hint="Leave the score `redeep_parametric` out on this model.",
            )
        rows.append(knowledge_scores(torch.log_softmax(reading.lens.logits(before), -1), later[layer]))
    return torch.stack(rows, -1)


@contextmanager
def _blocks(reading: SlotReading) -> Iterator[dict[tuple[int, str], Tensor]]:
    kept: dict[tuple[int, str], Tensor] = {}

    def keep(layer: int, part: str) -> Any:
        def hook(_module: object, _args: object, _kwargs: object, output: Any) -> None:
            kept[layer, part] = _last(output)

        return hook

    def come(layer: int) -> Any:
        def hook(_module: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
            kept[layer, "in"] = _last(args[0] if args else kwargs["hidden_states"])

        return hook

    seat = reading.seat
    with ExitStack() as stack:
        for layer, module in enumerate(seat.layers):
            stack.callback(module.register_forward_pre_hook(come(layer), with_kwargs=True).remove)
            parts = {"attention": seat.sites.projections[layer], "mlp": seat.sites.mlps[layer], "out": module}
            for part, of in parts.items():
                stack.callback(of.register_forward_hook(keep(layer, part), with_kwargs=True).remove)
        yield kept


def _last(output: Any) -> Tensor:
    states: Tensor = output[0] if isinstance(output, tuple) else output
    return states[:, -1].detach().float()


REDEEP_EXTERNAL = ReDeEP(
    "external",
    "redeep_external",
    "Minus how much of what copying heads attend to is in the last state.",
    frozenset({"attention", "layers", "trials"}),
    1,
    "last token",
)
REDEEP_PARAMETRIC = ReDeEP(
    "parametric",
    "redeep_parametric",
    "How much the MLPs of some layers change what the lens reads.",
    frozenset({"layers", "trials"}),
    1,
    "last token",
)
REDEEP = ReDeEP(
    "both",
    "redeep",
    "What the MLPs add, less what the copying heads take from the context.",
    frozenset({"attention", "layers", "trials"}),
    2,
    "last token",
)
