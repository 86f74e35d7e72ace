"""Lets guarded calls of one model take turns, in the order in which they come."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from torch import nn

__all__ = ["Turns", "turns_of"]


class Turns:
    """A lock that is fair and reentrant: who came first is let in first, and who is in may come in again.

    The locks of the standard library promise no order, and a thread that asks again at once mostly gets its way: beside
    one that generates in a loop, another could wait for many generations.
    """

    def __init__(self) -> None:
        self._changing = threading.Lock()
        self._waiting: deque[tuple[int, threading.Event]] = deque()
        self._owner: int | None = None
        self._depth = 0

    @property
    def mine(self) -> bool:
        """Whether the calling thread is in."""
        return self._owner == threading.get_ident()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Wait for the turn, keep it inside the block, and hand it on, whatever ends the wait or the block."""
        before = self._depth if self.mine else 0
        # An interrupt may come between any two lines; what was taken until then is given back.
        try:
            self._take()
            yield
        finally:
            self._give_back(before)

    def _take(self) -> None:
        me, called = threading.get_ident(), threading.Event()
        with self._changing:
            if self._owner in (None, me):
                self._owner = me
                self._depth += 1
                return
            self._waiting.append((me, called))
        called.wait()

    def _give_back(self, depth: int) -> None:
        me = threading.get_ident()
        with self._changing:
            if self._owner != me:
                self._waiting = deque(waiting for waiting in self._waiting if waiting[0] != me)
                return
            self._depth = depth
            if depth:
                return
            self._owner = None
            if self._waiting:
                self._owner, called = self._waiting.popleft()
                self._depth = 1
                called.set()


_OF_MODELS: WeakKeyDictionary[nn.Module, Turns] = WeakKeyDictionary()
_MAKING = threading.Lock()


def turns_of(model: nn.Module) -> Turns:
    """Return the turns of a model: the same object as long as the model lives, whoever asks.

    They do not stand on the model itself, which may be copied and pickled.

    Args:
        model: The module whose forward the generation loop calls; what wraps it takes turns with it.
    """
    with _MAKING:
        return _OF_MODELS.setdefault(model, Turns())


def _begin_anew() -> None:
    # Of the threads of its parent a forked process has one, so that no turn of another one would ever end.
    global _MAKING
    _MAKING = threading.Lock()
    _OF_MODELS.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
