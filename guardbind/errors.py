"""Defines every error that guardbind raises.

```
GuardbindError
├── BindingError (ValueError)              a binding, span or evidence that cannot be used
├── CandidateError (ValueError)            a candidate that tokenises to nothing or cannot be told from another
├── TargetError (LookupError)              a target that names no binding
├── BatchError (ValueError)                one list or target per row was expected
├── ConfigError (ValueError)               a setting outside its range
├── UnknownNameError (LookupError)         no policy, null, sink, model or task of that name
├── NameTakenError (ValueError)            a name that is registered already
├── UnsupportedGenerationError (ValueError)  a way of decoding that cannot be guarded
├── ContractError (AssertionError)         an addition that breaks its contract, found by `guardbind.testing`
├── ContextLengthError (ValueError)        the prompt, or the prompt with an insertion, is too long for the model
├── NumericsError (ArithmeticError)        logits that are NaN or infinite
├── HookBypassedError (RuntimeError)       the model ran without its hooks, or more than once between two tokens
├── UnknownArchitectureError (ValueError)  the parts of a model that are read could not be found
├── NullUnavailableError (RuntimeError)    the counterfactual readout cannot be made on this model or cache
├── BindingFailureError (RuntimeError)     raised by policy `raise` when a slot fails
├── CalibrationError (ValueError)          a calibration that is missing, damaged or newer, or cannot be made
├── BackendError (RuntimeError)            a model asked from outside that did not answer, or not what was asked for
│   └── UnansweredPromptError (RuntimeError)  one prompt that was not answered for what it is; others may be
├── RunFolderError (ValueError)            a folder of a bench run that cannot be read or gone on with
├── WeightsError (RuntimeError)            weights that are missing or damaged
└── MissingDependencyError (ImportError)   an optional package is not installed
```
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "BackendError",
    "BatchError",
    "BindingError",
    "BindingFailureError",
    "CalibrationError",
    "CandidateError",
    "ConfigError",
    "ContextLengthError",
    "ContractError",
    "GuardbindError",
    "HookBypassedError",
    "MissingDependencyError",
    "NameTakenError",
    "NullUnavailableError",
    "NumericsError",
    "RunFolderError",
    "TargetError",
    "UnansweredPromptError",
    "UnknownArchitectureError",
    "UnknownNameError",
    "UnsupportedGenerationError",
    "WeightsError",
    "nearest",
]


class GuardbindError(Exception):
    """Base of every error raised by guardbind.

    Args:
        message: What was seen and what is accepted.
        hint: What to do next; appended to the message as its last sentence.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        self.hint = hint
        super().__init__(f"{message} {hint}" if hint else message)


class BindingError(GuardbindError, ValueError):
    """A binding, evidence or span cannot be used: empty, duplicate, overlapping or outside the prompt."""


class CandidateError(GuardbindError, ValueError):
    """A candidate tokenises to nothing, or two candidates share one token sequence."""


class TargetError(GuardbindError, LookupError):
    """A target names no binding."""


class BatchError(GuardbindError, ValueError):
    """The number of binding lists or targets is not the number of rows."""


class ConfigError(GuardbindError, ValueError):
    """A setting is outside its range."""


class UnknownNameError(GuardbindError, LookupError):
    """A policy, null, sink, model or task is not registered under the given name."""


class NameTakenError(GuardbindError, ValueError):
    """A name that is registered already."""


class UnsupportedGenerationError(GuardbindError, ValueError):
    """The requested way of decoding cannot be guarded."""


class ContextLengthError(GuardbindError, ValueError):
    """The prompt, or the prompt with an insertion, is longer than the model's context."""


class ContractError(GuardbindError, AssertionError):
    """A policy, null, slot rule or sink does not keep a sentence of its contract; raised by `guardbind.testing`."""


class NumericsError(GuardbindError, ArithmeticError):
    """The model produced NaN or infinite logits where a verdict was due."""


class HookBypassedError(GuardbindError, RuntimeError):
    """The model's hooks did not fire exactly once between two tokens."""


class UnknownArchitectureError(GuardbindError, ValueError):
    """The output head or the decoder layers could not be located in a model."""


class NullUnavailableError(GuardbindError, RuntimeError):
    """A counterfactual readout cannot be made on this model, cache or attention backend."""


class BindingFailureError(GuardbindError, RuntimeError):
    """Raised by policy `raise`: a slot did not get the verdict `ok`."""


class CalibrationError(GuardbindError, ValueError):
    """A calibration is missing, damaged, of a newer guardbind, or cannot be made from these trials."""


class BackendError(GuardbindError, RuntimeError):
    """A model that is asked from outside did not answer, or not with what was asked for."""


class UnansweredPromptError(BackendError):
    """One prompt was not answered for what it is: its form, its length or what it says; others may be answered."""


class RunFolderError(GuardbindError, ValueError):
    """The folder of a bench run is damaged, in use, no run folder, or holds what another run must not add to."""


class WeightsError(GuardbindError, RuntimeError):
    """Model weights are missing, damaged or do not match their checksum."""


class MissingDependencyError(GuardbindError, ImportError):
    """An optional dependency is needed and not installed."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the question whether a known name was meant, or None where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]!r}?" if near else None
