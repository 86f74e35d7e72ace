"""Watches the requests of a vLLM engine from inside: a logits processor that vLLM loads by its own flag.

```
--logits-processors guardbind_adapters.vllm:GuardProcessor
```

Only `GuardProcessor` needs vLLM, and only where it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from guardbind_adapters.vllm.settings import EngineSettings, PromptBinding, RequestSettings

if TYPE_CHECKING:
    from guardbind_adapters.vllm.processor import GuardProcessor

__all__ = ["EngineSettings", "GuardProcessor", "PromptBinding", "RequestSettings"]


def __getattr__(name: str) -> Any:
    if name == "GuardProcessor":
        from guardbind_adapters.vllm.processor import GuardProcessor

        return GuardProcessor
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
