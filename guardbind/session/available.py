"""Says how far the residual at a slot names the target's value, by a probe of one layer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from guardbind.calibration.artefact import Calibration
from guardbind.calibration.probe import Probe, log_share, probes_from
from guardbind.candidates.trie import Node
from guardbind.errors import ConfigError
from guardbind.model.lens import Lens

__all__ = ["SlotProbe"]


@dataclass(frozen=True, slots=True, eq=False)
class SlotProbe:
    """A probe as a guard uses it.

    Attributes:
        probe: Reads the residual of its layer.
        available_from: Least score at which a value counts as available; None where the score is only recorded, and
            nothing is decided by it.
    """

    probe: Probe
    available_from: float | None = None

    @classmethod
    def of(cls, calibration: Calibration, tensors: Mapping[str, Tensor]) -> Self | None:
        """Return the probe of a calibration; None where it has none.

        Args:
            calibration: Its `available_layer` says which, and `available_from` from where on a value is available.
            tensors: The probes' tensors, as `probe_tensors` names them.

        Raises:
            ConfigError: The tensors are none of probes, or that layer's are missing.
        """
        layer = calibration.available_layer
        if layer is None:
            return None
        probes = probes_from(tensors)
        if layer not in probes:
            raise ConfigError(
                f"the calibration reads the residual of layer {layer}, and has probes of the layers "
                f"{', '.join(map(str, probes)) or 'none'}.",
                hint="Make the calibration anew.",
            )
        return cls(probes[layer], calibration.available_from)

    @property
    def layer(self) -> int:
        """Block after which the residual is read."""
        return self.probe.layer

    def check(self, lens: Lens) -> None:
        """Check that the probe can be used with a model.

        Args:
            lens: Of the model; it keeps the residual of the probe's layer.

        Raises:
            ConfigError: The probe was made for a model of another width.
            UnknownArchitectureError: The model's output head has no rows that can be read.
        """
        width = lens.unembedding.shape[-1]
        if width != self.probe.hidden:
            raise ConfigError(
                f"the probe of layer {self.layer} reads residuals of width {self.probe.hidden}, and this model's are "
                f"{width} wide.",
                hint="Use the probes that were made for this model.",
            )

    def available(self, lens: Lens, residuals: Mapping[int, Tensor], node: Node | None, target: int) -> float | None:
        """Return the share of the candidates' probability that goes to the target; see `log_share`.

        Args:
            lens: Of the model.
            residuals: Layer to residual `[hidden]` at the slot.
            node: Where the value stands in the trie; None where it is not known.
            target: The candidate that is meant.

        Returns:
            In [0, 1]. None where the next token does not choose between candidates, where the value may be over, and
            where no token is the target's alone.
        """
        residual = residuals.get(self.layer)
        if node is None or node.ends or not node.branching or residual is None:
            return None
        tokens = sorted(node.children)
        rows = lens.unembedding
        scores = self.probe.scores(lens.project(residual), rows[torch.tensor(tokens, device=rows.device)])
        told = log_share(scores, [node.children[token].values for token in tokens], target)
        return None if told is None or math.isnan(told) else math.exp(told)
