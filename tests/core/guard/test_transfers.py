"""How often a guarded answer waits for the device: counted, because on a GPU each such place holds the decoding up."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from asking import BINDINGS, Ask
from torch import Tensor
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedTokenizerBase

from guardbind import Binding, Guard, GuardConfig, GuardOutput

# What hands numbers of a tensor to Python, and so has to wait until they are there.
WAITS = frozenset(
    {"item", "tolist", "numpy", "cpu", "__bool__", "__float__", "__int__", "__index__", "nonzero", "equal", "allclose"}
)
MOST_OF_A_SLOT = 36
MOST_OF_A_NULL = 3  # of a second rival
MOST_OF_A_TOKEN = 2
MOST_OF_A_CALL = 8


class Waits(TorchFunctionMode):
    """Counts them, where guardbind's own code is what asks."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(self, function: Any, _types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(function, "__name__", "") in WAITS and isinstance(args[0], Tensor):
            caller = sys._getframe(1)
            self.count += str(caller.f_globals.get("__name__", "")).startswith("guardbind.")
        return function(*args, **(kwargs or {}))


@pytest.fixture
def ask(tiny_tokenizer: PreTrainedTokenizerBase) -> Ask:
    return Ask(tiny_tokenizer)


def counted(ask: Ask, bindings: int, new: int, **settings: Any) -> tuple[GuardOutput, int]:
    # All but the two that the model chooses between are there to be many.
    told = [*BINDINGS, *(Binding(f"more{number}", str(60 + number)) for number in range(bindings - len(BINDINGS)))]
    prompt = "\n" + "".join(f"{binding.key}=[{binding.value}]\n" for binding in told) + "beta=["
    guard = Guard(ask.first, ask.tokenizer, GuardConfig(**settings))
    how: dict[str, Any] = {**ask.inputs(prompt), "bindings": [told], "do_sample": False, "max_new_tokens": new}
    guard.generate(**how)  # the first one tries its null
    with Waits() as waits:
        output = guard.generate(**how)
    return output, waits.count


@pytest.mark.parametrize("policy", ["observe", "contrast", "auto"])
def test_a_slot_waits_as_often_whatever_the_number_of_bindings(policy: str, ask: Ask) -> None:
    few, many = (counted(ask, bindings, 1, policy=policy) for bindings in (3, 12))
    assert [len(output.report.slots) for output, _ in (few, many)] == [1, 1]
    assert abs(few[1] - many[1]) <= MOST_OF_A_NULL
    assert max(few[1], many[1]) <= MOST_OF_A_SLOT + MOST_OF_A_CALL


def test_a_token_without_a_slot_waits_for_what_was_written_and_for_what_will_be(ask: Ask) -> None:
    few, many = (counted(ask, 3, new, slots=("prompt_end", "cell")) for new in (6, 14))
    assert len(few[0].report.slots) == len(many[0].report.slots)
    assert many[1] - few[1] == 8 * MOST_OF_A_TOKEN
