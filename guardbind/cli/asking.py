"""Runs one guarded generation of a model that is asked from outside, for a command."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import click
from click.core import ParameterSource

from guardbind.cli.answer import Answer
from guardbind.cli.inputs import Item, read_target
from guardbind.cli.options import Job
from guardbind.events import CostRecord, build_sinks
from guardbind.evidence import Binding, Evidence

__all__ = ["ask"]

_LOCAL_ONLY = ("temperature", "seed", "calibration", "dtype", "device")


def ask(job: Job, prompt: str, items: Sequence[Item], **settings: Any) -> Answer:
    """Answer the prompt of a job by a server, under a guard that asks from outside.

    Args:
        job: The shared options; `api` says where.
        prompt: The prompt.
        items: What was declared; nothing to read it out of the prompt.
        **settings: Further settings of `ApiGuardConfig`.

    Raises:
        click.UsageError: An option needs a model of this process.
        GuardbindError: Whatever backend and guard raise.
    """
    given = [name for name in _LOCAL_ONLY if _was_given(name)]
    if given:
        raise click.UsageError(f"--{', --'.join(given)} cannot be used with --api: they need a model of this process.")

    # Here and not above, so that help and wrong usage are answered before torch is imported.
    from guardbind.backends.connect import connect
    from guardbind.remote import ApiGuard, ApiGuardConfig

    if _was_given("resolver"):
        settings["resolver"] = job.resolver
    config = ApiGuardConfig(
        language=job.language,
        slots=job.slots,
        patterns=job.pattern,
        sources=job.source,
        fields=job.field,
        sinks=tuple(build_sinks(job.sink)),
        **settings,
    )
    backend = connect(job.api or "", job.model if _was_given("model") else None)
    try:
        output = ApiGuard(backend, config).generate(
            [{"role": "user", "content": prompt}] if job.chat else prompt,
            bindings=list(items) or None,
            target=read_target(job.target, items),
            source=prompt if items else None,
            max_new_tokens=job.max_new_tokens,
        )
    finally:
        asyncio.run(backend.aclose())
    spent = output.spent
    cost = CostRecord(
        requests=spent.requests,
        prompt_tokens=spent.prompt_tokens,
        new_tokens=spent.new_tokens,
        cached=spent.cached,
        seconds=spent.seconds,
        lookups=spent.lookups,
    )
    named = tuple(
        Evidence(item.key, text=item.key) if item.value is None else Binding(item.key, item.value)
        for item in output.items
    )
    return Answer(output.text, named, output.report, cost)


def _was_given(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source not in (ParameterSource.DEFAULT, None)
