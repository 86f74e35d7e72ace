"""Reads what probes are fitted and tested on: the records of one cell as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from guardbind_bench.arrays import Features, Flags, Indices, Words
from guardbind_bench.experiments.experiment import RecordSource
from guardbind_bench.prompts.cell import BenchCell, CellRequest

__all__ = ["TRAINING", "ProbeTrials", "TrainTest", "embeddings", "train_and_test"]

TRAINING = 1_000_000
"""Index of the first training trial; the test trials start at 0."""


@dataclass(frozen=True, slots=True, eq=False)
class ProbeTrials:
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
    residual: Features
    lens: Features
    target: Words
    competitor: Words
    place: Indices
    best: Indices
    second: Indices
    rank: Indices
    choices: Flags
    right: Flags
    bound_wrongly: Flags

    @classmethod
    def of(cls, frame: pd.DataFrame) -> ProbeTrials | None:
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

    def at(self, layer: int) -> Features:
        """Return the features `[trials, hidden]` of a decoder layer, by its number."""
        features: Features = np.ascontiguousarray(self.residual[:, self.layers.index(layer)])
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


@dataclass(frozen=True, slots=True, eq=False)
class TrainTest:
    """Training and test trials of one cell.

    Attributes:
        train: Training trials, at least one.
        test: Test trials, at least one.
        notes: How many of the trials that were asked for are missing.
    """

    train: ProbeTrials
    test: ProbeTrials
    notes: tuple[str, ...] = ()

    @classmethod
    def read(cls, requests: Sequence[CellRequest], data: RecordSource) -> TrainTest | None:
        """Take the records of the requests of `train_and_test`; None when no trial of one of them can be used."""
        train, test = (ProbeTrials.of(data.frame(request)) for request in requests)
        if train is None or test is None:
            return None
        asked = (
            ("test", requests[1].trials, len(test), "every number"),
            ("training", requests[0].trials, len(train), "every fit"),
        )
        notes = (
            f"{trials - found} of {trials} {name} trials are left out of {what}: they could not be read."
            for name, trials, found, what in asked
            if found < trials
        )
        return cls(train, test, tuple(notes))

    @property
    def words(self) -> int:
        """How many different words are right in the training trials."""
        return len(set(self.train.target.tolist()))


def train_and_test(cell: BenchCell, train_trials: int, trials: int) -> tuple[CellRequest, CellRequest]:
    """Return the requests for training and for test trials of a cell."""
    return CellRequest(cell=cell, trials=train_trials, first=TRAINING), CellRequest(cell=cell, trials=trials)


def embeddings(frame: pd.DataFrame) -> Features | None:
    """Take the output embeddings `[candidates, hidden]` of a record that has them; None when there is none."""
    if frame.empty or not pd.isna(frame["failed"].iloc[0]):
        return None
    first = frame.iloc[0]
    matrix: Features = np.asarray(first["embeddings"], dtype=np.float32).reshape(int(first["candidates"]), -1)
    return matrix


def _places(column: pd.Series) -> Indices:
    places: Indices = column.fillna(-1).to_numpy(dtype=np.int64)
    return places
