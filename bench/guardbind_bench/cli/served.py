"""Measures for `guardbind bench served` guards of a model that a server runs, beside that of the same model here."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from guardbind.cli.options import CONTEXT
from guardbind_bench.cli.shown import shown

if TYPE_CHECKING:
    from guardbind.backends import Backend

__all__ = ["served"]

_EXAMPLE = """
\b
Examples:
  guardbind bench served http://localhost:8000/v1 --model smollm2-135m --n 24
  guardbind bench served http://localhost:8000/v1 --model smollm2-135m --inside --only load
  guardbind bench served http://localhost:8000/v1 --only anew --n 18
  guardbind bench served http://localhost:8000/v1 --only audit --n 60 --keep answers
"""


@click.command(context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Compare guards of a served model.")
@click.argument("address")
@click.option("--model", default="smollm2-135m", show_default=True, help="The model in this process: name or folder.")
@click.option("--served", "name", help="Its name on the server.  [default: that of --model]")
@click.option(
    "--n", type=click.IntRange(min=1), default=24, show_default=True, help="Prompts, or claims, that are compared."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Draws the prompts.")
@click.option(
    "--policy", "policies", multiple=True, default=("observe", "contrast"), help="Policies that are compared."
)
@click.option("--inside", is_flag=True, help="The server is a vLLM engine with the guard inside.")
@click.option("--only", type=click.Choice(["agreement", "load", "anew", "audit"]), help="Measure one of these alone.")
@click.option("--clients", type=click.IntRange(min=1), default=8, show_default=True, help="Requests at one time.")
@click.option("--requests", type=click.IntRange(min=1), default=16, show_default=True, help="Requests of a round.")
@click.option("--rounds", type=click.IntRange(min=2), default=5, show_default=True, help="Rounds.")
@click.option("--filler", type=click.IntRange(min=0), default=0, show_default=True, help="Sentences beside the facts.")
@click.option("--keep", type=click.Path(file_okay=False), help="Keep a server's answers about claims in this folder.")
@click.option("--items", type=click.IntRange(0, 3000), default=60, show_default=True, help="Items of --only audit.")
@click.option("--early", is_flag=True, help="Let the facts of a load stand before those sentences, and not behind.")
def served(
    address: str,
    model: str,
    name: str | None,
    n: int,
    seed: int,
    policies: tuple[str, ...],
    inside: bool,
    only: str | None,
    clients: int,
    requests: int,
    rounds: int,
    filler: int,
    keep: str | None,
    items: int,
    early: bool,
) -> None:
    """Compare guards of a model that the server at ADDRESS runs with those of the same model in this process.

    Each prompt states the badge numbers of six people and asks for one; the guards are told what is bound and whose
    number is asked for. What is printed are tables in Markdown: agreement slot by slot, and the time that a load of
    several clients takes, over that without a guard. `--only anew` is for a server that begins every answer of a chat
    anew, as hosted services do, and is never measured otherwise: how often a guard decides there. `--only audit`
    is never measured otherwise either: claims with known labels are audited over the server and by the same model here.
    With `--keep`, a run that ended early asks only what is missing.
    """
    if keep and only != "audit":
        raise click.UsageError("--keep is for --only audit.")
    from guardbind import connect
    from guardbind.model.loading import resolve

    click.echo(f"{address.partition('://')[0]}, {model}, seed {seed}")
    folder = resolve(model)
    if only == "anew":
        return _anew(model, connect(address, name or model, endpoint="chat"), n, seed)
    if only == "audit":
        from guardbind_bench.cli.served_audit import show_audit

        return show_audit(model, connect(address, name or model, cache=keep), n, seed, items)
    backend = connect(address, name or model, tokenizer=folder, cached=0)
    if only != "load":
        _agreement(model, backend, n, seed, policies, filler)
    if only != "agreement":
        from guardbind_bench.served.load import arms_of, measure_load

        arms = arms_of(address, name or model, backend, inside=inside)
        results = asyncio.run(
            measure_load(
                arms,
                address,
                clients=clients,
                requests=requests,
                rounds=rounds,
                seed=seed + 1,
                filler=filler,
                early=early,
            )
        )
        click.echo(f"\n{clients} clients, {rounds} rounds of {requests} requests\n")
        click.echo("| arm | time over that without a guard | right | prompt tokens found in the prefix cache |")
        click.echo("|---|---|---|---|")
        for result in results:
            cached = "not told" if result.cached is None else f"{result.cached:.0%}"
            click.echo(f"| {result.name} | {shown(result.ratio)} | {result.right} of {result.n} | {cached} |")


def _anew(model: str, backend: Backend, n: int, seed: int) -> None:
    from guardbind import load
    from guardbind.backends.local import LocalBackend
    from guardbind_bench.served.anew import measure_anew

    if backend.abilities.begun:
        raise click.UsageError("the server goes on with a begun answer; use `--only agreement` for one that does.")
    found, requests = asyncio.run(measure_anew(backend, LocalBackend(*load(model)), n, seed))
    click.echo(f"\n{n} chats, {requests:.1f} requests an answer\n")
    click.echo("| guard | decided | verdicts | nulls that were read | same verdict, of decided |")
    click.echo("|---|---|---|---|---|")
    for one in found:
        verdicts, nulls = (
            ", ".join(f"{count} `{name}`" for name, count in counts.items()) or "none"
            for counts in (one.verdicts, one.nulls)
        )
        click.echo(
            f"| {one.name} | {shown(one.decided)}, n {one.decided.n} | {verdicts} | {nulls} | {shown(one.same)}, "
            f"n {one.same.n} |"
        )


def _agreement(model: str, backend: object, n: int, seed: int, policies: tuple[str, ...], filler: int) -> None:
    from guardbind import load
    from guardbind_bench.served.agreement import agreement, guarded_answers
    from guardbind_bench.served.badges import badges

    module, tokenizer = load(model)
    prompts = [badges(seed * 1_000_000 + place, filler=filler) for place in range(n)]
    for policy in policies:
        seen = guarded_answers(module, tokenizer, backend, prompts, policy=policy)  # type: ignore[arg-type]
        click.echo(f"\npolicy {policy}, {n} prompts\n")
        click.echo("| guard | right | verdicts at slots | wrong answers that passed |\n|---|---|---|---|")
        for name, one in seen.items():
            verdicts = ", ".join(f"{count} `{verdict}`" for verdict, count in one.verdicts.items()) or "none"
            click.echo(f"| {name} | {sum(one.right)} of {n} | {verdicts} | {one.certified_wrong} |")
        click.echo("\n| two guards | slots | same verdict | same in the end | same value | bits apart |")
        click.echo("|---|---|---|---|---|---|")
        for pair in agreement(seen):
            bits = "not read" if pair.bits is None else f"median {pair.bits[0]:.3f}, at most {pair.bits[1]:.2f}"
            click.echo(
                f"| {pair.one} / {pair.other} | {pair.slots[0]} / {pair.slots[1]} | {shown(pair.verdicts)} | "
                f"{shown(pair.finals)} | {shown(pair.values)} | {bits} |"
            )
