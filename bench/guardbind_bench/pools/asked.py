"""Says which populations of a pool promises are checked on, at which risks, and makes the rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from guardbind.calibration.outcome import Outcome
from guardbind_bench.experiments.table import Table, TableRow
from guardbind_bench.experiments.table_file import read_tables
from guardbind_bench.pools.pool import TrialPool
from guardbind_bench.pools.population import Population, as_run, dosed
from guardbind_bench.pools.recount import Recount, acting_row, flag_rows, transfer_row

__all__ = ["ALPHA", "DOSES", "RISKS", "CoverageRequest", "coverage_rows", "coverage_tables"]

RISKS = (0.01, 0.02, 0.05, 0.10, 0.25)
"""Risks that are promised."""
DOSES = (0.5, 1.05, 2.0)
"""Harm if all interventions pass, over the promised risk: below it, where mistakes are likeliest, and far above."""
ALPHA = 0.05
"""Share of right answers that a rule may flag."""
_TRIALS = 100
_FLAG_TRIALS = 600
_MIXTURES = (("texts", "corrections"), ("told", "misled"))
_NATURAL = "corrections"


@dataclass(frozen=True, slots=True)
class CoverageRequest:
    """How a pool is counted on.

    Attributes:
        draws: Draws of each population and risk.
        seed: Of the draws.
        confidence: How sure the promises are.
        risks: Risks that are promised.
    """

    draws: int = 500
    seed: int = 0
    confidence: float = 0.95
    risks: Sequence[float] = RISKS

    def recount(self, trials: int) -> Recount:
        """Return how draws of some trials are made."""
        return Recount(self.draws, trials, self.confidence, self.seed)


def coverage_tables() -> tuple[Table, ...]:
    """Return the tables that rows belong to."""
    return read_tables(Path(__file__).with_name("tables.yaml"))


def coverage_rows(pool: TrialPool, request: CoverageRequest, progress: Callable[[str], None]) -> Iterator[TableRow]:
    """Make all rows of a pool; the same pool and request give the same ones.

    Args:
        pool: The pool.
        request: How it is counted on.
        progress: Is told what is being counted.
    """
    for population, risk in _acting(pool, request.risks):
        progress(f"acting, {population.name}, risk {risk:g}")
        yield acting_row(population, risk, request.recount(_trials(risk)))
    for population in _mild(pool):
        progress(f"flags, {population.name}")
        yield from flag_rows(population, ALPHA, request.recount(_FLAG_TRIALS))
    for made_on, used_on, risk in _transfers(pool):
        progress(f"{made_on.name} on {used_on.name}")
        yield transfer_row(made_on, used_on, risk, request.recount(_trials(risk)))


def _trials(risk: float) -> int:
    """Return how many trials a draw has: some 14 / risk interventions are counted, where one of five trials has one."""
    return math.ceil(_TRIALS / risk)


def _acting(pool: TrialPool, risks: Sequence[float]) -> Iterator[tuple[Population, float]]:
    every = pool.outcomes
    for mild, harmful in _mixtures(pool):
        for risk in risks:
            for dose in DOSES:
                population = dosed(f"{mild} + {harmful}, {dose:g} × risk", every[mild], every[harmful], dose * risk)
                if population is not None:
                    yield population, risk
    if every.get(_NATURAL):
        for risk in risks:
            yield as_run(_NATURAL, every[_NATURAL]), risk


def _mild(pool: TrialPool) -> Iterator[Population]:
    for mild, harmful in _mixtures(pool):
        # What is misled asks the same prompts again.
        outcomes = pool.outcomes[mild] if harmful == "misled" else (*pool.outcomes[mild], *pool.outcomes[harmful])
        yield as_run(mild if harmful == "misled" else f"{mild} + {harmful}", outcomes)


def _transfers(pool: TrialPool) -> Iterator[tuple[Population, Population, float]]:
    every = pool.outcomes
    if every.get("texts") and every.get(_NATURAL):
        texts, natural = as_run("texts", every["texts"]), as_run(_NATURAL, every[_NATURAL])
        yield texts, natural, 0.05
        yield natural, texts, 0.25
        for language in sorted({o.group for o in every[_NATURAL]}):
            here, elsewhere = _parted(every[_NATURAL], language)
            if here and elsewhere:
                others = as_run(f"{_NATURAL} but {language}", elsewhere)
                yield others, as_run(f"{_NATURAL}, {language}", here), 0.25
    for mild, harmful in _mixtures(pool):
        for risk in (0.05, 0.25):
            before, after = (
                dosed(f"{mild} + {harmful}, {dose:g} × risk", every[mild], every[harmful], dose * risk)
                for dose in (0.5, 2.0)
            )
            if before is not None and after is not None:
                yield before, after, risk


def _mixtures(pool: TrialPool) -> list[tuple[str, str]]:
    return [pair for pair in _MIXTURES if all(pool.outcomes.get(name) for name in pair)]


def _parted(outcomes: Sequence[Outcome], group: str) -> tuple[list[Outcome], list[Outcome]]:
    return [o for o in outcomes if o.group == group], [o for o in outcomes if o.group != group]
