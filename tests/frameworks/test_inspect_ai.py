"""The provider of inspect_ai, found by its entry point or by its module, in an evaluation."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from frameworks_installed import needs

from guardbind.errors import ConfigError

needs("inspect_ai")

from inspect_ai import Task, eval  # noqa: E402
from inspect_ai.dataset import Sample  # noqa: E402
from inspect_ai.model import GenerateConfig, get_model  # noqa: E402
from inspect_ai.scorer import includes  # noqa: E402
from inspect_ai.solver import generate  # noqa: E402

import guardbind_adapters.inspect_ai.provider  # noqa: E402, F401  # registers, also where nothing is installed

ORDERS = {"lamp": "48213", "chair": "90577", "desk": "31846", "shelf": "31864", "sofa": "72205"}
FACTS = " ".join(f"The order number of the {thing} is {number}." for thing, number in ORDERS.items())
ARGUMENTS = {"do_sample": False, "dtype": "float32"}


def run(provider: str, folder: Path, **arguments: Any) -> Any:
    samples = [Sample(input=f"{FACTS}\nWhat is the order number of the {k}?", target=v) for k, v in ORDERS.items()]
    model = get_model(provider, config=GenerateConfig(max_tokens=24), memoize=False, **ARGUMENTS, **arguments)
    task = Task(dataset=samples, solver=generate(), scorer=includes())
    (log,) = eval(task, model=model, log_dir=str(folder), display="none", score_display=False)
    assert log.status == "success", log.error
    return log


@pytest.mark.real_model
def test_samples_are_answered_in_batches_and_say_what_was_done(tmp_path: Path) -> None:
    log = run("guardbind/smollm2-135m", tmp_path, policy="auto")
    assert log.results.scores[0].metrics["accuracy"].value == 1
    counted = [sample.output.metadata["guardbind"] for sample in log.samples]
    assert all(found["slots"] for found in counted)
    assert sum(found["final_verdicts"].get("repaired", 0) for found in counted) > 0
    assert max(found["batch"] for found in counted) > 1


@pytest.mark.real_model
def test_an_error_of_one_sample_is_its_own(tmp_path: Path) -> None:
    samples = [Sample(input="What is 2 + 2?", target="4"), Sample(input="hello " * 9000, target="")]
    model = get_model("guardbind/smollm2-135m", config=GenerateConfig(max_tokens=4), memoize=False, **ARGUMENTS)
    task = Task(dataset=samples, solver=generate(), scorer=includes())
    (log,) = eval(task, model=model, log_dir=str(tmp_path), display="none", fail_on_error=False)
    assert [bool(sample.error) for sample in log.samples or []] == [False, True]


def test_what_it_cannot_answer_is_refused() -> None:
    with pytest.raises(ConfigError, match="hidden_states"):
        get_model("guardbind/smollm2-135m", memoize=False, hidden_states=True)
    with pytest.raises(ConfigError, match="contrasts"):
        get_model("guardbind/smollm2-135m", memoize=False, policy="contrasts")
