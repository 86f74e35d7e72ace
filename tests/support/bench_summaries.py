"""Made-up results of experiments, for what reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from guardbind_bench.experiments.experiment import Settings
from guardbind_bench.experiments.table import Column, Estimate, Figure, RowKey, Table, TableRow
from guardbind_bench.prompts.cell import BenchCell, CellRequest, PromptForm
from guardbind_bench.running.summary import MeasuredRequest, RunOrigin, Summary
from guardbind_bench.stats.statistics import share

MODEL = "Qwen/Qwen2.5-3B"


def hits(right: int, n: int) -> Estimate:
    return share([i < right for i in range(n)])


def table_of(
    units: Mapping[str, str], name: str = "stages", published: str | None = None, figure: Figure | None = None
) -> Table:
    columns = {
        column: Column(title=f"title of {column}", unit=unit, meaning=f"Meaning of {column}.")
        for column, unit in units.items()
    }
    return Table(id=name, title=f"Table {name}", columns=columns, published=published, figure=figure)


def row_of(
    table: Table, values: Mapping[str, Estimate], notes: Sequence[str] = (), model: str = MODEL, **keys: RowKey
) -> TableRow:
    about: dict[str, RowKey] = {"model": model, "task": "competing_vars", "filler": "decoy_heavy", "k": 256}
    return TableRow(table=table.id, keys={**about, **keys}, values=dict(values), notes=tuple(notes))


def about(row: TableRow, keys: Mapping[str, RowKey]) -> TableRow:
    """Return a row that has further keys."""
    return row.model_copy(update={"keys": {**row.keys, **keys}})


def condition_of(form: PromptForm, refused: str | None = None, **cell: object) -> MeasuredRequest:
    about = {"measure": "reading", "task": "competing_vars", "filler": "decoy_heavy", "k": 256, **cell}
    request = CellRequest(cell=BenchCell.model_validate({**about, "form": form}), trials=40)
    return MeasuredRequest(request=request, measured=0 if refused else 40, failed=0, refused=refused)


def summary_of(
    tables: Sequence[Table],
    rows: Sequence[TableRow],
    conditions: Sequence[MeasuredRequest] = (),
    model: str = MODEL,
    experiment: str = "stages",
) -> Summary:
    return Summary(
        experiment=experiment,
        experiment_version=1,
        title=f"Title of {experiment}",
        origin=RunOrigin(
            model=model,
            model_sha256="0" * 64,
            tokenizer_sha256="1" * 64,
            dtype="float32",
            attention="sdpa",
            device="cpu",
            guardbind="1",
            transformers="5",
            torch="2",
        ),
        command=f"guardbind bench run {experiment} --model '{model}'",
        settings=Settings(fillers=("decoy_heavy",), ks=(256,)),
        conditions=tuple(conditions),
        seconds=1.0,
        peak_memory_bytes=2**30,
        tables=tuple(tables),
        rows=tuple(rows),
    )
