"""Answers a prompt under a guard that repairs what fails: `guardbind generate`."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from guardbind.cli.options import CONTEXT, Job, default_of, job_options
from guardbind.cli.run import run
from guardbind.cli.show import show

__all__ = ["generate"]


# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Example:
  guardbind generate --max-new-tokens 8 \\
    --binding Anna=4821 --binding Boris=9370 --binding Carla=5504 --text \\
    "Anna has badge 4821, Boris has badge 9370, Carla has badge 5504. The badge of Boris is"
"""


def _known_policy(ctx: click.Context, param: click.Parameter, value: str) -> str:
    # The names are looked up when one is given and not in a click.Choice, because that imports torch.
    from guardbind.registry import POLICIES

    if value not in POLICIES:
        raise click.BadParameter(str(POLICIES.miss(value)), ctx, param)
    return value


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Answer a prompt and repair what fails.")
@click.option(
    "--policy",
    callback=_known_policy,
    metavar="NAME",
    default=default_of("policy"),
    show_envvar=True,
    help="What to do about a value that fails: observe (nothing), contrast, attend, veto, checkpoint, abstain, raise, "
    "or auto, which chooses by the verdict.",
)
@click.option(
    "--alpha",
    type=click.FloatRange(min=0, min_open=True),
    default=default_of("alpha"),
    show_envvar=True,
    help="Strength of the contrast.",
)
@job_options
@click.pass_context
def generate(ctx: click.Context, /, policy: str, alpha: float, **options: Any) -> None:
    """Answer a prompt; where a value does not rest on its evidence, repair it.

    The answer is printed, and below it a table with a line for each place where a value was written.
    """
    job = Job(**options)
    # Where nobody gave one, a calibration may choose it.
    given = ctx.get_parameter_source("alpha") is not ParameterSource.DEFAULT
    show(run(job, policy=policy, **({"alpha": alpha} if given else {})), as_json=job.json)
