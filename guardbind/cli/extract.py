"""Shows for `guardbind extract` what a text binds, and where."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from typing import Any

import click

from guardbind.cli.console import stdout_console
from guardbind.cli.options import CONTEXT, language_option
from guardbind.extraction import ExtractedTable, Pattern, default_rules, extract
from guardbind.registry import RULES

__all__ = ["extract_command"]

# \b keeps click from wrapping the lines.
_EXAMPLE = """
\b
Example:
  echo "Bob's badge number is 4417. Total: $1,250.00" > note.txt
  guardbind extract note.txt
  guardbind extract --json --pattern 'ticket=(?P<key>ticket) no\\. (?P<value>\\d+)' note.txt
"""
_PIPE_WIDTH = 160


@click.command("extract", context_settings=CONTEXT, epilog=_EXAMPLE, short_help="Show what a text binds to which keys.")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, allow_dash=True))
@click.option(
    "--messages",
    is_flag=True,
    allow_from_autoenv=False,
    help='The file is JSON: the messages of a chat, [{"role": ..., "content": ...}, ...].',
)
@click.option(
    "--rule",
    "rules",
    type=click.Choice(RULES.names()),
    multiple=True,
    allow_from_autoenv=False,
    help="Apply this rule only; repeat for more, the most specific first. Without it, all that read by default do.",
)
@click.option(
    "--pattern",
    "patterns",
    multiple=True,
    allow_from_autoenv=False,
    metavar="NAME=REGEX",
    help="A rule of your own, before the others: a regular expression with (?P<key>...) and (?P<value>...).",
)
@language_option
@click.option(
    "--json", "as_json", is_flag=True, envvar="GUARDBIND_JSON", show_envvar=True, help="Print one JSON object."
)
def extract_command(
    file: str, messages: bool, rules: tuple[str, ...], patterns: tuple[str, ...], language: str, as_json: bool
) -> None:
    """Show what FILE binds: each key, its value, where it stands, and the rule that found it. - is standard input.

    Nothing is guessed: what has the form of no rule is not shown. Exit code 0 also where nothing was found.
    """
    source = _read(file)
    own = [_pattern(given) for given in patterns]
    table = extract(
        _messages(source, file) if messages else source, rules=[*own, *(rules or default_rules())], language=language
    )
    if as_json:
        click.echo(json.dumps(_record(table), indent=2, ensure_ascii=False))
    else:
        _show(table)


def _read(file: str) -> str:
    with click.open_file(file, "rb") as stream:
        data: bytes = stream.read()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise click.BadParameter(f"{file} is not UTF-8: {error}.", param_hint="FILE") from error


def _messages(source: str, file: str) -> list[Any]:
    try:
        messages = json.loads(source)
    except (ValueError, RecursionError) as error:
        raise click.BadParameter(f"{file} is not JSON: {error}.", param_hint="FILE") from error
    if not isinstance(messages, list):
        raise click.BadParameter(f"{file} is a JSON {type(messages).__name__}; a list is needed.", param_hint="FILE")
    return messages


def _pattern(given: str) -> Pattern:
    name, sign, regex = given.partition("=")
    if not sign or not name:
        raise click.BadParameter(f"{given!r} is not NAME=REGEX.", param_hint="--pattern")
    return Pattern(name, regex)


def _record(table: ExtractedTable) -> dict[str, Any]:
    items = [{**asdict(item), "place": _place(table, item.part)} for item in table.items]
    return {"items": items, "notes": list(table.notes)}


def _place(table: ExtractedTable, part: int | None) -> str | None:
    return None if part is None else table.places[part]


def _show(table: ExtractedTable) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    for note in table.notes:
        click.echo(note, err=True)
    if not table.items:
        click.echo("Nothing was found.")
        return
    several = len(table.places) > 1
    counts = Counter(item.key for item in table.items)
    shown = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    for heading in ("key", "value", "type", "canonical", "rule", "span", *(["where"] if several else [])):
        shown.add_column(heading, overflow="fold")
    for item in table.items:
        key = f"{item.key} ({item.occurrence + 1})" if counts[item.key] > 1 else item.key
        span = "–" if item.span is None else f"{item.span[0]}:{item.span[1]}"
        cells = [key, item.value, item.type, item.canonical, item.rule, span]
        if several:
            cells.append(_place(table, item.part) or "–")
        shown.add_row(*(Text(cell if cell.isprintable() else repr(cell)) for cell in cells))
    stdout_console(_PIPE_WIDTH).print(shown)
