"""Fits one bilinear probe: AdamW on the softmax over each trial's candidates, nothing chosen on held-out trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from guardbind.calibrating.residuals import ProbeTrial
from guardbind.calibration.probe import Probe

__all__ = ["ProbeBatch", "fit_probe"]

_STEPS, _RATE, _DECAY = 120, 1e-2, 3.0


@dataclass(frozen=True, slots=True, eq=False)
class ProbeBatch:
    """Trials of one layer as tensors; what a trial has no candidate for is padded.

    Attributes:
        residuals: `[trials, hidden]`.
        candidates: Rows of the output head `[trials, most, hidden]`.
        known: Which of them tell candidates apart `[trials, most]`.
        right: Which of them begin the right value alone `[trials, most]`.
    """

    residuals: Tensor
    candidates: Tensor
    known: Tensor
    right: Tensor

    @classmethod
    def of(cls, trials: Sequence[ProbeTrial], layer: int, unembedding: Tensor) -> ProbeBatch:
        """Return trials as tensors, on the processor.

        Args:
            trials: At least one.
            layer: Which of their residuals.
            unembedding: Rows of the output head `[vocabulary, hidden]`.
        """
        most = max(len(trial.tokens) for trial in trials)
        tokens = torch.zeros(len(trials), most, dtype=torch.long)
        known = torch.zeros(len(trials), most, dtype=torch.bool)
        right = torch.zeros(len(trials), most, dtype=torch.bool)
        for row, trial in enumerate(trials):
            size = len(trial.tokens)
            tokens[row, :size] = torch.tensor(trial.tokens)
            # A token that begins the right value and another one tells nothing.
            known[row, :size] = torch.tensor([trial.right not in of or len(of) == 1 for of in trial.owners])
            right[row, :size] = torch.tensor([trial.right in of and len(of) == 1 for of in trial.owners])
        rows = unembedding[tokens.to(unembedding.device)].float().cpu()
        return cls(torch.stack([trial.residuals[layer] for trial in trials]), rows, known, right)


def fit_probe(batch: ProbeBatch, layer: int, *, rank: int, scale: float = 1.0, seed: int = 0) -> Probe:
    """Fit a probe; with the same seed, on one thread, it is the same.

    Args:
        batch: The trials.
        layer: Their layer.
        rank: Rank of what is added to the lens, at least 1.
        scale: Multiple of the lens to begin with.
        seed: Of the weights to begin with.
    """
    mean, spread = batch.residuals.mean(0), batch.residuals.std(0).clamp_min(1e-6)
    width = batch.residuals.shape[1]
    inputs = (batch.residuals - mean) / spread / width**0.5
    shown = batch.candidates[batch.known]
    unit = (shown - shown.mean(0)).norm(dim=-1).mean().clamp_min(1e-6)
    values = batch.candidates / unit
    lens = (batch.candidates @ batch.residuals[:, :, None])[..., 0]
    generator = torch.Generator().manual_seed(seed)
    left = (torch.randn(width, rank, generator=generator) / rank**0.5).requires_grad_()
    right = torch.zeros(width, rank).requires_grad_()
    direct = torch.tensor(float(scale)).requires_grad_()
    optimizer = torch.optim.AdamW(
        [{"params": [left, right], "weight_decay": _DECAY}, {"params": [direct], "weight_decay": 0.0}], lr=_RATE
    )
    wrong = batch.right.logical_not()
    with torch.enable_grad():
        for _ in range(_STEPS):
            optimizer.zero_grad()
            raw = direct * lens + ((values @ right) @ (inputs @ left)[:, :, None])[..., 0]
            logprobs = raw.masked_fill(~batch.known, -torch.inf).log_softmax(-1)
            loss = -logprobs.masked_fill(wrong, -torch.inf).logsumexp(-1).mean()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        folded = left / spread[:, None] / width**0.5
        return Probe(layer, folded, right.detach() / unit, -(mean @ folded), direct.detach())
