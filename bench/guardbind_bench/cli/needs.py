"""Says in one sentence what is missing when the bench's own dependencies are not installed."""

from __future__ import annotations

from importlib.util import find_spec

from guardbind.errors import MissingDependencyError

__all__ = ["check_installed"]

_MODULES = ("jinja2", "matplotlib", "pandas", "pyarrow", "sklearn")


def check_installed() -> None:
    """Check that the extra `bench` is there.

    Raises:
        MissingDependencyError: A module of it is not installed.
    """
    missing = [module for module in _MODULES if find_spec(module) is None]
    if missing:
        raise MissingDependencyError(
            f"the bench needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed.",
            hint="Install it with: pip install 'guardbind[bench]'",
        )
