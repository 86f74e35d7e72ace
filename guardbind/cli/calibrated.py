"""Shows what a calibration allows, and what it took and would take: to a person as text, to a program as data."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from guardbind.calibrating.calibrate import MadeCalibration
from guardbind.calibrating.summary import WaySummary
from guardbind.calibration.artefact import Calibration, Reported
from guardbind.calibration.bounds import exact_interval
from guardbind.calibration.store import calibration_id
from guardbind.cli.console import stdout_console

__all__ = ["as_data", "show_calibration"]

_PIPE_WIDTH = 160


def as_data(made: MadeCalibration, ways: Sequence[WaySummary], out: Path) -> dict[str, Any]:
    """Return the summary as JSON-ready data."""
    calibration = made.calibration
    return {
        "folder": str(out),
        "id": calibration_id(calibration),
        "trials": calibration.trials,
        "failed": len(made.failures),
        "fitted_before": list(made.before),
        "risk": calibration.risk,
        "confidence": calibration.confidence,
        "ways": [{**asdict(way), "rule": None if way.rule is None else way.rule.model_dump()} for way in ways],
        "flagging": [rule.model_dump() for rule in calibration.flagging],
        "settings": calibration.settings.model_dump(),
        "reported": calibration.reported.model_dump() | {"right_to_wrong": _right_to_wrong(calibration.reported)},
    }


def show_calibration(made: MadeCalibration, ways: Sequence[WaySummary], out: Path) -> None:
    """Print the summary to standard output."""
    console = stdout_console(_PIPE_WIDTH)
    calibration, reported = made.calibration, made.calibration.reported
    sizes = Counter(outcome.split for outcome in made.outcomes)
    dealt = ", ".join(f"{split} {sizes[split]}" for split in ("choose", "fit", "report"))
    failed = f"; {len(made.failures)} could not be measured" if made.failures else ""
    console.print(f"Calibration {calibration_id(calibration)} in {out}: {calibration.trials} trials ({dealt}){failed}.")
    if made.before:
        console.print(f"Fitted before with {'; '.join(made.before)}: less sure than it says, see docs/calibration.md.")
    console.print(f"\nMay be acted on: at most {_percent(calibration.risk)} of it harmful, {_sure(calibration)}")
    console.print(_ways(ways) if ways else "Nothing: the guard made no intervention.")
    for way in ways:
        if way.rule is None:
            console.print(f"Not certified, targets by {way.way!r}: {_missing(way, calibration.risk)}")
    spoiled = _right_to_wrong(reported)
    console.print(
        f"\nOn {reported.n} further trials: {reported.repaired} of {reported.errors} errors repaired"
        f"{_share(reported.repaired, reported.errors)}, {reported.harmful} of {reported.interventions} interventions "
        f"harmful{_share(reported.harmful, reported.interventions)}, {reported.held_back} held back; right to wrong: "
        f"{spoiled} of {reported.right_before}{_share(spoiled, reported.right_before)}. In brackets: 95 % intervals."
    )
    console.print(
        f"Flags ({len(calibration.flagging)} signals at {_percent(calibration.flagging[0].alpha)} each): some of them "
        f"flags {reported.errors_flagged} of {reported.errors} errors and {reported.false_alarms} of "
        f"{reported.right_before} right answers."
        if calibration.flagging
        else "Flags: none; there are too few right answers."
    )
    console.print(_settings(calibration))


def _ways(ways: Sequence[WaySummary]) -> Table:
    table = Table(box=box.SIMPLE, pad_edge=False)
    for name in ("target found by", "from bits", "from gain", "n", "harmful", "at most"):
        table.add_column(name, justify="left" if name == "target found by" else "right")
    for way in ways:
        if way.rule is None:
            table.add_row(way.way, "-", "-", str(way.n), str(way.wrong), _percent(way.bound))
        else:
            rule = way.rule
            cells = (_bits(rule.min_evidence_bits), _bits(rule.min_gain_bits), str(rule.n), str(rule.wrong))
            table.add_row(way.way, *cells, _percent(way.bound))
    return table


def _missing(way: WaySummary, risk: float) -> str:
    if way.more is None:
        return f"{way.wrong} of {way.n} were harmful; no number of such trials brings that below {_percent(risk)}."
    return f"about {way.more:,} trials more, if interventions stay as frequent and as seldom harmful as they were."


def _settings(calibration: Calibration) -> str:
    chosen = calibration.settings
    return (
        f"Settings, of {chosen.tried} tried: alpha {chosen.alpha:g}, tail_tokens {chosen.tail_tokens}, max_nulls "
        f"{chosen.max_nulls}, template {chosen.checkpoint_template!r}; on {chosen.n} further trials "
        f"{chosen.right_chosen} end well with every confirmed proposal, and {chosen.right_default} with the defaults."
    )


def _sure(calibration: Calibration) -> str:
    return f"with {_percent(calibration.confidence)} confidence, all ways together"


def _share(part: int, whole: int) -> str:
    if not whole:
        return ""
    low, high = exact_interval(part, whole)
    return f" ({_percent(part / whole)} [{_percent(low)}, {_percent(high)}])"


def _right_to_wrong(reported: Reported) -> int:
    return reported.right_before + reported.repaired - reported.right_after


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def _bits(number: float) -> str:
    return f"{number:.2f}" if math.isfinite(number) else "any"
