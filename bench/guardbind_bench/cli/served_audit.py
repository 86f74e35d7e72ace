"""Prints for `guardbind bench served --only audit` how audits over a server and in this process agree."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING

import click

from guardbind_bench.cli.shown import shown

if TYPE_CHECKING:
    from guardbind.backends import Backend

__all__ = ["show_audit"]


def show_audit(model: str, backend: Backend, n: int, seed: int, items: int) -> None:
    """Measure and print.

    Args:
        model: The model in this process.
        backend: The server of the same model.
        n: Claims.
        seed: Draws the documents.
        items: Calibration items that both are asked.

    Raises:
        ClickException: The server stopped answering; what it judged before is printed.
        BackendError: It stopped before it had answered the calibration items.
    """
    from guardbind import load
    from guardbind.auditing.page import verifier_sentence
    from guardbind.backends.local import LocalBackend
    from guardbind_bench.served.audits import arm_of, measure_audits

    found = asyncio.run(measure_audits(backend, LocalBackend(*load(model)), n, seed, items=items))
    rights = [claim.right for claim in found.claims]
    served, exact = (
        arm_of(rights, judged)
        for judged in ([claim.served for claim in found.claims], [claim.exact for claim in found.claims])
    )
    returned = "all tokens" if backend.abilities.whole else f"{backend.abilities.top} tokens"
    click.echo(f"\n{len(rights)} claims, {sum(rights)} right; {found.unread} not read; {returned} of a ranking\n")
    for record in found.checked:
        click.echo(f"- {verifier_sentence(record)}")
    click.echo(
        "\n| audit | decided by its readings | of right claims | of wrong claims | wrong supported | wrong flagged |"
    )
    click.echo("|---|---|---|---|---|---|")
    for name, arm in (("over the server", served), ("in this process", exact)):
        click.echo(
            f"| {name} | {shown(arm.decided)} | {_counts(arm.verdicts[0])} | {_counts(arm.verdicts[1])} | "
            f"{shown(arm.wrong_supported)} | {shown(arm.wrong_flagged)} |"
        )
        click.echo(
            f"| {name}, by readings alone | | {_counts(arm.by_readings[0])} | {_counts(arm.by_readings[1])} | | |"
        )
    p1, p0 = found.held
    middle, widest = found.widths
    click.echo("\n| agreement | |\n|---|---|")
    click.echo(f"| same verdict | {shown(found.same_verdict)}, n {found.same_verdict.n} |")
    click.echo(f"| same by readings, of decided | {shown(found.same_reading)}, n {found.same_reading.n} |")
    click.echo(f"| exact p1 in the server's range | {shown(p1)}, n {p1.n} |")
    click.echo(f"| exact p0 in the server's range | {shown(p0)}, n {p0.n} |")
    click.echo(f"| width of the ranges of p1 | median {middle:.4f}, at most {widest:.4f} |")
    cost = found.cost
    tokens = "not told" if cost.prompt_tokens is None else f"{cost.prompt_tokens:,}"
    click.echo(
        f"| cost, without the calibration items | {cost.requests} requests, of them {cost.lookups} lookups; {tokens} "
        f"prompt tokens; {cost.cached} answers that were kept before |"
    )
    for note in found.notes:
        click.echo(f"\nNote: {note}")
    if found.stopped is not None:
        raise click.ClickException(f"the server stopped answering, and the rest was not asked: {found.stopped}")


def _counts(found: Counter[str]) -> str:
    return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in found.most_common()) or "none"
