"""The experiment `calibration`: its promises over draws of known risks, and outcomes that come back as they were."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import pytest
from bench_memory import SameRecords, measure
from bench_tiny import bench_tokenizer
from calibrated import an_outcome, drawn
from families import copier
from pydantic import JsonValue

from guardbind.calibrating.labelled import ChatMessage
from guardbind.calibration.outcome import Outcome
from guardbind.errors import UnknownNameError
from guardbind_bench.experiments.calibration import coverage
from guardbind_bench.experiments.calibration.coverage import RiskPromise
from guardbind_bench.experiments.calibration.experiment import EXPERIMENT, _name
from guardbind_bench.experiments.calibration.rows import transfer_rows
from guardbind_bench.experiments.experiment import Settings, plan, summarise
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.lab import Lab
from guardbind_bench.measures.outcomes import MEASURE, OutcomeRecord, outcome_of
from guardbind_bench.prompts.cell import BenchCell

PROMISE = RiskPromise(risk=0.1, confidence=0.9, alpha=0.1)


def records_of(outcomes: Sequence[Outcome]) -> list[OutcomeRecord]:
    shared = {name for name in OutcomeRecord.model_fields if name in Outcome.model_fields} - {"signals"}
    return [
        OutcomeRecord(index=i, signals=json.dumps(o.signals), **{name: getattr(o, name) for name in shared})
        for i, o in enumerate(outcomes)
    ]


def acting_row(outcomes: Sequence[Outcome], draws: int) -> TableRow:
    given = Settings(ks=(8,), trials=len(outcomes), options={"draws": draws, "risk": 0.1, "confidence": 0.9})
    rows = summarise(EXPERIMENT, SameRecords(records_of(outcomes)), given, lambda _: None)
    return next(row for row in rows if row.table == "calibration_acting")


def test_a_promise_is_kept_where_the_risk_is_below_it_and_not_made_where_it_is_above() -> None:
    rng = np.random.default_rng(3)
    good = acting_row(drawn(rng, "fit", 2000, 0.02), 10).values
    assert (good["certified"].value or 0) >= 0.8 and good["above"].value == 0.0
    assert good["harm"].value == pytest.approx(0.02, abs=0.01)
    assert (good["errors_repaired"].value or 0) > 0.7
    bad = acting_row(drawn(rng, "fit", 2000, 0.3), 10).values
    assert bad["certified"].value == 0.0 and bad["above"].n == 0 and bad["errors_repaired"].value == 0.0


def test_a_broken_promise_shows() -> None:
    # Draws are exchangeable but for one that has no harm: what it certifies is not true of the others.
    rng = np.random.default_rng(4)
    outcomes = [*drawn(rng, "fit", 200, 0.0), *drawn(rng, "fit", 1800, 0.4)]
    values = acting_row(outcomes, 10).values
    assert values["certified"].value == 0.1 and values["above"].value == 1.0


def test_draws_share_no_trial_and_see_all_others() -> None:
    outcomes = [an_outcome(str(i)) for i in range(30)]
    found = coverage.drawn(outcomes, 3, PROMISE)
    seen = [{o.trial for o in outcomes} - {o.trial for o in each.others} for each in found]
    assert [len(each) for each in seen] == [10, 10, 10]
    assert not seen[0] & seen[1] and not seen[1] & seen[2]


def test_what_was_learnt_on_one_kind_is_counted_on_the_other() -> None:
    rng = np.random.default_rng(8)
    kinds = {"easy": drawn(rng, "fit", 400, 0.0), "hard": drawn(rng, "fit", 400, 0.5)}
    rows = {(row.keys["made_on"], row.keys["used_on"]): row for row in transfer_rows({}, kinds, PROMISE)}
    assert set(rows) == {(a, b) for a in kinds for b in kinds}
    assert rows["easy", "easy"].values["harm"].value == 0.0
    assert (rows["easy", "hard"].values["harm"].value or 0) > 0.4
    assert rows["hard", "easy"].values["harm"].n == 0 and "no rule" in rows["hard", "easy"].notes[0]


def test_outcomes_come_back_as_they_were() -> None:
    outcome = an_outcome("7", evidence_bits=None, distance=None, signals={"margin": 0.5})
    frame = SameRecords(records_of([outcome, an_outcome("8")])).frame(None)  # type: ignore[arg-type]
    back = outcome_of(frame.to_dict("records")[0], "made_up")
    assert back == outcome.model_copy(update={"trial": "made_up:0"})


def test_trials_of_tokens_are_run() -> None:
    where = Lab(copier(bench_tokenizer(), "first"), bench_tokenizer())
    [request] = plan(EXPERIMENT, Settings(ks=(8,), trials=6, options={"draws": 2}))
    frame = measure(where, request)
    assert frame["failed"].isna().all(), list(frame["failed"].unique())
    outcomes = [outcome_of(record) for record in frame.to_dict("records")]
    assert 0 < sum(o.own_right for o in outcomes) < 6
    assert all(o.signals for o in outcomes) and any(o.way for o in outcomes)


def test_kinds_in_other_templates_and_on_other_surfaces_have_names_and_cells_of_their_own() -> None:
    others: list[JsonValue] = [
        {"task": "competing_vars", "template": "chat", "k": 8},
        {"task": "competing_vars", "style": "eq", "k": 8},
        {"task": "cards"},
        {"task": "cards", "template": "chat"},
        {"task": "cards", "template": "plain"},
    ]
    settings = Settings(ks=(8,), trials=6, options={"draws": 2, "others": others})
    conditions = list(EXPERIMENT.conditions(settings, EXPERIMENT.read(settings)))  # type: ignore[attr-defined]
    names = ["natural k=8", "natural k=8, chat", "natural k=8, eq"]
    assert [_name(condition.keys) for condition in conditions] == [
        *(f"competing_vars, {name}" for name in names),
        *("cards", "cards", "cards, plain"),
    ]
    cells = [condition.requests[0].cell for condition in conditions]
    assert len({cell.id for cell in cells}) == 6  # a text that is said to be in the template is a cell of its own
    assert ["texts" in cell.options for cell in cells] == [False] * 5 + [True]


def test_texts_are_written_in_the_template_or_as_plain_text() -> None:
    where = Lab(copier(bench_tokenizer(), "first"), bench_tokenizer())
    told: list[dict[str, JsonValue]] = [{}, {"texts": "plain"}]
    written = [
        MEASURE.prepare(where, BenchCell(measure="outcomes", task="cards", k=0, options=options)).prompt(0)  # type: ignore[attr-defined]
        for options in told
    ]
    in_chat, plain = (prompt.prompt for prompt in written)
    assert isinstance(in_chat, tuple) and isinstance(plain, str) and plain.endswith("\nAnswer: ")
    assert all(message.content in plain for message in in_chat if isinstance(message, ChatMessage))
    assert written[0].model_dump(exclude={"prompt"}) == written[1].model_dump(exclude={"prompt"})


def test_unknown_tasks_are_refused_beforehand() -> None:
    with pytest.raises(UnknownNameError):
        plan(EXPERIMENT, Settings(options={"others": [{"task": "carts"}]}))
