from __future__ import annotations

from typing import Any

import pytest
from bench_tiny import bench_tokenizer
from families import speaking

from guardbind.guard import Guard, GuardOutput, Handle
from guardbind.report.report import Report
from guardbind_bench.demo import overhead
from guardbind_bench.demo.overhead import measure_overhead, paired
from guardbind_bench.prompts.tasks.competing_vars import CompetingVars


def test_both_calls_run_once_untimed_and_then_take_turns_in_being_first() -> None:
    calls: list[str] = []
    ratio = paired(lambda: calls.append("plain"), lambda: calls.append("guarded"), 3)
    assert calls == ["plain", "guarded"] * 2 + ["guarded", "plain"] + ["plain", "guarded"]
    assert 0 < ratio.low <= ratio.median <= ratio.high


def test_an_idle_guard_has_no_slot_and_the_other_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    reports: list[Report] = []

    class Watched(Guard):
        def attach(self, *args: Any, **kwargs: Any) -> Handle:
            handle = super().attach(*args, **kwargs)
            detach = handle.detach

            def detach_and_keep() -> None:
                reports.extend(handle.reports)
                detach()

            handle.detach = detach_and_keep  # type: ignore[method-assign]
            return handle

        def generate(self, *args: Any, **kwargs: Any) -> GuardOutput:
            output = super().generate(*args, **kwargs)
            reports.append(output.report)
            return output

    monkeypatch.setattr(overhead, "Guard", Watched)
    steps: list[str] = []
    model = speaking("llama", bench_tokenizer())
    found = measure_overhead(
        model, bench_tokenizer(), CompetingVars(bench_tokenizer(), k=24), pairs=2, new_tokens=12, progress=steps.append
    )
    idle, judged = reports[:3], reports[3:]
    assert [report.slots for report in idle] == [()] * 3
    assert [len(report.slots) for report in judged] == [1] * 4
    assert found.null_forwards_per_slot == 1
    assert steps == ["idle guard", "one slot"]
    for ratio in (found.idle, found.slot):
        assert 0 < ratio.low <= ratio.median <= ratio.high
