"""Makes hooks that belong to one call, and that a copy of the model does not inherit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["Hook"]


class Hook:
    """A forward hook that does nothing in a copy of its module.

    What a hook leads to (tensors, a cache, the state of a generation) is copied neither by `copy.deepcopy` nor into a
    file when the module that it stands on is.

    Args:
        act: What the hook does; None: nothing.
    """

    def __init__(self, act: Callable[..., Any] | None = None) -> None:
        self._act = act

    def __call__(self, *given: Any) -> Any:
        """Act as told."""
        return None if self._act is None else self._act(*given)

    def __reduce__(self) -> tuple[type[Hook], tuple[()]]:
        return Hook, ()
