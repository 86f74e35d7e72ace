"""What adapters of harnesses share, and the command of lm-evaluation-harness; none of it needs a harness."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence

import anyio
import pytest
from click.testing import CliRunner
from log_records import a_slot

from guardbind.errors import ConfigError, MissingDependencyError
from guardbind_adapters.harness import SlotCounts, StatementForm, folder_of, split_settings
from guardbind_adapters.inspect_ai.batches import Batches
from guardbind_adapters.lm_eval import command
from guardbind_adapters.lm_eval.command import harness_arguments


def test_settings_of_the_guard_are_taken_out_of_the_arguments_of_a_model() -> None:
    given = {"policy": "contrast", "sinks": "logging", "slots": ["field", "cell"], "dtype": "float32", "alpha": 1}
    config, rest = split_settings(given)
    assert (config.policy, config.sinks, config.alpha) == ("contrast", ("logging",), 1)
    assert config.slots == ("field", "cell")
    assert rest == {"dtype": "float32"}
    with pytest.raises(ConfigError, match="alpha"):
        split_settings({"alpha": -1})


def test_counts_add_up() -> None:
    slots = [
        a_slot(verdict="ok"),
        a_slot(verdict="binding_failure", final_verdict="repaired", action="contrast"),
    ]
    both = SlotCounts.of(slots[:1]) + SlotCounts.of(slots[1:])
    assert both == SlotCounts.of(slots)
    assert both.as_json()["verdicts"] == {"binding_failure": 1, "ok": 1}
    assert both.as_json()["slots"] == 2


@pytest.mark.parametrize("wrong", ["(", "x", "(?P<key>x)", 3])
def test_a_form_without_key_and_value_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match="statements"):
        StatementForm.of(wrong)


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        ("run --tasks t", "run --tasks t --model guardbind"),
        ("--tasks t", "--tasks t --model guardbind"),
        ("run --model hf --tasks t", "run --model hf --tasks t"),
        ("run --model=hf", "run --model=hf"),
        ("run -C file.yaml", "run -C file.yaml"),
        ("run --help", "run --help"),
        ("ls tasks", "ls tasks"),
        ("", ""),
        ("run -M hf -a pretrained=named,dtype=float32", "run -M hf -a pretrained=/named,dtype=float32"),
        ("run -M hf -a pretrained=owner/named tokenizer=named", "run -M hf -a pretrained=owner/named tokenizer=/named"),
    ],
)
def test_what_the_harness_is_given(given: str, passed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "folder_of", lambda name: "/named" if name == "named" else name)
    assert harness_arguments(tuple(given.split())) == passed.split()


def test_an_unknown_name_is_left_to_the_harness() -> None:
    assert folder_of("gpt2") == "gpt2"


class Recording:
    """Answers with the request itself, notes the batches, and raises for `bad`."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.threads: set[int] = set()

    def __call__(self, batch: Sequence[str]) -> list[str | Exception]:
        self.batches.append(list(batch))
        self.threads.add(threading.get_ident())
        return [ValueError(request) if request == "bad" else request for request in batch]


def test_requests_of_one_kind_share_batches_and_errors_stay_with_their_own() -> None:
    run = Recording()
    answers: dict[str, str] = {}

    async def ask(batches: Batches[str, str], request: str, key: str) -> None:
        try:
            answers[request] = await batches.answer(request, key=key, size=3)
        except ValueError as error:
            answers[request] = f"error {error}"

    async def all_of_them() -> None:
        batches: Batches[str, str] = Batches(run, linger=0.01)
        async with anyio.create_task_group() as group:
            for request, key in [("a", "x"), ("b", "y"), ("c", "x"), ("bad", "x"), ("e", "x"), ("f", "y")]:
                group.start_soon(ask, batches, request, key)

    anyio.run(all_of_them)
    assert answers == {"a": "a", "b": "b", "c": "c", "bad": "error bad", "e": "e", "f": "f"}
    assert sorted(map(sorted, run.batches)) == [["a", "bad", "c"], ["b", "f"], ["e"]]
    assert threading.get_ident() not in run.threads


def test_one_that_is_cancelled_while_it_waits_is_not_asked() -> None:
    run = Recording()

    async def cancel_one() -> None:
        batches: Batches[str, str] = Batches(run, linger=0.05)
        async with anyio.create_task_group() as group:
            group.start_soon(lambda: batches.answer("stays", key=1, size=4))
            with anyio.move_on_after(0.01):
                await batches.answer("leaves", key=2, size=4)

    anyio.run(cancel_one)
    assert run.batches == [["stays"]]


def test_without_the_harness_the_command_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval.__main__", None)
    outcome = CliRunner().invoke(command.lm_eval, ["run"])
    assert isinstance(outcome.exception, MissingDependencyError)
    assert "guardbind[lm-eval]" in str(outcome.exception)
