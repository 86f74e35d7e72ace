"""Hands each record to the standard library's logging."""

from __future__ import annotations

import logging
from collections.abc import Callable

from guardbind.errors import ConfigError
from guardbind.events import AuditClaimRecord, AuditEndRecord, AuditEvent, Event, GenerationRecord, SlotRecord
from guardbind.events.records import as_json

__all__ = ["logging_sink"]

_LOGGER = "guardbind.events"
_FLAGGED = frozenset({"contradicted", "unsupported", "under_budget"})


def logging_sink(argument: str) -> Callable[[Event | AuditEvent], None]:
    """Return a sink that logs at INFO, or at WARNING where something ended wrong.

    That is a slot with another final verdict than `ok` or `repaired`, a generation or an audit that raised, and a claim
    that is contradicted, unsupported or under budget.

    The whole record is in the attribute `guardbind` of the log record, as JSON-ready data.

    Args:
        argument: Name of the logger, `guardbind.events` if empty; or a level (`WARNING`) below which nothing is logged.

    Raises:
        ConfigError: Nothing is ever logged at that level.
    """
    least = logging.getLevelNamesMapping().get(argument.upper())
    if least is not None and least > logging.WARNING:
        raise ConfigError(
            f"the sink 'logging' logs at INFO and WARNING, so that nothing would reach the level {argument!r}.",
            hint="Write logging:WARNING for the failures only.",
        )
    logger = logging.getLogger(_LOGGER if least is not None else argument or _LOGGER)

    def log(record: Event | AuditEvent) -> None:
        level = logging.WARNING if _ended_wrong(record) else logging.INFO
        if least is None or level >= least:
            logger.log(level, "%s", _line(record), extra={"guardbind": as_json(record)})

    return log


def _ended_wrong(record: Event | AuditEvent) -> bool:
    if isinstance(record, AuditClaimRecord):
        return record.verdict in _FLAGGED
    if isinstance(record, (GenerationRecord, AuditEndRecord)):
        return record.error is not None
    return isinstance(record, SlotRecord) and not record.passed


def _line(record: Event | AuditEvent) -> str:
    if isinstance(record, AuditClaimRecord):
        return f"claim {record.claim}: {record.verdict} ({record.reason})"
    if isinstance(record, AuditEndRecord):
        counted = ", ".join(f"{verdict} {count}" for verdict, count in record.verdicts.items()) or "none"
        return f"audit of claims {record.claims} ({counted}): {record.error or 'ended'} after {record.seconds:.3g} s"
    if isinstance(record, GenerationRecord):
        return (
            f"generation of rows {record.rows}, tokens {record.new_tokens}, slots {record.slots}, "
            f"interventions {record.interventions}: {record.error or 'ended'} after {record.seconds:.3g} s, "
            f"{record.guard_seconds:.3g} s of them for the guard"
        )
    place = f"row {record.row}, step {record.step}"
    if isinstance(record, SlotRecord):
        target = "" if record.target is None else f", target {record.target}"
        named = "" if record.key is None else f" ({record.key!r})"
        return f"slot at {place}{target}{named}: {_change(record.verdict, record.final_verdict, record.action)}"
    outcome = "kept" if record.kept else "rolled back"
    return f"{record.action} at {place} {outcome}: {record.reason}"


def _change(before: str, after: str, action: str) -> str:
    return f"{before}, action {action}, then {after}" if action != "none" or after != before else before
