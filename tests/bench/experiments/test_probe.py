from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest
from bench_memory import MemoryData, measure
from bench_tiny import speaking_lab

from guardbind.errors import ConfigError, UnknownNameError
from guardbind_bench.experiments.experiment import RecordSource, Settings
from guardbind_bench.experiments.probe.data import TRAINING, ProbeTrials
from guardbind_bench.experiments.probe.experiment import EXPERIMENT
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.prompts.cell import CellRequest

POOL, HIDDEN = 16, 40
LAYERS = (0, 18)
Write = Callable[[np.random.Generator, int, int, np.ndarray], np.ndarray]


def codes(which: int) -> np.ndarray:
    return np.random.default_rng(which).normal(size=(POOL, HIDDEN))


def embedding() -> np.ndarray:
    return codes(0)


def by_order(draw: np.random.Generator, target: int, competitor: int, values: np.ndarray) -> np.ndarray:
    """A residual that says which value came first and which second, and not which is asked for."""
    residual: np.ndarray = codes(1)[values[0]] + codes(2)[values[1]] + 0.2 * draw.normal(size=HIDDEN)
    return residual


def by_target(draw: np.random.Generator, target: int, competitor: int, values: np.ndarray) -> np.ndarray:
    """A residual that holds the embedding of the target, whatever the model writes."""
    residual: np.ndarray = embedding()[target] + 0.2 * draw.normal(size=HIDDEN)
    return residual


class Invented:
    """Records of a model that writes the competitor in a share of the trials and nothing sensible in a tenth."""

    model = "invented"

    def __init__(self, write: Write, wrong: float = 0.4, refused: Sequence[int] = (), far: int | None = None) -> None:
        self.write, self.wrong, self.refused, self.far = write, wrong, refused, far

    def refusal(self, request: CellRequest) -> str | None:
        return "the prompts are too long" if request.cell.k in self.refused else None

    def frame(self, request: CellRequest) -> pd.DataFrame:
        if self.refusal(request):
            return pd.DataFrame()
        rows = [self._record(request, request.first + i) for i in range(request.trials)]
        return pd.DataFrame(rows)

    def _record(self, request: CellRequest, index: int) -> dict[str, Any]:
        draw = np.random.default_rng([index, request.cell.k])
        values = draw.choice(POOL, 2, replace=False)
        asked = int(draw.integers(2)) if request.cell.form.asked == "random" else 0
        target, competitor = int(values[asked]), int(values[1 - asked])
        stage = str(draw.choice(["2A", "2B", "right"], p=[0.1, self.wrong, 0.9 - self.wrong]))
        best, second = (competitor, target) if stage == "2B" else (target, competitor)
        noise = draw.normal(size=HIDDEN)
        late = self.write(draw, target, competitor, values) * (3 if request.cell.k == self.far else 1)
        lens = np.zeros((len(LAYERS), POOL))
        lens[-1, [best, second]] = 2, 1
        return {
            "index": index,
            "failed": None,
            "target": f"v{target}",
            "target_index": target,
            "competitor": f"v{competitor}",
            "competitor_index": competitor,
            "candidates": POOL,
            "best_index": best,
            "second_index": second,
            "stage": stage,
            "rank": 1 + (best != target),
            "bound": values,
            "layers": np.array(LAYERS),
            "residual": np.concatenate([noise, late]),
            "lens": lens.ravel(),
            "embeddings": embedding().ravel() if request.cell.options.get("embeddings") else np.array([]),
        }


def settings(trials: int = 150, train: int = 300, ks: tuple[int, ...] = (16,), **options: Any) -> Settings:
    return Settings(ks=ks, trials=trials, options={"train_trials": train, "fits": 2, "rank": 8, **options})


def rows_of(data: RecordSource, chosen: Settings) -> list[TableRow]:
    return EXPERIMENT.summarise(data, chosen, lambda _: None)


def one(rows: Sequence[TableRow], table: str, **keys: Any) -> TableRow:
    found = [row for row in rows if row.table == table and keys.items() <= row.keys.items()]
    assert len(found) == 1, (table, keys, len(found))
    return found[0]


def value(row: TableRow, name: str) -> float:
    number = row.values[name].value
    assert number is not None
    return number


@cache
def ordered() -> list[TableRow]:
    return rows_of(Invented(by_order), settings())


@cache
def present() -> list[TableRow]:
    return rows_of(Invented(by_target), settings(asked=["random"]))


def test_training_trials_are_none_of_the_test_trials() -> None:
    plan = EXPERIMENT.plan(settings(ks=(8, 16)))
    cells = [request for request in plan if not request.cell.options.get("embeddings")]
    train = [request for request in cells if request.first == TRAINING]
    test = [request for request in cells if request.first == 0]
    assert [request.cell for request in train] == [request.cell for request in test]
    assert {request.cell.form.asked for request in cells} == {"random", "fixed"}
    assert {request.trials for request in train} == {300} and {request.trials for request in test} == {150}
    assert len(cells) == 8 and len(plan) == 9


def test_the_defaults_can_be_given_back() -> None:
    given = Settings(options=EXPERIMENT.defaults)
    assert EXPERIMENT.plan(given) == EXPERIMENT.plan(Settings())


@pytest.mark.parametrize(
    "options", [{"layer": "all"}, {"layers": "some"}, {"asked": []}, {"asked": ["never"]}, {"train_trials": 3}]
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="options of `probe`"):
        EXPERIMENT.plan(Settings(options=options))


@pytest.mark.parametrize("names", [{"tasks": ("competing_var",)}, {"fillers": ("naturall",)}])
def test_unknown_names_are_refused(names: dict[str, Any]) -> None:
    with pytest.raises(UnknownNameError, match="Did you mean"):
        EXPERIMENT.plan(Settings(**names))


def test_a_probe_cheats_when_the_asked_key_is_fixed() -> None:
    rows = ordered()
    shares = {
        (asked, name): value(one(rows, "probe_layers", asked=asked, layer=18, probe=name), "on_2b")
        for asked in ("fixed", "random")
        for name in ("published", "standardised")
    }
    assert min(shares["fixed", name] for name in ("published", "standardised")) > 0.9
    assert max(shares["random", name] for name in ("published", "standardised")) < 0.7


def test_so_does_a_bilinear_probe_and_it_is_found_out_with_the_other_way_of_asking() -> None:
    rows = ordered()
    known = {"layer": 18, "probe": "bilinear_pool", "values": "seen"}
    own = {asked: one(rows, "probe_bilinear", asked=asked, trained_on=asked, **known) for asked in ("fixed", "random")}
    assert value(own["fixed"], "bound_2b") > 0.9
    assert 0.3 < value(own["random"], "bound_2b") < 0.7
    crossed = one(rows, "probe_bilinear", asked="random", trained_on="fixed", **known)
    assert 0.3 < value(crossed, "bound") < 0.7


def test_a_value_that_is_there_is_found_and_the_controls_find_nothing() -> None:
    row = one(present(), "probe_layers", layer=18, probe="standardised")
    assert value(row, "on_2b") > 0.9 and value(row, "overall") > 0.9 and value(row, "on_right") > 0.9
    assert row.values["on_2b"].method == "wilson"
    assert value(row, "selectivity") > 0.7
    assert value(row, "on_2b_over_fits") > 0.9 and row.values["on_2b_over_fits"].n == 2
    for probe, layer in (("shuffled", 18), ("competitor", 18), ("standardised", 0), ("published", 0)):
        assert value(one(present(), "probe_layers", layer=layer, probe=probe), "overall") < 0.3
    assert value(one(present(), "probe_layers", layer=None, probe="most_frequent"), "overall") < 0.3


def test_new_values_are_found_by_their_embedding() -> None:
    for told in ("bound", "pool"):
        row = one(present(), "probe_bilinear", layer=18, probe=f"bilinear_{told}", values="unseen")
        assert value(row, "bound_2b") > 0.9
        assert value(row, "chance_bound") == 0.5 and value(row, "chance_pool") == 1 / POOL
        noise = one(present(), "probe_bilinear", layer=0, probe=f"bilinear_{told}", values="unseen")
        assert 0.25 < value(noise, "bound") < 0.75


def test_simple_readouts_are_read_on_the_same_trials() -> None:
    rows = present()
    runner_up = one(rows, "probe_layers", layer=None, probe="runner_up")
    assert value(runner_up, "on_2b") == 1 and value(runner_up, "rank_2b") == 2
    assert "overall" not in runner_up.values
    lens = one(rows, "probe_layers", layer=18, probe="lens")
    assert value(lens, "on_2b") == 0 and value(lens, "on_right") == 1
    assert value(one(rows, "probe_layers", layer=18, probe="lens_without_answer"), "on_2b") == 1
    counts = {row.values["on_2b"].n for row in rows if row.table == "probe_layers" and "on_2b" in row.values}
    assert len(counts) == 1


def test_the_published_row_counts_what_the_paper_counts() -> None:
    row = one(present(), "probe", asked="random")
    test = ProbeTrials.of(Invented(by_target).frame(EXPERIMENT.plan(settings(asked=["random"]))[2]))
    assert test is not None
    assert value(row, "acc") == test.right.mean()
    assert value(row, "frac_2b") == pytest.approx(test.bound_wrongly.sum() / (~test.right).sum())
    assert (
        row.values["probe_acc_block_18"] == one(present(), "probe_layers", layer=18, probe="published").values["on_2b"]
    )
    assert "probe_acc_block_35" not in row.values


def test_transfer_tells_how_far_away_the_features_lie() -> None:
    rows = rows_of(Invented(by_target, far=64), settings(ks=(16, 64), asked=["random"]))
    near = one(rows, "probe_transfer", k=16, layer=18, trained_on="competing_vars / natural / k=16")
    far = one(rows, "probe_transfer", k=64, layer=18, trained_on="competing_vars / natural / k=16")
    assert value(near, "norm_ratio") == pytest.approx(1, abs=0.1) and value(far, "norm_ratio") == pytest.approx(3, 0.1)
    assert value(near, "feature_distance") < 1.3 and value(far, "feature_distance") > 2
    assert value(near, "overall") == value(one(rows, "probe_layers", k=16, layer=18, probe="standardised"), "overall")
    assert "240 trials of invented" in far.notes[0]
    assert len([row for row in rows if row.table == "probe_transfer"]) == 2 * 2 * len(LAYERS)


def test_few_errors_give_no_value_and_say_so() -> None:
    rows = rows_of(Invented(by_target, wrong=0.02), settings(asked=["random"]))
    row = one(rows, "probe_layers", layer=18, probe="standardised")
    assert row.values["on_2b"].value is None and 0 < row.values["on_2b"].n < 10
    assert any("are 2B; fewer than 10" in note for note in row.notes)
    assert value(row, "overall") > 0.9
    assert one(rows, "probe").values["probe_acc_block_0"].value is None


def test_a_refused_cell_gives_a_row_with_the_reason() -> None:
    rows = rows_of(Invented(by_target, refused=(512,)), settings(ks=(16, 512), asked=["random"]))
    row = one(rows, "probe", k=512)
    assert not row.values and row.notes == ("the prompts are too long",)
    assert {row.keys["k"] for row in rows if row.table != "probe"} == {16}


def test_failed_trials_are_left_out() -> None:
    frame = Invented(by_target).frame(EXPERIMENT.plan(settings())[2])
    frame.loc[::2, "failed"] = "NaN logits"
    kept = ProbeTrials.of(frame)
    assert kept is not None and len(kept) == 75
    assert ProbeTrials.of(frame.assign(failed="NaN logits")) is None


class SomeFail(Invented):
    """Of each request the trials 1 to 5 fail, or those that are given."""

    failing: tuple[int, ...] = (1, 2, 3, 4, 5)

    def frame(self, request: CellRequest) -> pd.DataFrame:
        frame = super().frame(request)
        frame.loc[frame.index.isin(self.failing), "failed"] = "NaN logits"
        return frame


def test_every_row_says_how_many_trials_failed() -> None:
    rows = rows_of(SomeFail(by_target), settings(trials=60, train=100, asked=["random"]))
    told = (
        "5 of 60 test trials are left out of every number: they could not be read.",
        "5 of 100 training trials are left out of every fit: they could not be read.",
    )
    assert {row.table for row in rows} == {table.id for table in EXPERIMENT.tables}
    assert all(row.notes[-2:] == told for row in rows)
    assert one(rows, "probe").values["acc"].n == 55
    whole = rows_of(Invented(by_target), settings(trials=60, train=100, asked=["random"]))
    assert not any("left out" in note for row in whole for note in row.notes)


def test_embeddings_that_could_not_be_read_are_told() -> None:
    data = SomeFail(by_target)
    data.failing = (0,)
    row = one(rows_of(data, settings(trials=20, train=100, asked=["random"])), "probe_bilinear")
    assert not row.values
    assert row.notes == ("the trial that gives the embeddings of the candidates could not be read.",)


def test_candidate_sets_that_differ_between_trials_are_told() -> None:
    class Shuffled(Invented):
        def _record(self, request: CellRequest, index: int) -> dict[str, Any]:
            record = super()._record(request, index)
            return record | {"target": f"v{(record['target_index'] + index) % POOL}"}

    rows = rows_of(Shuffled(by_target), settings(asked=["random"]))
    bilinear = [row for row in rows if row.table == "probe_bilinear"]
    assert len(bilinear) == 1 and "differs between trials" in bilinear[0].notes[0]


def test_rows_keep_to_the_declared_tables_and_are_the_same_again() -> None:
    rows = ordered()
    columns = {table.id: set(table.columns) for table in EXPERIMENT.tables}
    assert all(set(row.values) <= columns[row.table] for row in rows)
    keys = [(row.table, tuple(sorted(row.keys.items(), key=str))) for row in rows]
    assert len(set(keys)) == len(keys)
    assert rows_of(Invented(by_order), settings()) == rows


def test_it_runs_on_the_records_of_a_model() -> None:
    lab, chosen = speaking_lab(), settings(trials=30, train=120, ks=(4,))
    data = MemoryData({request.model_dump_json(): measure(lab, request) for request in EXPERIMENT.plan(chosen)})
    rows = rows_of(data, chosen)
    assert {row.table for row in rows} == {table.id for table in EXPERIMENT.tables}
    row = one(rows, "probe", asked="random")
    assert row.values["acc"].n == 30
    assert {row.keys["layer"] for row in rows if row.table == "probe_transfer"} == {0, 1, 2}
    tested = one(
        rows, "probe_bilinear", asked="fixed", trained_on="fixed", layer=2, probe="bilinear_pool", values="seen"
    )
    assert tested.values["bound"].n == 30
