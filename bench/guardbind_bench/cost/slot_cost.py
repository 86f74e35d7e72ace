"""Measures what one slot costs, in time and memory: its nulls beside plain decoding, a prefill and a re-prefill null.

Arms are run on prompts of several lengths. `prefill` reads the prompt into a cache; `decode` is one plain token over
that cache; the others are nulls, by default `mask`, `mask_rows` and `mask_prefill`, which take away a number of
evidence spans of five tokens, equally spaced (in a short context they overlap, which changes no cost). The nulls are
called as a guard calls them once it has checked them: without the unmasked replica.

Time is by the wall clock. Every repeat runs each arm once, right after a decode step of its own, and the ratios pair
the arm with that step and with the prefill of the same repeat: the drift of the machine cancels. Memory is the peak of
what the arm allocates on top of the weights and the live cache, in one untimed run; see `peak_memory`.

`mask_rows` and `mask_prefill` take a whole row or prompt per span, which soon fills a small machine. Where that is more
tokens than `LARGEST` says, they run on a smaller number of spans, and time and memory are multiplied by the ratio of
the rows. Such a cost has a `factor` above 1 and is shown as extrapolated; `--full` runs everything as asked. A null
that is not in `LARGEST` is run as asked, as nothing is known of how its cost grows.

Run as `python -m guardbind_bench.cost.slot_cost`.
"""

from __future__ import annotations

import functools
import itertools
import logging
import os
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import click
import torch
from rich.console import Console
from rich.table import Table
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from guardbind.errors import ConfigError, ContextLengthError, GuardbindError
from guardbind.events import Provenance
from guardbind.frozen import Frozen
from guardbind.model.architecture import context_length
from guardbind.model.loading import load
from guardbind.model.provenance import provenance_of
from guardbind.registry import NULLS
from guardbind_bench.cost.peak_memory import METHODS, peak_bytes
from guardbind_bench.cost.slot_arms import SPAN_TOKENS, TAIL_TOKENS, SlotArm, SlotPrompt

__all__ = ["LARGEST", "SlotCost", "SlotCostRatio", "SlotCosts", "main", "measure", "table"]

logger = logging.getLogger("guardbind")

LARGEST: dict[str, float] = {"mask": float("inf"), "mask_rows": 65_536, "mask_prefill": 8_192}
"""The nulls that are run by default, and how many tokens each may hold: its rows times the context."""

LEAST_RUNS = 2
SECONDS = 15.0


class SlotCostRatio(Frozen):
    """Seconds of an arm over seconds of a plain arm, by pairs of runs."""

    median: float
    """Median over the pairs."""
    low: float
    """Lowest of the pairs."""
    high: float
    """Highest of the pairs."""
    pairs: int
    """Number of pairs."""


class SlotCost(Frozen):
    """What one arm costs at one length of context."""

    context: int
    """Tokens of the prompt."""
    arm: str
    """`prefill`, `decode`, or the name of a null."""
    spans: int | None
    """Evidence spans that are taken away; None for the plain arms."""
    measured_spans: int | None
    """Evidence spans that were taken away when it was run; None for the plain arms."""
    factor: float
    """Rows for `spans` over rows for `measured_spans`; the seconds, ratios and bytes are multiplied by it."""
    runs: int
    """Timed runs."""
    seconds: float
    """Median over the runs."""
    per_decode: SlotCostRatio
    """In plain decode steps, each run right before the arm."""
    per_prefill: SlotCostRatio
    """In prefills of the prompt, each of the same repeat."""
    extra_bytes: int
    """Peak of what it allocates on top of the weights and the live cache."""


class SlotCosts(Frozen):
    """Everything that one run of the benchmark measured."""

    version: int = 1
    """Version of this format."""
    provenance: Provenance
    """Model, precision, attention backend, versions."""
    device: str
    """What the model ran on."""
    threads: int
    """Threads of a CPU operation."""
    load_average: tuple[float | None, float | None]
    """Mean number of busy processes in the minute before the run and in its last; None where that cannot be told."""
    memory: str
    """How memory was measured."""
    tail_tokens: int
    """Tokens that `mask` and `mask_rows` run again."""
    costs: tuple[SlotCost, ...]
    """Every arm at every length of context."""


@dataclass(frozen=True, slots=True)
class _TimedRun:
    seconds: float
    decode: float
    prefill: float | None


def measure(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    *,
    contexts: Sequence[int],
    spans: Sequence[int],
    repeats: int,
    nulls: Sequence[str] = tuple(LARGEST),
    seconds: float = SECONDS,
    full: bool = False,
    progress: Callable[[str], object] = logger.info,
) -> SlotCosts:
    """Measure what a slot costs on a model.

    Args:
        model: A causal language model with attention in every layer, on the CPU or on CUDA.
        tokenizer: Its tokenizer.
        contexts: Lengths of the prompt, in tokens.
        spans: Numbers of evidence spans.
        repeats: How often every arm is timed; at least twice.
        nulls: Registered nulls.
        seconds: An arm that has run for this long in all is not repeated further, though it always runs twice.
        full: Run everything as asked; extrapolate nothing.
        progress: Is told what is being run.

    Raises:
        ConfigError: A number is too small, or memory cannot be measured on the device.
        ContextLengthError: A context is too long for the model.
        NullUnavailableError: The model keeps recurrent state.
        UnknownNameError: There is no null of that name.
    """
    _check(model, contexts, spans, repeats)
    for name in nulls:
        NULLS.get(name)
    before, costs = _load_average(), []
    with torch.no_grad():
        # What libraries set up at their first use is no cost of a slot.
        SlotPrompt(model, tokenizer, min(contexts)).prefill()
        for context in contexts:
            prompt = SlotPrompt(model, tokenizer, context)
            costs += _measure(prompt, model.device, nulls, spans, repeats, seconds, full, progress)
    cuda = model.device.type == "cuda"
    return SlotCosts(
        provenance=provenance_of(model, tokenizer),
        device=torch.cuda.get_device_name(model.device) if cuda else "cpu",
        threads=torch.get_num_threads(),
        load_average=(before, _load_average()),
        memory=METHODS[model.device.type],
        tail_tokens=TAIL_TOKENS,
        costs=tuple(costs),
    )


def _check(model: PreTrainedModel, contexts: Sequence[int], spans: Sequence[int], repeats: int) -> None:
    least, most = SPAN_TOKENS + TAIL_TOKENS, context_length(model)
    if repeats < LEAST_RUNS or min(spans) < 1 or min(contexts) < least:
        raise ConfigError(
            f"{repeats} repeats, {min(spans)} spans and {min(contexts)} tokens of context were asked for; at least"
            f" {LEAST_RUNS} repeats, 1 span and {least} tokens are needed."
        )
    if most is not None and max(contexts) >= most:
        raise ContextLengthError(
            f"{max(contexts)} tokens of context and one more do not fit the model, which takes {most}.",
            hint="Measure shorter contexts.",
        )


def _measure(
    prompt: SlotPrompt,
    device: torch.device,
    nulls: Sequence[str],
    spans: Sequence[int],
    repeats: int,
    seconds: float,
    full: bool,
    progress: Callable[[str], object],
) -> list[SlotCost]:
    # The prefill comes first: it makes the cache that the others run on.
    arms = {(name, 0): SlotArm(name, 0, run) for name, run in (("prefill", prompt.prefill), ("decode", prompt.decode))}
    asked = [(arm, 0) for arm in arms.values()]
    for count, name in itertools.product(spans, dict.fromkeys(nulls)):
        measured = count if full or name not in LARGEST else _affordable(name, count, spans, prompt.length)
        asked.append((arms.setdefault((name, measured), prompt.null(name, measured)), count))
    progress(f"{prompt.length} tokens: memory")
    peaks = dict(zip(arms.values(), peak_bytes([arm.run for arm in arms.values()], device), strict=True))
    runs: dict[SlotArm, list[_TimedRun]] = {arm: [] for arm in arms.values()}
    for repeat in range(repeats):
        progress(f"{prompt.length} tokens: repeat {repeat + 1} of {repeats}")
        _repeat(prompt, device, runs, seconds)
    return [_cost(prompt.length, arm, count, runs[arm], peaks[arm]) for arm, count in asked]


def _affordable(name: str, count: int, spans: Sequence[int], context: int) -> int:
    fitting = (fewer for fewer in spans if fewer <= count and _rows(name, fewer) * context <= LARGEST[name])
    return max(fitting, default=1)


def _rows(name: str, spans: int) -> int:
    # The unedited prompt is always read along by a re-prefill null.
    return spans + 1 if name == "mask_prefill" else spans


def _repeat(prompt: SlotPrompt, device: torch.device, runs: dict[SlotArm, list[_TimedRun]], seconds: float) -> None:
    prefill: float | None = None
    for arm, done in runs.items():
        if len(done) >= LEAST_RUNS and sum(run.seconds for run in done) >= seconds:
            continue
        decode, taken = _seconds(prompt.decode, device), _seconds(arm.run, device)
        if arm.name == "prefill":
            prefill = taken
        done.append(_TimedRun(taken, decode, prefill))


def _seconds(run: Callable[[], None], device: torch.device) -> float:
    _synchronize(device)
    start = time.perf_counter()
    run()
    _synchronize(device)
    return time.perf_counter() - start


def _synchronize(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def _cost(context: int, arm: SlotArm, spans: int, runs: Sequence[_TimedRun], peak: int) -> SlotCost:
    null = arm.spans > 0
    factor = _rows(arm.name, spans) / _rows(arm.name, arm.spans) if null else 1.0
    return SlotCost(
        context=context,
        arm=arm.name,
        spans=spans if null else None,
        measured_spans=arm.spans if null else None,
        factor=factor,
        runs=len(runs),
        seconds=factor * statistics.median(run.seconds for run in runs),
        per_decode=_ratio([factor * run.seconds / run.decode for run in runs]),
        per_prefill=_ratio([factor * run.seconds / run.prefill for run in runs if run.prefill is not None]),
        extra_bytes=round(factor * peak),
    )


def _ratio(ratios: Sequence[float]) -> SlotCostRatio:
    return SlotCostRatio(median=statistics.median(ratios), low=min(ratios), high=max(ratios), pairs=len(ratios))


def _load_average() -> float | None:
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def table(result: SlotCosts) -> Table:
    """Lay the result out for a terminal."""
    made = result.provenance
    load = " to ".join("unknown" if load is None else f"{load:.1f}" for load in result.load_average)
    out = Table(
        title="The cost of one slot",
        caption=(
            f"{made.model}, {made.dtype}, attention {made.attention}, torch {made.torch}, transformers"
            f" {made.transformers}; {result.device}, {result.threads} threads, load {load}. Medians; ratios of paired"
            f" runs (lowest to highest). Memory: {result.memory}."
        ),
    )
    for name in ("context", "spans", "arm", "ms", "in decode steps", "in prefills", "extra MiB", "runs", "measured"):
        out.add_column(name, justify="left" if name == "arm" else "right", no_wrap=True)
    for (context, spans), costs in itertools.groupby(result.costs, lambda cost: (cost.context, cost.spans)):
        out.add_section()
        for cost in costs:
            out.add_row(
                str(context),
                "" if spans is None else str(spans),
                cost.arm,
                _short(1000 * cost.seconds),
                _spread(cost.per_decode),
                _spread(cost.per_prefill),
                _short(cost.extra_bytes / 2**20),
                str(cost.runs),
                "" if cost.factor == 1 else f"extrapolated × {cost.factor:.3g}",
            )
    return out


def _spread(ratio: SlotCostRatio) -> str:
    return f"{_short(ratio.median)} ({_short(ratio.low)}–{_short(ratio.high)})"


def _short(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _known_nulls(context: click.Context, option: click.Parameter, value: str) -> tuple[str, ...]:
    names = tuple(value.split(","))
    for name in names:
        if name not in NULLS:
            raise click.BadParameter(str(NULLS.miss(name)), context, option)
    return names


def _numbers(_context: click.Context, _option: click.Parameter, value: str) -> tuple[int, ...]:
    try:
        return tuple(int(number) for number in value.split(","))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not a list of whole numbers such as 256,1024.") from error


@click.command()
@click.option("--model", "name", default="smollm2-135m", show_default=True, help="A known name, a folder or a Hub id.")
@click.option("--contexts", default="256,1024,4096", show_default=True, callback=_numbers, help="Tokens of the prompt.")
@click.option("--spans", default="1,8,64", show_default=True, callback=_numbers, help="Evidence spans.")
@click.option(
    "--nulls", default=",".join(LARGEST), show_default=True, callback=_known_nulls, help="Registered nulls to run."
)
@click.option("--repeats", default=7, show_default=True, help="How often every arm is timed.")
@click.option("--seconds", default=SECONDS, show_default=True, help="An arm that took this long is not repeated.")
@click.option("--full", is_flag=True, help="Run everything as asked, however large: extrapolate nothing.")
@click.option("--dtype", default="float32", show_default=True, type=click.Choice(["float32", "bfloat16", "float16"]))
@click.option("--device", default="cpu", show_default=True, type=click.Choice(list(METHODS)))
@click.option("--json", "as_json", is_flag=True, help="Write JSON instead of a table.")
def main(
    name: str,
    contexts: tuple[int, ...],
    spans: tuple[int, ...],
    nulls: tuple[str, ...],
    repeats: int,
    seconds: float,
    full: bool,
    dtype: str,
    device: str,
    as_json: bool,
) -> None:
    """Measure what one slot costs, in time and memory."""
    progress = functools.partial(click.echo, err=True)
    # Or else the profiler says on stderr that it starts and stops.
    os.environ.setdefault("KINETO_LOG_LEVEL", "99")
    try:
        result = measure(
            *load(name, dtype=dtype, device=device),
            contexts=contexts,
            spans=spans,
            nulls=nulls,
            repeats=repeats,
            seconds=seconds,
            full=full,
            progress=progress,
        )
    except GuardbindError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(result.model_dump_json(indent=2))
    else:
        # A file or a pipe has no width, and rich would fold the columns at 80.
        Console(width=None if sys.stdout.isatty() else 140).print(table(result))


if __name__ == "__main__":
    main()
