"""Reads the residual stream, the raw logits and the live cache of every forward pass, and changes nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from guardbind.errors import UnsupportedGenerationError
from guardbind.model.architecture import find_head
from guardbind.model.hook import Hook
from guardbind.model.lens import Lens

__all__ = ["ModelTap", "Reading", "unwrap"]


@dataclass(frozen=True, slots=True)
class Reading:
    """What the last forward pass left.

    Attributes:
        logits: Raw next-token logits `[rows, vocabulary]`, in the model's dtype, before any processor.
        residual: What feeds the output head, `[rows, hidden]`.
        cache: The live key-value cache, or None when the model runs without one.
        layers: Layer to residual `[rows, hidden]`, for the layers of the lens.
    """

    logits: Tensor
    residual: Tensor
    cache: Any
    layers: dict[int, Tensor]


def unwrap(model: nn.Module) -> nn.Module:
    """Return the module whose `forward` the generation loop calls, from under wrappers that hand `generate` on to it.

    A wrapper is told by what it has, not by its class: an adapter has `get_base_model()`, a value head stands beside
    its `pretrained_model`. One may stand in the other.

    Raises:
        UnsupportedGenerationError: An adapter does not treat all tokens of the prompt alike, or adds some.
    """
    _refuse_adapters(model)
    base = getattr(model, "get_base_model", None)
    inner = base() if callable(base) else getattr(model, "pretrained_model", None)
    if not isinstance(inner, nn.Module) or inner is model or not callable(getattr(inner, "generate", None)):
        return model
    return unwrap(inner)


def _refuse_adapters(model: nn.Module) -> None:
    declared = getattr(model, "peft_config", None)
    for name, config in declared.items() if isinstance(declared, dict) else ():
        if getattr(config, "is_prompt_learning", False):
            how = "puts virtual tokens before the prompt (prompt or prefix tuning)"
        elif getattr(config, "alora_invocation_tokens", None):
            how = "changes only the tokens behind its invocation (activated LoRA)"
        else:
            continue
        raise UnsupportedGenerationError(
            f"the adapter {name!r} {how}, which a readout of the last tokens cannot repeat; adapters that change the "
            "weights for all tokens can be guarded.",
            hint="Use an adapter such as LoRA, or guard the model without it (model.unload(); for virtual tokens "
            "model.get_base_model()).",
        )


class ModelTap:
    """Hooks on a model, from `attach` to `detach`. They act in the thread that attached them and in no other.

    The capture belongs to the *processor call*, not to a hook call: a chunked prefill fires the hooks several times
    before the first token.

    Args:
        model: A causal language model.
        lens: Also keeps the residuals of chosen layers.

    Attributes:
        lens: The same, with residuals of its own.

    Raises:
        UnknownArchitectureError: The model has no output embeddings.
    """

    def __init__(self, model: nn.Module, lens: Lens | None = None) -> None:
        self._model = unwrap(model)
        self._head = find_head(self._model)
        self.lens = None if lens is None else lens.apart()
        self._handles: list[Any] = []
        self._thread: int | None = None
        self._suspended = False
        self._logits: Tensor | None = None
        self._residual: Tensor | None = None
        self._cache: Any = None
        self.forwards = 0

    def attach(self) -> None:
        """Register the hooks."""
        self._thread = threading.get_ident()
        self._handles.append(self._head.register_forward_pre_hook(Hook(self._before_head)))
        self._handles.append(self._model.register_forward_hook(Hook(self._after_model)))
        if self.lens is not None:
            self._handles.append(self.lens.attach(self._listens))

    def detach(self) -> None:
        """Remove the hooks and let go of every tensor."""
        for handle in self._handles:
            handle.remove()
        self._handles = []
        self._thread = None
        if self.lens is not None:
            self.lens.residuals.clear()
        self._logits = self._residual = self._cache = None
        self.forwards = 0

    def take(self) -> Reading | None:
        """Return what the forward passes since the last call left, and how many there were is reset to 0."""
        self.forwards = 0
        if self._logits is None or self._residual is None:
            return None
        layers = {} if self.lens is None else dict(self.lens.residuals)
        reading = Reading(self._logits, self._residual, self._cache, layers)
        self._logits = self._residual = self._cache = None
        return reading

    @contextmanager
    def suspended(self) -> Iterator[None]:
        """Run forward passes that are no step of the generation without capturing them."""
        before, self._suspended = self._suspended, True
        try:
            with torch.no_grad():
                yield
        finally:
            self._suspended = before

    def _listens(self) -> bool:
        # Other threads may run the same model; what they run is none of ours.
        return not self._suspended and self._thread == threading.get_ident()

    def _before_head(self, _module: nn.Module, args: tuple[Any, ...]) -> None:
        if self._listens():
            self._residual = args[0][:, -1]

    def _after_model(self, _module: nn.Module, _args: tuple[Any, ...], output: Any) -> None:
        if not self._listens():
            return
        self.forwards += 1
        self._logits = output.logits[:, -1]
        self._cache = getattr(output, "past_key_values", None)
