"""Says in one sentence what is missing when the bench's own dependencies are not installed."""

from __future__ import annotations

from importlib.util import find_spec

from guardbind.errors import MissingDependencyError

__all__ = ["MODULES", "check_installed"]

MODULES = {
    "matplotlib": "matplotlib",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "threadpoolctl": "threadpoolctl",
}
"""The packages of the extra `bench`, each with the module that it brings."""


def check_installed() -> None:
    """Check that the extra `bench` is there.

    Raises:
        MissingDependencyError: A package of it is not installed.
    """
    missing = [package for package, module in MODULES.items() if find_spec(module) is None]
    if missing:
        raise MissingDependencyError(
            f"the bench needs {', '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not installed.",
            hint="Install it with: pip install 'guardbind[bench]'",
        )
