"""What a pass takes is measured for each length, beside one token over the same cache."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from conftest import TinyLlama

from guardbind_bench.cli.cost import cost
from guardbind_bench.cost import pass_cost
from guardbind_bench.cost.pass_cost import measure_passes
from guardbind_bench.measures.spending import spending


def test_each_pass_is_timed_beside_one_token(tiny_llama: TinyLlama) -> None:
    model = tiny_llama()
    with spending(model) as spent:
        costs = measure_passes(model, context=12, tokens=(2, 5), rounds=3)
    assert [(one.tokens, one.steps.pairs) for one in costs] == [(2, 3), (5, 3)]
    assert all(0 < one.steps.low <= one.steps.median <= one.steps.high for one in costs)
    # The context once, each length once beforehand, and in each round each beside one token.
    assert spent.forwards == 1 + 3 + 3 * 2 * 2
    assert spent.tokens == 12 + (1 + 2 + 5) + 3 * (1 + 2 + 1 + 5)


@pytest.mark.real_model
def test_the_command_prints_what_it_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        pass_cost, "measure_passes", lambda model: measure_passes(model, context=8, tokens=(2,), rounds=2)
    )
    done = CliRunner().invoke(cost, ["--passes", "--json"])
    assert done.exit_code == 0, done.output
    assert [one["tokens"] for one in json.loads(done.stdout)] == [2]
    assert "in decode steps" in CliRunner().invoke(cost, ["--passes"]).output
