"""Tests the sites that restore most: chosen on one half of the pairs, tested on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random

import numpy as np

from guardbind_bench.experiments.patching.rows import PatchedPairs, PatchSite
from guardbind_bench.experiments.table import Estimate, RowKey, TableRow
from guardbind_bench.stats.statistics import difference, mean, ratio_of_means

__all__ = ["head_rows", "layer_rows"]


def layer_rows(pairs: PatchedPairs, keys: dict[str, RowKey], number: int, seed: int) -> Iterator[TableRow]:
    """Choose layers and components on the pairs of even index, and test them on those of odd index.

    Beside each stands a random one that was not chosen, of the same component where there is one.
    """

    def named(site: PatchSite | None) -> dict[str, RowKey]:
        return {"layer": None, "component": None} if site is None else {"layer": site[1], "component": site[2]}

    whole = [i for i, site in enumerate(pairs.sites) if site[2] != "head"]
    return _rows("patching_layers", pairs, keys, whole, named, like=2, number=number, seed=seed)


def head_rows(pairs: PatchedPairs, keys: dict[str, RowKey], number: int, seed: int) -> Iterator[TableRow]:
    """Choose heads on the pairs of even index, and test them on those of odd index.

    Beside each stands a random one that was not chosen, of the same layer where there is one.
    """

    def named(site: PatchSite | None) -> dict[str, RowKey]:
        return {"layer": None, "head": None} if site is None else {"layer": site[1], "head": site[3]}

    heads = [i for i, site in enumerate(pairs.sites) if site[2] == "head"]
    return _rows("patching_heads", pairs, keys, heads, named, like=1, number=number, seed=seed)


def _rows(
    table: str,
    pairs: PatchedPairs,
    keys: dict[str, RowKey],
    sites: Sequence[int],
    named: Callable[[PatchSite | None], dict[str, RowKey]],
    *,
    like: int,
    number: int,
    seed: int,
) -> Iterator[TableRow]:
    """Yield the chosen sites, their controls and, last of a position, the difference of both groups.

    Args:
        table: Id of the table.
        pairs: The pairs.
        keys: What all rows are about.
        sites: The sites to choose from.
        named: The keys of a site; of None, those of several.
        like: In which part of `PatchSite` a control is like the chosen one.
        number: How many are chosen for each position, at most; never more than half of them.
        seed: Of the controls.
    """
    choosing, testing = pairs.half(odd=False), pairs.half(odd=True)
    if not len(choosing.indices) or not len(testing.indices):
        return
    for position in dict.fromkeys(site[0] for site in pairs.sites):
        of_position = [i for i in sites if pairs.sites[i][0] == position]
        strength = {i: float(choosing.delta("m_patched", i).mean()) for i in of_position}
        chosen = sorted(of_position, key=lambda i: -strength[i])[: min(number, len(of_position) // 2)]
        if not chosen:
            continue
        controls = _controls(pairs.sites, of_position, chosen, like, Random(seed))
        for role, members in (("chosen", chosen), ("random", controls)):
            for i in members:
                yield TableRow(
                    table=table,
                    keys={**keys, "position": position, **named(pairs.sites[i]), "role": role},
                    values={"chosen_delta_margin": mean(choosing.delta("m_patched", i)), **testing.effects(i)},
                )
        yield TableRow(
            table=table,
            keys={**keys, "position": position, **named(None), "role": "chosen minus random"},
            values=_contrast(testing, chosen, controls),
            notes=(f"Mean over {len(chosen)} each, paired by prompt; {len(testing.indices)} pairs.",),
        )


def _controls(
    sites: Sequence[PatchSite], among: Sequence[int], chosen: Sequence[int], like: int, rng: Random
) -> list[int]:
    free = [i for i in among if i not in chosen]
    controls = []
    for i in chosen:
        alike = [j for j in free if sites[j][like] == sites[i][like]]
        controls.append(rng.choice(alike or free))
        free.remove(controls[-1])
    return controls


def _contrast(pairs: PatchedPairs, chosen: list[int], controls: list[int]) -> dict[str, Estimate]:
    names = {
        "delta_margin": "m_patched",
        "random_delta_margin": "m_random",
        "ablation_delta_margin": "m_zero",
        "mean_ablation_delta_margin": "m_mean",
        "clean_ablation_delta_margin": "m_clean_ablated",
    }
    groups = {
        column: [np.mean([pairs.delta(name, i) for i in group], axis=0) for group in (chosen, controls)]
        for column, name in names.items()
    }
    kept = pairs.kept
    restored = {
        f"{of}ratio_of_means": ratio_of_means((after - before)[kept], pairs.gap[kept])
        for of, (after, before) in (
            ("restoration_", groups["delta_margin"]),
            ("random_", groups["random_delta_margin"]),
        )
    }
    return {**restored, **{column: difference(*both) for column, both in groups.items()}}
