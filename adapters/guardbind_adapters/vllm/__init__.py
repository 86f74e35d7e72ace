"""Watches the requests of a vLLM engine from inside: a logits processor that vLLM loads by its own flag.

```
--logits-processors guardbind_adapters.vllm:GuardProcessor
```

Only that name needs vLLM, and only when it is looked up.
"""

from __future__ import annotations

from typing import Any

from guardbind_adapters.vllm.settings import EngineSettings, PromptBinding, RequestSettings

__all__ = ["EngineSettings", "PromptBinding", "RequestSettings"]


def __getattr__(name: str) -> Any:
    if name == "GuardProcessor":
        from guardbind_adapters.vllm.processor import guard_processor

        return guard_processor()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
