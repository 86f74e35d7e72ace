"""Hands records to sinks; a sink that fails is counted and reported once, and never breaks a generation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from guardbind.errors import ConfigError
from guardbind.events.audits import AuditEvent
from guardbind.events.records import Event
from guardbind.registry import SINKS

__all__ = ["Emitter", "Sink", "build_sinks"]

Sink = Callable[[Any], None]
"""Takes one record: an `Event` of a guard, and of an audit that is told to use it an `AuditEvent`."""

logger = logging.getLogger("guardbind")
logger.addHandler(logging.NullHandler())


def build_sinks(specs: Sequence[str | Sink]) -> list[Sink]:
    """Turn `name`, `name:argument` and callables into sinks.

    Raises:
        UnknownNameError: No sink has that name.
        ConfigError: The sink cannot use its argument.

    Example:
        >>> build_sinks([print])
        [<built-in function print>]
    """
    sinks: list[Sink] = []
    for spec in specs:
        if isinstance(spec, str):
            name, _, argument = spec.partition(":")
            sinks.append(SINKS.get(name)(argument))
        elif callable(spec):
            sinks.append(spec)
        else:
            raise ConfigError(
                f"a sink is {type(spec).__name__} {spec!r}; a name or a callable is accepted.",
                hint=f'Name one of {", ".join(SINKS)}, as in "jsonl:records.jsonl", or give a function of one record.',
            )
    return sinks


class Emitter:
    """Sends every record to every sink.

    Args:
        sinks: Callables that take one record.
        capture_text: Whether sinks may see prompt text.
    """

    def __init__(self, sinks: Sequence[Sink], *, capture_text: bool) -> None:
        self._sinks = list(sinks)
        self._capture_text = capture_text
        self.failures = 0

    def emit(self, record: Event | AuditEvent) -> None:
        """Send one record; exceptions of a sink are swallowed, counted in `failures` and logged once."""
        if not self._sinks:
            return
        shown = record if self._capture_text else record.without_text()
        for sink in self._sinks:
            try:
                sink(shown)
            except Exception as error:
                self.failures += 1
                if self.failures == 1:
                    logger.warning("a guardbind sink failed; further failures are only counted: %r", error)
