"""Scores candidates by the residual at a slot: low-rank bilinear probes that know no value by name, and the lens.

What is read is p, the residual behind the model's final norm (`guardbind.model.lens.Lens.project`), and for each
candidate e, its row of the output head. The score is `direct * p.e + (p left + offset) . (e right)`. With `direct`
alone it is the logit lens, the untrained alternative; what training adds is of low rank. A value comes in by its row
only, so that a probe says something of values that it was not trained on.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from guardbind.errors import ConfigError

__all__ = ["Probe", "log_share", "probe_tensors", "probes_from"]

_PARTS = ("left", "right", "offset", "direct")


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """A bilinear probe of one layer.

    Attributes:
        layer: Block after which the residual is read, from 0.
        left: From the residual to the rank `[hidden, rank]`; rank 0 leaves the lens alone.
        right: From a candidate's row to the rank `[hidden, rank]`.
        offset: What is added on the residual's side `[rank]`.
        direct: Multiple of the lens `[]`.

    Raises:
        ConfigError: The shapes do not belong together, or a number is not finite.

    Example:
        >>> import torch
        >>> from guardbind.calibration.probe import Probe
        >>> residual, candidates = torch.tensor([1.0, 0.0]), torch.tensor([[2.0, 0.0], [1.0, 0.0], [0.0, 9.0]])
        >>> Probe.lens(3, hidden=2).scores(residual, candidates).argmax().item()
        0
    """

    layer: int
    left: Tensor
    right: Tensor
    offset: Tensor
    direct: Tensor

    def __post_init__(self) -> None:
        shapes = {name: list(getattr(self, name).shape) for name in _PARTS}
        hidden, rank = shapes["left"] if len(shapes["left"]) == 2 else (0, 0)
        fits = shapes == {"left": [hidden, rank], "right": [hidden, rank], "offset": [rank], "direct": []}
        if self.layer < 0 or not hidden or not fits:
            raise ConfigError(
                f"the probe of layer {self.layer} has tensors of the shapes {shapes}; accepted are left and right "
                "[hidden, rank], offset [rank] and direct [], at a layer from 0.",
                hint="Train the probes anew.",
            )
        if not all(bool(getattr(self, name).isfinite().all()) for name in _PARTS):
            raise ConfigError(
                f"a tensor of the probe of layer {self.layer} holds NaN or infinity; finite numbers are accepted.",
                hint="Train the probes anew.",
            )

    @classmethod
    def lens(cls, layer: int, *, hidden: int, scale: float = 1.0) -> Self:
        """Return the logit lens as a probe, which is not trained: its order is that of the lens' logits.

        Args:
            layer: Block after which the residual is read.
            hidden: Width of the residual.
            scale: Multiple of the logits; above 0.
        """
        empty = torch.zeros(hidden, 0)
        return cls(layer, empty, empty, torch.zeros(0), torch.tensor(float(scale)))

    @property
    def rank(self) -> int:
        """Rank of what was trained; 0 for the lens."""
        return self.left.shape[1]

    @property
    def hidden(self) -> int:
        """Width of the residuals that it reads."""
        return self.left.shape[0]

    def scores(self, residual: Tensor, candidates: Tensor) -> Tensor:
        """Return the log-probability of each candidate, among these candidates.

        Args:
            residual: Residuals behind the final norm `[..., hidden]`, of any floating dtype, on any device.
            candidates: Rows of the output head `[n, hidden]`, or some for each residual `[..., n, hidden]`.

        Returns:
            Log-probabilities (nats) `[..., n]`, float32, on the device of the residual.

        Raises:
            ConfigError: The widths are not those that it was made for, or there is no candidate.
        """
        if residual.shape[-1] != self.hidden or candidates.shape[-1] != self.hidden or candidates.shape[-2] < 1:
            raise ConfigError(
                f"residuals {list(residual.shape)} and candidates {list(candidates.shape)} were given to a probe of "
                f"width {self.hidden}; residuals [..., {self.hidden}] and at least one candidate [n, {self.hidden}] "
                "are accepted.",
                hint="Use the probes that were made for this model.",
            )
        p = residual.detach().float()
        e = candidates.detach().to(p.device, torch.float32)
        left, right, offset, direct = (getattr(self, name).to(p.device) for name in _PARTS)
        raw = direct * (e @ p.unsqueeze(-1)).squeeze(-1)
        if self.rank:
            raw = raw + ((e @ right) @ (p @ left + offset).unsqueeze(-1)).squeeze(-1)
        return torch.log_softmax(raw, -1)


def log_share(scores: Tensor, owners: Sequence[Collection[int]], target: int) -> float | None:
    """Return the logarithm (nats) of a candidate's share of the probability, among tokens that tell it from others.

    A token that begins it and another one as well, such as a space before digits, says nothing and is left out.

    Args:
        scores: Log-probabilities of the tokens `[n]`.
        owners: For each token, the candidates that it begins.
        target: The candidate.

    Returns:
        At most 0. None where no token is its own, or none is another's.

    Example:
        >>> import torch
        >>> told = log_share(torch.tensor([0.5, 0.2, 0.2, 0.1]).log(), [{0, 1}, {0}, {1}, {2}], 0)
        >>> round(2.718281828**told, 3)
        0.4
    """
    own = [place for place, of in enumerate(owners) if target in of and len(of) == 1]
    others = [place for place, of in enumerate(owners) if target not in of]
    if not own or not others:
        return None
    return min(0.0, float(scores[own].logsumexp(0) - scores[own + others].logsumexp(0)))


def probe_tensors(probes: Iterable[Probe]) -> dict[str, Tensor]:
    """Return probes as named tensors, for a file: `layer.NN.left`, and likewise `right`, `offset` and `direct`.

    Raises:
        ConfigError: Two probes are of one layer.
    """
    tensors: dict[str, Tensor] = {}
    for probe in probes:
        if _name(probe.layer, "left") in tensors:
            raise ConfigError(f"two probes are of layer {probe.layer}; one per layer is accepted.")
        tensors.update({_name(probe.layer, part): getattr(probe, part).contiguous() for part in _PARTS})
    return tensors


def probes_from(tensors: Mapping[str, Tensor]) -> dict[int, Probe]:
    """Return layer to probe, from what `probe_tensors` returns.

    Raises:
        ConfigError: A name is none of a probe's, one is missing, or the tensors do not belong together.
    """
    layers: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        first, _, rest = name.partition(".")
        number, _, part = rest.partition(".")
        if first != "layer" or not number.isdecimal() or part not in _PARTS or not tensor.is_floating_point():
            raise ConfigError(
                f"{name!r} ({tensor.dtype}) is no tensor of a probe; layer.NN.PART with PART one of "
                f"{', '.join(_PARTS)}, of floating numbers, is accepted.",
                hint="Train the probes anew.",
            )
        layers.setdefault(int(number), {})[part] = tensor.float()
    for layer, parts in layers.items():
        if missing := [part for part in _PARTS if part not in parts]:
            raise ConfigError(
                f"the probe of layer {layer} lacks {', '.join(missing)}; all of {', '.join(_PARTS)} are needed.",
                hint="Train the probes anew.",
            )
    return {layer: Probe(layer, **layers[layer]) for layer in sorted(layers)}


def _name(layer: int, part: str) -> str:
    return f"layer.{layer:02d}.{part}"
