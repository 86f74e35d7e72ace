"""Joins vLLM's two interfaces for logits processors to one guard, so that one flag loads it into either runner."""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

import torch
from torch import Tensor
from transformers import AutoTokenizer

from guardbind.errors import ConfigError, MissingDependencyError
from guardbind_adapters.vllm.batch import WatchedBatch
from guardbind_adapters.vllm.device import WatchedSlots
from guardbind_adapters.vllm.monitor import EngineMonitor
from guardbind_adapters.vllm.settings import KEY, EngineSettings, RequestSettings
from guardbind_adapters.vllm.watch import Arrival

__all__ = ["EngineGuard", "guard_processor"]

logger = logging.getLogger("guardbind")

_GREEDY = 1e-5  # below it vLLM draws nothing
_NOTED = ("temperature", "top_p", "top_k", "min_p", "seed", "max_tokens", "n")


class EngineGuard:
    """Watches the requests that ask for it, and vetoes where they say so.

    It has the methods that both runners of vLLM call, and nothing of vLLM in it; `guard_processor` makes it one of
    theirs. vLLM makes an instance per process that runs the model.

    Args:
        vllm_config: vLLM's configuration.
        rest: The device and whether memory is pinned (first runner), or the state of the requests (second runner).

    Raises:
        ConfigError: The engine's settings cannot be used, or it decodes speculatively; the engine does not start then.
    """

    def __init__(self, vllm_config: Any, *rest: Any) -> None:
        settings = EngineSettings.find(vllm_config.additional_config)
        if vllm_config.speculative_config is not None:
            raise ConfigError(
                "the engine decodes speculatively; a guard inside would see only the tokens that are kept.",
                hint="Start it without a speculative configuration, or without the guard.",
            )
        model = vllm_config.model_config
        tokenizer = AutoTokenizer.from_pretrained(
            model.tokenizer,
            revision=getattr(model, "tokenizer_revision", None),
            trust_remote_code=model.trust_remote_code,
        )
        monitor = EngineMonitor(
            tokenizer,
            settings,
            model=_name(model),
            dtype=str(model.dtype).removeprefix("torch."),
            writes=_is_first(),
        )
        self._watches_all = settings.every_request
        self._batch = WatchedBatch(monitor)
        self._slots = WatchedSlots(monitor, rest[0]) if len(rest) == 1 else None
        self._failed = False

    @classmethod
    def validate_params(cls, sampling_params: Any) -> None:
        """Refuse settings of a request that cannot be used; over HTTP the answer is 400.

        Raises:
            ConfigError: They cannot be used; a `ValueError`, as vLLM expects.
        """
        given = _settings_of(sampling_params)
        if given is not None:
            RequestSettings.parse(given)

    def is_argmax_invariant(self) -> bool:
        """Return False: a veto changes what greedy decoding writes."""
        return False

    def update_state(self, batch_update: Any) -> None:
        """Take note of a change of the batch (first runner)."""
        if batch_update is None:
            return
        try:
            self._batch.update(
                batch_update.removed,
                [(row, _arrival(params), prompt, written) for row, params, prompt, written in batch_update.added],
                [(source, goal, how.name == "SWAP") for source, goal, how in batch_update.moved],
            )
        except Exception as error:
            self._fail(error)

    def add_request(self, req_idx: int, sampling_params: Any) -> bool:
        """Take note that a request has come to a slot (second runner)."""
        if self._slots is None:
            return False
        try:
            wanted = self._watches_all or _settings_of(sampling_params) is not None
            self._slots.add(req_idx, _arrival(sampling_params) if wanted else None)
            return wanted
        except Exception as error:
            self._fail(error)
            return False

    def apply(self, logits: Tensor, ctx: Any = None) -> Tensor:
        """Look at the logits of a step; those of other requests, and of rows between slots, stay as they are."""
        if self._failed:
            return logits
        try:
            with torch.inference_mode():
                if ctx is None:
                    self._batch.apply(logits)
                elif self._slots:
                    self._slots.apply(logits, ctx.expanded_idx_mapping.tolist(), ctx.pos.tolist())
        except Exception as error:
            self._fail(error)
        return logits

    def _fail(self, error: Exception) -> None:
        # Which request stands where may be wrong now, and a veto of the wrong one is worse than none.
        self._failed = True
        logger.error("the guard inside the engine has lost track of the batch and watches nothing any more: %r", error)


@cache
def guard_processor() -> type[EngineGuard]:
    """Return the guard as a logits processor of both of vLLM's runners.

    Raises:
        MissingDependencyError: vLLM is not installed here, or is one that has other interfaces.
    """
    try:
        from vllm.v1.sample.logits_processor import LogitsProcessor as BatchProcessor
        from vllm.v1.worker.gpu.sample.logits_processor import LogitsProcessor as SlotProcessor
    except ImportError as missing:
        raise MissingDependencyError(
            "the guard inside an engine needs vLLM, 0.32 or a near one.",
            hint="Start it in the environment of the engine.",
        ) from missing
    # By its module and name vLLM finds it again in the processes that it starts.
    where = {"__module__": __name__.rpartition(".")[0], "__doc__": EngineGuard.__doc__}
    return type("GuardProcessor", (EngineGuard, BatchProcessor, SlotProcessor), where)


def _settings_of(params: Any) -> object:
    return (getattr(params, "extra_args", None) or {}).get(KEY)


def _arrival(params: Any) -> Arrival:
    return Arrival(
        settings=_settings_of(params),
        stops=frozenset(getattr(params, "all_stop_token_ids", None) or ()),
        sampling=float(params.temperature) >= _GREEDY,
        most=params.max_tokens,
        arguments={name: getattr(params, name, None) for name in _NOTED},
    )


def _name(model: Any) -> str:
    served = getattr(model, "served_model_name", None)
    name = served[0] if isinstance(served, list) and served else served or model.model
    return str(name).rstrip("/").rsplit("/", 1)[-1] if str(name).startswith("/") else str(name)


def _is_first() -> bool:
    """Whether this process is the first of those that share a model; all of them compute the same logits."""
    try:
        from vllm.distributed import get_tensor_model_parallel_rank

        return int(get_tensor_model_parallel_rank()) == 0
    except Exception:  # where nothing is shared there may be no group
        return True
