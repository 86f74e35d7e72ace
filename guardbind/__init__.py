"""guardbind: measure, at each value a model writes, whether it rests on the evidence that it should rest on.

The names below load at their first use, so that `import guardbind` costs nothing and does not import torch.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING

from guardbind.errors import (
    BatchError,
    BindingError,
    BindingFailureError,
    CandidateError,
    ConfigError,
    ContextLengthError,
    GuardbindError,
    HookBypassedError,
    MissingDependencyError,
    NullUnavailableError,
    NumericsError,
    RunFolderError,
    TargetError,
    UnknownArchitectureError,
    UnknownNameError,
    UnsupportedGenerationError,
    WeightsError,
)

if TYPE_CHECKING:
    from guardbind.config import CheckpointConfig, GuardConfig
    from guardbind.evidence import Binding, Evidence, Target
    from guardbind.extraction import extract
    from guardbind.guard import Guard, GuardOutput
    from guardbind.report import Report

__all__ = [
    "BatchError",
    "Binding",
    "BindingError",
    "BindingFailureError",
    "CandidateError",
    "CheckpointConfig",
    "ConfigError",
    "ContextLengthError",
    "Evidence",
    "Guard",
    "GuardConfig",
    "GuardOutput",
    "GuardbindError",
    "HookBypassedError",
    "MissingDependencyError",
    "NullUnavailableError",
    "NumericsError",
    "Report",
    "RunFolderError",
    "Target",
    "TargetError",
    "UnknownArchitectureError",
    "UnknownNameError",
    "UnsupportedGenerationError",
    "WeightsError",
    "extract",
]

__version__ = "0.1.0"

_LAZY = {
    "Binding": "guardbind.evidence",
    "CheckpointConfig": "guardbind.config",
    "Evidence": "guardbind.evidence",
    "Guard": "guardbind.guard",
    "GuardConfig": "guardbind.config",
    "GuardOutput": "guardbind.guard",
    "Report": "guardbind.report",
    "Target": "guardbind.evidence",
    "extract": "guardbind.extraction",
}

# A checkout keeps adapters/ and bench/ at its root; an installed wheel has them inside this package.
_root = Path(__file__).resolve().parent.parent
if (_root / "adapters" / "__init__.py").is_file() and (_root / "pyproject.toml").is_file():
    __path__.append(str(_root))


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_LAZY[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
