"""Measures `patching`: how much of a right answer comes back with activations of a clean run in a corrupt one."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from guardbind.errors import ConfigError, NullUnavailableError
from guardbind.model.architecture import is_recurrent
from guardbind.model.sites import COMPONENTS, Activations, Patch, PatchSites, Site
from guardbind_bench.experiments.options import read_options
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.patch_runs import margins, run
from guardbind_bench.measures.patching_pairs import PairSource, PatchingOptions, PatchPair, Position, chosen_layers
from guardbind_bench.measures.trial_record import TrialRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import TrialStage

__all__ = ["MEASURE", "PatchingRecord"]

# Clean runs that stand for "any other prompt": indices that no experiment measures.
_REFERENCES = 16
_REFERENCES_FROM = 1_000_000_000
_REFERENCES_TRIED = 128
# As many prompts as a pair has: preparing needs no more memory than the smallest batch.
_REFERENCES_AT_ONCE = 2


class PatchingRecord(TrialRecord):
    """One pair of prompts; `counts` says whether it qualifies. Of one that does not, all after `corrupt_stage` is None.

    A margin is the logit of the target minus that of `against`. The lists run over patches: positions, sites within.
    """

    target: str
    """Value that is asked for."""
    tokens: int
    """Length of either prompt."""
    distance: int
    """Tokens after the target's value, up to and including the last of the prompt."""
    clean_token: int | None = None
    """Best token of the clean run; None where the logits of either run are no numbers."""
    corrupt_token: int | None = None
    """Best token of the corrupt run; None as above."""
    clean_stage: TrialStage | None = None
    """What the answer to the clean prompt is."""
    corrupt_stage: TrialStage | None = None
    """What the answer to the corrupt prompt is."""
    against: str | None = None
    """Value that the target is set against."""
    m_clean: float | None = None
    """Margin of the clean run."""
    m_corrupt: float | None = None
    """Margin of the corrupt run."""
    positions: list[str] | None = None
    """What was patched together: `last`, `values`, `decoys`."""
    layers: list[int] | None = None
    """Layer of the site."""
    components: list[str] | None = None
    """`attn`, `mlp`, or `head` for one head of the attention."""
    heads: list[int] | None = None
    """Number of the head; -1 for a whole component."""
    m_patched: list[float] | None = None
    """Margin of the corrupt run with the site's activation of the clean run."""
    m_random: list[float] | None = None
    """The same with that of a clean run of other bindings: the noise floor."""
    m_zero: list[float] | None = None
    """Margin of the corrupt run with the site set to 0."""
    m_mean: list[float] | None = None
    """Margin of the corrupt run with the site set to its mean over clean runs of other bindings."""
    m_clean_ablated: list[float] | None = None
    """Margin of the clean run with the site set to that mean."""


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    """Activations of one clean run: position, layer and component to `[tokens, width]`."""

    at: dict[Position, Activations]


class _PatchingSession:
    """Pairs of one cell; see `Session`."""

    def __init__(self, lab: Lab, cell: BenchCell) -> None:
        if is_recurrent(lab.model):
            raise NullUnavailableError(
                f"{type(lab.model).__name__} carries a recurrent state; patches go on from a cache of single columns.",
                hint="Use a model whose layers all attend.",
            )
        self._lab = lab
        self._options = read_options(PatchingOptions, cell.options, "patching")
        self._sites = PatchSites.find(lab.model)
        self._pairs = PairSource(lab, cell, self._options)
        length = len(self._pairs.pair(0).clean.ids)
        lab.check_length(length)
        self.tokens = 2 * length
        layers = chosen_layers(self._options.layers, self._sites.layers)
        head_layers = chosen_layers(self._options.head_layers, self._sites.layers)
        self._where = [Site(layer, component) for layer in layers for component in COMPONENTS]
        self._where += [Site(layer, "attn", head) for layer in head_layers for head in range(self._sites.heads)]
        if not self._where:
            raise ConfigError("no layer is named, neither for whole components nor for heads.", hint="Name some.")
        self._references = self._read_references()
        self._means = {
            position: {
                key: torch.cat([shot.at[position][key] for shot in self._references]).mean(0, keepdim=True)
                for key in self._references[0].at[position]
            }
            for position in self._options.positions
        }

    def run(self, indices: Sequence[int]) -> list[PatchingRecord]:
        """Measure some pairs."""
        pairs = [self._pairs.pair(index) for index in indices]
        logits = self._lab.logits([trial.ids for pair in pairs for trial in (pair.clean, pair.corrupt)])
        return [self._measure(pair, *both) for pair, both in zip(pairs, logits.split(2), strict=True)]

    def _measure(self, pair: PatchPair, clean: Tensor, corrupt: Tensor) -> PatchingRecord:
        trial = pair.corrupt
        seen: dict[str, object] = {
            "index": trial.index,
            "counts": False,
            "target": trial.target.value.word,
            "tokens": len(trial.ids),
            "distance": trial.distance,
        }
        clean_token, corrupt_token = _best(clean), _best(corrupt)
        if clean_token is None or corrupt_token is None:
            return PatchingRecord.model_validate({**seen, "failed": "a logit is NaN or +inf"})
        stages = trial.stage(clean_token), trial.stage(corrupt_token)
        seen |= {"clean_token": clean_token, "corrupt_token": corrupt_token}
        seen |= {"clean_stage": stages[0], "corrupt_stage": stages[1]}
        wrong = ("2B",) if self._options.errors == "2B" else ("2A", "2B")
        if stages[0] == "right" and stages[1] in wrong:
            seen |= self._patch(pair, corrupt)
        return PatchingRecord.model_validate(seen)

    def _patch(self, pair: PatchPair, corrupt_logits: Tensor) -> dict[str, object]:
        """Return the fields of a pair that qualifies; of one with a margin that is no number, why it fails."""
        trial, positions = pair.corrupt, self._options.positions
        against = trial.competitor
        if self._options.competitor == "predicted":
            others = [value for value in trial.candidates if value.token != trial.target.value.token]
            against = max(others, key=lambda value: (float(corrupt_logits[value.token]), -value.token))
        columns = sorted({place for position in positions for place in pair.places(position)})
        read = run(self._lab.model, self._sites, [pair.clean.ids, trial.ids], columns)
        clean = _shot(pair, positions, columns, {key: both[0] for key, both in read.activations.items()})
        other = self._references[trial.index % len(self._references)]

        def read_margins(row: int, position: Position, given: Sequence[Callable[[Site], Tensor]]) -> list[float]:
            places = tuple(place - len(trial.ids) for place in pair.places(position))
            patches = [
                Patch(site, places, _spread(values(site)[:, self._sites.part(site)], len(places)))
                for values in given
                for site in self._where
            ]
            return margins(
                self._lab.model, self._sites, read, row, [None, *patches], trial.target.value.token, against.token
            )

        found: dict[str, list[float]] = {}
        plain: dict[str, float] = {}
        for position in positions:
            on_corrupt = {
                "m_patched": _from(clean.at[position]),
                "m_random": _from(other.at[position]),
                "m_zero": _from({key: torch.zeros_like(mean) for key, mean in self._means[position].items()}),
                "m_mean": _from(self._means[position]),
            }
            unpatched, *rest = read_margins(1, position, list(on_corrupt.values()))
            plain.setdefault("m_corrupt", unpatched)
            for i, name in enumerate(on_corrupt):
                found.setdefault(name, []).extend(rest[i * len(self._where) : (i + 1) * len(self._where)])
            unpatched, *rest = read_margins(0, position, [_from(self._means[position])])
            plain.setdefault("m_clean", unpatched)
            found.setdefault("m_clean_ablated", []).extend(rest)
        undefined = [
            name
            for name, values in {**{name: [margin] for name, margin in plain.items()}, **found}.items()
            if not all(map(math.isfinite, values))
        ]
        if undefined:
            return {"failed": f"a margin is NaN or infinite: {', '.join(undefined)}"}
        where = [(position, site) for position in positions for site in self._where]
        return {
            "counts": True,
            "against": against.word,
            "positions": [position for position, _ in where],
            "layers": [site.layer for _, site in where],
            "components": [site.component if site.head is None else "head" for _, site in where],
            "heads": [-1 if site.head is None else site.head for _, site in where],
            **plain,
            **found,
        }

    def _read_references(self) -> list[_Shot]:
        """Read clean runs of other bindings that are answered right, as those of the pairs are."""
        shots: list[_Shot] = []
        for start in range(_REFERENCES_FROM, _REFERENCES_FROM + _REFERENCES_TRIED, _REFERENCES_AT_ONCE):
            pairs = [self._pairs.pair(index) for index in range(start, start + _REFERENCES_AT_ONCE)]
            logits = self._lab.logits([pair.clean.ids for pair in pairs])
            for pair, row in zip(pairs, logits, strict=True):
                token = _best(row)
                if token is not None and pair.clean.stage(token) == "right":
                    shots.append(self._read_reference(pair))
                if len(shots) == _REFERENCES:
                    return shots
        if not shots:
            raise ConfigError(
                f"the model answers none of {_REFERENCES_TRIED} clean prompts right, so that no pair can qualify.",
                hint="Choose another filler for the clean prompt, or less of it.",
            )
        return shots

    def _read_reference(self, pair: PatchPair) -> _Shot:
        positions = self._options.positions
        columns = sorted({place for position in positions for place in pair.places(position)})
        read = run(self._lab.model, self._sites, [pair.clean.ids], columns)
        return _shot(pair, positions, columns, {key: rows[0] for key, rows in read.activations.items()})


class _PatchingMeasure:
    """Patches pairs of prompts; see `Measure`."""

    name = "patching"
    version = 1
    record: type[TrialRecord] = PatchingRecord

    def prepare(self, lab: Lab, cell: BenchCell) -> _PatchingSession:
        """Find the sites of the model and read the clean runs that other pairs are compared with.

        Raises:
            ConfigError: An option does not fit, or the model answers no clean prompt right.
            NullUnavailableError: The model has recurrent layers.
            UnknownArchitectureError: Attention or MLP of a layer was not found.
        """
        return _PatchingSession(lab, cell)


def _best(logits: Tensor) -> int | None:
    """Return the best token, of equal ones the lowest; None when the logits are no numbers to compare."""
    best = logits.max()
    return int((logits == best).nonzero()[0]) if bool(best < torch.inf) else None


def _shot(pair: PatchPair, positions: Sequence[Position], columns: Sequence[int], activations: Activations) -> _Shot:
    return _Shot(
        {
            position: {
                key: values[[columns.index(place) for place in pair.places(position)]]
                for key, values in activations.items()
            }
            for position in positions
        }
    )


def _from(activations: Activations) -> Callable[[Site], Tensor]:
    return lambda site: activations[site.layer, site.component]


def _spread(values: Tensor, places: int) -> Tensor:
    """Give each place a row; a mean is one row for all, and another prompt may have a decoy more or less."""
    return values[torch.arange(places) % len(values)]


MEASURE = _PatchingMeasure()
