"""The experiment `availability` on models that bind by place: its arms, and the numbers of their records."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from bench_memory import SameRecords, measure
from bench_tiny import bench_tokenizer
from families import copier
from plain_slots import plain_slot
from toy_texts import ToyTexts

from guardbind.calibrating.availability import Separation
from guardbind.calibrating.probes import TrainedProbes
from guardbind.calibration.artefact import ProbeEntry, Reliability
from guardbind.calibration.probe import Probe
from guardbind.errors import ConfigError, UnknownNameError
from guardbind_bench.experiments.availability.experiment import EXPERIMENT
from guardbind_bench.experiments.experiment import Settings, plan, summarise
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures import availability
from guardbind_bench.measures.availability import AvailabilityRecord, choosing
from guardbind_bench.measures.lab import Lab
from guardbind_bench.registry import TEXT_TASKS

WRONG, HIDDEN = [0.01, 0.2, 0.6, 0.1, 0.04, 0.05], [0.01, 0.01, 0.8, 0.1, 0.04, 0.04]
TOLD = Separation(threshold=0.25, errors=10, others=40, found=8, mistaken=4, auroc=0.9, low=0.8, high=0.95)


def trained(model: Any, threshold: float) -> TrainedProbes:
    width = model.get_output_embeddings().weight.shape[1]
    told = Separation(**{name: getattr(TOLD, name) for name in TOLD.__slots__} | {"threshold": threshold})
    return TrainedProbes(
        probes={0: Probe.lens(0, hidden=width)},
        entries=(ProbeEntry(layer=0, rank=0, n=50, right=30, right_untrained=20),),
        layer=0,
        chosen=told,
        report=told,
        reliability=Reliability(name="available", bins=()),
    )


@pytest.fixture
def probed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Train no probe; which labs asked for one is noted. Everything counts as available."""
    calls: list[int] = []

    def instead(model: Any, tokenizer: Any, **how: Any) -> TrainedProbes:
        calls.append(how["trials"]["fit"])
        return trained(model, 0.0)

    monkeypatch.setattr(availability, "train_probes", instead)
    monkeypatch.setitem(TEXT_TASKS._entries, "toy_texts", ToyTexts)
    yield calls


def lab(place: Any = "first") -> Lab:
    return Lab(copier(bench_tokenizer(), place), bench_tokenizer())


def settings(task: str = "competing_vars", **options: Any) -> Settings:
    return Settings(tasks=(task,), ks=(12,), trials=6, options=options)


def rows_of(where: Lab, given: Settings) -> tuple[dict[Any, TableRow], Any]:
    [request] = plan(EXPERIMENT, given)
    frame = measure(where, request)

    class Held(SameRecords):
        def frame(self, request: Any) -> Any:
            return frame

    rows = summarise(EXPERIMENT, Held(()), given, lambda _: None)
    return {(row.table, row.keys.get("arm")): row for row in rows}, frame


def test_every_arm_answers_prompts_of_tokens_and_the_probe_is_trained_once(probed: list[int]) -> None:
    where = lab()
    rows, frame = rows_of(where, settings(probe_trials=60))
    assert list(frame["arm"].unique()) == ["none", "ignored", "used", "random"]
    assert set(rows) == {
        *(("availability", arm) for arm in ("ignored", "used", "random")),
        ("availability_scores", None),
        ("availability_probe", None),
    }
    used, ignored = rows["availability", "used"].values, rows["availability", "ignored"].values
    assert ignored["accuracy"].value == used["accuracy"].value == 1.0
    assert 0 < (used["accuracy_before"].value or 0) < 1 and used["arm_spoiled"].value == 0
    assert used["over_ignored"].value == 0 and used["mcnemar_p"].value == 1.0
    # This model is only moved by the second contrast.
    assert used["first_held"].value == ignored["first_held"].value == 0.0
    assert set(frame["tried"][frame["arm"] == "used"]) == {(), ("contrast", "contrast")}
    assert "over_ignored" not in ignored and "arm_twin_pushed" not in used
    told = rows["availability_scores", None].values
    wrong = round(6 * (1 - (used["accuracy_before"].value or 0)))
    assert (told["slots"].value, told["readable"].value, told["available"].value) == (wrong, 1.0, 1.0)
    found = rows["availability_probe", None].values
    assert (found["named"].value, found["named_lens"].value, found["found"].value) == (0.6, 0.4, 0.8)
    rows_of(where, settings(probe_trials=60).model_copy(update={"ks": (5,)}))
    assert probed == [60]


def test_free_prompts_have_twins_and_what_no_arm_would_change_is_answered_once(probed: list[int]) -> None:
    rows, frame = rows_of(lab("last"), settings("toy_texts", max_new_tokens=3, available_from=1.0))
    used = rows["availability", "used"].values
    assert used["arm_twin_pushed"].n == 6 and "twin_over_ignored" in used
    assert frame["failed"].isna().all(), list(frame["failed"].unique())
    guarded = frame[frame["arm"] != "none"]
    same = guarded[~guarded["scores"].map(len).gt(0)]
    for _, texts in same.groupby(["index", "answerable"]):
        assert texts["text"].nunique() == 1 and texts["seconds"].nunique() == 1
    assert len(same) < len(guarded)


def test_the_arms_differ_in_what_they_make_of_the_probe() -> None:
    def actions(how: str, share: float = 0.5, seed: int = 0, **given: Any) -> list[str]:
        return [made.action for made in choosing(how, share, seed)(plain_slot(WRONG, HIDDEN, **given))]

    without, there, away = ["contrast", "checkpoint", "veto"], ["contrast", "veto"], ["checkpoint", "contrast", "veto"]
    held: dict[str, Any] = {"available": 0.9, "available_from": 0.5, "certain": True}
    assert actions("ignored", **held) == without and actions("used", **held) == there
    assert actions("random", 1.0, **held) == there and actions("random", 0.0, **held) == away
    fallen = [tuple(actions("random", seed=seed, **held)) for seed in range(20)]
    assert set(fallen) == {tuple(there), tuple(away)}
    assert fallen == [tuple(actions("random", seed=seed, **held)) for seed in range(20)]
    assert actions("random", **(held | {"available": None})) == without


def test_failures_are_left_out_and_said(probed: list[int]) -> None:
    base: dict[str, Any] = {"answerable": True, "direction": "key_value", "which": "only"}
    records = [
        AvailabilityRecord(index=i, arm=arm, failed="broken" if i == 0 else None, stage="right", **base)
        for i in range(2)
        for arm in ("none", "ignored", "used", "random")
    ]
    rows = summarise(EXPERIMENT, SameRecords(records[:4]), settings(), lambda _: None)
    assert [row.values for row in rows] == [{}] and "1 of 1 prompts are left out" in rows[0].notes[0]


def test_what_does_not_fit_is_refused_beforehand() -> None:
    with pytest.raises(UnknownNameError):
        plan(EXPERIMENT, settings("competing_var"))
    with pytest.raises(ConfigError):
        plan(EXPERIMENT, settings(probe_trials=3))
    both = settings().model_copy(update={"tasks": ("records", "competing_vars")})
    assert [request.cell.task for request in plan(EXPERIMENT, both)] == ["records", "competing_vars"]
