from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from bench_memory import SameRecords
from bench_summaries import summary_of
from bench_tiny import speaking_lab
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from guardbind.errors import ConfigError, GuardbindError, UnknownNameError
from guardbind.information import bernoulli_kl, clopper_pearson, nats_to_trust
from guardbind.information.budget import published_rule
from guardbind.policies.slot import budget_of
from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.pseudo_prior.experiment import EXPERIMENT
from guardbind_bench.experiments.pseudo_prior.null_rows import FAMILY, passes_signed, published_margin
from guardbind_bench.experiments.table import TableRow
from guardbind_bench.measures.nulls import MEASURE, NULL_NAMES, NullsRecord
from guardbind_bench.measures.reading import ReadingRecord
from guardbind_bench.reporting.compare import compare
from guardbind_bench.stats.metrics import auroc

TARGET, OTHER = 7, 8


def record(index: int, **fields: Any) -> NullsRecord:
    """A record in which nothing is known but what is given."""
    known = dict.fromkeys(ReadingRecord.model_fields)
    known |= {"index": index, "counts": True, "key": "KEY1", "target": "apple", "competitor": "pear"}
    known |= {"target_token": TARGET, "candidates": 2, "distance": 10, "prompt_tokens": 30}
    return NullsRecord.model_validate(known | {"prefill_seconds": 1.0, "guard_null": "mask"} | fields)


def trial(index: int, p1: float, priors: dict[str, float], *, right: bool, stage: str | None = None) -> NullsRecord:
    """The emitted token has `p1`, and without the evidence a prior under each null; the candidates are two."""
    names, n = list(priors), len(priors)
    target_p1 = p1 if right else (1 - p1) / 2
    return record(
        index,
        stage=stage or ("right" if right else "2B"),
        token=TARGET if right else OTHER,
        target_logprob=math.log(target_p1),
        posterior=target_p1,
        margin=p1,
        max_probability=p1,
        entropy_bits=-p1,
        nulls=names,
        token_logprob=math.log(p1),
        target_log_priors=[math.log(priors[name] if right else 0.01) for name in names],
        token_log_priors=[math.log(priors[name]) for name in names],
        null_posteriors=[priors[name] if right else 0.01 for name in names],
        null_tokens=[OTHER] * n,
        forwards=[1] * n,
        tokens_read=[6.0] + [60.0] * (n - 1),
        seconds=[0.5] + [2.0] * (n - 1),
        target_bits=math.log2(p1 / priors["mask"]),
        token_posterior=p1,
        token_posterior_prior=priors["mask"],
        runner_up_gap=p1,
    )


def summary(records: Sequence[NullsRecord]) -> list[TableRow]:
    return EXPERIMENT.summarise(SameRecords(records), Settings(options={"taus": [0.75]}), lambda _: None)


@cache
def of_trials() -> list[TableRow]:
    return summary(TRIALS)


def pick(rows: Sequence[TableRow], table: str, **keys: Any) -> list[TableRow]:
    return [row for row in rows if row.table == table and keys.items() <= row.keys.items()]


def value(row: TableRow, name: str) -> float:
    number = row.values[name].value
    assert number is not None
    return number


def family_of(mask: float, *others: float) -> dict[str, float]:
    return {"mask": mask, **dict(zip(FAMILY, others, strict=True))}


# Right answers rest on the evidence; the wrong ones are surer of themselves, and do not.
RIGHT = [trial(i, 0.8 + i / 100, family_of(0.01 * (i + 1), 0.02, 0.03, 0.01, 0.1), right=True) for i in range(6)]
WRONG = [trial(6 + i, 0.9, family_of(0.9 + i / 100, 0.92, 0.93, 0.91, 0.05), right=False) for i in range(4)]
TRIALS = [*RIGHT, *WRONG]


def test_a_pseudo_prior_of_nought_has_the_upper_limit_of_its_interval() -> None:
    many = [t.model_copy(update={"index": i}) for i, t in enumerate(TRIALS * 4)]
    [row] = pick(summary(many), "pseudo_prior", null="mask")
    full, prior = clopper_pearson(24, 40), clopper_pearson(0, 40)
    assert value(row, "accuracy") == 0.6
    assert (row.values["p_tilde"].value, row.values["p_tilde"].high) == (0.0, prior.high)
    assert value(row, "mean_p0") == pytest.approx((sum(0.01 * (i + 1) for i in range(6)) + 4 * 0.01) / 10)
    assert full.low > prior.high
    assert value(row, "divergence_nats") == pytest.approx(bernoulli_kl(full.low, prior.high))
    assert row.values["divergence_nats"].high is None
    assert value(row, "trust_nats") == pytest.approx(nats_to_trust(0.95, prior.high))
    for name in ("divergence", "trust"):
        assert value(row, f"{name}_bits") == pytest.approx(value(row, f"{name}_nats") / math.log(2))


def test_a_null_agrees_with_the_mask_as_far_as_its_bits_do() -> None:
    [row] = pick(of_trials(), "null_agreement", null="redact")
    bits = {
        null: [
            math.log2(math.exp(t.token_logprob or 0.0) / math.exp(t.token_log_priors[t.nulls.index(null)] or 0.0))
            for t in TRIALS
        ]
        for null in ("mask", "redact")
    }
    assert value(row, "rank_correlation") == pytest.approx(spearmanr(bits["mask"], bits["redact"]).statistic)
    assert value(row, "bits_difference") == pytest.approx(np.mean(np.subtract(bits["redact"], bits["mask"])))
    assert value(row, "rests_agreement") == 1.0
    assert value(row, "tokens_ratio") == 10
    assert value(row, "seconds_ratio") == 4
    # Without any evidence the wrong answers, too, are gone.
    [row] = pick(of_trials(), "null_agreement", null="no_evidence")
    assert value(row, "rests_agreement") == 0.6
    assert not pick(of_trials(), "null_agreement", null="mask")


def test_the_family_passes_where_every_null_does() -> None:
    [row] = pick(of_trials(), "null_family", tau=0.75)
    assert value(row, "pass_pct") == 60
    assert value(row, "pass_pct_trivial") == 60
    assert value(row, "mean_p1") == pytest.approx(np.mean([t.posterior or 0.0 for t in TRIALS]))
    assert value(row, "mean_p0_min") == pytest.approx(0.01)
    assert value(row, "mean_p0_max") == pytest.approx((6 * 0.1 + 4 * 0.01) / 10)
    [row] = pick(summary([trial(0, 0.9, {"mask": 0.1, "redact": 0.1}, right=True)]), "null_family")
    assert not row.values and "Not all of redact" in row.notes[0]


def test_evidence_finds_errors_that_probability_misses() -> None:
    rows = {(row.keys["rule"], row.keys["over"]): row for row in pick(of_trials(), "budget_rules")}
    bits, p1, signed = (rows[name, "vocabulary"] for name in ("evidence_bits", "p1", "signed_budget"))
    assert value(bits, "auroc") == value(bits, "precision") == value(bits, "recall") == 1.0
    assert value(p1, "auroc") == 0.0 and value(p1, "flagged") == 0.0
    assert p1.values["precision"].value is None
    # p1 reaches tau without the evidence: a budget asks for nothing more, only that evidence does not speak against.
    assert value(signed, "flagged") == pytest.approx(0.3)
    assert value(signed, "precision") == 1.0
    random = rows["random", "vocabulary"]
    assert value(random, "flagged") == value(bits, "flagged") == 0.4
    margin = rows["margin", "vocabulary"]
    assert value(margin, "flagged") == 0.4 and value(margin, "recall") == 0.0


def test_rules_say_what_they_are_told() -> None:
    told: dict[str, set[Any]] = {}
    for row in pick(of_trials(), "budget_rules"):
        told.setdefault(str(row.keys["told"]), set()).add(row.keys["rule"])
        assert any(note.startswith("Told") for note in row.notes) == (row.keys["told"] != "nothing")
    assert told == {
        "target": {"signed_budget", "published_budget", "envelope", "evidence_bits", "observed"},
        "bindings": {"any_evidence_bits"},
        "nothing": {"p1", "max_probability", "margin", "entropy", "runner_up", "random"},
    }


def test_an_untold_rule_takes_the_larger_of_the_bits() -> None:
    """A wrong answer that rests on the competitor's statement rests on evidence all the same."""
    on_competitor = [t.model_copy(update={"competitor_bits": 6.0}) for t in WRONG]
    unbound = [t.model_copy(update={"competitor_bits": None}) for t in RIGHT]
    rows = {row.keys["rule"]: row for row in pick(summary([*unbound, *on_competitor]), "budget_rules")}
    anything, target = rows["any_evidence_bits"], rows["evidence_bits"]
    assert (value(target, "auroc"), value(target, "flagged")) == (1.0, 0.4)
    bits = [t.target_bits or 0.0 for t in RIGHT]
    assert value(anything, "auroc") == pytest.approx(auroc(bits, [6.0] * 4))
    assert value(anything, "flagged") == 0.0


@given(st.floats(1e-3, 0.7), st.floats(0.05, 0.9))
def test_below_tau_the_margin_falls_with_the_evidence(p1: float, part: float) -> None:
    """What the note on the ranking of budgets says."""
    more, less = (budget_of(math.log(p1), math.log(p1 * p0), 0.75).margin_nats for p0 in (part / 2, part))
    assert more < less
    assert published_margin(math.log(p1), math.log(p1 * part / 2), 0.75) < published_margin(
        math.log(p1), math.log(p1 * part), 0.75
    )
    rows = [row for row in pick(of_trials(), "budget_rules") if any("no ranking" in note for note in row.notes)]
    assert {row.keys["rule"] for row in rows} == {"signed_budget", "published_budget", "envelope"}


def test_the_family_is_set_beside_the_published_audit() -> None:
    [row] = pick(of_trials(), "null_family", tau=0.75)
    row = row.model_copy(update={"keys": {**row.keys, "k": 512}})
    [one] = compare(summary_of(EXPERIMENT.tables, [row], experiment="pseudo-prior"))
    assert one.published_keys is not None and one.published_keys["task"] == "synthetic_binding"
    assert set(one.values) == {"pass_pct", "mean_p1", "mean_p0_min", "mean_p0_max"}
    assert "the published task is a synthetic binding audit whose prompt is not published" in one.reasons
    elsewhere = row.model_copy(update={"keys": {**row.keys, "task": "primacy_recency"}})
    [one] = compare(summary_of(EXPERIMENT.tables, [elsewhere], experiment="pseudo-prior"))
    assert one.published_keys is None
    assert one.reasons == ("task primacy_recency is not published, only synthetic_binding",)


def test_a_budget_over_candidates_flags_what_is_no_candidate() -> None:
    closed = trial(10, 0.99, family_of(0.01, 0.02, 0.03, 0.01, 0.1), right=False, stage="2A")
    closed = closed.model_copy(update={"token_posterior": None, "token_posterior_prior": None})
    rows = pick(summary([*RIGHT, closed]), "budget_rules", over="candidates")
    assert {row.keys["rule"] for row in rows} == {"signed_budget", "published_budget", "p1"}
    assert all(value(row, "recall") == value(row, "precision") == 1.0 for row in rows)


def test_the_unsigned_test_passes_evidence_that_refutes() -> None:
    """The vectors of the paper's defects."""
    assert published_margin(math.log(0.01), math.log(0.5), 0.95) > 0
    assert not passes_signed(math.log(0.01), math.log(0.5), 0.95)
    assert published_margin(math.log(0.995), math.log(0.99), 0.95) < 0
    assert passes_signed(math.log(0.995), math.log(0.99), 0.95)


@given(st.floats(1e-4, 1 - 1e-4), st.floats(1e-4, 1 - 1e-4), st.sampled_from([0.5, 0.75, 0.95]))
def test_the_unsigned_margin_is_the_published_rule(p1: float, p0: float, tau: float) -> None:
    margin = published_margin(math.log(p1), math.log(p0), tau)
    assert abs(margin) < 1e-9 or (margin > 0) == published_rule(p1, p0, tau)


def test_bins_hold_every_answer_once() -> None:
    for score in ("evidence_bits", "max_probability"):
        rows = pick(of_trials(), "reliability", score=score)
        assert sum(row.values["observed"].n for row in rows) == len(TRIALS)
        right = sum(value(row, "observed") * row.values["observed"].n for row in rows)
        assert right == pytest.approx(len(RIGHT))
    [wrong, *_] = pick(of_trials(), "reliability", score="evidence_bits")
    assert wrong.keys["bin"] == "under 0 bits" and value(wrong, "predicted") == 0.0
    [last] = pick(of_trials(), "reliability", score="max_probability", bin="0.9 to 1.0")
    assert value(last, "observed") == 0.0


def test_the_score_of_a_rule_is_ranked_over_all_answers() -> None:
    [row] = pick(of_trials(), "budget_rules", rule="observed")
    scores = [
        math.copysign(
            bernoulli_kl(math.exp(t.token_logprob or 0.0), math.exp(t.token_log_priors[0] or 0.0)), t.target_bits or 0.0
        )
        for t in TRIALS
    ]
    assert value(row, "auroc") == pytest.approx(auroc(scores[:6], scores[6:]))


def test_failures_and_nulls_that_were_not_read_are_left_out() -> None:
    unread = TRIALS[0].model_copy(
        update={
            name: [None if i == 1 else number for i, number in enumerate(getattr(TRIALS[0], name))]
            for name in ("target_log_priors", "token_log_priors", "null_posteriors", "null_tokens", "seconds")
        }
    )
    rows = summary([unread, *TRIALS[1:], record(10, failed="NaN")])
    [mask], [redact] = (pick(rows, "pseudo_prior", null=null) for null in ("mask", "redact"))
    assert (mask.values["p_tilde"].n, redact.values["p_tilde"].n) == (10, 9)
    assert mask.notes == ("1 of 11 trials are left out: their measurement failed.",)
    assert pick(rows, "null_agreement", null="redact")[0].values["rests_agreement"].n == 9
    assert pick(rows, "null_family")[0].values["pass_pct"].n == 9


@pytest.mark.parametrize("data", [SameRecords([], "too long"), SameRecords([record(0, failed="NaN")])])
def test_without_records_each_table_says_why(data: SameRecords) -> None:
    rows = EXPERIMENT.summarise(data, Settings(), lambda _: None)
    assert [row.table for row in rows] == [table.id for table in EXPERIMENT.tables]
    assert all(row.notes and not row.values for row in rows)


def test_the_rows_are_those_of_the_tables() -> None:
    lab = speaking_lab()
    settings = Settings(ks=(12,), trials=5, options={"taus": [0.5, 0.95]})
    [request] = EXPERIMENT.plan(settings)
    assert request.cell.options == {"nulls": list(NULL_NAMES)}
    found = [r for r in MEASURE.prepare(lab, request.cell).run(range(5)) if isinstance(r, NullsRecord)]
    rows = EXPERIMENT.summarise(SameRecords(found), settings, lambda _: None)
    assert rows == EXPERIMENT.summarise(SameRecords(found), settings, lambda _: None)
    for table in EXPERIMENT.tables:
        mine = [row for row in rows if row.table == table.id]
        assert mine and set().union(*(row.values for row in mine)) <= set(table.columns)
    keys = [(row.table, *row.keys.items()) for row in rows]
    assert len(set(keys)) == len(keys)
    assert all(
        math.isfinite(number)
        for row in rows
        for estimate in row.values.values()
        for number in (estimate.value, estimate.low, estimate.high)
        if number is not None
    )


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        (Settings(tasks=("competing_var",)), UnknownNameError),
        (Settings(options={"taus": [1.0]}), ConfigError),
        (Settings(options={"taus": []}), ConfigError),
        (Settings(options={"tau": [0.5]}), ConfigError),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: Settings, error: type[GuardbindError]) -> None:
    with pytest.raises(error):
        EXPERIMENT.plan(settings)
