"""Runs a model on a few tokens and one more, as a generation does, before anything rests on it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn

from guardbind.errors import NumericsError, UnknownArchitectureError
from guardbind.model.cache import accepted_arguments, generation_cache, input_device

__all__ = ["Rehearsal"]

_NOT_STATE = frozenset({"loss", "logits", "hidden_states", "attentions", "cross_attentions"})
_HINT = (
    "The model has to take input_ids, attention_mask and use_cache and to give logits for every token: guard a causal "
    "language model class of transformers, or one whose forward is wrapped so that it does."
)


class Rehearsal:
    """A prompt of a few tokens that was read, and can be read on by one token.

    Args:
        model: A causal language model.
        ids: Token ids, at least one.

    Attributes:
        logits: Raw fp32 logits `[vocabulary]` after the last token.
        cache: The key-value cache, or None.

    Raises:
        UnknownArchitectureError: The model does not run on them, or gives no logits.
        NumericsError: The logits are NaN.
    """

    def __init__(self, model: nn.Module, ids: list[int]) -> None:
        self._model = model
        self._ids = ids
        tokens = torch.tensor([ids], device=input_device(model))
        accepted = accepted_arguments(model)
        what = f"on {len(ids)} tokens with input_ids, attention_mask and use_cache"
        arguments: dict[str, Any] = {"input_ids": tokens, "attention_mask": torch.ones_like(tokens)}
        if "position_ids" in accepted:  # as `generate` does; some families count otherwise by themselves
            arguments["position_ids"] = torch.arange(len(ids), device=tokens.device)[None]
        output = _run(model, what, **arguments)
        fields = output if isinstance(output, Mapping) else {}
        # What the pass gave and the forward takes is handed back, whatever a family calls it.
        self._state = {k: v for k, v in fields.items() if k in accepted and k not in _NOT_STATE}
        if not self._state and "past_key_values" in accepted:
            # Some families fill the cache that they are given and do not return it; others want one of another kind.
            with suppress(UnknownArchitectureError):
                given = {"past_key_values": generation_cache(model)}
                output = _run(model, what, **arguments, **given)
                self._state = given
        self.logits = _last(model, output)
        self.cache: Any = self._state.get("past_key_values")
        if bool(self.logits.isnan().any()):
            raise NumericsError(
                f"the logits of {type(model).__name__} are NaN.",
                hint="Load the model in float32 or bfloat16, or check its weights.",
            )

    def step(self, token: int) -> Tensor:
        """Read one more token; returns the raw fp32 logits `[vocabulary]` after it.

        Raises:
            UnknownArchitectureError: The model does not run on it.
        """
        accepted = accepted_arguments(self._model)
        device = input_device(self._model)
        given = dict(self._state)
        if "position_ids" in accepted:
            given["position_ids"] = torch.tensor([[len(self._ids)]], device=device)
        if "cache_position" in accepted:  # transformers 4 does not count by itself in every family
            given["cache_position"] = torch.tensor([len(self._ids)], device=device)
        one, all_of_them = [[token]], [[*self._ids, token]]
        with_mask = {**given, "attention_mask": torch.ones(1, len(self._ids) + 1, dtype=torch.long, device=device)}
        # Families that put tokens of their own before the prompt do not take such a mask, or cut off what is cached.
        for ids, arguments in ((one, with_mask), (one, given), (all_of_them, with_mask)):
            try:
                output = _run(self._model, "on one more token", input_ids=torch.tensor(ids, device=device), **arguments)
            except UnknownArchitectureError as error:
                failed = error
            else:
                return _last(self._model, output)
        raise failed

    def held(self) -> tuple[Tensor, ...]:
        """Return copies of the tensors that the modules hold and that are neither parameters nor buffers."""
        held = (value for module in self._model.modules() for value in vars(module).values())
        return tuple(value.detach().clone() for value in held if isinstance(value, Tensor))


def _run(model: nn.Module, what: str, **arguments: Any) -> Any:
    try:
        return model(use_cache=True, **arguments)
    except (torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:
        raise UnknownArchitectureError(
            f"{type(model).__name__} was run {what}, and raised {type(error).__name__}: {error}", hint=_HINT
        ) from error


def _last(model: nn.Module, output: Any) -> Tensor:
    logits = getattr(output, "logits", None)
    if not isinstance(logits, Tensor) or logits.ndim != 3:
        seen = tuple(logits.shape) if isinstance(logits, Tensor) else type(logits).__name__
        raise UnknownArchitectureError(
            f"{type(model).__name__} gave logits of shape {seen}; [rows, tokens, vocabulary] is needed.", hint=_HINT
        )
    return logits[0, -1].float()
