"""Watches the requests of one engine, and never lets an error of its own into it."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Callable, Sequence

import torch
import transformers
from torch import Tensor
from transformers import PreTrainedTokenizerBase

from guardbind._version import __version__
from guardbind.errors import ContextLengthError
from guardbind.events import Emitter, Provenance, build_sinks
from guardbind.model.provenance import template_sha256
from guardbind.session.bound_prompt import bind_prompt
from guardbind_adapters.vllm.recording import RequestRecorder
from guardbind_adapters.vllm.settings import EngineSettings, RequestSettings
from guardbind_adapters.vllm.watch import Arrival, RequestWatch

__all__ = ["EngineMonitor"]

logger = logging.getLogger("guardbind")


class EngineMonitor:
    """Begins, leads and ends the watches of requests; what fails is counted, logged once, and not watched any more.

    Args:
        tokenizer: The model's tokenizer.
        settings: What the engine says.
        model: Name of the model.
        dtype: Precision that it computes in, as `float32`.
        writes: Whether records are written here; of several processes that compute the same, one does.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        settings: EngineSettings,
        *,
        model: str,
        dtype: str,
        writes: bool = True,
    ) -> None:
        self._tokenizer = tokenizer
        self._settings = settings
        self._model, self._dtype = model, dtype
        self._template = template_sha256(tokenizer)
        self._emitter = Emitter(build_sinks(settings.sinks if writes else ()), capture_text=settings.capture_text)
        self.failures = 0

    def begin(self, arrival: Arrival, prompt: Sequence[int] | None) -> RequestWatch | None:
        """Return the watch of a request; None where it asks for none, or cannot be watched.

        Args:
            arrival: The request.
            prompt: Tokens of its prompt; None where it is not one of tokens.
        """
        if prompt is None or (arrival.settings is None and not self._settings.every_request):
            return None
        began = time.perf_counter()
        watch = self._safely(lambda: self._begin(arrival, prompt), None)
        if watch is not None:
            watch.count(time.perf_counter() - began)
        return watch

    def look(self, watch: RequestWatch, written: Sequence[int], logits: Tensor, top: int) -> None:
        """Let a watch look at one row of logits; see `RequestWatch.look`."""
        if watch.error is None:
            self._safely(lambda: watch.look(written, logits, top), watch)

    def leave(self, watch: RequestWatch, written: Sequence[int]) -> None:
        """End a watch; see `RequestWatch.leave`."""
        self._safely(lambda: watch.leave(written), watch)

    def _begin(self, arrival: Arrival, prompt: Sequence[int]) -> RequestWatch:
        settings = RequestSettings() if arrival.settings is None else RequestSettings.parse(arrival.settings)
        config = settings.config()
        longest = self._settings.longest_read
        if settings.bindings is None and len(prompt) > longest:
            raise ContextLengthError(
                f"the prompt has {len(prompt)} tokens; bindings are read out of up to {longest} inside an engine.",
                hint="Declare the bindings, or raise longest_read.",
            )
        bound = bind_prompt(
            self._tokenizer,
            index=0,
            pad=0,
            ids=prompt,
            items=None if settings.bindings is None else [binding.binding() for binding in settings.bindings],
            declared=settings.target,
            source=None,
            language=config.set_language,
            fields=config.fields,
        )
        provenance = Provenance(
            guardbind=__version__,
            transformers=transformers.__version__,
            torch=torch.__version__,
            model=self._model,
            dtype=self._dtype,
            attention="vllm",
            template_sha256=self._template,
            seed=None,
            generation=settings.id or uuid.uuid4().hex,
            policy=settings.action,
            started=time.time(),
        )
        recorder = RequestRecorder(self._tokenizer, self._emitter, provenance)
        return RequestWatch(bound, config, self._tokenizer, recorder, arrival, vetoes=settings.action == "veto")

    def _safely(self, work: Callable[[], RequestWatch | None], watch: RequestWatch | None) -> RequestWatch | None:
        try:
            return work()
        except Exception as error:  # one request must not take the engine, and all others, with it
            self.failures += 1
            if watch is not None:
                watch.error = type(error).__name__
            if self.failures == 1:
                logger.warning("a request is not watched; further ones are only counted: %r", error)
            return None
