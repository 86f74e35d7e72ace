"""Finds heads that copy, attend, write, inhibit and suppress, on trials of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import torch
from torch import Tensor

from guardbind.errors import GuardbindError
from guardbind.model.lens import Lens
from guardbind.model.seat import Seat
from guardbind_bench.measures.lab import Lab
from guardbind_bench.methods.head_lists import HEAD_KINDS, HeadKind, HeadLists, HeadSearch, RankedHead
from guardbind_bench.methods.scene import Scene
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Trial
from guardbind_bench.running.naming import model_name
from guardbind_bench.running.origin import weights_sha256

__all__ = ["LONGEST", "find_heads", "scenes"]

LONGEST = 40
"""Heads per list, at most."""
_BATCH = 8
_HALF = 10  # heads whose overlap between halves is told


def scenes(
    lab: Lab, trials: Sequence[Trial], heads: HeadLists | GuardbindError | None = None, most: int = _BATCH
) -> Iterator[Scene]:
    """Put trials of one length whose questions begin at one place into scenes of at most `most`."""

    def shape(trial: Trial) -> tuple[int, int]:
        return len(trial.ids), trial.question.start

    for _, group in groupby(sorted(trials, key=shape), key=shape):
        alike = list(group)
        for first in range(0, len(alike), most):
            yield Scene(lab, alike[first : first + most], heads)


def find_heads(lab: Lab, search: HeadSearch, name: str = "model") -> HeadLists:
    """Score every head on some trials, and rank them by each kind of score.

    Args:
        lab: The model.
        search: Which trials.
        name: What the model is called.

    Raises:
        UnknownArchitectureError: Attention cannot be read on this model, and why.
    """
    cell = BenchCell(measure="methods", task=search.task, filler=search.filler, k=search.k, seed=search.seed)
    task = lab.task(cell)
    trials = [task.trial(index) for index in range(search.trials)]
    found: list[dict[HeadKind, Tensor]] = []
    outputs, right = [], []
    for scene in scenes(lab, trials):
        scores, heads, is_right = _scored(scene)
        found.append(scores)
        outputs.append(heads)
        right.append(is_right)
    whole = {kind: torch.cat([scores[kind] for scores in found]) for kind in HEAD_KINDS}
    ok = torch.cat(right)
    halves = {}
    for kind in HEAD_KINDS:
        # Ranked apart on every other trial, since batches are sorted by length.
        one, other = (set(_best(_mean(whole[kind][part::2], kind, ok[part::2]), _HALF)) for part in (0, 1))
        halves[kind] = len(one & other) / max(1, len(one | other))
    layers, count = next(iter(whole.values())).shape[1:]
    lists = {}
    for kind in HEAD_KINDS:
        mean = _mean(whole[kind], kind, ok)
        ranked = [RankedHead(layer=at, head=head, score=float(mean[at, head])) for at, head in _best(mean, LONGEST)]
        lists[kind] = tuple(ranked)
    means = torch.cat(outputs).mean(0)
    return HeadLists(
        model=model_name(name),
        model_sha256=weights_sha256(lab.model),
        search=search,
        layers=layers,
        heads=count,
        right=int(ok.sum()),
        lists=lists,
        halves=halves,
        means=tuple(
            tuple(tuple(round(float(x), 5) for x in means[layer, head]) for head in range(count))
            for layer in range(layers)
        ),
    )


def _best(scores: Tensor, count: int) -> list[tuple[int, int]]:
    order = scores.flatten().argsort(descending=True, stable=True)[:count]
    places = [(int(place) // scores.shape[1], int(place) % scores.shape[1]) for place in order]
    return [place for place in places if float(scores[place]) > 0]


def _mean(scores: Tensor, kind: HeadKind, right: Tensor) -> Tensor:
    # Copying shows where the copy succeeds; without a right answer there is none.
    kept = scores[right] if kind == "retrieval" and bool(right.any()) else scores
    return kept.mean(0)


def _scored(scene: Scene) -> tuple[dict[HeadKind, Tensor], Tensor, Tensor]:
    """Score the heads on each trial, `[trials, layers, heads]`; also their outputs, and which trials are right."""
    logits, record = scene.graph()
    places = torch.arange(len(scene.trials))
    targets = torch.tensor([trial.target.value.token for trial in scene.trials])
    others = torch.tensor([trial.competitor.token for trial in scene.trials])
    gaps = logits[places, targets] - logits[places, others]
    kept = [record.outputs[layer] for layer in sorted(record.outputs)]
    by_gap = _last(torch.autograd.grad(gaps.sum(), kept, retain_graph=True))
    by_other = _last(torch.autograd.grad(logits[places, others].sum(), kept))
    with torch.no_grad():
        full, attention = _last([output.detach() for output in kept]), record.attention().detach()
        hidden = [
            [column for b in t.bound if b.value.token == t.competitor.token for column in b.statement]
            for t in scene.trials
        ]
        without_own = scene.tail([list(trial.target.statement) for trial in scene.trials], reads=True)[1].heads()
        without_other = scene.tail(hidden, reads=True)[1].heads()
        own = torch.stack([attention[i, :, :, list(t.target.statement)].sum(-1) for i, t in enumerate(scene.trials)])
        rest = torch.stack([_others(attention[i], trial) for i, trial in enumerate(scene.trials)])
        written = logits.argmax(-1)
        return (
            {
                "retrieval": torch.stack(
                    [_copies(attention[i], t, int(written[i])) for i, t in enumerate(scene.trials)]
                ),
                "attending": own,
                "difference": own - rest,
                "supporting": ((full - without_own) * by_gap).sum(-1),
                "conflicting": -((full - without_other) * by_gap).sum(-1),
                "attribution": (full * by_gap).sum(-1),
                "inhibition": -((full - without_other) * by_other).sum(-1),
                "copy_suppression": _suppression(scene, attention),
            },
            full,
            written == targets,
        )


def _last(outputs: Sequence[Tensor]) -> Tensor:
    return torch.stack([output[:, -1].float() for output in outputs], 1)


def _others(attention: Tensor, trial: Trial) -> Tensor:
    masses = [attention[:, :, list(b.statement)].sum(-1) for i, b in enumerate(trial.bound) if i != trial.asked]
    return torch.stack(masses).mean(0) if masses else torch.zeros(attention.shape[:2])


def _copies(attention: Tensor, trial: Trial, written: int) -> Tensor:
    most = attention.argmax(-1)
    return ((most == trial.target.position) & (written == trial.target.value.token)).float()


def _suppression(scene: Scene, attention: Tensor) -> Tensor:
    """Return attention to the bound values, times how far each of them is pushed down when its column is copied.

    How far is in standard deviations of what the head would add to the candidates' logits, the final norm's scale left
    out; only what is pushed below the mean counts.
    """
    seat: Seat = scene.seat
    lens: Lens = scene.lens
    size, heads = seat.sites.head_size, seat.sites.heads
    head: torch.Tensor = lens.head.weight  # type: ignore[assignment]
    gain = getattr(lens.norm, "weight", None)
    found = torch.zeros(len(scene.trials), len(seat.layers), heads)
    for layer, projection in enumerate(seat.sites.projections):
        weight: Tensor = projection.weight  # type: ignore[assignment]
        # Layers of the GPT-2 kind keep theirs transposed.
        mix = (weight if getattr(projection, "in_features", None) else weight.T).float()
        values = scene.values(layer)  # [trials, key heads, columns, size]
        group = heads // values.shape[1]
        for place, trial in enumerate(scene.trials):
            tokens = [value.token for value in trial.candidates]
            unembed = head[tokens].float() * (1.0 if gain is None else gain.float())
            for bound in trial.bound:
                if bound.value.token not in tokens:
                    continue
                column = values[place, :, bound.position].float().repeat_interleave(group, 0)
                added = torch.einsum("vd,dhs,hs->hv", unembed, mix.unflatten(1, (heads, size)), column)
                own = added[:, tokens.index(bound.value.token)]
                below = (added.mean(-1) - own) / added.std(-1).clamp(min=1e-9)
                found[place, layer] += attention[place, layer, :, bound.position] * below.clamp(min=0)
    return found
