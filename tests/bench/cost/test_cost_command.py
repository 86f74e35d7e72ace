"""What a guard costs is measured cell by cell, counted exactly, kept, and shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from click.testing import CliRunner
from transformers import PreTrainedTokenizerFast

from guardbind.errors import ConfigError
from guardbind_bench.cli.cost import cost
from guardbind_bench.cost import measuring
from guardbind_bench.cost.cell import FULL, QUICK, CostCell, plan_cells
from guardbind_bench.cost.folder import CostFolder, read_cost
from guardbind_bench.cost.measuring import CostScene, measure_cell
from guardbind_bench.cost.page import BEGIN, END, cost_tables, moved_table, set_between
from guardbind_bench.cost.parts import CALL, GENERATE, PARTS, watched_parts
from guardbind_bench.cost.prompt import IDLE_TOKENS, write_prompt
from guardbind_bench.cost.record import CellCost, CellCostRecord

SMALL = CostCell(context=400, bindings=2)


@pytest.fixture(scope="module")
def folder(tiny_llama: Any, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path: Path = tmp_path_factory.mktemp("tiny")
    tiny_llama().save_pretrained(path)
    tiny_tokenizer.save_pretrained(path)
    return path


def run(folder: Path, out: Path, *options: str) -> Any:
    small = ("--model", str(folder), "--context", "400", "--bindings", "2", "--pairs", "3", "--out", str(out))
    return CliRunner().invoke(cost, [*small, *options])


def measured(model: Any, tokenizer: Any, **cell: Any) -> CellCost:
    taken = measure_cell(
        model, tokenizer, CostCell.model_validate({**SMALL.model_dump(), **cell}), pairs=3, seconds=0, memory=False
    )
    assert taken.refused is None
    return taken


def test_one_axis_is_varied_at_a_time_and_all_of_them_on_demand() -> None:
    chosen: dict[str, list[Any]] = {"answer": ["uuid", "five"], "batch": [1, 4], "context": []}
    assert [cell.label() for cell in plan_cells(FULL, chosen)] == ["uuid", "five", "uuid batch=4"]
    assert len(plan_cells(FULL, chosen, cross=True)) == 4
    assert plan_cells(QUICK, {"answer": []}) == QUICK
    assert len({cell.id for cell in (*FULL, *QUICK)}) == len({*FULL, *QUICK})


@pytest.mark.parametrize("answer", ["one_token", "amount", "uuid", "five", "idle"])
def test_prompt_and_answer_fill_the_context(answer: Any, tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    cell = CostCell(answer=answer, context=900, bindings=6)
    prompt = write_prompt(tiny_tokenizer, cell)
    assert prompt == write_prompt(tiny_tokenizer, cell)
    for question in prompt.questions:
        assert len(prompt.ids) + len(question.ids) + len(question.schedule) == 900
        assert len(question.keys) == (5 if answer == "five" else 1)
    text = tiny_tokenizer.decode(list(prompt.ids))
    assert all(f"The code of {item.key} is {item.value}." in text for item in prompt.bindings)
    with pytest.raises(ConfigError, match="Choose a longer context"):
        write_prompt(tiny_tokenizer, CostCell(answer=answer, context=100, bindings=6))


@pytest.mark.parametrize(("answer", "batch"), [("one_token", 1), ("five", 2)])
def test_both_arms_write_as_many_tokens_and_what_the_guard_adds_is_counted(
    answer: Any, batch: int, tiny_llama: Any, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    model = tiny_llama(max_position_embeddings=1024)
    taken = measured(model, tiny_tokenizer, answer=answer, batch=batch, context=600)
    parts = {part.part: part for part in taken.parts}
    # Read beforehand up to its last token, the prompt costs neither arm more than one token a row.
    assert taken.forwards[0] == taken.answer_tokens
    assert taken.tokens[0] == batch * taken.answer_tokens
    # A guard may end a row early; what it runs itself is told from what decoding runs.
    own = [part for name, part in parts.items() if name != GENERATE]
    assert taken.forwards[1] == parts[GENERATE].forwards + sum(part.forwards for part in own)
    assert taken.tokens[1] == parts[GENERATE].tokens + sum(part.tokens for part in own)
    assert {CALL, GENERATE, "binding the rows", "each token"} <= set(parts) <= {CALL, GENERATE, *PARTS}
    assert parts["binding the rows"].calls == batch
    assert parts["each token"].calls == parts[GENERATE].forwards
    assert taken.ratio is not None and taken.ratio.pairs == 3
    assert taken.ratio.low <= taken.ratio.median <= taken.ratio.high


def test_an_answer_without_a_value_costs_no_forward(tiny_llama: Any, tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    taken = measured(tiny_llama(), tiny_tokenizer, answer="idle")
    assert (taken.slots, taken.answer_tokens) == (0, IDLE_TOKENS)
    assert taken.forwards == (IDLE_TOKENS, IDLE_TOKENS)
    assert taken.tokens == (IDLE_TOKENS, IDLE_TOKENS)


def test_a_scene_answers_as_generate_does_from_the_first_token(
    tiny_llama: Any, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    model = tiny_llama()
    scene = CostScene(model, tiny_tokenizer, SMALL.model_copy(update={"batch": 2}))
    length = len(scene.questions[0].schedule)
    anew = model.generate(
        scene.ids,
        attention_mask=torch.ones_like(scene.ids),
        max_new_tokens=length,
        min_new_tokens=length,
        do_sample=False,
    )
    assert torch.equal(scene.plain(), anew)
    assert torch.equal(scene.plain(), anew)  # the shared cache is as it was


def test_memory_beside_the_cache_is_measured(tiny_llama: Any, tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    taken = measure_cell(tiny_llama(), tiny_tokenizer, SMALL, pairs=3, seconds=0)
    # Keys and values: 2 layers of 2 heads of 8 numbers in float32, of all tokens but the answer and the one before it.
    assert taken.cache_bytes == (400 - taken.answer_tokens - 1) * 2 * 2 * 2 * 8 * 4
    assert taken.peak_bytes is not None and min(taken.peak_bytes) > 0
    assert taken.memory is not None and taken.memory >= 1


def test_watching_the_parts_leaves_everything_as_it_was(tiny_llama: Any) -> None:
    from guardbind.session.meter import NullMeter

    model = tiny_llama()
    before = NullMeter.read, type(model).generate, "generate" in vars(type(model))
    with pytest.raises(RuntimeError, match="midway"), watched_parts(model):
        assert NullMeter.read is not before[0]
        raise RuntimeError("midway")
    assert (NullMeter.read, type(model).generate, "generate" in vars(type(model))) == before
    assert not model._forward_pre_hooks


def test_a_finished_cell_is_not_measured_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = run(folder, tmp_path / "out", "--no-memory", "--json")
    assert first.exit_code == 0, first.output
    assert "one_token context=400 bindings=2 [0 of 1]" in first.stderr
    ran: list[CostCell] = []
    real = measuring.measure_cell

    def counted(model: Any, tokenizer: Any, cell: CostCell, **how: Any) -> CellCost:
        ran.append(cell)
        return real(model, tokenizer, cell, **how)

    monkeypatch.setattr(measuring, "measure_cell", counted)
    page = tmp_path / "page.md"
    page.write_text(f"# Cost\n\n{BEGIN}\n{END}\nbehind\n", encoding="utf-8")
    more = ("--no-memory", "--batch", "1", "--batch", "2", "--page", str(page), "--figure", str(tmp_path / "a.svg"))
    second = run(folder, tmp_path / "out", *more, "--against", str(tmp_path / "out"))
    assert second.exit_code == 0, second.output
    assert [cell.batch for cell in ran] == [2]
    record = read_cost(tmp_path / "out")
    assert record.cells[0] == CellCostRecord.model_validate_json(first.stdout).cells[0]
    assert page.read_text(encoding="utf-8") == f"# Cost\n\n{BEGIN}\n\n{cost_tables(record)}\n{END}\nbehind\n"
    assert (tmp_path / "a.svg").read_text(encoding="utf-8").rstrip().endswith("</svg>")
    assert "Nothing moved" in second.stdout
    rows = pd.read_parquet(tmp_path / "out" / "parts.parquet")
    assert len(rows) == sum(len(cell.parts) for cell in record.cells)
    other = record.cells[0].model_copy(
        update={"parts": tuple(part.model_copy(update={"forwards": 99}) for part in record.cells[0].parts)}
    )
    assert "99" in moved_table(record, record.model_copy(update={"cells": (other,)}))


def test_what_does_not_fit_says_why_and_is_tried_again(folder: Path, tmp_path: Path) -> None:
    for _ in range(2):
        result = run(folder, tmp_path, "--no-memory", "--bindings", "64")
        assert result.exit_code == 0, result.output
        assert "Not measured" in result.stdout and "64 statements" in result.stdout
        assert "[0 of 2]" in result.stderr or "[1 of 2]" in result.stderr


def test_wrong_options_are_told(folder: Path, tmp_path: Path) -> None:
    assert "none of one_token" in run(folder, tmp_path, "--answer", "poem").output
    bare = tmp_path / "bare.md"
    bare.write_text("# Nothing\n", encoding="utf-8")
    refused = run(folder, tmp_path, "--page", str(bare))
    assert isinstance(refused.exception, ConfigError)
    assert list(tmp_path.iterdir()) == [bare]
    with pytest.raises(ConfigError, match="no lines"):
        set_between("", "")


def test_peers_answer_the_same_prompts(tiny_lab_for_cost: Any, tmp_path: Path) -> None:
    from guardbind_bench.cost.peers import measure_peers, measure_stages

    model, tokenizer = tiny_lab_for_cost
    cell = CostCell(context=300, bindings=2)
    found = {peer.peer: peer for peer in measure_peers(model, tokenizer, cell, prompts=2)}
    plain = found["unguarded"]
    assert (plain.ratio.median, plain.prompts) == (1.0, 2)
    assert found["context-aware decoding"].forwards == 2 * plain.forwards
    assert found["DoLa"].forwards == plain.forwards
    assert found["self-consistency of 5"].tokens == 5 * plain.tokens
    assert found["a second generation as check"].tokens == 2 * plain.tokens
    assert found["guard, told bindings"].forwards >= plain.forwards
    published, ours = measure_stages(model, tokenizer, k=4, trials=9, pairs=1)
    assert published.forwards == pytest.approx(2 / 9)
    assert ours.tokens <= published.tokens
    folder = CostFolder(tmp_path)
    assert folder.read_peers(cell, 2) == ()
    folder.keep_peers(cell, 2, (published, ours))
    assert folder.read_peers(cell, 2) == (published, ours)


@pytest.fixture(scope="module")
def tiny_lab_for_cost() -> Any:
    from bench_toy import tiny_lab

    lab = tiny_lab()
    return lab.model, lab.tokenizer
