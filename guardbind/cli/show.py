"""Shows an answer and its report: to a person as a table, to a program as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click
from rich import box
from rich.table import Table
from rich.text import Text

from guardbind.cli.answer import Answer
from guardbind.cli.console import stdout_console
from guardbind.cli.inputs import Item
from guardbind.events import InterventionRecord, SlotRecord
from guardbind.evidence import Binding, Evidence

__all__ = ["show"]

_STYLES = {
    "ok": "green",
    "repaired": "blue",
    "gate_failure": "magenta",
    "binding_failure": "bold red",
    "unsupported": "yellow",
    "absent": "yellow",
    "unresolved": "cyan",
}
_NO_SLOT = (
    "No slot: the model began none of the declared values, so nothing was measured. "
    "Say where a value begins with --slots prompt_end or --pattern REGEX."
)
_LEGEND = (
    "+n bits: the evidence makes the token 2^n times as likely. Below 0: gate = no value is coming, value = another "
    "one leads. Budget: how far above or below what tau asks, in bits; no verdict rests on it."
)
_SHOWN_BITS = 4
_PIPE_WIDTH = 160


def show(answer: Answer, *, as_json: bool) -> None:
    """Print an answer and its report to standard output."""
    console = stdout_console(_PIPE_WIDTH)
    if as_json:
        cost = {} if answer.cost is None else {"cost": answer.cost.model_dump(mode="json")}
        click.echo(json.dumps({"text": answer.text, "report": json.loads(answer.report.to_json()), **cost}, indent=2))
        return
    click.echo(answer.text)
    slots = answer.report.slots
    if not slots:
        console.print(f"\n{_NO_SLOT}")
        return
    console.print(_table(slots, answer.items))
    for number, slot in enumerate(slots, start=1):
        tried = [i for i in answer.report.interventions if (i.row, i.step) == (slot.row, slot.step)]
        console.print(f"{number}: {_why(slot, tried)}")
    console.print(_LEGEND, style="dim")
    if answer.cost is not None:
        spent = answer.cost
        read, new = ("?" if number is None else number for number in (spent.prompt_tokens, spent.new_tokens))
        lookups = f" ({spent.lookups} of them only turned texts into tokens and back)" if spent.lookups else ""
        console.print(f"{spent.requests} requests{lookups}, {read} tokens read, {new} written.", style="dim")


def _table(slots: Sequence[SlotRecord], items: Sequence[Item]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, collapse_padding=True, pad_edge=False)
    table.add_column()
    table.add_column("verdict", no_wrap=True)
    for heading in ("key", "about to write", "written", "evidence bits"):
        table.add_column(heading, overflow="fold")
    for gap in ("gate", "value", "budget"):
        table.add_column(gap, justify="right", no_wrap=True)
    for number, slot in enumerate(slots, start=1):
        table.add_row(
            str(number),
            _verdict(slot),
            Text("–" if slot.key is None else _plain(slot.key)),
            Text(repr(slot.token_text)),
            Text(_written(slot)),
            _bits(slot, items),
            _signed(slot.gate_gap),
            _signed(slot.value_gap),
            _budget(slot),
        )
    return table


def _verdict(slot: SlotRecord) -> Text:
    text = Text(slot.verdict, _STYLES[slot.verdict])
    if slot.action != "none" or slot.final_verdict != slot.verdict:
        text.append(f"\n{slot.action}\n→ ", "dim").append(slot.final_verdict, _STYLES[slot.final_verdict])
    return text


def _written(slot: SlotRecord) -> str:
    if slot.final_text is not None:
        return repr(slot.final_text)
    return "drawn" if slot.action == "none" else "–"


def _bits(slot: SlotRecord, items: Sequence[Item]) -> Text:
    """One line for each binding whose evidence was taken away, the strongest first, the target in bold."""
    known = sorted(
        ((bits, i) for i, bits in enumerate(slot.bits_by_binding) if bits is not None), key=lambda pair: -abs(pair[0])
    )
    if not known:
        return Text("–")
    lines = [
        Text(f"{bits:+.1f} {_name(items, i)}", "bold" if i == slot.target else "") for bits, i in known[:_SHOWN_BITS]
    ]
    if len(known) > _SHOWN_BITS:
        lines.append(Text(f"{len(known) - _SHOWN_BITS} more", "dim"))
    return Text("\n").join(lines)


def _name(items: Sequence[Item], index: int) -> str:
    """The key of a binding, with the value if the key has several; the id of an evidence."""
    item = items[index]
    if isinstance(item, Evidence):
        return _plain(item.id)
    several = sum(isinstance(other, Binding) and other.key == item.key for other in items) > 1
    return _plain(f"{item.key}={item.value}" if several else item.key)


def _budget(slot: SlotRecord) -> Text:
    before = _number(None if slot.budget is None else slot.budget.margin_bits)
    if slot.final_budget is None:
        return before
    return before.append("\n→ ", "dim").append_text(_number(slot.final_budget.margin_bits))


def _signed(number: float | None) -> Text:
    """A number that is red where it says that something is wrong: below 0."""
    shown = _number(number)
    if number is not None and number < 0:
        shown.stylize("red")
    return shown


def _number(number: float | None) -> Text:
    return Text("–" if number is None else f"{number:+.1f}")


def _why(slot: SlotRecord, tried: Sequence[InterventionRecord]) -> str:
    outcomes = [f"{i.action} {'kept' if i.kept else 'rolled back'}: {i.reason}" for i in tried]
    return "\n   ".join([slot.reason, *outcomes])


def _plain(text: str) -> str:
    return text if text.isprintable() else repr(text)
