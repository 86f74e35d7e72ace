"""Asks servers with an OpenAI-compatible interface, with vLLM's extras where a probe finds them."""

from __future__ import annotations

from guardbind_adapters.openai_api.backend import OpenAIBackend, connect
from guardbind_adapters.openai_api.settings import OpenAIConfig

__all__ = ["OpenAIBackend", "OpenAIConfig", "connect"]
