"""Diagnoses one prompt and changes nothing: `guardbind check`."""

from __future__ import annotations

from typing import Any

import click

from guardbind.cli.options import CONTEXT, Job, job_options
from guardbind.cli.run import run
from guardbind.cli.show import show

__all__ = ["check"]


# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Example:
  echo 'Anna has badge 4821, Boris has badge 9370. The badge of Boris is' > prompt.txt
  echo '{"Anna": "4821", "Boris": "9370"}' > bindings.json
  guardbind check --strict --prompt prompt.txt --bindings bindings.json --max-new-tokens 8
"""


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Diagnose a prompt and change nothing.")
@click.option(
    "--strict",
    is_flag=True,
    show_envvar=True,
    help="Exit with 1 unless a value was written and the verdict on each is ok.",
)
@job_options
@click.pass_context
def check(ctx: click.Context, /, strict: bool, **options: Any) -> None:
    """Diagnose a prompt: does each value that the model writes rest on its evidence? Nothing is changed.

    The model's own answer is printed, and below it a table with a line for each place where a value was written.
    """
    job = Job(**options)
    answer = run(job, policy="observe", rivals="every")
    show(answer, as_json=job.json)
    slots = answer.report.slots
    failed = sum(not slot.passed for slot in slots)
    if strict and (failed or not slots):
        click.echo(f"{failed} of {len(slots)} slots are not ok." if slots else "No slot was found.", err=True)
        ctx.exit(1)
