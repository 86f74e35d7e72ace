"""Tells the parts of a guarded call apart: how often each ran, how long, and which forward passes it ran."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any
from unittest.mock import patch

from torch import nn

__all__ = ["CALL", "GENERATE", "PARTS", "PartSpent", "watched_parts"]

CALL = "rest of the call"
GENERATE = "decoding itself"

PARTS: Mapping[str, tuple[str, ...]] = {
    "binding the rows": ("guardbind.generation.call:bind_prompt",),
    "each token": ("guardbind.generation.processor:GuardProcessor.__call__",),
    "question": ("guardbind.session.asking:Asking.read",),
    "opening": ("guardbind.session.opener:Opener.open",),
    "null": ("guardbind.session.meter:NullMeter.read",),
    "judge": ("guardbind.session.engine:build_slot",),
    "second readout": ("guardbind.session.trying:Trying.at",),
    "checkpoint": ("guardbind.session.sharing:read_branches", "guardbind.model.branch:Branch.advance"),
    "record": (
        "guardbind.session.recorder:Recorder.slot",
        "guardbind.session.recorder:Recorder.release",
        "guardbind.session.recorder:Recorder.end",
        "guardbind.session.recorder:Recorder.report",
    ),
}
"""Name of a part to the functions of the core that are it. What one calls of another part counts for that one."""


@dataclass(slots=True)
class PartSpent:
    """What one part took, less what other parts inside it took.

    Attributes:
        calls: How often it ran.
        seconds: How long.
        forwards: Forward passes that it ran.
        tokens: Tokens that those were given, padding included.
    """

    calls: int = 0
    seconds: float = 0.0
    forwards: int = 0
    tokens: int = 0


class _Clock:
    def __init__(self) -> None:
        self.spent: dict[str, PartSpent] = {}
        self._open: list[str] = [CALL]
        self._since = time.perf_counter()

    def run(self, part: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._charge()
        self._open.append(part)
        self._of(part).calls += 1
        try:
            return function(*args, **kwargs)
        finally:
            self._charge()
            self._open.pop()

    def forward(self, _module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        part = self._of(self._open[-1])
        part.forwards += 1
        part.tokens += (args[0] if args else kwargs["input_ids"]).numel()

    def end(self) -> None:
        self._charge()
        self._of(CALL).calls = 1

    def _charge(self) -> None:
        now = time.perf_counter()
        self._of(self._open[-1]).seconds += now - self._since
        self._since = now

    def _of(self, part: str) -> PartSpent:
        return self.spent.setdefault(part, PartSpent())


@contextmanager
def watched_parts(model: nn.Module) -> Iterator[dict[str, PartSpent]]:
    """Watch one guarded call inside a `with` block; what is yielded is complete behind it.

    Args:
        model: The module whose `generate` is called.
    """
    clock = _Clock()
    with ExitStack() as stack:
        kind: Any = type(model)
        _watch(stack, clock, GENERATE, kind, "generate")
        for part, places in PARTS.items():
            for place in places:
                module, _, name = place.partition(":")
                *owners, attribute = name.split(".")
                owner: Any = functools.reduce(getattr, owners, import_module(module))
                _watch(stack, clock, part, owner, attribute)
        hook = model.register_forward_pre_hook(clock.forward, with_kwargs=True)
        stack.callback(hook.remove)
        clock._since = time.perf_counter()
        yield clock.spent
        clock.end()


def _watch(stack: ExitStack, clock: _Clock, part: str, owner: Any, attribute: str) -> None:
    function = getattr(owner, attribute)

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        return clock.run(part, function, *args, **kwargs)

    stack.enter_context(patch.object(owner, attribute, run))
