"""Any registered policy and null can be measured by its name, and one that is not is told with the nearest that is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from bench_tiny import bench_tokenizer
from families import copier, speaking

from guardbind.errors import ConfigError
from guardbind.nulls.prefill import PrefillNull
from guardbind.policies.proposal import Attempt
from guardbind.policies.slot import Slot
from guardbind.policies.veto import veto
from guardbind.registry import NULLS, POLICIES
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.measures.comparison import ArmComparison, arm_of, arms_of
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.nulls import NullsRecord
from guardbind_bench.measures.repair import RepairRecord
from guardbind_bench.prompts.cell import BenchCell
from guardbind_bench.prompts.trial import Trial
from guardbind_bench.registry import EXPERIMENTS, MEASURES

INDICES = range(6)


def trust(slot: Slot) -> Iterable[Attempt]:
    """Do what `veto` does, under another name."""
    return veto(slot)


def drop_more(_tokenizer: Any, row: Any, null: int) -> tuple[list[int], list[int]]:
    """Take away what the null hides and the token behind it."""
    hidden = {at for span in row.statements[null] for at in range(span.start, span.stop + 1)}
    ids = [token for at, token in enumerate(row.ids) if at not in hidden]
    return ids, [1] * len(ids)


@pytest.fixture
def registered() -> Iterator[None]:
    POLICIES.register("trust", trust)
    NULLS.register("drop_more", PrefillNull("drop_more", drop_more))
    yield
    POLICIES.unregister("trust")
    NULLS.unregister("drop_more")


def by_place() -> Lab:
    """A model that writes the first value, whichever key is asked for."""
    return Lab(copier(bench_tokenizer(), "first", 192), bench_tokenizer())


def cell_of(measure: str, **options: Any) -> BenchCell:
    return BenchCell(measure=measure, task="competing_vars", k=12, options=options)


def trials_of(lab: Lab, cell: BenchCell) -> list[Trial]:
    return [lab.task(cell).trial(index) for index in INDICES]


@pytest.mark.usefixtures("registered")
def test_a_policy_from_outside_is_an_arm_whatever_it_is_told() -> None:
    lab, cell = by_place(), cell_of("repair", arms=["trust", "trust/resolved", "abstain", "veto/evidence"])
    first = ["right" if trial.asked == 0 else "2B" for trial in trials_of(lab, cell)]
    assert set(first) == {"right", "2B"}
    found: dict[str, list[RepairRecord]] = {}
    for record in MEASURES.get("repair").prepare(lab, cell).run(INDICES):
        assert isinstance(record, RepairRecord)
        found.setdefault(record.arm, []).append(record)
    assert {arm: {record.told for record in records} for arm, records in found.items()} == {
        "none": {"nothing"},
        "trust": {"target"},
        "trust/resolved": {"bindings"},
        "abstain": {"target"},
        "veto/evidence": {"span"},
    }
    for arm in ("trust", "trust/resolved"):
        assert [record.stage for record in found[arm]] == ["right"] * len(INDICES)
    assert [record.stage for record in found["abstain"]] == [stage if stage == "right" else "2A" for stage in first]


@pytest.mark.parametrize("rows", [1, len(INDICES)])
def test_a_policy_that_refuses_an_answer_refuses_no_other(rows: int) -> None:
    lab, cell = by_place(), cell_of("repair")
    trials = trials_of(lab, cell)
    comparison = ArmComparison(lab.model, lab.tokenizer, arms_of(["raise", "observe"]))
    answers = [row for at in range(0, len(trials), rows) for row in comparison.run(trials[at : at + rows])]
    assert {trial.asked for trial in trials} == {0, 1}
    for trial, row in zip(trials, answers, strict=True):
        assert row["raise"].token == (row["observe"].token if trial.asked == 0 else None)
        assert (row["raise"].slot is None) == (trial.asked == 1)
        assert trial.stage(row["raise"].token) == ("right" if trial.asked == 0 else "2A")
        assert row["raise"].tokens_read > 0


@pytest.mark.usefixtures("registered")
def test_a_null_from_outside_is_read() -> None:
    lab = Lab(speaking("llama", bench_tokenizer()), bench_tokenizer())
    cell = cell_of("nulls", nulls=["drop_more", "mask_prefill"])
    for record in MEASURES.get("nulls").prepare(lab, cell).run(INDICES):
        assert isinstance(record, NullsRecord)
        assert record.nulls == ["drop_more", "mask_prefill"]
        trial = lab.task(cell).trial(record.index)
        stated = trial.target.statement
        logits = lab.logits([(*trial.ids[: stated.start], *trial.ids[stated.stop + 1 :])])[0]
        assert record.token is not None
        assert record.token_log_priors[0] == pytest.approx(float(logits.log_softmax(-1)[record.token]), abs=1e-3)


@pytest.mark.usefixtures("registered")
def test_experiments_plan_what_is_registered() -> None:
    for name, options in {
        "repair": {"arms": ["trust", "trust/evidence", "raise"]},
        "pseudo-prior": {"nulls": ["drop_more", "swap"]},
    }.items():
        [request] = EXPERIMENTS.get(name).plan(Settings(options=options))  # type: ignore[arg-type]
        assert request.cell.options == options
    [request] = EXPERIMENTS.get("applications").plan(Settings(tasks=("notes",), options={"policies": ["trust"]}))
    assert request.cell.options["policies"] == ["trust"]


@pytest.mark.parametrize(
    ("experiment", "options", "said"),
    [
        ("repair", {"arms": ["vetoo"]}, "Did you mean 'veto'"),
        ("repair", {"arms": ["veto/nothing"]}, "no arm 'veto/nothing'"),
        ("repair", {"arms": ["candidate"]}, "Did you mean 'candidates'"),
        ("repair", {"arms": ["oracel:8"]}, "Did you mean 'oracle'"),
        ("pseudo-prior", {"nulls": ["maks"]}, "Did you mean 'mask'"),
        ("pseudo-prior", {"nulls": ["swpa"]}, "Did you mean 'swap'"),
        ("applications", {"policies": ["vetoo"]}, "Did you mean 'veto'"),
    ],
)
def test_what_is_not_registered_is_told_before_anything_is_measured(
    experiment: str, options: dict[str, Any], said: str
) -> None:
    settings = Settings(options=options, tasks=("notes" if experiment == "applications" else "competing_vars",))
    with pytest.raises(ConfigError, match=said):
        EXPERIMENTS.get(experiment).plan(settings)


def test_names_of_arms() -> None:
    assert arm_of("none") == arms_of([])[0]
    assert {name for name in ("observe/", "/evidence", "veto/target", "trust", "oracle") if arm_of(name)} == set()
    assert [arm_of(arm.name) for arm in arms_of([])] == list(arms_of([]))
    assert [arm.name for arm in arms_of(["raise", "auto", "raise"])] == [
        "none",
        "auto",
        "auto/resolved",
        "auto/evidence",
        "raise",
    ]
