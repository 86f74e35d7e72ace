"""Stands in front of `generate` of one model, and leaves no trace when it goes, whatever else was done to the model."""

from __future__ import annotations

import functools
import operator
import threading
from collections.abc import Callable
from types import MethodType
from typing import Any, cast
from weakref import WeakKeyDictionary, ref

from guardbind.errors import GuardbindError
from guardbind.model import Module

__all__ = ["Front", "unwrapped_generate"]

# Reentrant, because a handle that is collected gives its place back wherever the collector happens to run.
_CHANGING = threading.RLock()
_STANDING: WeakKeyDictionary[Module, ref[Front]] = WeakKeyDictionary()


class Front:
    """What the attribute `generate` of a model instance is while a guard stands.

    Once it stands no longer, or where `passing` says so, it hands every call on: others may have kept it, or have put
    something of theirs around it. A copy of the model, also one in a file, has in its place what was there before.

    Args:
        model: The model.
        call: Runs a call, given its arguments; None when the guard is gone.
        passing: Whether the call that is made now is none for the guard.
    """

    def __init__(
        self, model: Module, call: Callable[[], Callable[..., Any] | None], passing: Callable[[], bool]
    ) -> None:
        self._model = model
        self._call = call
        self._passing = passing
        self._before: Any = None
        # A class may hand `generate` on to what it wraps without having one.
        self._handed_on = None if hasattr(type(model), "generate") else unwrapped_generate(model)
        self.standing = False
        functools.update_wrapper(self, unwrapped_generate(model))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Generate: guarded, while the guard stands."""
        call = self._call() if self.standing and not self._passing() else None
        return self.beneath(*args, **kwargs) if call is None else call(*args, **kwargs)

    @property
    def beneath(self) -> Callable[..., Any]:
        """What is called instead of `generate` without the guard."""
        found = self._before or self._handed_on or unwrapped_generate(self._model)
        return cast(Callable[..., Any], found)

    def stand(self) -> None:
        """Take the place of `generate`.

        Raises:
            GuardbindError: Another one stands there already.
        """
        with _CHANGING:
            other = _STANDING.get(self._model, lambda: None)()
            if other is not None and other.standing:
                raise GuardbindError(
                    "a guard is attached to this model already; one at a time can stand.",
                    hint="Detach it first, or use Guard.generate, which attaches nothing.",
                )
            before = vars(self._model).get("generate")
            while isinstance(before, Front):  # what somebody else has put back after it had gone
                before = before._before
            self._before = before
            _STANDING[self._model] = ref(self)
            self.standing = True
            vars(self._model)["generate"] = self

    def leave(self) -> bool:
        """Give the place back, if it was not taken by another; returns whether it stood."""
        with _CHANGING:
            stood, self.standing = self.standing, False
            own = vars(self._model)
            if own.get("generate") is self:
                del own["generate"]
                if self._before is not None:
                    own["generate"] = self._before
            return stood

    def __reduce__(self) -> tuple[Any, ...]:
        # Both say it in words of the standard library, so that a file can be read where guardbind is not installed.
        if self._before is None:
            return getattr, (self._model, "generate")
        return operator.getitem, ((self._before,), 0)


def unwrapped_generate(model: Module) -> Callable[..., Any]:
    """Return `generate` as the class of a model has it, or what it leads to if the class has none."""
    of_class = getattr(type(model), "generate", None)
    return cast(Any, model).generate if of_class is None else MethodType(of_class, model)
