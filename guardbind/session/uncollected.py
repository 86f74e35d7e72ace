"""Holds the cyclic garbage collector back while much is built at once."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["uncollected"]

_LONG = 50_000  # characters of a prompt below which the collector has little to do

_LOCK = threading.Lock()
_held = 0
_was_on = False


@contextmanager
def uncollected(characters: int) -> Iterator[None]:
    """Hold the cyclic garbage collector back in a block that reads a long prompt.

    A table of thousands of rows is tens of thousands of objects that all stay. The collector looks through them, and
    through all that the process holds, again and again while they are made, and finds nothing: a third of the time.
    Blocks may overlap, in one thread or in several; the last to end switches it on again, if it was on before.

    Args:
        characters: How long the prompt is; a short one changes nothing.
    """
    if characters < _LONG:
        yield
        return
    _hold()
    try:
        yield
    finally:
        _let_go()


def _hold() -> None:
    global _held, _was_on
    with _LOCK:
        if _held == 0:
            _was_on = gc.isenabled()
            gc.disable()
        _held += 1


def _let_go() -> None:
    global _held
    with _LOCK:
        _held -= 1
        if _held == 0 and _was_on:
            if not gc.get_freeze_count():
                # What was made goes where what stays is kept, unseen: else the collector would look through all of it
                # at once. Where somebody keeps objects frozen this would thaw theirs.
                gc.freeze()
                gc.unfreeze()
            gc.enable()
