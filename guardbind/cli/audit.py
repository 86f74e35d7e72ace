"""Audits a written answer or trace against its context: `guardbind audit`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.loading import load_model
from guardbind.cli.options import CONTEXT, model_options

if TYPE_CHECKING:
    from guardbind.auditing.report import AuditReport
    from guardbind.backends import Backend

__all__ = ["audit_command"]

_FILE = click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True)
_NULLS = ("redact", "delete", "same_length", "no_evidence", "mask")
_FAILING = {
    "never": frozenset[str](),
    "contradicted": frozenset({"contradicted"}),
    "flagged": frozenset({"contradicted", "unsupported", "under_budget"}),
    "unproven": frozenset({"contradicted", "unsupported", "under_budget", "undecided"}),
}

# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Example:
  echo "Bob's badge is 4417. Alice's badge is 8213." > context.txt
  echo "Bob's badge is 8213. [1]" > answer.txt
  guardbind audit answer.txt --context context.txt --no-model
"""


@click.command("audit", context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Audit an answer, claim by claim.")
@click.argument("file", type=_FILE)
@click.option(
    "--context",
    "contexts",
    type=_FILE,
    multiple=True,
    allow_from_autoenv=False,
    help="File with the context; repeat for several documents, which are cited by their place. Without it, the trace "
    "brings its own: a chat its tool results, JSON its 'context'.",
)
@click.option("--no-model", is_flag=True, help="Ask no verifier: only what the context binds is checked, exactly.")
@click.option("--api", metavar="URL", show_envvar=True, help="Ask a server; --model is then its name of the model.")
@click.option("--tau", type=click.FloatRange(0.5, 0.999), default=0.95, help="Reliability that a claim needs.")
@click.option("--null", "nulls", type=click.Choice(_NULLS), multiple=True, default=_NULLS[:4], help="Nulls; repeat.")
@click.option("--items", type=click.IntRange(0, 3000), default=90, help="Calibration items for the verifier.")
@click.option(
    "--sink",
    "sinks",
    multiple=True,
    metavar="NAME[:ARG]",
    help="Hand a record of each claim and of the end to a sink, as jsonl:audits.jsonl or logging; repeat for more.",
)
@click.option("--capture-text", is_flag=True, help="Let sinks see the texts of claims.")
@click.option("--html", type=click.Path(dir_okay=False, writable=True), help="Write the page to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@click.option(
    "--fail-on",
    type=click.Choice(list(_FAILING)),
    default="contradicted",
    help="Exit with 1 where a claim is contradicted; flagged (also unsupported or under budget, or the answer does not "
    "follow); unproven (anything but supported); or never.",
)
@model_options
@click.pass_context
def audit_command(
    ctx: click.Context,
    file: str,
    contexts: tuple[str, ...],
    no_model: bool,
    api: str | None,
    tau: float,
    nulls: tuple[Any, ...],
    items: int,
    sinks: tuple[str, ...],
    capture_text: bool,
    html: str | None,
    as_json: bool,
    fail_on: str,
    model: str,
    dtype: str,
    device: str | None,
) -> None:
    """Audit FILE, claim by claim: an answer with citations like [2], a JSON trace, or a chat with tool results.

    Each claim is held against the spans that it cites. A verifier that is not better than chance on items with known
    answers certifies nothing.
    """
    # Here and not above, so that help is answered before torch is imported.
    from guardbind.auditing.audit import audit
    from guardbind.auditing.settings import AuditConfig
    from guardbind.events import build_sinks

    trace = _text(file)
    context: Any = None
    if contexts:
        texts = [_text(path) for path in contexts]
        context = texts[0] if len(texts) == 1 else texts
    config = AuditConfig(
        tau=tau,
        nulls=nulls,
        calibration_items=items,
        # Built before the model is loaded, so that a wrong one is told at once.
        sinks=tuple(build_sinks(sinks)),
        capture_text=capture_text,
    )
    verifier = None if no_model else _verifier(model, api, dtype, device)
    report = audit(trace, context, verifier=verifier, config=config)
    if html:
        Path(html).write_text(report.to_html(), encoding="utf-8")
    if as_json:
        click.echo(report.to_json(indent=2))
    else:
        _show(report)
    if report.stopped is not None:
        raise click.ClickException(f"the verifier stopped answering, so the audit is not whole: {report.stopped}")
    failing = _FAILING[fail_on]
    failed = any(judged.verdict in failing for judged in report.claims)
    if failed or (fail_on in ("flagged", "unproven") and report.answer.follows == "no"):
        ctx.exit(1)
    if fail_on == "unproven" and not report.ok:
        ctx.exit(1)


def _text(path: str) -> str:
    with click.open_file(path, "rb") as stream:
        data: bytes = stream.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{path} is not UTF-8: {error}.") from error


def _verifier(model: str, api: str | None, dtype: str, device: str | None) -> Backend:
    if api is not None:
        from guardbind.backends.connect import connect

        return connect(api, model)
    from guardbind.backends.local import LocalBackend

    return LocalBackend(*load_model(model, dtype=dtype, device=device))


def _show(report: AuditReport) -> None:
    from rich.table import Table

    from guardbind.auditing.page import verifier_sentence

    console = stdout_console(120)
    console.print(verifier_sentence(report.verifier))
    table = Table("claim", "verdict", "cites", "text", "why")
    for judged in report.claims:
        cites = ", ".join((*judged.claim.citations, *(f"{name}?" for name in judged.claim.unknown)))
        why = judged.reason + (" (the judgements differ)" if judged.differ else "")
        table.add_row(judged.claim.id, judged.verdict.replace("_", " "), cites, judged.claim.text, why)
    console.print(table)
    console.print(f"The answer follows from the supported claims: {report.answer.follows} ({report.answer.reason}).")
    for note in report.notes:
        console.print(f"Note: {note}")
