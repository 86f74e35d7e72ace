"""Shows for `guardbind demo` one prompt step by step, then every policy side by side."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.loading import load_model
from guardbind.cli.options import CONTEXT, model_options
from guardbind.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.progress import Progress
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from guardbind_bench.demo.overhead import Overhead
    from guardbind_bench.demo.results import ComparisonResult
    from guardbind_bench.measures.comparison import Arm, ArmAnswer
    from guardbind_bench.prompts.trial import Task, Trial

__all__ = ["demo"]

_TASK, _FILLER = "competing_vars", "natural"
# Prompts answered at once. More gains little on a CPU, where reading the prompts is most of the work.
_BATCH = 4
_PIPE_WIDTH = 120
_INTERRUPTED = 130
# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Example:
  guardbind demo --trials 20 --policy auto --json
"""


def _known_policies(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> tuple[str, ...]:
    if value:
        # Only when one is given, because it imports torch.
        from guardbind_bench.measures.comparison import arms_of

        try:
            arms_of(value)
        except ConfigError as error:
            raise click.BadParameter(str(error), ctx, param) from error
    return value


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE)
@model_options
@click.option("--trials", type=click.IntRange(min=1), default=100, help="Prompts that every policy answers.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_envvar=True, help="Base seed of the prompts.")
@click.option(
    "--policy",
    "policies",
    multiple=True,
    callback=_known_policies,
    metavar="NAME",
    help="A registered policy to compare with the unguarded model; repeat for more. The usual five without it.",
)
@click.option("--k", type=click.IntRange(min=0), default=96, help="Tokens of filler after each fact.")
@click.option("--threads", type=click.IntRange(min=1), help="Threads of torch; its own choice without it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of story and tables.")
@click.pass_context
def demo(
    ctx: click.Context,
    model: str,
    dtype: str,
    device: str | None,
    trials: int,
    seed: int,
    policies: tuple[str, ...],
    k: int,
    threads: int | None,
    as_json: bool,
) -> None:
    """See a model write the wrong one of two values, and what the guard makes of it.

    A prompt states KEY1 and KEY2, with other text after each, and asks for one of them. First one such prompt is told
    step by step; then every policy answers the same prompts, beside the unguarded model.

    Ctrl-C stops it; what was measured so far is printed.
    """
    import torch

    from guardbind_bench.measures.comparison import arms_of
    from guardbind_bench.registry import TASKS

    if threads is not None:
        torch.set_num_threads(threads)
    loaded, tokenizer = load_model(model, dtype=dtype, device=device)
    task = TASKS.get(_TASK)(tokenizer, filler=_FILLER, k=k, seed=seed)
    console = stdout_console(_PIPE_WIDTH)
    if not as_json:
        from guardbind_bench.demo.promise import find_promise, show_promise
        from guardbind_bench.demo.show import show_story
        from guardbind_bench.demo.story import find_story

        story = find_story(loaded, tokenizer, task)
        show_story(story, console)
        if (promise := find_promise(model, loaded, tokenizer, story)) is not None:
            show_promise(promise, console)
    run = _Run(loaded, tokenizer, task, arms_of(policies))
    stopped = run.until_done(trials)
    if run.answers:
        result = run.result(model, seed, k)
        if as_json:
            click.echo(result.model_dump_json(indent=2))
        else:
            from guardbind_bench.demo.show import show_comparison

            show_comparison(result, console)
    if stopped:
        click.echo(f"Stopped after {len(run.answers)} of {trials} prompts.", err=True)
        ctx.exit(_INTERRUPTED)


class _Run:
    """The comparison as far as it came."""

    def __init__(
        self, model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, task: Task, arms: tuple[Arm, ...]
    ) -> None:
        self._model, self._tokenizer, self._task, self._arms = model, tokenizer, task, arms
        self._trials: list[Trial] = []
        self._overhead: Overhead | None = None
        self.answers: list[Mapping[str, ArmAnswer]] = []

    def until_done(self, trials: int) -> bool:
        """Answer the trials and measure the cost; returns whether it was interrupted."""
        from guardbind_bench.demo.overhead import measure_overhead
        from guardbind_bench.measures.comparison import ArmComparison

        try:
            with _progress() as progress:
                bar = progress.add_task("answering", total=trials)
                comparison = ArmComparison(self._model, self._tokenizer, self._arms)
                for start in range(0, trials, _BATCH):
                    batch = [self._task.trial(index) for index in range(start, min(start + _BATCH, trials))]
                    self.answers += comparison.run(batch)
                    self._trials += batch
                    progress.update(bar, completed=len(self._trials))
                cost = progress.add_task("measuring the cost", total=None)
                self._overhead = measure_overhead(
                    self._model,
                    self._tokenizer,
                    self._task,
                    progress=lambda what: progress.update(cost, description=f"measuring the cost: {what}"),
                )
        except KeyboardInterrupt:
            return True
        return False

    def result(self, name: str, seed: int, k: int) -> ComparisonResult:
        """Sum it up."""
        from guardbind.model.provenance import provenance_of
        from guardbind_bench.demo.results import ComparisonResult, cost_of, detection, policy_results

        found = (self._trials, self.answers, self._arms)
        return ComparisonResult(
            model=name,
            trials=len(self._trials),
            seed=seed,
            policies=policy_results(*found),
            detection=detection(*found),
            cost=None if self._overhead is None else cost_of(self._overhead),
            task=self._task.name,
            filler=_FILLER,
            k=k,
            prompt_tokens=len(self._trials[0].ids),
            candidates=len(self._trials[0].candidates),
            provenance=provenance_of(self._model, self._tokenizer),
        )


@contextmanager
def _progress() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield progress
