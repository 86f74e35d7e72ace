"""Tries for `guardbind bench survey` every model type that transformers registers for causal language models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.needs import check_installed

if TYPE_CHECKING:
    from guardbind_bench.survey.record import FamilyRecord

__all__ = ["survey"]

_EXAMPLE = """
\b
Examples:
  guardbind bench survey llama mamba falcon-alibi
  guardbind bench survey --page families.md --record families.json
"""


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Try every model family of transformers.")
@click.argument("names", nargs=-1)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder.  [default: runs/survey-VERSION]")
@click.option("--page", type=click.Path(dir_okay=False, path_type=Path), help="Write a page in Markdown to this file.")
@click.option("--record", type=click.Path(dir_okay=False, path_type=Path), help="Write the record to this file.")
@click.option("--seconds", type=click.FloatRange(min=1), default=120.0, help="How long one family may take.")
@click.option("--gib", type=click.IntRange(min=1), default=8, help="Memory that one family may use, in GiB.")
@click.option("--again", is_flag=True, help="Try families anew that the folder holds already.")
def survey(
    names: tuple[str, ...],
    out: Path | None,
    page: Path | None,
    record: Path | None,
    seconds: float,
    gib: int,
    again: bool,
) -> None:
    """Build each model type tiny and random, guard it, and compare what can be compared. NAMES: these only.

    What was found on a family stays in the folder, so that the same command goes on where it was stopped. Ends with 1
    where a family is guarded wrongly or raises what is no error of guardbind.
    """
    check_installed()
    import torch
    import transformers

    from guardbind._version import __version__
    from guardbind.errors import UnknownNameError, nearest
    from guardbind_bench.running.files import write_atomic
    from guardbind_bench.survey.page import page_of
    from guardbind_bench.survey.processes import survey as run
    from guardbind_bench.survey.record import SurveyRecord
    from guardbind_bench.survey.shrinking import model_types

    known = model_types()
    for name in names:
        if name not in known:
            raise UnknownNameError(
                f"transformers {transformers.__version__} registers no causal language model {name!r}.",
                hint=nearest(name, known),
            )
    folder = out or Path("runs") / f"survey-{transformers.__version__}"
    wanted = names or known
    if again:
        for name in wanted:
            (folder / f"{name}.json").unlink(missing_ok=True)
    done = 0

    def told(family: FamilyRecord) -> None:
        nonlocal done
        done += 1
        null = f", null {family.null}" if family.null else ""
        said = f": {family.message}" if family.message else ""
        click.echo(f"{done}/{len(wanted)} {family.model_type} {family.outcome}{null}{said}")

    families = run(wanted, folder, seconds=seconds, gib=gib, told=told)
    found = SurveyRecord(
        guardbind=__version__,
        transformers=transformers.__version__,
        torch=torch.__version__,
        families=tuple(families),
    )
    for path, text in ((page, page_of(found)), (record, found.model_dump_json(indent=1) + "\n")):
        if path is not None:
            write_atomic(path, text.encode())
    if any(family.outcome in ("wrong", "error") for family in families):
        raise SystemExit(1)
