"""Measures for `guardbind bench cost` what a guard costs: time, forward passes, tokens and memory, part by part."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.loading import load_model
from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.needs import check_installed
from guardbind_bench.running.naming import model_name, without_folders

if TYPE_CHECKING:
    from guardbind_bench.cost.cell import CostCell
    from guardbind_bench.cost.folder import CostFolder
    from guardbind_bench.cost.record import CellCost, PeerCost

__all__ = ["cost"]

_EXAMPLE = """
\b
Examples:
  guardbind bench cost --quick
  guardbind bench cost --answer uuid --context 256 --context 4096 --batch 1 --batch 4
  guardbind bench cost --bindings 1 --bindings 64 --most all --cross
  guardbind bench cost --peers --page docs/cost.md --figure docs/cost.svg
"""
_TOLD = ("nothing", "bindings", "target")
_DTYPES = ("float32", "bfloat16", "float16")
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Measure what a guard costs, part by part.")
@click.option("--model", default="smollm2-135m", show_envvar=True, metavar="NAME", help="A known name, folder or id.")
@click.option("--device", metavar="DEVICE", help="Where the model runs: cpu (the default), cuda, ...")
@click.option("--quick", is_flag=True, help="Some small cells, in less than two minutes.")
@click.option("--answer", multiple=True, metavar="FORM", help="one_token, amount, uuid, five or idle; repeat for more.")
@click.option("--context", type=click.IntRange(min=32), multiple=True, help="Tokens of prompt and answer.")
@click.option("--bindings", type=click.IntRange(min=1), multiple=True, help="Statements of the prompt.")
@click.option("--batch", type=click.IntRange(min=1), multiple=True, help="Rows.")
@click.option("--attention", multiple=True, metavar="NAME", help="Attention backend, as sdpa or eager.")
@click.option("--dtype", type=click.Choice(_DTYPES), multiple=True, help="Type of the weights.")
@click.option("--policy", multiple=True, metavar="NAME", help="Policy of the guard.")
@click.option("--null", multiple=True, metavar="NAME", help="Null of the guard.")
@click.option("--most", type=click.Choice(["default", "all"]), multiple=True, help="Bindings taken away at a slot.")
@click.option("--asks", type=click.Choice(["any", "right", "wrong"]), multiple=True, help="What the model gives.")
@click.option("--told", type=click.Choice(_TOLD), multiple=True, help="What the guard is told.")
@click.option("--cross", is_flag=True, help="Every combination of these; without it one is varied at a time.")
@click.option("--pairs", type=click.IntRange(min=1), default=5, help="Pairs of answers that are timed in each cell.")
@click.option("--seconds", type=click.FloatRange(min=0), default=20.0, help="Behind which a cell begins no other pair.")
@click.option("--no-memory", is_flag=True, help="Do not measure memory.")
@click.option("--peers", is_flag=True, help="Also other ways to answer the same prompts, and stages per trial.")
@click.option("--prompts", type=click.IntRange(min=1), default=6, help="Prompts of --peers.")
@click.option("--sinks", is_flag=True, help="Only what handing a record to each sink costs.")
@click.option("--passes", is_flag=True, help="Only what a forward pass takes by its tokens, which no null is below.")
@click.option("--tables", is_flag=True, help="Only what binding a prompt that is a large table costs.")
@click.option("--rows", type=click.IntRange(min=10), multiple=True, help="Rows of --tables.  [default: 1000, 5000]")
@click.option("--threads", type=click.IntRange(min=1), help="Threads of torch; its own choice without it.")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder.  [default: runs/cost-MODEL]")
@click.option("--page", type=_FILE, help="Write the tables between the marks of this page.")
@click.option("--figure", type=_FILE, help="Write a figure (SVG) to this file.")
@click.option("--record", type=_FILE, help="Write the record to this file, too.")
@click.option("--against", type=click.Path(exists=True, path_type=Path), help="An older record: show what moved.")
@click.option("--json", "as_json", is_flag=True, help="Print the record and no tables.")
def cost(**options: Any) -> None:
    """Measure guarded beside unguarded answers, in turn and as ratios; prompts are read beforehand for both.

    Forward passes and tokens are counted; times are of this machine in this run, and only ratios of them are shown.
    Each finished cell is written at once: the same command goes on where it was stopped.
    """
    check_installed()
    if options["sinks"]:
        _sinks(as_json=options["as_json"])
        return
    if options["threads"] is not None:
        _use_threads(options["threads"])
    if options["passes"]:
        _passes(options["model"], options["dtype"], options["device"], as_json=options["as_json"])
        return
    if options["tables"]:
        _tables(options["model"], options["rows"] or (1000, 5000), as_json=options["as_json"])
        return
    # Or else the profiler says on stderr that it starts and stops.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    import torch

    from guardbind_bench.cost.cell import ANSWERS, AXES, FULL, QUICK, plan_cells
    from guardbind_bench.cost.drawing import draw_cost
    from guardbind_bench.cost.folder import CostFolder, read_cost
    from guardbind_bench.cost.page import cost_tables, moved_table, set_between
    from guardbind_bench.cost.record import CellCostRecord
    from guardbind_bench.running.files import write_atomic

    for answer in options["answer"]:
        if answer not in ANSWERS:
            raise click.BadParameter(f"{answer!r} is none of {', '.join(ANSWERS)}.", param_hint="--answer")
    page = None if options["page"] is None else options["page"].read_text(encoding="utf-8")
    if page is not None:
        set_between(page, "")  # a page without marks is refused before anything is measured
    older = None if options["against"] is None else read_cost(options["against"])
    chosen = {axis: options[axis] for axis in AXES}
    cells = plan_cells(QUICK if options["quick"] else FULL, chosen, cross=options["cross"])
    name = model_name(options["model"])
    folder = CostFolder(options["out"] or Path("runs") / f"cost-{name.rpartition('/')[2]}")
    measured = _measured(cells, folder, name, options)
    record = CellCostRecord(
        command=_typed(options["model"]),
        device=(options["device"] or "cpu").partition(":")[0],
        threads=torch.get_num_threads(),
        cells=tuple(measured),
        peers=_peers(options, folder) if options["peers"] else (),
    )
    folder.end(record)
    if options["record"] is not None:
        write_atomic(options["record"], record.model_dump_json(indent=1).encode() + b"\n")
    if page is not None:
        write_atomic(options["page"], set_between(page, cost_tables(record)).encode())
    if options["figure"] is not None:
        draw_cost(record, options["figure"])
    if options["as_json"]:
        click.echo(record.model_dump_json(indent=1))
    else:
        click.echo(cost_tables(record))
        if older is not None:
            click.echo(moved_table(record, older))


def _typed(model: str) -> str:
    arguments = without_folders(sys.argv[1:], model)
    behind = arguments[arguments.index("cost") + 1 :] if "cost" in arguments else []
    return " ".join(["guardbind bench cost", *behind])


def _measured(cells: Sequence[CostCell], folder: CostFolder, name: str, options: dict[str, Any]) -> list[CellCost]:
    import torch
    import transformers

    from guardbind._version import __version__
    from guardbind_bench.cost.measuring import measure_cell

    versions = (__version__, transformers.__version__, torch.__version__)
    found = {cell: folder.read(cell, versions=versions, model=name) for cell in cells}
    done = sum(cost is not None for cost in found.values())
    # A model is loaded once for each way to run it.
    for attention, dtype in dict.fromkeys((cell.attention, cell.dtype) for cell in cells):
        due = [c for c in cells if (c.attention, c.dtype) == (attention, dtype) and found[c] is None]
        if not due:
            continue
        model, tokenizer = load_model(options["model"], dtype=dtype, device=options["device"])
        model.set_attn_implementation(attention)
        for cell in due:
            click.echo(f"{cell.label()} [{done} of {len(cells)}]", err=True)
            taken = measure_cell(
                model,
                tokenizer,
                cell,
                pairs=options["pairs"],
                seconds=options["seconds"],
                memory=not options["no_memory"],
            )
            if taken.provenance is not None:
                taken = taken.model_copy(update={"provenance": taken.provenance.model_copy(update={"model": name})})
            folder.keep(taken)
            found[cell] = taken
            done += 1
    return [cost for cell in cells if (cost := found[cell]) is not None]


def _peers(options: dict[str, Any], folder: CostFolder) -> tuple[PeerCost, ...]:
    from guardbind_bench.cost.cell import CostCell
    from guardbind_bench.cost.peers import measure_peers, measure_stages

    cell = CostCell(
        context=(options["context"] or (512,))[0],
        answer=(options["answer"] or ("one_token",))[0],
        bindings=(options["bindings"] or (8,))[0],
        dtype=(options["dtype"] or ("float32",))[0],
    )
    prompts = options["prompts"]
    if held := folder.read_peers(cell, prompts):
        return held
    model, tokenizer = load_model(options["model"], dtype=cell.dtype, device=options["device"])

    def progress(said: str) -> None:
        click.echo(said, err=True)

    peers = measure_peers(model, tokenizer, cell, prompts=prompts, progress=progress)
    progress("peers: stages")
    found = (*peers, *measure_stages(model, tokenizer))
    folder.keep_peers(cell, prompts, found)
    return found


def _use_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)


def _passes(model: str, dtypes: Sequence[str], device: str | None, *, as_json: bool) -> None:
    from rich.table import Table

    from guardbind_bench.cost.pass_cost import measure_passes

    costs = measure_passes(load_model(model, dtype=(dtypes or ("float32",))[0], device=device)[0])
    if as_json:
        click.echo("[" + ",\n".join(one.model_dump_json() for one in costs) + "]")
        return
    table = Table(title="A forward pass, in decode steps", caption=f"Medians of {costs[0].steps.pairs} pairs.")
    for column in ("tokens", "steps", "fastest", "slowest"):
        table.add_column(column, justify="right")
    for one in costs:
        table.add_row(str(one.tokens), *(f"{part:.2f}" for part in (one.steps.median, one.steps.low, one.steps.high)))
    stdout_console(140).print(table)


def _tables(model: str, rows: Sequence[int], *, as_json: bool) -> None:
    from rich.table import Table
    from transformers import AutoTokenizer

    from guardbind.model.loading import resolve
    from guardbind_bench.cost.binding_cost import BINDING_FORMS, measure_binding

    tokenizer = AutoTokenizer.from_pretrained(resolve(model))
    costs = [measure_binding(tokenizer, form, each) for form in BINDING_FORMS for each in rows]
    if as_json:
        click.echo("[" + ",\n".join(one.model_dump_json() for one in costs) + "]")
        return
    table = Table(title="Binding a prompt", caption="Readings: how often its tokenizer would have read it meanwhile.")
    table.add_column("form")
    for column in ("rows", "bindings", "s", "µs a row", "readings", "MiB"):
        table.add_column(column, justify="right")
    for one in costs:
        figures = (
            f"{one.seconds:.2f}",
            f"{one.seconds / one.rows * 1e6:.0f}",
            f"{one.readings:.1f}",
            f"{one.mebibytes:.0f}",
        )
        table.add_row(one.form, str(one.rows), str(one.bindings), *figures)
    stdout_console(140).print(table)


def _sinks(*, as_json: bool) -> None:
    from rich.table import Table

    from guardbind_bench.cost.sink_cost import measure, sink_arms

    with tempfile.TemporaryDirectory() as made:
        costs = measure(sink_arms(Path(made)), 30)
    if as_json:
        click.echo("[" + ",\n".join(one.model_dump_json() for one in costs) + "]")
        return
    table = Table(title="Microseconds of the decoding thread per slot", caption="Medians of 30 batches of 100.")
    table.add_column("sink")
    for column in ("µs", "fastest", "slowest"):
        table.add_column(column, justify="right")
    for one in costs:
        table.add_row(one.sink, f"{one.microseconds:.0f}", f"{one.low:.0f}", f"{one.high:.0f}")
    stdout_console(140).print(table)
