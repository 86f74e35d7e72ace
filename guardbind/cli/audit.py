"""Audits a written answer or trace against its context: `guardbind audit`."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from guardbind.cli.console import stdout_console
from guardbind.cli.loading import load_model
from guardbind.cli.options import CONTEXT, model_options
from guardbind.errors import ConfigError

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
@click.option(
    "--question",
    allow_from_autoenv=False,
    help="What was asked, where FILE does not say it: the verifier then answers it from the supported claims.",
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
    question: str | None,
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

    if not no_model and api is not None:
        _refuse_local_only(ctx, nulls)
    if html:
        _check_folder(html)
    trace = _trace(file)
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
    named = ctx.get_parameter_source("model") not in (ParameterSource.DEFAULT, None)
    verifier = None if no_model else _verifier(model if named or api is None else None, api, dtype, device)
    try:
        report = audit(trace, context, verifier=verifier, config=config, question=question)
    finally:
        if verifier is not None:
            asyncio.run(verifier.aclose())
    if as_json:
        click.echo(report.to_json(indent=2))
    else:
        _show(report)
    # Last, so that a page that cannot be written takes nothing of the audit with it.
    if html:
        _write(html, report.to_html())
    if report.stopped is not None:
        raise click.ClickException(f"the verifier stopped answering, so the audit is not whole: {report.stopped}")
    failing = _FAILING[fail_on]
    failed = any(judged.verdict in failing for judged in report.claims)
    if failed or (fail_on in ("flagged", "unproven") and report.answer.follows == "no"):
        ctx.exit(1)
    if fail_on == "unproven" and not report.ok:
        ctx.exit(1)


def _refuse_local_only(ctx: click.Context, nulls: tuple[str, ...]) -> None:
    given = [
        name for name in ("dtype", "device") if ctx.get_parameter_source(name) not in (ParameterSource.DEFAULT, None)
    ]
    options = [f"--{name}" for name in given] + (["--null mask"] if "mask" in nulls else [])
    if options:
        raise click.UsageError(f"{', '.join(options)} cannot be used with --api: they need a model of this process.")


def _check_folder(path: str) -> None:
    """Refuse a page that could not be written, before a model is loaded or a server asked."""
    folder = Path(path).absolute().parent
    if not folder.is_dir():
        raise ConfigError(f"--html {path}: there is no folder {folder}.", hint="Make it, or name another file.")
    if not os.access(folder if not Path(path).exists() else path, os.W_OK):
        raise ConfigError(f"--html {path}: it may not be written.", hint="Name another file.")


def _write(path: str, text: str) -> None:
    try:
        Path(path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"--html {path}: the page could not be written ({error.strerror or error}); the audit is printed above.",
            hint="Audit with --json to keep all of it.",
        ) from error


def _trace(path: str) -> Any:
    """Return the text of a trace, or what it holds where its name says that it is JSON."""
    text = _text(path)
    if Path(path).suffix.lower() != ".json":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(
            f"{path} is no JSON: {error}.",
            hint="Give the file whole, or a text under a name that does not end in .json.",
        ) from error


def _text(path: str) -> str:
    with click.open_file(path, "rb") as stream:
        data: bytes = stream.read()
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{path} is not UTF-8: {error}.") from error
    if not text.strip():
        raise ConfigError(f"{'standard input' if path == '-' else path} is empty.", hint="Give a file with a text.")
    return text


def _verifier(model: str | None, api: str | None, dtype: str, device: str | None) -> Backend:
    if api is not None:
        from guardbind.backends.connect import connect

        return connect(api, model)
    from guardbind.backends.local import LocalBackend

    assert model is not None  # only a server may have but one
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
    if report.answer.executed:
        console.print(f"From the supported claims alone: {report.answer.executed}")
    for note in report.notes:
        console.print(f"Note: {note}")
