from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from transformers import PreTrainedTokenizerFast

from guardbind.model.tail import Tail
from guardbind.nulls import NullReading, NullRow
from guardbind.registry import NULLS
from guardbind_bench.cost import slot_cost
from guardbind_bench.cost.slot_arms import SPAN_TOKENS, TAIL_TOKENS, SlotPrompt
from guardbind_bench.cost.slot_cost import SlotCost, SlotCosts, main

NULL_NAMES = ("mask", "mask_rows", "mask_prefill")


@pytest.fixture(scope="module")
def folder(tiny_llama: Any, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("tiny")
    tiny_llama().save_pretrained(path)
    tiny_tokenizer.save_pretrained(path)
    return path


def run(folder: Path, *options: str) -> SlotCosts:
    small = ("--model", str(folder), "--contexts", "24,48", "--spans", "1,4", "--repeats", "2", "--json")
    result = CliRunner().invoke(main, [*small, *options])
    assert result.exit_code == 0, result.output
    return SlotCosts.model_validate_json(result.stdout)


@pytest.fixture(scope="module")
def measured(folder: Path) -> SlotCosts:
    return run(folder)


def test_a_registered_null_is_run_by_its_name(folder: Path) -> None:
    costs = run(folder, "--nulls", "redact,mask", "--contexts", "24").costs
    assert {cost.arm for cost in costs} == {"prefill", "decode", "redact", "mask"}
    assert all(cost.factor == 1 and cost.measured_spans == cost.spans for cost in costs)
    refused = CliRunner().invoke(main, ["--model", str(folder), "--nulls", "mask,redcat"])
    assert refused.exit_code == 2
    assert "Did you mean 'redact'" in refused.output


def only(costs: SlotCosts, context: int, arm: str, spans: int | None) -> SlotCost:
    [cost] = [c for c in costs.costs if (c.context, c.arm, c.spans) == (context, arm, spans)]
    return cost


def test_every_arm_is_measured_at_every_context(measured: SlotCosts) -> None:
    result = measured
    nulls = [(c, name, spans) for c, spans, name in itertools.product((24, 48), (1, 4), NULL_NAMES)]
    plain = [(c, name, None) for c in (24, 48) for name in ("prefill", "decode")]
    assert sorted([(c.context, c.arm, c.spans) for c in result.costs], key=str) == sorted([*nulls, *plain], key=str)
    for cost in result.costs:
        assert cost.factor == 1
        assert cost.measured_spans == cost.spans
        assert cost.runs == 2
        assert cost.seconds > 0
        assert cost.extra_bytes > 0
        for ratio in (cost.per_decode, cost.per_prefill):
            assert 0 < ratio.low <= ratio.median <= ratio.high
            assert ratio.pairs == 2
    assert (result.version, result.device) == (1, "cpu")
    assert result.provenance.dtype == "float32"
    assert result.threads == torch.get_num_threads()


def test_memory_counts_what_each_null_must_hold(folder: Path, measured: SlotCosts) -> None:
    result = measured
    # Keys and values: 2 layers of 2 heads of 8 numbers in float32.
    cached_token = 2 * 2 * 2 * 8 * 4
    assert only(result, 48, "mask", 1).extra_bytes >= 48 * cached_token
    assert only(result, 48, "mask_rows", 4).extra_bytes >= 4 * 48 * cached_token
    assert only(result, 48, "decode", None).extra_bytes < only(result, 48, "mask", 1).extra_bytes
    again = only(run(folder, "--contexts", "48", "--nulls", "mask_rows"), 48, "mask_rows", 4).extra_bytes
    assert again == pytest.approx(only(result, 48, "mask_rows", 4).extra_bytes, rel=0.01)


def test_what_does_not_fit_is_extrapolated_from_fewer_spans(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(slot_cost.LARGEST, "mask_rows", 2 * 48)
    monkeypatch.setitem(slot_cost.LARGEST, "mask_prefill", 2 * 48)
    result = run(folder)
    rows, prefill = only(result, 48, "mask_rows", 4), only(result, 48, "mask_prefill", 4)
    assert (rows.measured_spans, rows.factor) == (1, 4)
    assert (prefill.measured_spans, prefill.factor) == (1, 5 / 2)
    for name, cost in (("mask_rows", rows), ("mask_prefill", prefill)):
        measured = only(result, 48, name, 1)
        assert cost.seconds == pytest.approx(cost.factor * measured.seconds)
        assert cost.per_decode.median == pytest.approx(cost.factor * measured.per_decode.median)
        assert cost.extra_bytes == pytest.approx(cost.factor * measured.extra_bytes, abs=1)
    assert only(result, 24, "mask_rows", 4).factor == 1
    assert only(result, 48, "mask", 4).factor == 1
    assert {cost.factor for cost in run(folder, "--full", "--contexts", "48", "--spans", "4").costs} == {1}


def test_a_slow_arm_runs_twice_only(folder: Path) -> None:
    one = ("--contexts", "24", "--spans", "1", "--repeats", "4")
    assert {cost.runs for cost in run(folder, *one, "--seconds", "0").costs} == {2}
    assert {cost.runs for cost in run(folder, *one).costs} == {4}


def test_table_goes_to_stdout_and_progress_to_stderr(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(slot_cost.LARGEST, "mask_rows", 24)
    arguments = ["--model", str(folder), "--contexts", "24", "--spans", "2", "--repeats", "2"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    for words in ("decode", "prefill", *NULL_NAMES, "extrapolated × 2", "extra MiB"):
        assert words in result.stdout
    assert "repeat 2 of 2" in result.stderr
    assert "repeat" not in result.stdout


@pytest.mark.parametrize(
    ("options", "code", "words"),
    [
        (("--contexts", "10"), 1, "at least 2 repeats, 1 span and 11 tokens"),
        (("--spans", "0"), 1, "0 spans"),
        (("--repeats", "1"), 1, "1 repeats"),
        (("--contexts", "24,512"), 1, "do not fit the model, which takes 512"),
        (("--contexts", "24;48"), 2, "not a list of whole numbers"),
        (("--model", "nobody"), 1, "no model 'nobody'"),
    ],
)
def test_wrong_options_are_told(folder: Path, options: tuple[str, ...], code: int, words: str) -> None:
    result = CliRunner().invoke(main, ["--model", str(folder), "--contexts", "24", "--spans", "1", *options])
    assert result.exit_code == code
    assert words in " ".join(result.stderr.split())


@pytest.mark.parametrize("spans", [1, 3, 64])
def test_spans_lie_in_the_prompt_before_the_tail_and_decoding_leaves_the_cache_as_it_was(
    spans: int, tiny_llama: Any, tiny_tokenizer: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[Tail, NullRow]] = []

    def spy(tail: Tail, rows: list[NullRow], *, plain: bool) -> NullReading:
        seen.append((tail, rows[0]))
        return NullReading((), None, 0, "")

    monkeypatch.setattr(NULLS, "get", lambda name: spy)
    prompt = SlotPrompt(tiny_llama(), tiny_tokenizer, 40)
    with torch.no_grad():
        for run in (prompt.prefill, prompt.decode, prompt.decode, prompt.null("mask", spans).run):
            run()
    [(tail, row)] = seen
    assert tail.columns == len(row.ids) == tail.cache.get_seq_length() == 40
    assert tail.length == TAIL_TOKENS
    assert len(row.statements) == spans
    for (part,) in row.statements:
        assert len(part) == SPAN_TOKENS
        assert 0 <= part.start < part.stop <= 40 - TAIL_TOKENS
