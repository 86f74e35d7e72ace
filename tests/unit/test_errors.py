"""Each error is also the built-in one that a caller would catch, and its hint is its last sentence."""

from __future__ import annotations

import pickle

import pytest

from guardbind import errors
from guardbind.errors import GuardbindError, nearest

BUILT_IN: dict[str, type[Exception]] = {
    "BackendError": RuntimeError,
    "BatchError": ValueError,
    "BindingError": ValueError,
    "BindingFailureError": RuntimeError,
    "CalibrationError": ValueError,
    "CandidateError": ValueError,
    "ConfigError": ValueError,
    "ContextLengthError": ValueError,
    "ContractError": AssertionError,
    "HookBypassedError": RuntimeError,
    "MissingDependencyError": ImportError,
    "NameTakenError": ValueError,
    "NullUnavailableError": RuntimeError,
    "NumericsError": ArithmeticError,
    "RunFolderError": ValueError,
    "TargetError": LookupError,
    "UnansweredPromptError": RuntimeError,
    "UnknownArchitectureError": ValueError,
    "UnknownNameError": LookupError,
    "UnsupportedGenerationError": ValueError,
    "WeightsError": RuntimeError,
}


def test_every_error_is_listed_here() -> None:
    assert set(BUILT_IN) == {name for name in errors.__all__ if name.endswith("Error")} - {"GuardbindError"}


@pytest.mark.parametrize(("name", "built_in"), BUILT_IN.items())
def test_an_error_is_caught_as_ours_and_as_the_built_in_one(name: str, built_in: type[Exception]) -> None:
    kind: type[GuardbindError] = getattr(errors, name)
    for caught in (GuardbindError, built_in):
        with pytest.raises(caught, match=r"^Seen: 3\. Give 2\.$"):
            raise kind("Seen: 3.", hint="Give 2.")


@pytest.mark.parametrize("name", BUILT_IN)
def test_the_tree_in_the_docstring_names_the_built_in_one(name: str) -> None:
    assert errors.__doc__ is not None
    (line,) = (line for line in errors.__doc__.splitlines() if f" {name} " in line)
    assert f"({BUILT_IN[name].__name__})" in line


def test_an_error_without_a_hint_is_its_message() -> None:
    error = GuardbindError("Seen.")
    assert str(error) == "Seen."
    assert error.hint is None


def test_an_error_crosses_processes() -> None:
    error = pickle.loads(pickle.dumps(errors.BatchError("Seen.", hint="Do this.")))
    assert isinstance(error, errors.BatchError)
    assert str(error) == "Seen. Do this."
    assert error.hint == "Do this."


def test_the_nearest_name_is_asked_for() -> None:
    assert nearest("contrats", ["observe", "contrast"]) == "Did you mean 'contrast'?"
    assert nearest("xyz", ["observe", "contrast"]) is None
    assert nearest("observe", []) is None
    assert nearest("observ", (name for name in ["observe"])) == "Did you mean 'observe'?"
