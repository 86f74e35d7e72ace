"""What probes are fitted and tested on: the records of one cell as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from guardbind_bench.experiments.probe.bilinear import Flags, Places
from guardbind_bench.experiments.probe.linear import Floats, Words

__all__ = ["Measured", "embeddings", "left_out"]


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """Trials with residuals. Trials without a reading, or whose target is no candidate, are left out.

    Attributes:
        layers: Numbers of the decoder layers.
        residual: `[trials, layers, hidden]`, fp32.
        lens: Logit lens of the candidates `[trials, layers, candidates]`, fp32.
        target: The right word `[trials]`.
        competitor: The word most easily taken for it `[trials]`.
        place: Place of the target in the candidate set `[trials]`.
        best: Place of the best candidate `[trials]`.
        second: Place of the best candidate but one `[trials]`; -1 in a candidate set of one.
        rank: Place of the target among the candidates by logit, from 1 `[trials]`.
        choices: Which candidates are bound, or the competitor `[trials, candidates]`.
        right: Whether the model writes the target `[trials]`.
        bound_wrongly: Whether it writes another candidate, an error of stage 2B `[trials]`.
    """

    layers: tuple[int, ...]
    residual: Floats
    lens: Floats
    target: Words
    competitor: Words
    place: Places
    best: Places
    second: Places
    rank: Places
    choices: Flags
    right: Flags
    bound_wrongly: Flags

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Measured | None:
        """Take the records of the measure `residuals`; None when none of them can be used."""
        if frame.empty:
            return None
        frame = frame[frame["failed"].isna() & frame["target_index"].notna()]
        if frame.empty:
            return None
        layers = tuple(int(layer) for layer in frame["layers"].iloc[0])
        # Of sets of unequal size the smaller ones leave the last places empty.
        widest = int(frame["candidates"].max())
        lens = np.full((len(frame), len(layers), widest), -np.inf, dtype=np.float32)
        choices = np.zeros((len(frame), widest), dtype=bool)
        for i, row in enumerate(frame.itertuples()):
            lens[i, :, : row.candidates] = np.reshape(row.lens, (len(layers), row.candidates))
            choices[i, [int(place) for place in row.bound]] = True
            choices[i, int(row.target_index)] = True
            if not pd.isna(row.competitor_index):
                choices[i, int(row.competitor_index)] = True
        return cls(
            layers=layers,
            residual=np.stack([np.asarray(row, dtype=np.float32) for row in frame["residual"]]).reshape(
                len(frame), len(layers), -1
            ),
            lens=lens,
            target=frame["target"].to_numpy(dtype=str),
            competitor=frame["competitor"].to_numpy(dtype=str),
            place=_places(frame["target_index"]),
            best=_places(frame["best_index"]),
            second=_places(frame["second_index"]),
            rank=_places(frame["rank"]),
            choices=choices,
            right=(frame["stage"] == "right").to_numpy(dtype=bool),
            bound_wrongly=(frame["stage"] == "2B").to_numpy(dtype=bool),
        )

    def __len__(self) -> int:
        return len(self.target)

    def at(self, layer: int) -> Floats:
        """Return the features `[trials, hidden]` of a decoder layer, by its number."""
        features: Floats = np.ascontiguousarray(self.residual[:, self.layers.index(layer)])
        return features

    @property
    def subsets(self) -> dict[str, Flags]:
        """The trials by what the model writes: `overall`, `on_right`, `on_wrong` (2A and 2B), `on_2b`."""
        everything = np.ones(len(self), dtype=bool)
        return {
            "overall": everything,
            "on_right": self.right,
            "on_wrong": ~self.right,
            "on_2b": self.bound_wrongly,
        }

    @property
    def same_candidates(self) -> bool:
        """Whether a place in the candidate set stands for the same word in all trials."""
        return len(set(zip(self.target, self.place, strict=True))) == len(set(self.target)) == len(set(self.place))


def left_out(train: Measured, trained: int, test: Measured, tested: int) -> tuple[str, ...]:
    """Say how many of the trials that were asked for are missing.

    Args:
        train: Training trials.
        trained: How many were asked for.
        test: Test trials.
        tested: How many were asked for.
    """
    lost = (("test", tested, len(test), "every number"), ("training", trained, len(train), "every fit"))
    return tuple(
        f"{asked - found} of {asked} {name} trials are left out of {what}: they could not be read."
        for name, asked, found, what in lost
        if found < asked
    )


def embeddings(frame: pd.DataFrame) -> Floats | None:
    """Take the output embeddings `[candidates, hidden]` of a record that has them; None when there is none."""
    if frame.empty or not pd.isna(frame["failed"].iloc[0]):
        return None
    first = frame.iloc[0]
    matrix: Floats = np.asarray(first["embeddings"], dtype=np.float32).reshape(int(first["candidates"]), -1)
    return matrix


def _places(column: pd.Series) -> Places:
    places: Places = column.fillna(-1).to_numpy(dtype=np.int64)
    return places
