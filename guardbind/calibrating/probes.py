"""Trains probes of the residual on prompts of their own, and says what they are worth on words that they never met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind.calibrating.availability import Separation, candidate_scores, reliability_of, separation
from guardbind.calibrating.probe_fit import ProbeBatch, fit_probe
from guardbind.calibrating.probe_prompts import probe_prompts
from guardbind.calibrating.residuals import ProbeTrial, read_residuals
from guardbind.calibration.artefact import ProbeEntry, Reliability
from guardbind.calibration.outcome import Split
from guardbind.calibration.probe import Probe, probe_tensors
from guardbind.errors import ConfigError
from guardbind.model import LanguageModel, Module
from guardbind.model.architecture import find_layers
from guardbind.model.lens import Lens
from guardbind.session.available import SlotProbe

__all__ = ["RANKS", "TRIALS", "TrainedProbes", "default_layers", "fit_probes", "train_probes"]

RANKS = (0, 4, 16)
"""Ranks that are tried at each layer; of rank 0 only the strength of the lens is fitted."""
TRIALS: Mapping[Split, int] = {"fit": 1000, "choose": 400, "report": 400}
"""Prompts of each split."""
_FEWEST = 20


@dataclass(frozen=True, slots=True, eq=False)
class TrainedProbes:
    """What training gave.

    Attributes:
        probes: Layer to its best probe on the split `choose`.
        entries: Every layer and rank that was tried, with its counts on the split `report`.
        layer: The layer whose probe was best on `choose`, by the mean log-probability of the right value.
        chosen: How its scores tell right values from others on `choose`, with the threshold that does it best.
        report: The same on `report`, at that threshold.
        reliability: How often a candidate was right, by its score, on `report`.
        decides: Whether `auto` is to decide by it.
    """

    probes: Mapping[int, Probe]
    entries: tuple[ProbeEntry, ...]
    layer: int
    chosen: Separation
    report: Separation
    reliability: Reliability
    decides: bool = False

    @property
    def available_from(self) -> float | None:
        """Least score that counts as available; None where nothing is to be decided by it.

        That is so unless it was asked for, and where right values and others are told apart by chance only.
        """
        return self.chosen.threshold if self.decides and self.chosen.low > 0.5 else None

    @property
    def tensors(self) -> dict[str, Tensor]:
        """The probes as a calibration keeps them; `entries`, `layer` and `available_from` stand in its fields."""
        return probe_tensors(self.probes.values())

    @property
    def slot_probe(self) -> SlotProbe:
        """The probe as a guard uses it."""
        return SlotProbe(self.probes[self.layer], self.available_from)


def default_layers(depth: int) -> tuple[int, ...]:
    """Return layers of the second half, where values stand by name if anywhere: five of them, the last included.

    Example:
        >>> default_layers(30), default_layers(2)
        ((15, 20, 25, 28, 29), (0, 1))
    """
    wanted = {depth // 2, 2 * depth // 3, 5 * depth // 6, depth - 2, depth - 1}
    return tuple(sorted(layer for layer in wanted if layer >= 0))


def train_probes(
    model: Module,
    tokenizer: PreTrainedTokenizerBase,
    *,
    layers: Sequence[int] | None = None,
    ranks: Sequence[int] = RANKS,
    trials: Mapping[Split, int] = TRIALS,
    seed: int = 0,
    words: Sequence[str] | None = None,
    decides: bool = False,
    progress: Callable[[int], None] = lambda done: None,
) -> TrainedProbes:
    """Read the residuals of prompts that are written for it, and train probes on them; see `fit_probes`.

    Args:
        model: A causal language model.
        tokenizer: Its tokenizer.
        layers: Blocks after which the residual is read; by default `default_layers`.
        ranks: Ranks that are tried.
        trials: Split to how many prompts.
        seed: Of prompts and weights.
        words: Words for keys and values; by default words of one token each.
        decides: Whether `auto` is to decide by the probe. It is not by default, because that was measured to repair no
            more on the demo model; `guardbind bench run availability` measures it on another.
        progress: Is told how many prompts were read.

    Raises:
        ConfigError: There are too few words or trials.
        UnknownArchitectureError: The layers, or the rows of the output head, cannot be read.
    """
    language_model = LanguageModel.of(model, tokenizer)
    depth = len(find_layers(language_model.module))
    lens = Lens.bind(language_model.module, default_layers(depth) if layers is None else tuple(layers))
    unembedding = lens.unembedding
    prompts = probe_prompts(tokenizer, trials, seed=seed, words=words)
    read = read_residuals(language_model, lens, prompts, progress)
    return fit_probes(read, unembedding, ranks=ranks, scale=lens.output_scale, seed=seed, decides=decides)


def fit_probes(
    trials: Sequence[ProbeTrial],
    unembedding: Tensor,
    *,
    ranks: Sequence[int] = RANKS,
    scale: float = 1.0,
    seed: int = 0,
    decides: bool = False,
) -> TrainedProbes:
    """Fit probes of every layer on the split `fit`, choose on `choose`, and count on `report`.

    Args:
        trials: Trials; those of `fit` share no key and no value with the others.
        unembedding: Rows of the output head `[vocabulary, hidden]`.
        ranks: Ranks that are tried at each layer.
        scale: What the logits are a multiple of (`Lens.output_scale`).
        seed: Of the weights to begin with.
        decides: See `train_probes`.

    Raises:
        ConfigError: A split has too few trials, or words of `fit` stand in another split.
    """
    by_split = {split: [trial for trial in trials if trial.split == split] for split in TRIALS}
    _check(by_split)
    layers = sorted(by_split["fit"][0].residuals)
    best: dict[int, tuple[float, Probe]] = {}
    entries = []
    for layer in layers:
        batch = ProbeBatch.of(by_split["fit"], layer, unembedding)
        lens = Probe.lens(layer, hidden=unembedding.shape[1], scale=scale)
        untrained = _named(lens, by_split["report"], unembedding)
        for rank in ranks:
            probe = fit_probe(batch, layer, rank=rank, scale=scale, seed=seed)
            entries.append(
                ProbeEntry(
                    layer=layer,
                    rank=rank,
                    n=len(by_split["report"]),
                    right=_named(probe, by_split["report"], unembedding),
                    right_untrained=untrained,
                )
            )
            fit = _mean_logprob(probe, by_split["choose"], unembedding)
            if layer not in best or fit > best[layer][0]:
                best[layer] = (fit, probe)
    layer = max(best, key=lambda layer: best[layer][0])
    probe = best[layer][1]
    scored = {split: candidate_scores(probe, by_split[split], unembedding) for split in ("choose", "report")}
    chosen = separation(by_split["choose"], scored["choose"])
    return TrainedProbes(
        probes={layer: probe for layer, (_, probe) in best.items()},
        entries=tuple(entries),
        layer=layer,
        chosen=chosen,
        report=separation(by_split["report"], scored["report"], threshold=chosen.threshold),
        reliability=reliability_of(by_split["report"], scored["report"]),
        decides=decides,
    )


def _check(by_split: Mapping[Split, Sequence[ProbeTrial]]) -> None:
    counts = {split: len(some) for split, some in by_split.items()}
    if min(counts.values()) < _FEWEST:
        told = ", ".join(f"{split} {count}" for split, count in counts.items())
        raise ConfigError(
            f"there are too few trials with a choice of values ({told}); at least {_FEWEST} of each split are needed.",
            hint="Ask for more trials, or calibrate without probes.",
        )
    words = {split: frozenset().union(*(trial.words for trial in some)) for split, some in by_split.items()}
    shared = words["fit"] & (words["choose"] | words["report"])
    if shared:
        raise ConfigError(
            f"{len(shared)} keys or values of the split fit stand in other splits, too; none may.",
            hint="Part the words before the prompts are written.",
        )


def _named(probe: Probe, trials: Sequence[ProbeTrial], unembedding: Tensor) -> int:
    scored = candidate_scores(probe, trials, unembedding)
    return sum(max(scores, key=scores.__getitem__) == trial.right for trial, scores in zip(trials, scored, strict=True))


def _mean_logprob(probe: Probe, trials: Sequence[ProbeTrial], unembedding: Tensor) -> float:
    scored = candidate_scores(probe, trials, unembedding, logs=True)
    return sum(scores[trial.right] for trial, scores in zip(trials, scored, strict=True)) / len(trials)
