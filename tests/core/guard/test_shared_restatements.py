"""Rows that restate at one step share a forward, and each gets what it gets alone."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from asking import BETA, BINDINGS, DECOY, SLOT, VISIBLE, Ask
from torch import nn
from transformers import PreTrainedTokenizerBase

from guardbind import CheckpointConfig, GuardConfig
from guardbind.errors import BindingFailureError
from guardbind.policies import Attempt, Raise, Slot

# Closed gates behind prompts of several lengths, with lines of several lengths that are read again.
CLOSED = [DECOY, "\nnothing here" + DECOY, DECOY.replace("\nbeta=[", "\nso: beta=["), DECOY.replace("17", "1717")]


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


def counted(model: nn.Module, run: Any) -> tuple[Any, int]:
    passes = 0

    def count(*_: Any) -> None:
        nonlocal passes
        passes += 1

    hook = model.register_forward_pre_hook(count)
    try:
        return run(), passes
    finally:
        hook.remove()


def bound(prompts: list[str]) -> Any:
    return [
        BINDINGS if "1717" not in prompt else [type(BINDINGS[0])("alpha", "1717"), BINDINGS[1]] for prompt in prompts
    ]


@pytest.mark.parametrize("policy", ["checkpoint", "auto"])
@pytest.mark.parametrize("checkpoint", [CheckpointConfig(), SLOT, VISIBLE], ids=["line", "slot", "visible"])
def test_rows_get_what_they_get_alone_in_as_many_forwards_as_one(
    policy: str, checkpoint: CheckpointConfig, ask: Ask
) -> None:
    config = GuardConfig(policy=policy, checkpoint=checkpoint)
    prompts = [CLOSED[0], BETA.replace("beta=[42]\nbeta", "beta=[42]\nlist=[]\nbeta"), *CLOSED[1:]]
    new = 30 if checkpoint.visible else 6
    batch = ask(ask.last, prompts, config, bindings=bound(prompts), new=new)
    assert sum(slot.action == "checkpoint" for slot in batch.report.slots) >= len(CLOSED) - 1
    for row, prompt in enumerate(prompts):
        alone = ask(ask.last, [prompt], config, bindings=bound([prompt]), new=new)
        assert batch.text[row] == alone.text[0]
        ours, theirs = batch.report.row(row), alone.report.slots
        assert [(s.step, s.verdict, s.final_verdict, s.action, s.final_token) for s in ours] == [
            (s.step, s.verdict, s.final_verdict, s.action, s.final_token) for s in theirs
        ]
        for one, other in zip(ours, theirs, strict=True):
            budgets = [b.margin_bits for s in (one, other) for b in (s.budget, s.final_budget) if b is not None]
            torch.testing.assert_close(budgets[: len(budgets) // 2], budgets[len(budgets) // 2 :], rtol=1e-3, atol=1e-3)


def test_restatements_of_more_rows_take_no_more_forwards(ask: Ask) -> None:
    config = GuardConfig(policy="checkpoint")
    passes = {
        rows: counted(
            ask.last, lambda rows=rows: ask(ask.last, [DECOY] * rows, config, bindings=[BINDINGS] * rows, new=1)
        )
        for rows in (1, 2, 5)
    }
    assert [sum(s.action == "checkpoint" for s in output.report.slots) for output, _ in passes.values()] == [1, 2, 5]
    assert len({count for _, count in passes.values()}) == 1


def test_a_policy_that_fails_behind_a_row_that_waits_is_told_at_its_turn(ask: Ask) -> None:
    seen: list[int] = []

    def deciding(slot: Slot) -> list[Attempt]:
        if slot.row == 1:
            raise KeyError("no such thing")
        restatement = slot.restate()
        assert restatement is not None
        seen.append(slot.row)
        return [Raise("mine", BindingFailureError("refused."))] if slot.row == 0 else []

    # The first row's error is the one that ends the generation, as it is without sharing.
    with pytest.raises(BindingFailureError, match="refused"):
        ask(ask.last, [DECOY] * 3, GuardConfig(policy=deciding), bindings=[BINDINGS] * 3)
    assert sorted(seen) == [0, 2]
