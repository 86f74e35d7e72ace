"""`information`: how much of what the residual tells about the right value reaches the output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise, product
from typing import Literal, cast

from pydantic import Field, JsonValue
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from guardbind.errors import ConfigError
from guardbind_bench.experiments.experiment import Data, Experiment, Settings
from guardbind_bench.experiments.information.bounds import Available
from guardbind_bench.experiments.information.cell import cell_rows
from guardbind_bench.experiments.information.tables import TABLES
from guardbind_bench.experiments.options import check_names, read_options
from guardbind_bench.experiments.probe.data import Measured, left_out
from guardbind_bench.experiments.probe.experiment import TRAINING
from guardbind_bench.experiments.shared.forms import FormOptions
from guardbind_bench.experiments.table import Estimate, Key, Row, Table
from guardbind_bench.prompts.cell import Asked, Cell, Form, Request, Template

__all__ = ["EXPERIMENT", "Information", "InformationOptions"]

# Fano's bound is for a target that is uniform over the candidates.
_UNIFORM = ("competing_vars", "decoy_injection", "primacy_recency")

Group = tuple[str, str, Asked, Template]
Place = tuple[Group, int]


class InformationOptions(FormOptions):
    """Options of the experiment."""

    layers: list[int] | Literal["paper", "quarters", "all"] = "quarters"
    """Decoder layers to read, as in the measure `residuals`."""
    train_trials: int = Field(default=800, ge=50, le=TRAINING)
    """Training trials per cell."""
    groups: int = Field(default=8, ge=2)
    """Groups that the values are put into, about which the bounds are tighter."""
    permutations: int = Field(default=1000, ge=1)
    """Shuffles for the information by chance."""


class Information:
    """Bounds used and available information on one population: all test trials that were read."""

    name = "information"
    title = "Used and available information about the right value, with bounds that hold"
    version = 2
    aliases: tuple[str, ...] = ("routing_efficiency",)
    tables: tuple[Table, ...] = TABLES
    defaults: dict[str, JsonValue] = InformationOptions().model_dump(mode="json")

    def plan(self, settings: Settings) -> list[Request]:
        """Return a training and a test request for each cell; they are those of `probe`.

        Raises:
            ConfigError: An option is unknown or does not fit, or the target of a task is not uniform over its
                candidates.
            UnknownNameError: A task or filler is not registered.
        """
        options = read_options(InformationOptions, settings.options, self.name)
        check_names(settings.tasks, settings.fillers)
        uneven = [task for task in settings.tasks if task not in _UNIFORM]
        if uneven:
            raise ConfigError(
                f"the target of {', '.join(uneven)} is not uniform over the candidates, as the bounds need; "
                f"{', '.join(_UNIFORM)} are accepted."
            )
        return [request for place in _places(settings, options) for request in _requests(settings, options, place)]

    def summarise(self, data: Data, settings: Settings, progress: Callable[[str], None]) -> list[Row]:
        """Fit, choose and test a probe in every cell, and bound what it proves."""
        # The fits are the same on every machine only on one thread.
        with threadpool_limits(limits=1):
            options = read_options(InformationOptions, settings.options, self.name)
            return list(_rows(data, settings, options, progress))


def _rows(
    data: Data, settings: Settings, options: InformationOptions, progress: Callable[[str], None]
) -> Iterator[Row]:
    found: dict[Place, Available] = {}
    for place in _places(settings, options):
        group, k = place
        keys = _keys(data, group, k)
        progress(" / ".join(map(str, list(keys.values())[1:])))
        requests = _requests(settings, options, place)
        refusals = [refusal for request in requests if (refusal := data.refusal(request)) is not None]
        train, test = (Measured.of(data.frame(request)) for request in requests)
        if train is None or test is None or len(set(train.target.tolist())) < 2:
            why = refusals[0] if refusals else "too few trials could be read."
            yield Row(table="information", keys=keys, values={}, notes=(why,))
            continue
        rows, found[place] = cell_rows(
            keys, train, test, groups=options.groups, permutations=options.permutations, seed=settings.seed
        )
        lost = left_out(train, requests[0].trials, test, requests[1].trials)
        yield from (row.model_copy(update={"notes": (*row.notes, *lost)}) for row in rows)
    for group in dict.fromkeys(group for group, _ in found):
        for near, far in pairwise(sorted({k for other, k in found if other == group})):
            keys = {**_keys(data, group, far), "from_k": near}
            ratio = _contraction(found[group, near], found[group, far])
            yield Row(table="contraction", keys=keys, values={"ratio": ratio}, notes=(_CONTRACTION,))


def _keys(data: Data, group: Group, k: int) -> dict[str, Key]:
    task, filler, asked, template = group
    return {"model": data.model, "task": task, "filler": filler, "k": k, "asked": asked, "template": template}


_CONTRACTION = (
    "prompts of another k are other prompts, no later stage of the same chain: Theorem 3 does not bound this by 1. "
    "What lies between the ends is compatible with the data; the ratio itself divides two estimated lower bounds."
)


def _contraction(near: Available, far: Available) -> Estimate:
    return Estimate(
        value=far.fano / near.fano if near.fano > 0 else None,
        low=far.low / near.high,
        high=far.high / near.low if near.low > 0 else None,
        n=far.n,
        method="fano",
    )


def _places(settings: Settings, options: InformationOptions) -> list[Place]:
    groups = product(settings.tasks, settings.fillers, options.asked, options.templates)
    return list(product(groups, settings.ks))


def _requests(settings: Settings, options: InformationOptions, place: Place) -> tuple[Request, Request]:
    (task, filler, asked, template), k = place
    cell = Cell(
        measure="residuals",
        task=task,
        filler=filler,
        k=k,
        form=Form(asked=asked, template=template),
        seed=settings.seed,
        options={"layers": cast(JsonValue, options.layers)},
    )
    return Request(cell=cell, trials=options.train_trials, first=TRAINING), Request(cell=cell, trials=settings.trials)


EXPERIMENT: Experiment = Information()
